"""Batch after batch, the job's tables, rejects and ledgers are what the oracle says."""

import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from lakehouse_spark.contract import Contract
from pyspark.sql import SparkSession

from tests.conftest import LONG
from tests.proof.comparison import assert_as_the_oracle_says, load_all, planned_batch
from tests.proof.lake import folder_lake
from tests.proof.oracle import Oracle
from tests.proof.random_deliveries import Plan, plans
from tests.proof.scenario import Uninterrupted

SECONDS = 30.0  # after that no further example is tried, unless we have long


def test_the_scenario_ends_as_the_oracle_says(uninterrupted: Uninterrupted) -> None:
    oracle = Oracle()
    for batch_id, state in uninterrupted.end_states.items():
        expected = oracle.load(planned_batch(uninterrupted.planned[batch_id], batch_id))
        assert state[batch_id] == expected
        assert_as_the_oracle_says(state, oracle)


@pytest.mark.timeout(36_000 if LONG else 600)
def test_random_batches_end_as_the_oracle_says(
    spark: SparkSession, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> None:
    deadline = time.monotonic() + SECONDS

    @settings(
        max_examples=300 if LONG else 10,
        derandomize=not LONG,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if LONG else [])],
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(plans())
    def load_and_compare(batches: list[Plan]) -> None:
        if LONG or time.monotonic() < deadline:
            lake = folder_lake(tmp_path_factory.mktemp("random"), contract)
            load_all(spark, lake, Oracle(), batches, "b")

    load_and_compare()

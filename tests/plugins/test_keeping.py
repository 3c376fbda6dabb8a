"""A batch that the gate turns away and that is kept: who decides it, and what undoes it."""

from typing import Any

import pytest
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import AirflowSkipException, ParamValidationError
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.quality import (
    QualityGateClosed,
    on_failing_param,
    pass_quality_gate,
    require_failing_verdict,
)

from tests.plugins.airflow_fixtures import Bucket, Record

WAY_ON = (
    "mend the check and clear check_quality, or trigger a new run with on_failing_verdict: undo"
)
NOBODY, UNDO, KEEP = "", "undo", "keep"


def report(outcome: str = "fail", attempt: int = 1) -> Record:
    check = {"name": "few", "dataset": "orders", "severity": "fail", "outcome": outcome}
    return {"attempt": attempt, "verdict": outcome, "score": 100, "checks": [check]}


@pytest.fixture
def failing(bucket: Bucket) -> Bucket:
    """The batch b1, loaded and with a failing report."""
    bucket.put_batch(load={}, quality=report())
    return bucket


def turn_away(deployment: Deployment, *choices: str) -> str:
    """Let the gate judge once for each choice; return what it said last."""
    for choice in choices:
        with pytest.raises(QualityGateClosed) as closed:
            pass_quality_gate(deployment, "b1", "0", choice)
    return str(closed.value)


def is_undone(deployment: Deployment) -> bool:
    try:
        require_failing_verdict(deployment, "b1")
    except AirflowSkipException:
        return False
    return True


def take_back(bucket: Bucket) -> None:
    bucket.put_record("b1/attempts/1/undo_started.json", {"ledger": {}})
    bucket.put_record("b1/attempts/1/undone.json", {})


def test_a_kept_batch_fails_the_gate_which_says_how_to_go_on(
    failing: Bucket, deployment: Deployment
) -> None:
    refusal = turn_away(deployment, KEEP)

    assert refusal.startswith(
        f"batch b1: check failed: few (orders). It stays in the tables: {WAY_ON}"
    )
    assert failing.record("b1/attempts/1/verdict.json")["on_failing_verdict"] == "keep"


def test_the_undo_of_a_kept_batch_is_skipped_and_says_how_to_go_on(
    failing: Bucket, deployment: Deployment
) -> None:
    turn_away(deployment, KEEP)

    with pytest.raises(AirflowSkipException, match=f"b1 stays in the tables, .* {WAY_ON}"):
        require_failing_verdict(deployment, "b1")


@pytest.mark.parametrize(
    ("choices", "undone"),
    [
        pytest.param([NOBODY], True, id="nobody chose"),
        pytest.param([UNDO], True, id="undo"),
        pytest.param([KEEP, KEEP], False, id="the gate of the run is cleared"),
        pytest.param([KEEP, NOBODY], False, id="a scheduled run after keep"),
        pytest.param([KEEP, NOBODY, NOBODY], False, id="and another"),
        pytest.param([KEEP, UNDO], True, id="a new run with undo after keep"),
        pytest.param([KEEP, UNDO, NOBODY], True, id="and a scheduled run"),
        pytest.param([UNDO, KEEP], False, id="a new run with keep before the undo has begun"),
    ],
)
def test_the_undo_goes_by_what_a_person_chose_last(
    choices: list[str], undone: bool, failing: Bucket, deployment: Deployment
) -> None:
    turn_away(deployment, *choices)

    assert is_undone(deployment) is undone


def test_a_verdict_from_before_there_was_a_choice_is_undone(
    failing: Bucket, deployment: Deployment
) -> None:
    failing.put_record("b1/attempts/1/verdict.json", {"verdict": "fail"})

    assert is_undone(deployment)


def test_a_kept_batch_passes_once_its_check_is_mended(
    failing: Bucket, deployment: Deployment
) -> None:
    turn_away(deployment, KEEP)
    failing.put_batch(quality=report("pass"))

    pass_quality_gate(deployment, "b1", "0", KEEP)

    assert not is_undone(deployment)


def test_an_undo_that_has_begun_is_ended_though_the_batch_was_to_be_kept(
    failing: Bucket, deployment: Deployment
) -> None:
    turn_away(deployment, KEEP)
    failing.put_record("b1/attempts/1/undo_started.json", {"ledger": {}})

    assert is_undone(deployment)


def test_the_next_attempt_is_decided_anew(failing: Bucket, deployment: Deployment) -> None:
    turn_away(deployment, KEEP)
    take_back(failing)
    failing.put_batch(load={}, quality=report(attempt=2))

    turn_away(deployment, NOBODY)

    assert is_undone(deployment)


@pytest.mark.parametrize("value", [None, "undo", "keep"])
def test_the_form_offers_both_and_none(value: str | None) -> None:
    assert validated(value) == value


@pytest.mark.parametrize("value", ["", "Keep", True])
def test_the_form_refuses_all_else(value: Any) -> None:
    with pytest.raises(ParamValidationError):
        validated(value)


def validated(value: Any) -> Any:
    params = ParamsDict({"on_failing_verdict": on_failing_param()})
    params.update({"on_failing_verdict": value})
    return params.validate()["on_failing_verdict"]

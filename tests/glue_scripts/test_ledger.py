"""The ledger and its balance."""

from datetime import UTC, datetime, timedelta

import pytest
from lakehouse_spark.batches import Manifest, PlannedFile
from lakehouse_spark.contract import Column, Contract, Dataset
from lakehouse_spark.ledger import LedgerError, Tally, Versions
from pyspark.sql import Row

NOW = datetime(2025, 5, 1, tzinfo=UTC)
THING = Dataset("things", (Column("id", "int", required=True),), key=("id",))
BOX = Dataset("boxes", (Column("id", "int", required=True),), key=("id",))
CONTRACT = Contract("1.0.0", (BOX, THING))


def file(key: str, *reasons: str) -> PlannedFile:
    columns = ("id", *(each for each in reasons if ":" not in each))
    refused = tuple(each for each in reasons if ":" in each)
    return PlannedFile("things", key, "v1", "e1", NOW, columns, not refused, refused)


def read(key: str | None, count: int) -> Row:
    return Row(_source_file=key, count=count)


def outcome(
    key: str,
    name: str,
    count: int,
    category: str | None = None,
    retried: bool = False,
    first_seen: datetime | None = None,
) -> Row:
    return Row(
        _source_file=key,
        _retried=retried,
        _outcome=name,
        _category=category,
        count=count,
        first_seen=first_seen and int(first_seen.timestamp()),
    )


@pytest.fixture
def tally() -> Tally:
    """Return the tally of two files, of which one is rejected whole, with nothing counted."""
    files = (file("a"), file("b"), file("c", "missing_column:id"))
    return Tally(Manifest("b1", NOW, "1.0.0", files))


def test_outcomes_that_add_up_to_the_rows_balance(tally: Tally) -> None:
    tally.add_read([read("a", 3), read("b", 1)])
    tally.add_outcomes("things", [outcome("a", "inserted", 2), outcome("a", "duplicate", 1)])
    tally.add_outcomes("things", [outcome("b", "rejected", 1, "data_quality")])
    tally.check_balance()


@pytest.mark.parametrize(
    ("outcomes", "counted"),
    [
        pytest.param([outcome("a", "inserted", 2)], 2, id="a row is lost"),
        pytest.param([outcome("a", "inserted", 4)], 4, id="a row is there twice"),
        pytest.param([], 0, id="all rows are lost"),
    ],
)
def test_a_file_that_does_not_balance_is_named_with_both_numbers(
    tally: Tally, outcomes: list[Row], counted: int
) -> None:
    tally.add_read([read("a", 3)])
    tally.add_outcomes("things", outcomes)
    with pytest.raises(LedgerError, match=f"a: 3 rows were read and {counted} have an outcome"):
        tally.check_balance()


def test_one_file_does_not_make_up_for_another(tally: Tally) -> None:
    tally.add_read([read("a", 2), read("b", 1)])
    tally.add_outcomes("things", [outcome("a", "inserted", 1), outcome("b", "inserted", 2)])
    with pytest.raises(LedgerError):
        tally.check_balance()


@pytest.mark.parametrize("key", [None, "z"])
def test_rows_of_no_planned_file_are_an_error(tally: Tally, key: str | None) -> None:
    with pytest.raises(LedgerError, match="no file of the batch"):
        tally.add_read([read(key, 1)])


def test_the_ledger_counts_files_and_datasets(tally: Tally) -> None:
    tally.add_read([read("a", 3), read("b", 1)])
    tally.add_outcomes("things", [outcome("a", "inserted", 2), outcome("b", "inserted", 1)])
    tally.add_outcomes("things", [outcome("a", "rejected", 1, "data_quality")])
    versions = {"boxes": Versions(5, 5), "things": Versions(2, 3), "rejected": Versions(0, 1)}
    ledger = tally.ledger(CONTRACT, versions)
    nothing = dict.fromkeys(
        ["inserted", "updated", "unchanged", "duplicate", "rejected", "parked", "stale"], 0
    )
    none_parked = {
        "before": 0, "newly_parked": 0, "resolved": 0, "expired": 0, "after": 0, "outcomes": nothing
    }  # fmt: skip
    no_rejects = {"schema_validation": 0, "data_quality": 0, "referential_integrity": 0}
    assert ledger["datasets"] == {
        "boxes": {
            "read": 0,
            "outcomes": nothing,
            "rejects": no_rejects,
            "files_rejected": 0,
            "parked": none_parked,
            "base_version": 5,
            "new_version": 5,
        },
        "things": {
            "read": 4,
            "outcomes": nothing | {"inserted": 3, "rejected": 1},
            "rejects": no_rejects | {"schema_validation": 1, "data_quality": 1},
            "files_rejected": 1,
            "parked": none_parked,
            "base_version": 2,
            "new_version": 3,
        },
    }
    assert ledger["files"][2] == {
        "key": "c",
        "version_id": "v1",
        "dataset": "things",
        "verdict": "rejected",
        "reasons": ["missing_column:id"],
        "extra_columns": [],
        "read": 0,
        "outcomes": nothing,
        "rejects": no_rejects | {"schema_validation": 1},
    }
    assert ledger["files"][0]["outcomes"] == nothing | {"inserted": 2, "rejected": 1}
    assert ledger["rejected"] == {"base_version": 0, "new_version": 1}


def test_rejected_files_are_rejects_too(tally: Tally) -> None:
    tally.add_outcomes("things", [outcome("a", "rejected", 2, "data_quality")])
    assert tally.refused() == 3


@pytest.fixture
def tally_of_parked() -> Tally:
    """Return the tally of one file, and of five things that were parked before."""
    return Tally(Manifest("b1", NOW, "1.0.0", (file("a", "age"),)), {"things": 5})


def test_parked_rows_have_a_balance_of_their_own(tally_of_parked: Tally) -> None:
    tally_of_parked.add_read([read("a", 2)])
    orphan = "referential_integrity"
    tally_of_parked.add_outcomes(
        "things",
        [
            outcome("a", "parked", 2, orphan),
            outcome("z", "inserted", 1, retried=True),
            outcome("z", "rejected", 1, "data_quality", retried=True),
            outcome("z", "rejected", 2, orphan, retried=True),
            outcome("z", "parked", 1, orphan, retried=True),
        ],
    )
    tally_of_parked.check_balance()
    versions = {"boxes": Versions(5, 5), "things": Versions(2, 3), "rejected": Versions(0, 1)}
    counted = tally_of_parked.ledger(CONTRACT, versions)["datasets"]["things"]
    found = {name: count for name, count in counted["parked"].items() if name != "outcomes"}
    assert found == {"before": 5, "newly_parked": 2, "resolved": 2, "expired": 2, "after": 3}
    assert (counted["read"], counted["outcomes"]["parked"]) == (2, 2)
    assert counted["outcomes"]["inserted"] == 0
    assert tally_of_parked.outcomes("things")["inserted"] == 1


def test_a_row_that_is_parked_now_waits_since_the_planning(tally_of_parked: Tally) -> None:
    tally_of_parked.add_outcomes("things", [outcome("a", "parked", 2), outcome("a", "inserted", 1)])
    assert tally_of_parked.oldest_parked() == {"things": NOW}


def test_the_oldest_parked_row_is_one_that_stays_parked(tally_of_parked: Tally) -> None:
    day = timedelta(days=1)
    tally_of_parked.add_outcomes(
        "things",
        [
            outcome("z", "rejected", 1, retried=True, first_seen=NOW - 3 * day),
            outcome("z", "parked", 1, retried=True, first_seen=NOW - 2 * day),
            outcome("y", "parked", 1, retried=True, first_seen=NOW - day),
            outcome("a", "parked", 2),
        ],
    )
    assert tally_of_parked.oldest_parked() == {"things": NOW - 2 * day}


def test_a_parked_row_that_gets_lost_is_an_error(tally_of_parked: Tally) -> None:
    tally_of_parked.add_outcomes("things", [outcome("z", "inserted", 4, retried=True)])
    with pytest.raises(LedgerError, match="things: 5 rows were parked and 4 of them have"):
        tally_of_parked.check_balance()


def test_columns_that_the_contract_does_not_know_are_named(tally_of_parked: Tally) -> None:
    versions = dict.fromkeys(["boxes", "things", "rejected"], Versions(0, 0))
    [entry] = tally_of_parked.ledger(CONTRACT, versions)["files"]
    assert entry["extra_columns"] == ["age"]

"""What makes a batch untrustworthy: too many rejects, or far fewer rows than usual."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from lakehouse_spark.batches import Record
from lakehouse_spark.contract import Contract, Dataset
from lakehouse_spark.delta_log import Commit
from lakehouse_spark.ledger import Tally

NEAR = 0.8  # of the limit of rejects
RECENT = 20  # commits of a table that tell what is usual
FEWEST_BATCHES = 3  # below that, nothing is usual


class BatchRefused(RuntimeError):
    """The batch must not be loaded as it is; no table was touched."""


@dataclass(frozen=True)
class Overrides:
    """What a person decided for one run, over the contract's limits."""

    max_reject_share: float | None = None
    fail_on_shrinkage: bool = False


NO_OVERRIDES = Overrides()


def over_limit(contract: Contract, tally: Tally, overrides: Overrides) -> list[Record]:
    """Return the datasets of which too many rows were rejected, with share and limit."""
    found = [_share(dataset, tally, overrides) for dataset in contract.datasets]
    return [each for each in found if each["limit"] is not None and each["share"] > each["limit"]]


def near_limit(contract: Contract, tally: Tally, overrides: Overrides) -> list[Record]:
    """Return the datasets whose share of rejects comes near the limit, with share and limit."""
    found = [_share(dataset, tally, overrides) for dataset in contract.datasets]
    return [each for each in found if each["limit"] and each["share"] > NEAR * each["limit"]]


def far_smaller(contract: Contract, tally: Tally, usual: Mapping[str, list[int]]) -> list[Record]:
    """Return a warning for each dataset of which far fewer rows came than usual."""
    warnings = []
    for dataset in contract.datasets:
        read, reads = tally.read(dataset.name), usual[dataset.name]
        if not tally.has_files(dataset.name) or len(reads) < FEWEST_BATCHES:
            continue
        if read < dataset.limits.min_usual_share * median(reads):
            warnings.append(_warning(dataset, read, median(reads)))
    return warnings


def usual_reads(table: str, commits: Sequence[Commit]) -> list[int]:
    """Return the rows that recent batches read, by the commits of the dataset's table.

    A batch that was taken back does not count, nor one that brought nothing new.
    """
    undone = {_attempt(each) for each in commits if each.metadata.get("step") == "undo"}
    loads = [each for each in commits if each.metadata.get("step") == table]
    kept = [each for each in loads if _attempt(each) not in undone]
    return [each.metadata["counts"].get("read", 0) for each in kept]


def _attempt(commit: Commit) -> tuple[object, object]:
    return commit.metadata.get("batch_id"), commit.metadata.get("attempt")


def _share(dataset: Dataset, tally: Tally, overrides: Overrides) -> Record:
    read, rejected = tally.read(dataset.name), tally.rejected(dataset.name)
    limits = dataset.limits.with_max_reject_share(overrides.max_reject_share)
    return {
        "dataset": dataset.name,
        "read": read,
        "rejected": rejected,
        "share": rejected / read if read else 0.0,
        "limit": limits.max_reject_share,
    }


def _warning(dataset: Dataset, read: int, usual: float) -> Record:
    return {"code": "far_smaller", "dataset": dataset.name, "read": read, "usual": usual}

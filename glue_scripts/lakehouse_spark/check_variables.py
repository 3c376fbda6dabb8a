"""What a checks file can refer to by ``${name}``: facts of the batch, and of each dataset."""

from collections.abc import Sequence
from statistics import median

from pyspark.sql import SparkSession

from lakehouse_spark.batches import Manifest, Record
from lakehouse_spark.classification import WRITTEN
from lakehouse_spark.contract import Dataset
from lakehouse_spark.guard import FEWEST_BATCHES, RECENT, usual_reads
from lakehouse_spark.history import recent_commits
from lakehouse_spark.tables import table_path


def check_variables(
    spark: SparkSession, root: str, datasets: Sequence[Dataset], manifest: Manifest, ledger: Record
) -> dict[str, str]:
    """Return the variables and their values, as texts.

    ``batch_id``; ``planned_at``; ``<dataset>_written``, the rows that the batch wrote to the table;
    ``<dataset>_share_of_usual``, the rows it read, in percent of the median of recent batches.
    """
    variables = {"batch_id": manifest.batch_id, "planned_at": manifest.planned_at.isoformat()}
    for dataset in datasets:
        counts = ledger["datasets"][dataset.name]
        written = sum(counts["outcomes"][outcome] for outcome in WRITTEN)
        share = _share_of_usual(spark, table_path(root, dataset.name), dataset, counts)
        variables[f"{dataset.name}_written"] = str(written)
        variables[f"{dataset.name}_share_of_usual"] = f"{share:.2f}"
    return variables


def _share_of_usual(spark: SparkSession, path: str, dataset: Dataset, counts: Record) -> float:
    """Return the rows read in percent of what is usual; 100 while nothing is."""
    commits = recent_commits(spark, path, RECENT)
    before = [each for each in commits if each.version <= counts["base_version"]]
    reads = usual_reads(dataset.name, before)
    usual = median(reads) if len(reads) >= FEWEST_BATCHES else counts["read"]
    return float(100 * counts["read"] / usual) if usual else 100.0

"""The views that the checks look at: what a batch touched of the tables, or all of them."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_spark.batches import Record
from lakehouse_spark.contract import Contract, Dataset
from lakehouse_spark.contract_checks import parents_view
from lakehouse_spark.tables import read_version, table_path
from lakehouse_spark.touched import has_key, touched_by, touched_rows


def create_batch_views(
    spark: SparkSession, root: str, contract: Contract, ledger: Record
) -> list[Dataset]:
    """Create views of what the batch touched; return the datasets whose tables it changed.

    Each view has its dataset's name and shows the version that the batch made.
    """
    versions = {dataset.name: _versions(ledger, dataset) for dataset in contract.datasets}
    changed = [each for each in contract.datasets if len(set(versions[each.name])) > 1]
    for dataset in changed:
        path, (base, new) = table_path(root, dataset.name), versions[dataset.name]
        touched = touched_by(spark, path, dataset, base, new)
        rows_df = touched_rows(read_version(spark, path, new), dataset, touched)
        rows_df.createOrReplaceTempView(dataset.name)
        for reference in dataset.references:
            parent_path = table_path(root, reference.dataset)
            parents_df = read_version(spark, parent_path, versions[reference.dataset][1])
            # The view has rows beside the touched files, of which nothing but the key is known.
            if reference.column == dataset.key[0]:
                parents_df = parents_df.where(has_key(F.col(reference.parent_column), touched))
            parents_df.createOrReplaceTempView(parents_view(dataset, reference))
    return changed


def create_table_views(spark: SparkSession, root: str, contract: Contract) -> list[Dataset]:
    """Create views of whole tables, as they are now; return all datasets."""
    for dataset in contract.datasets:
        _read(spark, root, dataset.name).createOrReplaceTempView(dataset.name)
        for reference in dataset.references:
            parents_df = _read(spark, root, reference.dataset)
            parents_df.createOrReplaceTempView(parents_view(dataset, reference))
    return list(contract.datasets)


def _versions(ledger: Record, dataset: Dataset) -> tuple[int, int]:
    counts = ledger["datasets"][dataset.name]
    return counts["base_version"], counts["new_version"]


def _read(spark: SparkSession, root: str, table: str) -> DataFrame:
    return spark.read.format("delta").load(table_path(root, table))

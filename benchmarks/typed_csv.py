"""What a job reads that trusts its files: columns by place, values by type."""

from lakehouse_spark.contract import Contract, Dataset
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

BATCH_ID = "benchmark"


def read_typed(spark: SparkSession, root: str, dataset: Dataset) -> DataFrame:
    """Return the delivered rows of a dataset with the contract's columns, unchecked."""
    schema = ", ".join(f"{column.name} {column.type}" for column in dataset.delivered)
    rows_df = spark.read.csv(f"{root}/raw/{dataset.name}", schema, header=True, escape='"')
    derived = {column.name: F.expr(str(column.expression)) for column in dataset.derived}
    return rows_df.withColumns(derived) if derived else rows_df


def delivered_datasets(spark: SparkSession, root: str, contract: Contract) -> list[Dataset]:
    """Return the datasets that have files, those referred to first."""
    path = spark._jvm.org.apache.hadoop.fs.Path(f"{root}/raw")  # type: ignore[union-attr]
    found = path.getFileSystem(spark._jsc.hadoopConfiguration()).listStatus(path)
    names = {status.getPath().getName() for status in found}
    return [dataset for dataset in contract.datasets if dataset.name in names]


def with_provenance(rows_df: DataFrame) -> DataFrame:
    """Add the columns that our tables have beside the contract's, so that all write the same."""
    return rows_df.withColumns({
        "_batch_id": F.lit(BATCH_ID),
        "_source_file": F.lit("raw"),
        "_delivered_at": F.current_timestamp(),
    })

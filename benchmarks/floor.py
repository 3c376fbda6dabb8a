"""The floor: what any Spark job pays to bring typed CSV into partitioned Delta, with no checks."""

from lakehouse_spark.contract import Contract
from lakehouse_spark.tables import table_path
from pyspark.sql import SparkSession

from benchmarks.typed_csv import delivered_datasets, read_typed, with_provenance


def append_all(spark: SparkSession, contract: Contract, root: str) -> None:
    """Append every delivered row to its table."""
    for dataset in delivered_datasets(spark, root, contract):
        rows_df = with_provenance(read_typed(spark, root, dataset))
        writer = rows_df.write.format("delta").mode("append")
        if dataset.partition_column:
            writer = writer.partitionBy(dataset.partition_column)
        writer.save(table_path(root, dataset.name))

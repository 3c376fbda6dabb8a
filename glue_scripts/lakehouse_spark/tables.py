"""The Delta tables: where they lie, how they are made, and how they are read at a version."""

from collections.abc import Mapping

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse_spark.contract import Dataset
from lakehouse_spark.delta_log import TableState, parse_schema, table_state

REJECTED = "rejected"
QUALITY_RESULTS = "quality_results"
# The batch, object and delivery that last changed the row.
PROVENANCE = ["_batch_id string", "_source_file string", "_delivered_at timestamp"]
REJECTED_SCHEMA = (
    "reject_id string, dataset string, category string, reasons array<string>, "
    "raw_record map<string,string>, source_file string, source_version string, "
    "delivered_at timestamp, winner_file string, batch_id string, contract_version string, "
    "status string, first_seen_at timestamp, last_seen_at timestamp, attempts int"
)
REJECTED_COLUMNS = [column.split()[0] for column in REJECTED_SCHEMA.split(", ")]
PROPERTIES = {
    "delta.deletedFileRetentionDuration": "interval 30 days",
    # Delta's own clean-up can take versions that are days old where commits are rare.
    "delta.logRetentionDuration": "interval 45 days",
    "delta.enableExpiredLogCleanup": "false",
}
# What every reader can read; a feature that needs more is an error, not an upgrade.
PROTOCOL = {"delta.minReaderVersion": "1", "delta.minWriterVersion": "2"}


class TableError(RuntimeError):
    """A table is not the one that the contract describes."""


def table_path(root: str, table: str) -> str:
    """Return where the table of a dataset, of rejects or of checks lies under `root`."""
    ours = table in {REJECTED, QUALITY_RESULTS}
    return f"{root}/{table}" if ours else f"{root}/processed/{table}"


def dataset_schema(dataset: Dataset) -> str:
    """Return the table schema of `dataset`: the contract's columns, then where the row is from."""
    columns = [f"`{column.name}` {column.type}" for column in dataset.columns]
    return ", ".join([*columns, *PROVENANCE])


def ensure_table(spark: SparkSession, path: str, schema: str, partition_col: str | None) -> None:
    """Create the table, empty, with our properties, or see that it is the one we expect.

    Raises TableError where its columns are not those of `schema`, or not every reader can read it.
    """
    state = table_state(spark, path)
    if state is None:
        _create_table(spark, path, schema, partition_col)
        return
    _check_columns(path, state.schema, parse_schema(spark, schema))
    if _differing(PROPERTIES, state.properties):
        ensure_properties(spark, path)
        state = _state(spark, path)
    _check_promises(path, state)


def ensure_properties(spark: SparkSession, path: str) -> None:
    """Set our properties where they are not set, as after a RESTORE to before they were."""
    if lost := _differing(PROPERTIES, _state(spark, path).properties):
        assignments = ", ".join(f"'{name}' = '{value}'" for name, value in lost.items())
        spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ({assignments})")


def assert_promises(spark: SparkSession, path: str) -> None:
    """Raise TableError where the table's protocol or properties are not those we promise."""
    _check_promises(path, _state(spark, path))


def read_version(spark: SparkSession, path: str, version: int) -> DataFrame:
    """Return the table as it was at `version`."""
    return spark.read.format("delta").option("versionAsOf", version).load(path)


def _create_table(spark: SparkSession, path: str, schema: str, partition_col: str | None) -> None:
    columns = parse_schema(spark, schema)
    builder = DeltaTable.createIfNotExists(spark).location(path).addColumns(columns)
    if partition_col:
        builder = builder.partitionedBy(partition_col)
    for name, value in (PROPERTIES | PROTOCOL).items():
        builder = builder.property(name, value)
    builder.execute()


def _check_columns(path: str, table: StructType, contract: StructType) -> None:
    found, wanted = _columns(table), _columns(contract)
    if found != wanted:
        differing = sorted({name for name, _ in set(found) ^ set(wanted)}) or ["their order"]
        raise TableError(
            f"{path} and the contract differ in {', '.join(differing)}; "
            "change the table first, or go back to the contract it was made by"
        )


def _check_promises(path: str, state: TableState) -> None:
    found = {**state.properties, **state.protocol}
    for name, value in _differing(PROPERTIES | PROTOCOL, found).items():
        raise TableError(f"{path}: {name} is {found.get(name)}, it must be {value}")


def _columns(schema: StructType) -> list[tuple[str, str]]:
    return [(field.name, field.dataType.simpleString()) for field in schema]


def _state(spark: SparkSession, path: str) -> TableState:
    state = table_state(spark, path)
    if state is None:
        raise TableError(f"{path} is no Delta table")
    return state


def _differing(wanted: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in wanted.items() if found.get(name) != value}

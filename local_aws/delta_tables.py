"""A Delta table as the Glue catalog shows it, read from its log."""

import json
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError
from deltalake.schema import ArrayType, DataType, Field, MapType, PrimitiveType, StructType

TYPES = {
    "string": "string", "long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint",
    "float": "float", "double": "double", "boolean": "boolean", "binary": "binary",
    "date": "date", "timestamp": "timestamp", "timestamp_ntz": "timestamp",
}  # fmt: skip

# What the real crawler writes into native Delta tables; engines that know Delta look at none of it.
STORAGE = {
    "InputFormat": "org.apache.hadoop.mapred.SequenceFileInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
    "Compressed": False,
    "NumberOfBuckets": -1,
    "StoredAsSubDirectories": False,
}
SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"


def open_delta_table(location: str, storage_options: dict[str, str]) -> DeltaTable:
    """Return the newest version of the table at `location`.

    Raises:
        FileNotFoundError: there is no Delta log.
        Exception: the log can't be read; whatever delta-rs says.
    """
    try:
        return DeltaTable(location, storage_options=storage_options)
    except TableNotFoundError as error:
        raise FileNotFoundError("no Delta log there") from error


def table_input(table: DeltaTable, name: str, location: str, crawler: str) -> dict[str, Any]:
    """Return the TableInput of a native Delta table."""
    metadata = table.metadata()
    fields = {field.name: field for field in table.schema().fields}
    keys = list(metadata.partition_columns)
    columns = [column(field) for field in fields.values() if field.name not in keys]
    return {
        "Name": name,
        "Owner": "owner",
        "TableType": "EXTERNAL_TABLE",
        "Retention": 0,
        "PartitionKeys": [column(fields[key]) for key in keys],
        "StorageDescriptor": storage_descriptor(columns, location),
        "Parameters": parameters(table, crawler),
        **({"Description": metadata.description} if metadata.description else {}),
    }


def storage_descriptor(columns: list[dict[str, str]], location: str) -> dict[str, Any]:
    """Return where and as what the table lies."""
    serde_parameters = {"serialization.format": "1", "path": location}
    return {
        **STORAGE,
        "Columns": columns,
        "Location": location,
        "SerdeInfo": {"SerializationLibrary": SERDE, "Parameters": serde_parameters},
    }


def parameters(table: DeltaTable, crawler: str) -> dict[str, str]:
    """Return the table's parameters as the real crawler sets them."""
    return {
        "EXTERNAL": "true",
        "UPDATED_BY_CRAWLER": crawler,
        "CrawlerSchemaSerializerVersion": "1.0",
        "CrawlerSchemaDeserializerVersion": "1.0",
        "classification": "delta",
        "table_type": "delta",
        "spark.sql.sources.provider": "delta",
        "spark.sql.sources.schema": json.dumps(json.loads(table.schema().to_json())),
        "delta.lastUpdateVersion": str(table.version()),
    }


def column(field: Field) -> dict[str, str]:
    """Return one column with its Athena type; Glue's names are lower case."""
    comment = field.metadata.get("comment")
    shown = {"Name": field.name.lower(), "Type": athena_type(field.type)}
    return {**shown, "Comment": comment} if isinstance(comment, str) else shown


def athena_type(delta_type: DataType) -> str:
    """Return Athena's name of a Delta type."""
    match delta_type:
        case ArrayType():
            return f"array<{athena_type(delta_type.element_type)}>"
        case MapType():
            return f"map<{athena_type(delta_type.key_type)},{athena_type(delta_type.value_type)}>"
        case StructType():
            parts = (f"{part.name.lower()}:{athena_type(part.type)}" for part in delta_type.fields)
            return f"struct<{','.join(parts)}>"
        case PrimitiveType():
            # decimal(12,2) is written alike in both
            return TYPES.get(delta_type.type, delta_type.type)
        case _:
            raise TypeError(f"Athena reads no columns of Delta's type {delta_type}")

"""Tables of the catalog that no crawler makes: over Parquet by batch, and over lines of JSON."""

from typing import Any

PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
FORMATS = {
    "parquet": {
        "InputFormat": f"{PARQUET}.MapredParquetInputFormat",
        "OutputFormat": f"{PARQUET}.MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{PARQUET}.serde.ParquetHiveSerDe"},
    },
    "json": {
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
    },
}


def external_table(facts: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """Return the TableInput of a table in the deploy facts.

    Without a partition key, it is all files under the prefix, each of them lines of JSON.
    """
    key, kind = table.get("partition_key"), table.get("format", "parquet")
    location = f"s3://{facts['bucket']}/{facts['prefixes'][table['prefix']]}"
    return {
        "Name": table["name"],
        "Description": table["description"],
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": key, "Type": "string"}] if key else [],
        "StorageDescriptor": {
            "Columns": [{"Name": name, "Type": text} for name, text in table["columns"].items()],
            "Location": location,
            **FORMATS[kind],
        },
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": kind,
            **(projection(key, location + table["folder"]) if key else {}),
        },
    }


def projection(key: str, folder: str) -> dict[str, str]:
    """Return what has Athena make up the partitions from the query, so that nobody adds them."""
    return {
        "projection.enabled": "true",
        f"projection.{key}.type": "injected",
        "storage.location.template": folder,
    }


def injected_key(table: dict[str, Any]) -> str | None:
    """Return the one partition key of such a Parquet table; None for all others."""
    parameters, keys = table.get("Parameters", {}), table.get("PartitionKeys", [])
    if parameters.get("classification") != "parquet" or len(keys) != 1:
        return None
    key = str(keys[0]["Name"])
    is_projected = parameters.get("projection.enabled") == "true"
    return key if is_projected and parameters.get(f"projection.{key}.type") == "injected" else None


def is_json_lines(table: dict[str, Any]) -> bool:
    """Return whether the table is lines of JSON under one prefix."""
    return bool(table.get("Parameters", {}).get("classification") == "json")

"""Tables of the catalog over Parquet files, whose one partition key each query must name."""

from typing import Any

PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def external_table(facts: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """Return the TableInput of a table in the deploy facts.

    Athena makes up the partitions from the query (type ``injected``), so nobody has to add them.
    """
    key = table["partition_key"]
    location = f"s3://{facts['bucket']}/{facts['prefixes'][table['prefix']]}"
    return {
        "Name": table["name"],
        "Description": table["description"],
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": key, "Type": "string"}],
        "StorageDescriptor": {
            "Columns": [{"Name": name, "Type": text} for name, text in table["columns"].items()],
            "Location": location,
            "InputFormat": f"{PARQUET}.MapredParquetInputFormat",
            "OutputFormat": f"{PARQUET}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{PARQUET}.serde.ParquetHiveSerDe"},
        },
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            "projection.enabled": "true",
            f"projection.{key}.type": "injected",
            "storage.location.template": location + table["folder"],
        },
    }


def injected_key(table: dict[str, Any]) -> str | None:
    """Return the one partition key of such a table; None for all others."""
    parameters, keys = table.get("Parameters", {}), table.get("PartitionKeys", [])
    if parameters.get("classification") != "parquet" or len(keys) != 1:
        return None
    key = str(keys[0]["Name"])
    is_projected = parameters.get("projection.enabled") == "true"
    return key if is_projected and parameters.get(f"projection.{key}.type") == "injected" else None

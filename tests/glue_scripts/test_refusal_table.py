"""The catalog's table of a refused batch's rejects, as the deploy facts declare it."""

import yaml
from lakehouse_spark.refusal import FOLDER
from lakehouse_spark.tables import REJECTED_SCHEMA

from local_stack.paths import ROOT

FACTS = yaml.safe_load((ROOT / "infra/lakehouse.yaml").read_text())


def test_it_has_the_columns_that_the_load_writes_and_looks_where_it_writes_them() -> None:
    [table] = [each for each in FACTS["external_tables"] if each["name"] == "batch_rejects"]
    columns = table["columns"] | {table["partition_key"]: "string"}
    assert columns == dict(column.split() for column in REJECTED_SCHEMA.split(", "))
    assert table["folder"] == f"${{batch_id}}/{FOLDER}/"

"""``python -m benchmarks.past_days files|tables``: the tables after some days of loads, soon made.

The rows of all days are appended at once, one file a day as the job writes them, and the files are
then committed day by day to tables that the job made, so that the log is as long as after so many
loads. Up to the last checkpoint, which is Delta's own, the commits are that append's, cut by days,
because a real one takes a second; those after it, which every load reads, are real.
"""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from lakehouse_spark.contract import Contract, Dataset, read_contract
from lakehouse_spark.load import load_batch
from lakehouse_spark.session import get_session
from lakehouse_spark.tables import table_path
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from benchmarks.deliveries import OF_DAY
from benchmarks.folder_bucket import FolderBucket
from benchmarks.planning import BATCH
from benchmarks.shop_days import Shop

Action = dict[str, Any]

COMMIT = "_delta_log/{:020}.json"
# The last checkpoint is so many commits back, whatever the number of days.
AFTER_CHECKPOINT = 5
CHECKPOINT_INTERVAL = 10


def commit_count(days: int) -> int:
    """Return in how many commits the days came; the first brings what is over, as a backlog."""
    full = (days - AFTER_CHECKPOINT) // CHECKPOINT_INTERVAL * CHECKPOINT_INTERVAL
    return full + AFTER_CHECKPOINT


def write_files(
    contract: Contract, folder: str, orders_a_day: str, product_count: str, days: str
) -> None:
    """Append the rows of all days to one Delta table a dataset, which gives their data files."""
    shop, spark = Shop(int(orders_a_day), int(product_count)), get_session()
    for dataset in contract.datasets:
        if dataset.name in OF_DAY:
            rows = Path(folder) / "rows" / dataset.name
            rows.mkdir(parents=True)
            for place in range(int(days)):
                table = OF_DAY[dataset.name](shop, place)
                pq.write_table(table, rows / f"{place:04}.parquet", coerce_timestamps="us")
            append_rows(spark, dataset, rows, Path(folder) / dataset.name)


def append_rows(spark: SparkSession, dataset: Dataset, rows: Path, table: Path) -> None:
    """Write the rows as the job would have: the same columns, one file a day."""
    columns = [
        F.expr(column.expression or column.name).cast(column.type).alias(column.name)
        for column in dataset.columns
    ]
    source_file = F.format_string(f"raw/{dataset.name}/%s.csv", "date")
    rows_df = spark.read.parquet(f"file:{rows}").select(
        *columns,
        F.lit("past").alias("_batch_id"),
        source_file.alias("_source_file"),
        F.date_add("date", 1).cast("timestamp").alias("_delivered_at"),
    )
    writer = rows_df.write.format("delta").partitionBy(str(dataset.partition_column))
    writer.save(f"file:{table}")


def make_tables(contract: Contract, files: str, bucket: str, days: str) -> None:
    """Load the planned batch with the job, and commit the files of the first days after it."""
    spark, storage = get_session(), FolderBucket(Path(bucket))
    load_batch(spark, contract, storage, BATCH)
    for dataset in contract.datasets:
        if dataset.name in OF_DAY:
            table = Path(bucket) / table_path("", dataset.name).lstrip("/")
            commit_days(spark, Path(files) / dataset.name, table, int(days))


def commit_days(spark: SparkSession, source: Path, table: Path, days: int) -> None:
    """Commit the source's files of the first days to the table, which has its first version."""
    info, *added = written_actions(source)
    by_day: dict[str, list[Action]] = defaultdict(list)
    for action in added:
        by_day[action["add"]["path"].partition("/")[0]].append(action)
    in_order = [by_day[day] for day in sorted(by_day)[:days]]
    backlog = days - commit_count(days) + 1
    commits = [list(chain(*in_order[:backlog])), *in_order[backlog:]]
    for action in chain(*commits):
        link_file(action["add"]["path"], source, table)
    for version, actions in enumerate(commits[:-AFTER_CHECKPOINT], start=1):
        write_commit(table, version, [info, *actions])
    delta_log(spark, table, fresh=True).checkpoint()
    for actions in commits[-AFTER_CHECKPOINT:]:
        commit_files(spark, source, table, [action["add"]["path"] for action in actions])


def written_actions(source: Path) -> list[Action]:
    """Return what the one commit of a table says of itself, then the files it added."""
    lines = (source / COMMIT.format(0)).read_text().splitlines()
    actions = [json.loads(line) for line in lines]
    info = next(action for action in actions if "commitInfo" in action)
    return [info, *(action for action in actions if "add" in action)]


def link_file(path: str, source: Path, table: Path) -> None:
    """Put a data file under the table; it is never written again, so a link will do."""
    target = table / path
    target.parent.mkdir(exist_ok=True)
    os.link(source / path, target)


def write_commit(table: Path, version: int, actions: Sequence[Action]) -> None:
    """Write a commit as Delta would have."""
    lines = [json.dumps(action, separators=(",", ":")) + "\n" for action in actions]
    (table / COMMIT.format(version)).write_text("".join(lines))


def commit_files(spark: SparkSession, source: Path, table: Path, paths: Sequence[str]) -> None:
    """Let Delta commit files, by what it knows of them in the source table."""
    jvm: Any = spark._jvm
    known = delta_log(spark, source).unsafeVolatileSnapshot().allFiles().collectAsList()
    actions = jvm.java.util.ArrayList([file for file in known if file.path() in paths])
    operation = getattr(jvm.org.apache.spark.sql.delta, "DeltaOperations$ManualUpdate$")
    delta_log(spark, table).startTransaction().commit(
        jvm.scala.collection.JavaConverters.asScalaBuffer(actions).toSeq(),
        getattr(operation, "MODULE$"),
    )


def delta_log(spark: SparkSession, table: Path, fresh: bool = False) -> Any:
    """Return Delta's own object for the log of a table; a fresh one has read all commits."""
    jvm: Any = spark._jvm
    logs = jvm.org.apache.spark.sql.delta.DeltaLog
    if fresh:
        logs.clearCache()
    return logs.forTable(spark._jsparkSession, f"file:{table}")


def main(task: str, contract_file: str, *arguments: str) -> None:
    """Do one of the two tasks under a contract."""
    do = write_files if task == "files" else make_tables
    do(read_contract(contract_file), *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What a batch leaves behind that is refused or taken back: its rejects, in its own folder."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.attempt import Attempt
from lakehouse_spark.batches import BatchRecords, Record
from lakehouse_spark.guard import BatchRefused

FOLDER = "rejects"
# Readers of a folder of Parquet pass over names that start with an underscore.
SUMMARY = f"{FOLDER}/_summary.json"


def refuse_for_rejects(
    attempt: Attempt, records: BatchRecords, rejects_df: DataFrame, over: Sequence[Record]
) -> BatchRefused:
    """Write the batch's rejects and their summary; return the error to raise."""
    folder, reasons = write_rejects(attempt.root, records, rejects_df, over)
    shares = "; ".join(_told(each) for each in over)
    return BatchRefused(
        f"batch {records.batch_id}: {shares}. Most of all {_most(reasons)}. No table was touched. "
        f"All rejects are under {folder}/, in Athena the table batch_rejects. Either mend the "
        "file, or the contract and its version, and clear plan_batch; or trigger a new DAG run, "
        f"which takes up this batch, with max_reject_share from {_lowest_share(over)} on: to "
        "clear a task would keep the parameters of its run"
    )


def refuse_for_size(batch_id: str, warnings: Sequence[Record]) -> BatchRefused:
    """Return the error to raise for datasets that are far smaller than usual."""
    told = "; ".join(
        f"{each['dataset']} has {each['read']} rows where {each['usual']:.0f} are usual"
        for each in warnings
    )
    return BatchRefused(
        f"batch {batch_id}: {told}. No table was touched. Either replace the file and clear "
        "plan_batch; or trigger a new DAG run, which takes up this batch, without fail_on_shrinkage"
    )


def write_rejects(
    root: str, records: BatchRecords, rejects_df: DataFrame, over: Sequence[Record] = ()
) -> tuple[str, list[Record]]:
    """Write the rejects as Parquet, then their summary; return the folder and the reasons."""
    folder = f"{root}/batches/{records.batch_id}/{FOLDER}"
    rejects_df.coalesce(1).write.mode("overwrite").parquet(folder)
    reasons = count_by_reason(rejects_df.sparkSession.read.parquet(folder))
    summary = {"batch_id": records.batch_id, "over_limit": list(over), "reasons": reasons}
    records.put(SUMMARY, summary)
    return folder, reasons


def count_by_reason(rejects_df: DataFrame) -> list[Record]:
    """Return dataset, category, reason and count of what is rejected, the most frequent first."""
    rejected_df = rejects_df.where(F.col("status") == F.lit("rejected"))
    reasons_df = rejected_df.select("dataset", "category", F.explode("reasons").alias("reason"))
    by_reason = reasons_df.groupBy("dataset", "category", "reason")
    counts_df = by_reason.count().orderBy(F.desc("count"), "dataset", "reason")
    return [row.asDict() for row in counts_df.collect()]


def _told(over: Record) -> str:
    return (
        f"{over['rejected']} of {over['read']} rows of {over['dataset']} are rejected "
        f"({over['share']:.1%}, the limit is {over['limit']:.1%})"
    )


def _lowest_share(over: Sequence[Record]) -> float:
    """Return the lowest share that lets all datasets pass, in whole percents."""
    percents: list[int] = [-(-100 * each["rejected"] // each["read"]) for each in over]
    return max(percents) / 100


def _most(reasons: Sequence[Record]) -> str:
    first = reasons[0]
    return f"{first['reason']} in {first['dataset']}, {first['count']} times"

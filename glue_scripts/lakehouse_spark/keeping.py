"""Keeping rows that are used more than once."""

from pyspark.sql import DataFrame


def keep_rows(df: DataFrame) -> DataFrame:
    """Keep the rows once they are first computed.

    What follows sees rows and not how they were made; with persist, plans would grow with each use,
    and a plan that is joined with itself takes longer to analyse than the rows to compute.
    """
    return df.localCheckpoint(eager=False)


def keep_small(df: DataFrame) -> DataFrame | None:
    """Keep a small frame, whose size Spark then knows, so that it joins it without a shuffle.

    None stands for an empty one, so that the plan has nothing in it for what does not occur.
    """
    kept_df = df.persist()
    return kept_df if kept_df.count() else None

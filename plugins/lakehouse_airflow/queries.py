"""What to ask Athena after a failure."""

BY_REASON = """\
SELECT {table}.dataset, {table}.category, why.reason, count(*) AS records
FROM {table}
CROSS JOIN UNNEST({table}.reasons) AS why (reason)
WHERE {table}.batch_id = '{{batch_id}}'
GROUP BY {table}.dataset, {table}.category, why.reason
ORDER BY records DESC, {table}.dataset, why.reason, {table}.category"""
REJECTS = ("the batch's rejects by reason", BY_REASON.format(table="rejected"))
REFUSED = ("why the batch was refused, if it was", BY_REASON.format(table="batch_rejects"))
FAILING_ROWS = (
    "how many rows fail which check",
    """\
SELECT
    batch_failing_rows.dataset,
    batch_failing_rows.severity,
    batch_failing_rows.check_name,
    count(*) AS records
FROM batch_failing_rows
WHERE batch_failing_rows.batch_id = '{batch_id}'
GROUP BY batch_failing_rows.dataset, batch_failing_rows.severity, batch_failing_rows.check_name
ORDER BY batch_failing_rows.severity, records DESC""",
)
NEWEST = (
    "what was loaded last",
    """\
SELECT _batch_id, max(_delivered_at) AS delivered_at, count(*) AS orders
FROM orders
WHERE order_date >= current_date - INTERVAL '30' DAY
GROUP BY _batch_id
ORDER BY delivered_at DESC
LIMIT 10""",
)
QUERIES = {
    "load_delta": REFUSED,
    "check_quality": FAILING_ROWS,
    "quality_gate": FAILING_ROWS,
    "undo_batch": FAILING_ROWS,
}


def query_about(task_id: str | None, batch_id: str | None) -> tuple[str, str]:
    """Return what to ask Athena after a failure: what it shows, and the query."""
    if not batch_id:
        return NEWEST
    shows, query = QUERIES.get(str(task_id), REJECTS)
    return shows, query.format(batch_id=batch_id)

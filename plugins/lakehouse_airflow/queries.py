"""What to ask Athena after a failure."""

REJECTS = (
    "the batch's rejects by reason",
    """\
SELECT rejected.dataset, rejected.category, why.reason, count(*) AS records
FROM rejected
CROSS JOIN UNNEST(rejected.reasons) AS why (reason)
WHERE rejected.batch_id = '{batch_id}'
GROUP BY rejected.dataset, rejected.category, why.reason
ORDER BY records DESC, rejected.dataset, why.reason""",
)
REFUSED = (
    "why the batch was refused, if it was",
    """\
SELECT batch_rejects.dataset, batch_rejects.category, why.reason, count(*) AS records
FROM batch_rejects
CROSS JOIN UNNEST(batch_rejects.reasons) AS why (reason)
WHERE batch_rejects.batch_id = '{batch_id}'
GROUP BY batch_rejects.dataset, batch_rejects.category, why.reason
ORDER BY records DESC, batch_rejects.dataset, why.reason""",
)
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

-- Rows of one batch that failed its checks, 1,000 of each check at most; also when the batch was taken back.
-- By hand: put a batch id, the name of a folder under batches/, in the place of the braces.
SELECT
    batch_failing_rows.dataset,
    batch_failing_rows.severity,
    batch_failing_rows.check_name,
    batch_failing_rows."row"
FROM batch_failing_rows
WHERE batch_failing_rows.batch_id = '{{ ti.xcom_pull(task_ids="plan_batch") }}'
ORDER BY batch_failing_rows.severity, batch_failing_rows.dataset, batch_failing_rows.check_name

-- Why a batch was refused over its reject limit: its rejected records by reason and file, the most frequent first.
-- By hand: put a batch id, the name of a folder under batches/, in the place of the braces.
SELECT
    batch_rejects.dataset,
    batch_rejects.category,
    why.reason,
    batch_rejects.source_file,
    count(*) AS records
FROM batch_rejects
CROSS JOIN UNNEST(batch_rejects.reasons) AS why (reason)
WHERE batch_rejects.batch_id = '{{ ti.xcom_pull(task_ids="plan_batch") }}'
    AND batch_rejects.status = 'rejected'
GROUP BY batch_rejects.dataset, batch_rejects.category, why.reason, batch_rejects.source_file
ORDER BY records DESC, batch_rejects.dataset, why.reason, batch_rejects.source_file

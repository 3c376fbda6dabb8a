-- What was refused of which file, in all batches: rejected records by file and reason, the newest first.
-- By hand: as it is. A batch that was refused as a whole has its rejects elsewhere: see rejects_by_reason.sql.
SELECT
    rejected.dataset,
    rejected.source_file,
    why.reason,
    count(*) AS records,
    max(rejected.last_seen_at) AS last_seen_at
FROM rejected
CROSS JOIN UNNEST(rejected.reasons) AS why (reason)
WHERE rejected.status = 'rejected'
GROUP BY rejected.dataset, rejected.source_file, why.reason
ORDER BY last_seen_at DESC, records DESC, rejected.dataset, rejected.source_file, why.reason

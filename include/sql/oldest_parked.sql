-- Rows that wait for the order or the product they refer to, the longest wait first, with the raw record.
-- By hand: as it is.
SELECT dataset, first_seen_at, attempts, reasons, source_file, raw_record
FROM rejected
WHERE status = 'parked'
ORDER BY first_seen_at, source_file, reject_id
LIMIT 100

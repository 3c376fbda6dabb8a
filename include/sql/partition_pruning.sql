-- The batch's orders and order items again, asked for by their days: the same rows as in rows_per_batch.sql.
-- The days come from the inner query, so that Athena can pass over the files of all other partitions. A row in the
-- partition of another day, or of none, is not counted: whoever asks for its day misses it.
-- By hand: put a batch id, the name of a folder under batches/, in the place of the braces.
SELECT 'orders' AS dataset, order_date, count(*) AS rows_seen
FROM orders
WHERE _batch_id = '{{ ti.xcom_pull(task_ids="plan_batch") }}'
    AND order_date = CAST(order_timestamp AS date)
    AND order_date IN (
        SELECT CAST(of_batch.order_timestamp AS date)
        FROM orders AS of_batch
        WHERE of_batch._batch_id = '{{ ti.xcom_pull(task_ids="plan_batch") }}'
    )
GROUP BY order_date
UNION ALL
SELECT 'order_items' AS dataset, order_date, count(*) AS rows_seen
FROM order_items
WHERE _batch_id = '{{ ti.xcom_pull(task_ids="plan_batch") }}'
    AND order_date = CAST(order_timestamp AS date)
    AND order_date IN (
        SELECT CAST(of_batch.order_timestamp AS date)
        FROM order_items AS of_batch
        WHERE of_batch._batch_id = '{{ ti.xcom_pull(task_ids="plan_batch") }}'
    )
GROUP BY order_date
ORDER BY dataset, order_date

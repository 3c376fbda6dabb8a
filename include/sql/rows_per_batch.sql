-- How many rows of each table the batch was the last to change: the ledger's inserted and updated rows.
-- By hand: put a batch id, the name of a folder under batches/, in the place of the braces.
SELECT 'orders' AS dataset, count(*) AS rows_seen
FROM orders
WHERE _batch_id = '{{ ti.xcom_pull(task_ids="plan_batch") }}'
UNION ALL
SELECT 'order_items' AS dataset, count(*) AS rows_seen
FROM order_items
WHERE _batch_id = '{{ ti.xcom_pull(task_ids="plan_batch") }}'
UNION ALL
SELECT 'products' AS dataset, count(*) AS rows_seen
FROM products
WHERE _batch_id = '{{ ti.xcom_pull(task_ids="plan_batch") }}'
ORDER BY dataset

-- What the batch's order items say across all three tables: orders and items per day and department.
-- Each item has its order and its product, so together these are all items that the batch has written.
-- By hand: put a batch id, the name of a folder under batches/, in the place of the braces.
SELECT
    'order_items' AS dataset,
    orders.order_date,
    products.department,
    count(DISTINCT orders.order_id) AS orders,
    count(*) AS rows_seen
FROM order_items
INNER JOIN orders ON orders.order_id = order_items.order_id
INNER JOIN products ON products.product_id = order_items.product_id
WHERE order_items._batch_id = '{{ ti.xcom_pull(task_ids="plan_batch") }}'
GROUP BY orders.order_date, products.department
ORDER BY orders.order_date, products.department

-- Orders and money per day. The condition on the partition column is a constant, so Athena reads the files of these
-- days only, however long the history is: see "Data scanned" of the query.
-- By hand: put the first day that you want in the place of this one.
SELECT order_date, count(*) AS orders, sum(total_amount) AS total_amount
FROM orders
WHERE order_date >= DATE '2025-01-01'
GROUP BY order_date
ORDER BY order_date

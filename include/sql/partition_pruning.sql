-- Orders and money per day. The condition on the partition column is a constant, so Athena reads
-- the files of these days only, however long the history is: see "Data scanned" of the query.
-- By hand: keep one of the two conditions, with a date in the place of the braces.
SELECT order_date, count(*) AS orders, sum(total_amount) AS total_amount
FROM orders
{% if params.orders_since -%}
WHERE order_date >= DATE '{{ params.orders_since }}'
{%- else -%}
WHERE order_date >= current_date - INTERVAL '30' DAY
{%- endif %}
GROUP BY order_date
ORDER BY order_date

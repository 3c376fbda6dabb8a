-- The rows of order_items that published batches have written. A row that a batch changes is missing from the load until
-- the batch is published: Athena reads a Delta table as it is now, and can't show what the row was before.
-- By hand: as it is; or with CREATE OR REPLACE VIEW published_order_items AS before it, once a crawl has been.
SELECT order_items.*
FROM order_items
WHERE order_items._batch_id IN (SELECT published_batches.batch_id FROM published_batches)

-- top_customers.sql - the five customers who spent most, with what they spent and how often.
--
-- No window: over bounded input a query without one gives its rows at the end.

CREATE TABLE orders (
  id       BIGINT,
  customer STRING,
  amount   DECIMAL(8, 2)
) WITH (
  'connector' = 'datagen', 'seed' = '11',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '50000',
  'fields.customer.prefix' = 'customer-', 'fields.customer.min' = '1', 'fields.customer.max' = '2000',
  'fields.customer.skew' = '2',
  'fields.amount.min' = '1', 'fields.amount.max' = '250'
);

SELECT customer, COUNT(*) AS orders, SUM(amount) AS spent, MAX(amount) AS largest
FROM orders
GROUP BY customer
ORDER BY spent DESC, customer
LIMIT 5;

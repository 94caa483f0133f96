-- One row a customer, month, unit and currency: what his vehicles bought while they were his.
-- Reads visits, ask (from_day) and fleet (customer_id, vehicle_id, from_day, to_day).
SELECT
    CAST(f.customer_id AS bigint) AS customer_id,
    CAST(v.month AS bigint) AS month,
    CAST(v.unit AS bigint) AS unit,
    CAST(v.currency AS bigint) AS currency,
    count(*) AS visits,
    CAST(sum(v.quantity_milli) AS bigint) AS quantity_milli,
    CAST(sum(v.amount_minor) AS bigint) AS amount_minor
FROM visits v
JOIN fleet f ON f.vehicle_id = v.vehicle_id
    AND v.local_day >= f.from_day
    AND v.local_day < f.to_day
WHERE v.local_day >= (SELECT from_day FROM ask)
GROUP BY f.customer_id, v.month, v.unit, v.currency

-- One row a customer and local day on which a vehicle of his came while it was his.
-- Reads visits, ask (from_day) and held (customer_id, vehicle_id, from_day, to_day).
SELECT DISTINCT
    CAST(h.customer_id AS bigint) AS customer_id,
    CAST(v.local_day AS bigint) AS local_day
FROM visits v
JOIN held h ON h.vehicle_id = v.vehicle_id
    AND v.local_day >= h.from_day
    AND v.local_day < h.to_day
WHERE v.local_day >= (SELECT from_day FROM ask)

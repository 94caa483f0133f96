-- One row a customer, month (since January 1970), product family and currency: what his vehicles
-- bought while they were his, less what was taken back of it.
-- Reads sales, ask (from_day, as_of_day), scope_stations and held (customer_id, vehicle_id,
-- from_day, to_day). Runs unchanged on DuckDB and Spark.
WITH reversals AS (
    SELECT
        reverses_id,
        CAST(sum(amount_minor) AS bigint) AS amount_minor
    FROM sales
    WHERE reverses_id > 0 AND local_day <= (SELECT as_of_day FROM ask)
    GROUP BY reverses_id
)
SELECT
    CAST(h.customer_id AS bigint) AS customer_id,
    CAST(s.month AS bigint) AS month,
    CAST(s.fuel AS bigint) AS fuel,
    CAST(s.currency AS bigint) AS currency,
    CAST(sum(s.amount_minor + coalesce(r.amount_minor, 0)) AS bigint) AS amount_minor
FROM sales s
JOIN held h ON h.vehicle_id = s.vehicle_id
    AND s.local_day >= h.from_day
    AND s.local_day < h.to_day
LEFT JOIN reversals r ON r.reverses_id = s.sale_id
WHERE s.reverses_id = 0
    AND s.local_day <= (SELECT as_of_day FROM ask)
    AND s.local_day >= (SELECT from_day FROM ask)
    AND s.station_id IN (SELECT station_id FROM scope_stations)
GROUP BY h.customer_id, s.month, s.fuel, s.currency

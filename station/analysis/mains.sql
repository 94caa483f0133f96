-- One row a vehicle and station: the product group of most of its fuel lines. Reads sales, ask
-- (as_of_day), scope_stations and grades (product_id, product_group). Runs unchanged on Spark.
WITH counted AS (
    SELECT s.vehicle_id, s.station_id, g.product_group, count(*) AS lines
    FROM sales s
    JOIN grades g ON g.product_id = s.product_id
    WHERE s.fuel > 0 AND s.reverses_id = 0 AND s.vehicle_id > 0
        AND s.local_day <= (SELECT as_of_day FROM ask)
        AND s.station_id IN (SELECT station_id FROM scope_stations)
    GROUP BY s.vehicle_id, s.station_id, g.product_group
)
SELECT
    CAST(vehicle_id AS bigint) AS vehicle_id,
    CAST(station_id AS bigint) AS station_id,
    CAST(max(lines * 1000 + product_group) AS bigint) % 1000 AS product_group
FROM counted
GROUP BY vehicle_id, station_id

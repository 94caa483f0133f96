-- One row a station, product group and local day: fuel lines, those that name a vehicle, quantity
-- and money. Reads sales, ask (as_of_day), scope_stations and grades (product_id, product_group).
SELECT
    CAST(s.station_id AS bigint) AS station_id,
    CAST(g.product_group AS bigint) AS product_group,
    CAST(s.local_day AS bigint) AS local_day,
    count(*) AS lines,
    count(*) FILTER (WHERE s.vehicle_id > 0) AS known,
    CAST(sum(s.quantity_milli) AS bigint) AS quantity_milli,
    CAST(sum(s.amount_minor) AS bigint) AS amount_minor
FROM sales s
JOIN grades g ON g.product_id = s.product_id
WHERE s.fuel > 0 AND s.reverses_id = 0 AND s.quantity_milli > 0
    AND s.local_day <= (SELECT as_of_day FROM ask)
    AND s.local_day >= (SELECT from_day FROM ask)
    AND s.station_id IN (SELECT station_id FROM scope_stations)
GROUP BY s.station_id, g.product_group, s.local_day

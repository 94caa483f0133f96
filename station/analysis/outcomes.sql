-- One row a customer who fell due and currency: his visits in the days that are looked at, with
-- litres and money. Reads visits and windows (number, vehicle_id, station_id, from_day, to_day): the
-- vehicles that were his, at the station that was to call, from a day to the first day no more.
SELECT
    CAST(w.number AS bigint) AS number,
    CAST(v.minor_per_major AS bigint) AS minor_per_major,
    count(*) AS visits,
    CAST(sum(v.quantity_l) AS bigint) AS quantity_l,
    CAST(sum(v.amount_minor) AS bigint) AS amount_minor
FROM visits v
JOIN windows w
    ON w.vehicle_id = v.vehicle_id AND w.station_id = v.station_id
    AND v.local_day >= w.from_day AND v.local_day < w.to_day
GROUP BY w.number, v.minor_per_major

-- One row a customer who fell due, fuel and currency: his visits in the days that are looked at, with
-- litres and money, that of the shop apart. Reads visits and windows (number, vehicle_id, station_id,
-- from_day, to_day): the vehicles that were his, at the station that was to call, from a day to the
-- first day no more.
SELECT
    CAST(w.number AS bigint) AS number,
    CAST(v.fuel AS bigint) AS fuel,
    CAST(v.minor_per_major AS bigint) AS minor_per_major,
    count(*) AS visits,
    CAST(sum(v.quantity_l) AS bigint) AS quantity_l,
    CAST(sum(v.amount_minor - v.shop_minor) AS bigint) AS fuel_minor,
    CAST(sum(v.shop_minor) AS bigint) AS shop_minor
FROM visits v
JOIN windows w
    ON w.vehicle_id = v.vehicle_id AND w.station_id = v.station_id
    AND v.local_day >= w.from_day AND v.local_day < w.to_day
GROUP BY w.number, v.fuel, v.minor_per_major

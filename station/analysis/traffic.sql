-- One row a station, weekday (Monday 0), hour and class of vehicle: visits, quantity, money.
-- Reads visits, ask (from_day) and classes (vehicle_id, station_id, class); a vehicle without a
-- class is 'unknown', a visit without a clock time is no part of it.
SELECT
    CAST(v.station_id AS bigint) AS station_id,
    CAST(v.weekday AS bigint) AS weekday,
    CAST(v.hour AS bigint) AS hour,
    coalesce(c.class, 'unknown') AS class,
    CAST(v.currency AS bigint) AS currency,
    count(*) AS visits,
    CAST(sum(v.quantity_l) AS bigint) AS quantity_l,
    CAST(sum(v.amount_minor) AS bigint) AS amount_minor
FROM visits v
LEFT JOIN classes c ON c.vehicle_id = v.vehicle_id AND c.station_id = v.station_id
WHERE v.has_time = 1 AND v.local_day >= (SELECT from_day FROM ask)
GROUP BY v.station_id, v.weekday, v.hour, coalesce(c.class, 'unknown'), v.currency

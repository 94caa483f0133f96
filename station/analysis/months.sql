-- One row a vehicle, station and month (months since January 1970): visits, quantity, money.
-- Reads visits and ask (from_day). Units and currencies stay apart.
SELECT
    CAST(v.vehicle_id AS bigint) AS vehicle_id,
    CAST(v.station_id AS bigint) AS station_id,
    CAST(v.month AS bigint) AS month,
    CAST(v.currency AS bigint) AS currency,
    count(*) AS visits,
    CAST(sum(v.quantity_l) AS bigint) AS quantity_l,
    CAST(sum(v.quantity_kwh) AS bigint) AS quantity_kwh,
    CAST(sum(v.quantity_m3) AS bigint) AS quantity_m3,
    CAST(sum(v.quantity_kg) AS bigint) AS quantity_kg,
    CAST(sum(v.amount_minor) AS bigint) AS amount_minor
FROM visits v
WHERE v.local_day >= (SELECT from_day FROM ask)
GROUP BY v.vehicle_id, v.station_id, v.month, v.currency

-- One row a station and local day: visits, quantity, money. Reads visits and ask (from_day).
SELECT
    CAST(v.station_id AS bigint) AS station_id,
    CAST(v.local_day AS bigint) AS local_day,
    CAST(v.currency AS bigint) AS currency,
    count(*) AS visits,
    CAST(sum(v.quantity_l) AS bigint) AS quantity_l,
    CAST(sum(v.quantity_kwh) AS bigint) AS quantity_kwh,
    CAST(sum(v.quantity_m3) AS bigint) AS quantity_m3,
    CAST(sum(v.quantity_kg) AS bigint) AS quantity_kg,
    CAST(sum(v.amount_minor) AS bigint) AS amount_minor
FROM visits v
WHERE v.local_day >= (SELECT from_day FROM ask)
GROUP BY v.station_id, v.local_day, v.currency

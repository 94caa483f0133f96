-- One row a vehicle and station: its last visit-day and the visits of the 90 days up to as-of.
-- Reads visits and ask (as_of_day). No money: it is shown across stations.
SELECT
    CAST(v.vehicle_id AS bigint) AS vehicle_id,
    CAST(v.station_id AS bigint) AS station_id,
    CAST(max(v.local_day) AS bigint) AS last_day,
    count(*) FILTER (WHERE v.local_day > (SELECT as_of_day FROM ask) - 90) AS visits_90d
FROM visits v
GROUP BY v.vehicle_id, v.station_id

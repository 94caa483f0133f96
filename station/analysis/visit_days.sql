-- One row a vehicle, station and local day with a visit: all that the rhythm needs to know, of any
-- past day. Reads visits and ask (from_day). Runs unchanged on DuckDB and Spark.
SELECT DISTINCT
    CAST(v.vehicle_id AS bigint) AS vehicle_id,
    CAST(v.station_id AS int) AS station_id,
    CAST(v.local_day AS int) AS local_day
FROM visits v
WHERE v.local_day >= (SELECT from_day FROM ask)

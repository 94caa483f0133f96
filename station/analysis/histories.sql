-- One row a vehicle and station: how many visit-days, from when to when, and the logarithms of the
-- gaps between them: all that a rhythm is learned from. Reads visits.
WITH days AS (
    SELECT DISTINCT vehicle_id, station_id, local_day FROM visits
),
gapped AS (
    SELECT *, local_day - lag(local_day) OVER w AS gap
    FROM days
    WINDOW w AS (PARTITION BY vehicle_id, station_id ORDER BY local_day)
)
SELECT
    CAST(vehicle_id AS bigint) AS vehicle_id,
    CAST(station_id AS bigint) AS station_id,
    count(*) AS visit_days,
    CAST(min(local_day) AS bigint) AS first_day,
    CAST(max(local_day) AS bigint) AS last_day,
    coalesce(sum(ln(gap)), 0) AS gap_log_sum
FROM gapped
GROUP BY vehicle_id, station_id

-- One row a vehicle and station: its habits of late beside those before, for early warnings and
-- for the network view. Reads visits, sales, ask (as_of_day) and grades (product_id,
-- product_group, octane). "Of late" is the last 5 visits, "before" what came earlier in a year;
-- visits_90d counts the last 90 days and visits_before the 180 days before them. Runs unchanged on
-- DuckDB and Spark.
WITH counted AS (
    SELECT
        v.vehicle_id, v.station_id, v.local_day, v.hour, v.has_time, v.quantity_milli, v.unit,
        a.as_of_day,
        row_number() OVER (
            PARTITION BY v.vehicle_id, v.station_id ORDER BY v.utc_s DESC
        ) AS newness,
        count(*) OVER (PARTITION BY v.vehicle_id, v.station_id, v.unit) AS unit_visits,
        CASE
            WHEN v.local_day = lag(v.local_day) OVER (
                PARTITION BY v.vehicle_id, v.station_id ORDER BY v.utc_s
            ) THEN 0 ELSE 1
        END AS opens_day
    FROM visits v
    CROSS JOIN ask a
),
late AS (
    SELECT
        *,
        CASE WHEN newness <= 5 THEN 1 ELSE 0 END AS is_late,
        CASE WHEN newness > 5 AND local_day > as_of_day - 365 THEN 1 ELSE 0 END AS is_before,
        max(unit_visits) OVER (PARTITION BY vehicle_id, station_id) AS most_visits
    FROM counted
),
fills AS (
    SELECT
        vehicle_id, station_id,
        count(*) FILTER (WHERE local_day > as_of_day - 90) AS visits_90d,
        count(*) FILTER (WHERE local_day > as_of_day - 270 AND local_day <= as_of_day - 90)
            AS visits_before,
        count(*) FILTER (WHERE is_late = 1 AND unit_visits = most_visits) AS fills_late,
        count(*) FILTER (WHERE is_before = 1 AND unit_visits = most_visits) AS fills_before,
        avg(CASE WHEN is_late = 1 AND unit_visits = most_visits THEN ln(quantity_milli) END)
            AS fill_log_late,
        avg(CASE WHEN is_before = 1 AND unit_visits = most_visits THEN ln(quantity_milli) END)
            AS fill_log_before,
        var_samp(CASE WHEN is_before = 1 AND unit_visits = most_visits THEN ln(quantity_milli) END)
            AS fill_log_var,
        count(*) FILTER (WHERE is_late = 1 AND has_time = 1 AND hour BETWEEN 0 AND 2) AS late_0,
        count(*) FILTER (WHERE is_late = 1 AND has_time = 1 AND hour BETWEEN 3 AND 5) AS late_1,
        count(*) FILTER (WHERE is_late = 1 AND has_time = 1 AND hour BETWEEN 6 AND 8) AS late_2,
        count(*) FILTER (WHERE is_late = 1 AND has_time = 1 AND hour BETWEEN 9 AND 11) AS late_3,
        count(*) FILTER (WHERE is_late = 1 AND has_time = 1 AND hour BETWEEN 12 AND 14) AS late_4,
        count(*) FILTER (WHERE is_late = 1 AND has_time = 1 AND hour BETWEEN 15 AND 17) AS late_5,
        count(*) FILTER (WHERE is_late = 1 AND has_time = 1 AND hour BETWEEN 18 AND 20) AS late_6,
        count(*) FILTER (WHERE is_late = 1 AND has_time = 1 AND hour BETWEEN 21 AND 23) AS late_7,
        count(*) FILTER (WHERE is_before = 1 AND has_time = 1 AND hour BETWEEN 0 AND 2) AS before_0,
        count(*) FILTER (WHERE is_before = 1 AND has_time = 1 AND hour BETWEEN 3 AND 5) AS before_1,
        count(*) FILTER (WHERE is_before = 1 AND has_time = 1 AND hour BETWEEN 6 AND 8) AS before_2,
        count(*) FILTER (WHERE is_before = 1 AND has_time = 1 AND hour BETWEEN 9 AND 11) AS before_3,
        count(*) FILTER (WHERE is_before = 1 AND has_time = 1 AND hour BETWEEN 12 AND 14)
            AS before_4,
        count(*) FILTER (WHERE is_before = 1 AND has_time = 1 AND hour BETWEEN 15 AND 17)
            AS before_5,
        count(*) FILTER (WHERE is_before = 1 AND has_time = 1 AND hour BETWEEN 18 AND 20)
            AS before_6,
        count(*) FILTER (WHERE is_before = 1 AND has_time = 1 AND hour BETWEEN 21 AND 23)
            AS before_7
    FROM late
    GROUP BY vehicle_id, station_id
),
-- The longest gap that ended in the last 30 days, and how the vehicle stood before it.
numbered AS (
    SELECT
        vehicle_id, station_id, local_day, as_of_day,
        local_day - lag(local_day) OVER w AS gap,
        row_number() OVER w AS day_no
    FROM late
    WHERE opens_day = 1
    WINDOW w AS (PARTITION BY vehicle_id, station_id ORDER BY local_day)
),
ended AS (
    SELECT
        vehicle_id, station_id,
        max(CASE WHEN local_day > as_of_day - 30 THEN gap * 100000 + local_day END) AS gap_and_day,
        max(CASE WHEN local_day > as_of_day - 30 THEN gap * 100000 + day_no END) AS gap_and_number
    FROM numbered
    GROUP BY vehicle_id, station_id
),
poured AS (
    SELECT
        s.vehicle_id, s.station_id, g.product_group, g.octane, s.local_day,
        row_number() OVER (
            PARTITION BY s.vehicle_id, s.station_id ORDER BY s.utc_s DESC, s.sale_id DESC
        ) AS newness
    FROM sales s
    JOIN grades g ON g.product_id = s.product_id
    CROSS JOIN ask a
    WHERE s.fuel > 0 AND s.reverses_id = 0 AND s.vehicle_id > 0 AND s.quantity_milli > 0
        AND s.local_day <= a.as_of_day AND s.local_day > a.as_of_day - 730
        AND s.station_id IN (SELECT station_id FROM scope_stations)
),
by_product AS (
    SELECT
        vehicle_id, station_id, product_group, octane,
        count(*) AS lines,
        count(*) FILTER (WHERE newness > 5) AS lines_before,
        count(*) FILTER (WHERE newness <= 5) AS lines_late
    FROM poured
    GROUP BY vehicle_id, station_id, product_group, octane
),
mains AS (
    SELECT
        vehicle_id, station_id,
        CAST(max(lines * 1000 + product_group) AS bigint) % 1000 AS product_group,
        CAST(max(CASE WHEN octane > 0 THEN lines_before * 1000 + octane ELSE 0 END) AS bigint)
            % 1000 AS octane
    FROM by_product
    GROUP BY vehicle_id, station_id
),
grade_use AS (
    SELECT
        m.vehicle_id, m.station_id, m.product_group, m.octane,
        CAST(coalesce(sum(CASE WHEN p.octane >= m.octane THEN p.lines_before END), 0) AS bigint)
            AS dear_before,
        CAST(coalesce(sum(CASE WHEN p.octane > 0 THEN p.lines_before END), 0) AS bigint)
            AS graded_before,
        CAST(coalesce(sum(CASE WHEN p.octane >= m.octane THEN p.lines_late END), 0) AS bigint)
            AS dear_late,
        CAST(coalesce(sum(CASE WHEN p.octane > 0 THEN p.lines_late END), 0) AS bigint)
            AS graded_late
    FROM mains m
    JOIN by_product p ON p.vehicle_id = m.vehicle_id AND p.station_id = m.station_id
    GROUP BY m.vehicle_id, m.station_id, m.product_group, m.octane
)
SELECT
    CAST(f.vehicle_id AS bigint) AS vehicle_id,
    CAST(f.station_id AS bigint) AS station_id,
    f.visits_90d, f.visits_before,
    CAST(coalesce(e.gap_and_day, 0) AS bigint) AS gap_and_day,
    CAST(coalesce(e.gap_and_number, 0) AS bigint) AS gap_and_number,
    f.fills_late, f.fills_before, f.fill_log_late, f.fill_log_before, f.fill_log_var,
    f.late_0, f.late_1, f.late_2, f.late_3, f.late_4, f.late_5, f.late_6, f.late_7,
    f.before_0, f.before_1, f.before_2, f.before_3, f.before_4, f.before_5, f.before_6, f.before_7,
    CAST(coalesce(u.product_group, 0) AS bigint) AS product_group,
    CAST(coalesce(u.octane, 0) AS bigint) AS octane,
    CAST(coalesce(u.dear_before, 0) AS bigint) AS dear_before,
    CAST(coalesce(u.graded_before, 0) AS bigint) AS graded_before,
    CAST(coalesce(u.dear_late, 0) AS bigint) AS dear_late,
    CAST(coalesce(u.graded_late, 0) AS bigint) AS graded_late
FROM fills f
JOIN ended e ON e.vehicle_id = f.vehicle_id AND e.station_id = f.station_id
LEFT JOIN grade_use u ON u.vehicle_id = f.vehicle_id AND u.station_id = f.station_id

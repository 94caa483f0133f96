-- One row a vehicle and station (frames.REDUCED): counts, sums and medians of its visits.
--
-- Reads visits and ask (from_day, network); with network = 1 the visits of all stations merge and
-- station_id is 0. A gap is the days between one visit-day and the next. Runs unchanged on DuckDB
-- and Spark.
WITH chosen AS (
    SELECT
        v.vehicle_id,
        CASE WHEN a.network = 1 THEN 0 ELSE v.station_id END AS station_id,
        v.local_day, v.hour, v.has_time, v.weekday, v.currency, v.minor_per_major, v.fuel, v.unit,
        v.quantity_l, v.quantity_kwh, v.quantity_m3, v.quantity_kg, v.quantity_milli,
        v.amount_minor, v.shop_minor
    FROM visits v
    CROSS JOIN ask a
    WHERE v.local_day >= a.from_day
),
stepped AS (
    SELECT
        *,
        local_day - lead(local_day) OVER w AS step_days,
        dense_rank() OVER w AS newness  -- 1 on the newest visit-day
    FROM chosen
    WINDOW w AS (PARTITION BY vehicle_id, station_id ORDER BY local_day DESC)
),
gapped AS (
    SELECT
        *,
        CASE WHEN step_days > 0 THEN step_days END AS gap,
        CASE WHEN step_days > 0 AND newness <= 3 THEN step_days END AS recent_gap,
        CASE WHEN step_days > 0 AND newness > 3 THEN step_days END AS earlier_gap
    FROM stepped
),
figures AS (
    SELECT
        CAST(vehicle_id AS bigint) AS vehicle_id,
        CAST(station_id AS bigint) AS station_id,
        count(*) AS visits,
        count(gap) + 1 AS visit_days,
        CAST(min(local_day) AS bigint) AS first_day,
        CAST(max(local_day) AS bigint) AS last_day,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS gap_median_days,
        CAST(coalesce(sum(gap * gap), 0) AS bigint) AS gap_square_sum,
        coalesce(sum(ln(gap)), 0) AS gap_log_sum,
        CASE WHEN count(recent_gap) = 3 THEN avg(recent_gap) END AS recent_gap_days,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY earlier_gap) AS earlier_gap_median_days,
        CAST(sum(quantity_l) AS bigint) AS quantity_l,
        CAST(sum(quantity_kwh) AS bigint) AS quantity_kwh,
        CAST(sum(quantity_m3) AS bigint) AS quantity_m3,
        CAST(sum(quantity_kg) AS bigint) AS quantity_kg,
        count(*) FILTER (WHERE unit = 1) AS visits_l,
        count(*) FILTER (WHERE unit = 2) AS visits_kwh,
        count(*) FILTER (WHERE unit = 3) AS visits_m3,
        count(*) FILTER (WHERE unit = 4) AS visits_kg,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN unit = 1 THEN quantity_milli END)
            AS median_l,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN unit = 2 THEN quantity_milli END)
            AS median_kwh,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN unit = 3 THEN quantity_milli END)
            AS median_m3,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN unit = 4 THEN quantity_milli END)
            AS median_kg,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY CASE WHEN unit = 1 THEN quantity_milli END)
            AS p90_l,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY CASE WHEN unit = 2 THEN quantity_milli END)
            AS p90_kwh,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY CASE WHEN unit = 3 THEN quantity_milli END)
            AS p90_m3,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY CASE WHEN unit = 4 THEN quantity_milli END)
            AS p90_kg,
        CASE WHEN min(currency) = max(currency) THEN CAST(min(currency) AS bigint) ELSE 0 END
            AS currency,
        CAST(sum(amount_minor) AS bigint) AS amount_minor,
        CAST(sum(shop_minor) AS bigint) AS shop_minor,
        count(*) FILTER (WHERE fuel = 1) AS visits_petrol,
        count(*) FILTER (WHERE fuel = 2) AS visits_diesel,
        count(*) FILTER (WHERE fuel = 3) AS visits_gas,
        count(*) FILTER (WHERE fuel = 4) AS visits_electric,
        count(*) FILTER (WHERE has_time = 1) AS visits_timed,
        count(*) FILTER (WHERE has_time = 1 AND (hour >= 22 OR hour < 6)) AS visits_night,
        count(*) FILTER (WHERE weekday >= 5) AS visits_weekend,
        count(*) FILTER (WHERE amount_minor > 0 AND amount_minor % (50 * minor_per_major) = 0)
            AS visits_round,
        count(*) FILTER (WHERE weekday = 0) AS weekday_0,
        count(*) FILTER (WHERE weekday = 1) AS weekday_1,
        count(*) FILTER (WHERE weekday = 2) AS weekday_2,
        count(*) FILTER (WHERE weekday = 3) AS weekday_3,
        count(*) FILTER (WHERE weekday = 4) AS weekday_4,
        count(*) FILTER (WHERE weekday = 5) AS weekday_5,
        count(*) FILTER (WHERE weekday = 6) AS weekday_6,
        count(*) FILTER (WHERE has_time = 1 AND hour BETWEEN 0 AND 2) AS slot_0,
        count(*) FILTER (WHERE has_time = 1 AND hour BETWEEN 3 AND 5) AS slot_1,
        count(*) FILTER (WHERE has_time = 1 AND hour BETWEEN 6 AND 8) AS slot_2,
        count(*) FILTER (WHERE has_time = 1 AND hour BETWEEN 9 AND 11) AS slot_3,
        count(*) FILTER (WHERE has_time = 1 AND hour BETWEEN 12 AND 14) AS slot_4,
        count(*) FILTER (WHERE has_time = 1 AND hour BETWEEN 15 AND 17) AS slot_5,
        count(*) FILTER (WHERE has_time = 1 AND hour BETWEEN 18 AND 20) AS slot_6,
        count(*) FILTER (WHERE has_time = 1 AND hour BETWEEN 21 AND 23) AS slot_7
    FROM gapped
    GROUP BY vehicle_id, station_id
)
-- Median and 90 % point are those of the unit of most visits, as units do not mix.
SELECT
    *,
    CASE
        WHEN visits_l >= greatest(visits_kwh, visits_m3, visits_kg) THEN median_l
        WHEN visits_kwh >= greatest(visits_m3, visits_kg) THEN median_kwh
        WHEN visits_m3 >= visits_kg THEN median_m3
        ELSE median_kg
    END AS quantity_median,
    CASE
        WHEN visits_l >= greatest(visits_kwh, visits_m3, visits_kg) THEN p90_l
        WHEN visits_kwh >= greatest(visits_m3, visits_kg) THEN p90_kwh
        WHEN visits_m3 >= visits_kg THEN p90_m3
        ELSE p90_kg
    END AS quantity_p90
FROM figures

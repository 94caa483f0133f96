-- One row a visit: the lines of one vehicle at one station, each within 3600 seconds of the line
-- before; lines without a clock time make one visit a day. A visit needs a fuel or energy line of
-- positive quantity, net of its reversals, and is dated by its first line.
--
-- Reads sales, ask (as_of_day) and scope_stations. Runs unchanged on DuckDB and Spark: no
-- placeholder, no date function, no integer division. Codes: unit 1 l, 2 kwh, 3 m3, 4 kg, 0 none;
-- fuel 1 petrol, 2 diesel, 3 gas, 4 electric, 5 other, 0 none.
WITH reversals AS (
    SELECT
        reverses_id,
        CAST(sum(quantity_milli) AS bigint) AS quantity_milli,
        CAST(sum(amount_minor) AS bigint) AS amount_minor
    FROM sales
    WHERE reverses_id > 0 AND local_day <= (SELECT as_of_day FROM ask)
    GROUP BY reverses_id
),
lines AS (
    SELECT
        s.vehicle_id, s.station_id, s.sale_id, s.utc_s, s.local_day, s.month, s.hour, s.has_time,
        s.fuel, s.unit, s.currency, s.minor_per_major,
        s.quantity_milli + coalesce(r.quantity_milli, 0) AS quantity_milli,
        s.amount_minor + coalesce(r.amount_minor, 0) AS amount_minor
    FROM sales s
    LEFT JOIN reversals r ON r.reverses_id = s.sale_id
    WHERE s.reverses_id = 0
        AND s.vehicle_id > 0
        AND s.local_day <= (SELECT as_of_day FROM ask)
        AND s.station_id IN (SELECT station_id FROM scope_stations)
        -- A line that was taken back whole never happened.
        AND NOT (
            r.reverses_id IS NOT NULL
            AND s.quantity_milli + r.quantity_milli = 0
            AND s.amount_minor + r.amount_minor = 0
        )
),
chained AS (
    SELECT
        *,
        CASE
            WHEN has_time = 1 AND utc_s - lag(utc_s) OVER w <= 3600 THEN 0
            WHEN has_time = 0 AND local_day = lag(local_day) OVER w THEN 0
            ELSE 1
        END AS opens,
        CASE
            WHEN has_time = 1 AND lead(utc_s) OVER w - utc_s <= 3600 THEN 0
            WHEN has_time = 0 AND local_day = lead(local_day) OVER w THEN 0
            ELSE 1
        END AS closes
    FROM lines
    WINDOW w AS (PARTITION BY vehicle_id, station_id, has_time ORDER BY utc_s, sale_id)
),
numbered AS (
    SELECT
        *,
        sum(opens) OVER (
            PARTITION BY vehicle_id, station_id, has_time ORDER BY utc_s, sale_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS visit_no
    FROM chained
    WHERE opens = 0 OR closes = 0
),
grouped AS (
    SELECT
        vehicle_id,
        station_id,
        has_time,
        min(utc_s) AS utc_s,
        max(CASE WHEN opens = 1 THEN local_day END) AS local_day,
        max(CASE WHEN opens = 1 THEN month END) AS month,
        max(CASE WHEN opens = 1 THEN hour END) AS hour,
        max(currency) AS currency,
        max(minor_per_major) AS minor_per_major,
        -- The largest fuel line gives the visit its fuel and unit: quantity first, code in the rest.
        max(CASE WHEN fuel > 0 THEN quantity_milli * 8 + fuel ELSE 0 END) % 8 AS fuel,
        max(CASE WHEN fuel > 0 THEN quantity_milli * 8 + unit ELSE 0 END) % 8 AS unit,
        sum(CASE WHEN fuel > 0 AND unit = 1 THEN quantity_milli ELSE 0 END) AS quantity_l,
        sum(CASE WHEN fuel > 0 AND unit = 2 THEN quantity_milli ELSE 0 END) AS quantity_kwh,
        sum(CASE WHEN fuel > 0 AND unit = 3 THEN quantity_milli ELSE 0 END) AS quantity_m3,
        sum(CASE WHEN fuel > 0 AND unit = 4 THEN quantity_milli ELSE 0 END) AS quantity_kg,
        sum(amount_minor) AS amount_minor,
        sum(CASE WHEN fuel = 0 THEN amount_minor ELSE 0 END) AS shop_minor
    FROM numbered
    GROUP BY vehicle_id, station_id, has_time, visit_no
    HAVING max(CASE WHEN fuel > 0 THEN quantity_milli ELSE 0 END) > 0
)
-- Most visits are one line; only the others need to be numbered and grouped.
SELECT
    vehicle_id, station_id, has_time, utc_s, local_day, month, hour,
    (local_day + 3) % 7 AS weekday,
    currency, minor_per_major, fuel, unit,
    CASE WHEN unit = 1 THEN quantity_milli ELSE 0 END AS quantity_l,
    CASE WHEN unit = 2 THEN quantity_milli ELSE 0 END AS quantity_kwh,
    CASE WHEN unit = 3 THEN quantity_milli ELSE 0 END AS quantity_m3,
    CASE WHEN unit = 4 THEN quantity_milli ELSE 0 END AS quantity_kg,
    quantity_milli, amount_minor,
    CAST(0 AS bigint) AS shop_minor
FROM chained
WHERE opens = 1 AND closes = 1 AND fuel > 0 AND quantity_milli > 0
UNION ALL
SELECT
    vehicle_id, station_id, has_time, utc_s, local_day, month, hour,
    (local_day + 3) % 7 AS weekday,
    currency, minor_per_major, fuel, unit,
    CAST(quantity_l AS bigint) AS quantity_l,
    CAST(quantity_kwh AS bigint) AS quantity_kwh,
    CAST(quantity_m3 AS bigint) AS quantity_m3,
    CAST(quantity_kg AS bigint) AS quantity_kg,
    CAST(
        CASE unit
            WHEN 1 THEN quantity_l
            WHEN 2 THEN quantity_kwh
            WHEN 3 THEN quantity_m3
            ELSE quantity_kg
        END AS bigint
    ) AS quantity_milli,
    CAST(amount_minor AS bigint) AS amount_minor,
    CAST(shop_minor AS bigint) AS shop_minor
FROM grouped

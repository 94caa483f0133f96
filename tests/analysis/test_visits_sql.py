"""What a visit is, by hand and by law."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

Visits = Callable[..., pd.DataFrame]
DAY, HOUR, MINUTE = 86_400, 3600, 60
MORNING = 20_000 * DAY + 8 * HOUR
SHOP = {"fuel": 0, "unit": 0, "quantity_milli": 1_000, "amount_minor": 500}


def at(minutes: int, **changes: Any) -> dict[str, Any]:
    return {"local_s": MORNING + minutes * MINUTE} | changes


def untimed(day: int, **changes: Any) -> dict[str, Any]:
    return {"local_s": day * DAY, "has_time": 0} | changes


# (the case, its lines, [(local_day, hour, quantity_milli, amount_minor) of each visit])
CASES = [
    ("one line", [at(0)], [(20_000, 8, 30_000, 21_000)]),
    (
        "a chain of hours is one visit although its ends lie two hours apart",
        [at(0), at(60), at(120)],
        [(20_000, 8, 90_000, 63_000)],
    ),
    (
        "a line 61 minutes later opens the next visit",
        [at(0), at(61)],
        [(20_000, 8, 30_000, 21_000), (20_000, 9, 30_000, 21_000)],
    ),
    ("the shop alone is no visit", [at(0, **SHOP)], []),
    (
        "the shop before the pump dates the visit and adds its money",
        [at(0, **SHOP), at(59)],
        [(20_000, 8, 30_000, 21_500)],
    ),
    (
        "a fuel line taken back whole is no visit",
        [at(0), at(5, reverses_id=1, quantity_milli=-30_000, amount_minor=-21_000)],
        [],
    ),
    (
        "a line taken back whole dates nothing and links nothing",
        [
            at(0),
            at(50),
            at(100),
            at(101, reverses_id=2, quantity_milli=-30_000, amount_minor=-21_000),
        ],
        [(20_000, 8, 30_000, 21_000), (20_000, 9, 30_000, 21_000)],
    ),
    (
        "a partial reversal leaves the rest",
        [at(0), at(300, reverses_id=1, quantity_milli=-10_000, amount_minor=-7_000)],
        [(20_000, 8, 20_000, 14_000)],
    ),
    (
        "two reversals of one line both count",
        [
            at(0),
            at(1, reverses_id=1, quantity_milli=-10_000, amount_minor=-7_000),
            at(2, reverses_id=1, quantity_milli=-5_000, amount_minor=-3_500),
        ],
        [(20_000, 8, 15_000, 10_500)],
    ),
    (
        "lines without clock times make one visit a day",
        [untimed(20_000), untimed(20_000), untimed(20_001)],
        [(20_000, 0, 60_000, 42_000), (20_001, 0, 30_000, 21_000)],
    ),
    (
        "two stations are two visits",
        [at(0), at(5, station_id=2)],
        [(20_000, 8, 30_000, 21_000), (20_000, 8, 30_000, 21_000)],
    ),
    (
        "a visit over midnight belongs to the day it began",
        [at(15 * 60 + 50), at(16 * 60 + 10)],
        [(20_000, 23, 60_000, 42_000)],
    ),
    ("a line without a vehicle is no visit", [at(0, vehicle_id=0)], []),
    ("a refund that names no sale makes no visit", [at(0, quantity_milli=-5_000)], []),
]


@pytest.mark.parametrize(("lines", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_visits_are_as_computed_by_hand(
    visits_of: Visits, lines: list[dict[str, Any]], expected: list[tuple[int, ...]]
) -> None:
    visits = visits_of(lines)

    columns = ["local_day", "hour", "quantity_milli", "amount_minor"]
    assert [tuple(row) for row in visits[columns].to_numpy().tolist()] == expected


def test_a_visit_takes_fuel_and_unit_from_its_largest_line(visits_of: Visits) -> None:
    charge = {"fuel": 4, "unit": 2, "quantity_milli": 40_000}

    visit = visits_of([at(0, quantity_milli=5_000), at(20, **charge)]).iloc[0]

    assert (visit.fuel, visit.unit, visit.quantity_milli) == (4, 2, 40_000)
    assert (visit.quantity_l, visit.quantity_kwh) == (5_000, 40_000)


def test_monday_is_weekday_0(visits_of: Visits) -> None:
    thursday = visits_of([{"local_s": HOUR}]).iloc[0]
    monday = visits_of([{"local_s": 4 * DAY}]).iloc[0]

    assert (thursday.weekday, monday.weekday) == (3, 0)


def test_stations_out_of_scope_do_not_show(visits_of: Visits) -> None:
    lines = [at(0), at(0, station_id=2)]

    assert visits_of(lines, stations=[2]).station_id.tolist() == [2]


LINES = st.lists(
    st.fixed_dictionaries(
        {
            "local_s": st.integers(MORNING, MORNING + 3 * DAY).map(lambda s: s - s % 600),
            "vehicle_id": st.integers(1, 2),
            "station_id": st.integers(1, 2),
            "fuel": st.sampled_from([0, 1, 2]),
            "has_time": st.sampled_from([1, 1, 1, 0]),
        }
    ),
    max_size=15,
)
few = settings(max_examples=20, deadline=None)
CONTENT = ["vehicle_id", "station_id", "local_day", "hour", "quantity_milli", "amount_minor"]


def content(visits: pd.DataFrame) -> list[list[int]]:
    return sorted(visits[CONTENT].to_numpy().tolist())


@few
@given(lines=LINES, late=LINES)
def test_what_happens_after_as_of_changes_nothing(
    visits_of: Visits, lines: list[dict[str, Any]], late: list[dict[str, Any]]
) -> None:
    as_of = 20_004
    moved = [line | {"local_s": line["local_s"] + 10 * DAY} for line in late]
    undone = [
        {"local_s": MORNING + 10 * DAY, "reverses_id": n, "quantity_milli": -30_000}
        for n in range(1, len(lines) + 1)
    ]

    before = visits_of(lines, as_of_day=as_of)
    after = visits_of([*lines, *moved, *undone], as_of_day=as_of)

    assert content(before) == content(after)


@few
@given(lines=LINES, data=st.data())
def test_the_order_of_lines_does_not_matter(
    visits_of: Visits, lines: list[dict[str, Any]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(lines))

    assert content(visits_of(lines)) == content(visits_of(shuffled))


@few
@given(lines=LINES.filter(bool), data=st.data())
def test_a_line_repeated_within_the_hour_adds_no_visit(
    visits_of: Visits, lines: list[dict[str, Any]], data: st.DataObject
) -> None:
    again = data.draw(st.sampled_from(lines))

    assert len(visits_of([*lines, again])) == len(visits_of(lines))


def expected_visits(lines: list[dict[str, Any]]) -> int:
    """Count visits line by line, as a person would."""
    count = 0
    for key in {(x["vehicle_id"], x["station_id"], x["has_time"]) for x in lines}:
        own = [x for x in lines if (x["vehicle_id"], x["station_id"], x["has_time"]) == key]
        stops: list[list[dict[str, Any]]] = []
        for line in sorted(own, key=lambda x: int(x["local_s"])):
            last = stops[-1][-1]["local_s"] if stops else None
            joins = last is not None and (
                line["local_s"] - last <= HOUR if key[2] else line["local_s"] // DAY == last // DAY
            )
            if joins:
                stops[-1].append(line)
            else:
                stops.append([line])
        count += sum(any(x["fuel"] > 0 for x in stop) for stop in stops)
    return count


@few
@given(lines=LINES)
def test_visits_are_as_many_as_a_person_counts(
    visits_of: Visits, lines: list[dict[str, Any]]
) -> None:
    assert len(visits_of(lines)) == expected_visits(lines)

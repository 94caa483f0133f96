"""A rule holds where everything that it names holds, for one line as for all at once."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from station.loyalty.conditions import Birthday, Weekday, When, holds, mask
from station.loyalty.earning import facts_of
from station.model import Fuel, day_number

from loyalty.receipts import THURSDAY, make_line, make_member  # isort: skip


def on(year: int, month: int, day: int) -> dict[str, int]:
    return {"day": day_number(date(year, month, day))}


CASES: list[tuple[When, dict[str, Any], dict[str, Any], bool]] = [
    (When(), {}, {}, True),
    (When(fuels=(Fuel.PETROL,)), {}, {}, True),
    (When(fuels=(Fuel.DIESEL, Fuel.GAS)), {}, {}, False),
    (When(products=("G92",)), {}, {}, True),
    (When(words=("TOBACCO",)), {"product": "fine tobacco"}, {}, True),
    (When(words=("烟",)), {}, {}, False),
    (When(stations=("S2",)), {}, {}, False),
    (When(cards=("bearer",)), {"card": "bearer"}, {}, True),
    (When(levels=("gold",)), {}, {"level": "gold"}, True),
    (When(levels=("gold",)), {}, {}, False),
    (When(grades=("A", "B")), {}, {"grade": "B"}, True),
    (When(weekdays=(Weekday.THURSDAY,)), {"day": THURSDAY}, {}, True),
    (When(weekdays=(Weekday.THURSDAY,)), {}, {}, False),
    (When(month_days=(8, 18)), on(2026, 5, 18), {}, True),
    (When(hours=(7, 12)), {}, {}, False),
    (When(hours=(12, 13)), {}, {}, True),
    (When(hours=(22, 6)), {"hour": 23}, {}, True),
    (When(hours=(22, 6)), {"hour": 5}, {}, True),
    (When(hours=(22, 6)), {"hour": 6}, {}, False),
    (When(hours=(0, 24)), {"hour": -1}, {}, False),
    (When(birthday=Birthday.DAY), on(2027, 2, 28), {"birthday": 229}, True),
    (When(birthday=Birthday.DAY), on(2028, 2, 28), {"birthday": 229}, False),
    (When(birthday=Birthday.DAY), on(2028, 2, 29), {"birthday": 229}, True),
    (When(birthday=Birthday.DAY), on(2027, 3, 1), {}, False),
    (When(birthday=Birthday.WEEK), on(2027, 1, 2), {"birthday": 1231}, True),
    (When(birthday=Birthday.WEEK), on(2026, 12, 30), {"birthday": 102}, True),
    (When(birthday=Birthday.WEEK), on(2027, 1, 4), {"birthday": 1231}, False),
    (When(birthday=Birthday.MONTH), on(2027, 1, 31), {"birthday": 101}, True),
    (When(starts=date(2026, 5, 1)), on(2026, 5, 1), {}, True),
    (When(starts=date(2026, 5, 1)), on(2026, 4, 30), {}, False),
    (When(ends=date(2026, 5, 31)), on(2026, 5, 31), {}, True),
    (When(ends=date(2026, 5, 31)), on(2026, 6, 1), {}, False),
    (When(fuels=(Fuel.PETROL,), hours=(7, 9)), {}, {}, False),
]


@pytest.mark.parametrize(("when", "line", "member", "expected"), CASES)
def test_a_condition_holds_or_not(
    when: When, line: dict[str, Any], member: dict[str, Any], expected: bool
) -> None:
    assert holds(when, facts_of(make_line(**line), make_member(**member))) is expected


@pytest.mark.parametrize("when", [when for when, *_ in CASES])
def test_all_lines_at_once_are_judged_as_one_by_one(when: When) -> None:
    facts = [facts_of(make_line(**line), make_member(**who)) for _, line, who, _ in CASES]

    assert mask(when, pd.DataFrame(facts)).tolist() == [holds(when, one) for one in facts]


def test_no_lines_are_none() -> None:
    lines = pd.DataFrame([facts_of(make_line(), make_member())]).head(0)

    assert mask(When(fuels=(Fuel.PETROL,), birthday=Birthday.DAY), lines).tolist() == []

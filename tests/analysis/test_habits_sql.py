"""What habits.sql, lines.sql and mains.sql say of hand-made lines."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from analysis.conftest import DAY, HOUR, SQL, ask

END = 1_000
GRADES = pd.DataFrame(
    [(1, 1, 92), (2, 2, 95), (3, 3, 0)], columns=["product_id", "product_group", "octane"]
)


def said(duck: Any, name: str, lines: Sequence[dict[str, Any]], end: int = END) -> pd.DataFrame:
    duck.register("grades", GRADES)
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    return ask(duck, text, lines, as_of_day=end)


def line(day: int, hour: int = 10, **changes: Any) -> dict[str, Any]:
    return {"local_s": day * DAY + hour * HOUR} | changes


def weekly(count: int, **changes: Any) -> list[dict[str, Any]]:
    """Return weekly lines, the last three days before END."""
    return [line(END - 3 - 7 * n, **changes) for n in range(count)]


def test_the_last_five_visits_stand_beside_those_before(duck: Any) -> None:
    late = [row | {"quantity_milli": 20_000} for row in weekly(5)]

    row = said(duck, "habits", late + weekly(20)[5:]).iloc[0]

    assert (row.fills_late, row.fills_before) == (5, 15)
    assert row.fill_log_late < row.fill_log_before
    assert row.fill_log_var == pytest.approx(0)
    assert (row.late_3, row.before_3) == (5, 15)


def test_visits_are_counted_in_the_last_ninety_days_and_the_half_year_before(duck: Any) -> None:
    row = said(duck, "habits", weekly(40)).iloc[0]

    assert (row.visits_90d, row.visits_before) == (13, 26)


def test_the_dearer_grade_is_the_usual_one_before(duck: Any) -> None:
    late = [row | {"product_id": 1} for row in weekly(5)]
    before = [row | {"product_id": 2} for row in weekly(20)[5:]]

    row = said(duck, "habits", late + before).iloc[0]

    assert (row.octane, row.dear_before, row.graded_before) == (95, 15, 15)
    assert (row.dear_late, row.graded_late) == (0, 5)
    assert row.product_group == 2


def test_the_longest_gap_that_ended_of_late_is_kept_with_its_day_and_number(duck: Any) -> None:
    days = [END - 5, END - 65, END - 72, END - 79]

    row = said(duck, "habits", [line(day) for day in days]).iloc[0]

    assert divmod(row.gap_and_day, 100_000) == (60, END - 5)
    assert divmod(row.gap_and_number, 100_000) == (60, 4)


def test_a_gap_that_ended_long_ago_is_no_return(duck: Any) -> None:
    row = said(duck, "habits", [line(END - 40), line(END - 100)]).iloc[0]

    assert row.gap_and_day == 0


def test_later_lines_change_nothing(duck: Any) -> None:
    lines = weekly(12)

    later = said(duck, "habits", [*lines, line(END + 4, quantity_milli=5_000)])

    pd.testing.assert_frame_equal(later, said(duck, "habits", lines))


def test_a_line_without_a_vehicle_counts_and_names_nobody(duck: Any) -> None:
    lines = [line(END), line(END, vehicle_id=0), line(END, vehicle_id=0, fuel=0)]

    row = said(duck, "lines", lines).iloc[0]

    assert (row.lines, row.known, row.local_day) == (2, 1, END)


def test_the_main_product_is_that_of_most_lines(duck: Any) -> None:
    lines = [line(END - n, product_id=1 + (n > 0)) for n in range(4)]

    assert said(duck, "mains", lines)["product_group"].tolist() == [2]

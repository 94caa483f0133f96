"""Periods follow each other without a gap, and what is bought falls into exactly one."""

from datetime import date
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.contact import payments
from station.contact.payments import Terms
from station.model import day_date, day_number

FAR = 10_000_000


def day(text: str) -> int:
    return day_number(date.fromisoformat(text))


def bought(*rows: tuple[str, str, int]) -> pd.DataFrame:
    """Return what customer 1 bought: day, currency and amount."""
    told = [(1, day(on), currency, amount) for on, currency, amount in rows]
    return pd.DataFrame(told, columns=["customer_id", "day", "currency", "amount_minor"])


def settled(*ends: str) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": 1, "period_end_day": [day(end) for end in ends]}).astype(
        "int64"
    )


def bills(
    terms: Terms, lines: pd.DataFrame, paid: pd.DataFrame | None = None, as_of: str = "2026-06-30"
) -> pd.DataFrame:
    due = payments.due_between({1: terms}, from_day=day("2026-01-01"), to_day=day("2026-07-31"))
    paid = settled() if paid is None else paid
    return payments.bills(due, lines, paid, as_of_day=day(as_of))


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        (("25", "10"), Terms(25, 10)),
        (("31", ""), Terms(31, 0)),
        (("25.0", "0"), Terms(25, 0)),
        (("0", "10"), None),
        (("32", "10"), None),
        (("", "10"), None),
        (("monthly", "10"), None),
        (("25", "-1"), None),
        (("2.5", "0"), None),
        (("nan", "0"), None),
        (("inf", "0"), None),
    ],
)
def test_terms_are_read_from_the_fields_of_a_card(
    words: tuple[str, str], terms: Terms | None
) -> None:
    assert payments.read_terms(*words) == terms


def test_a_period_that_would_end_on_the_31st_ends_with_a_short_month() -> None:
    found = payments.periods(Terms(31), from_day=day("2026-01-31"), to_day=day("2026-04-30"))

    assert [str(day_date(last)) for _, last, _ in found] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
    ]
    (leap,) = payments.periods(Terms(30), from_day=day("2028-02-01"), to_day=day("2028-02-29"))
    assert [str(day_date(number)) for number in leap] == ["2028-01-31", "2028-02-29", "2028-02-29"]


@settings(deadline=None)
@given(st.integers(1, 31), st.integers(0, 60), st.dates(date(2000, 1, 1), date(2099, 1, 1)))
def test_periods_follow_each_other_without_a_gap(settle: int, term: int, start: date) -> None:
    first = day_number(start)
    found = list(payments.periods(Terms(settle, term), from_day=first, to_day=first + 500))

    assert len(found) >= 16
    assert all(a[1] + 1 == b[0] for a, b in pairwise(found))
    assert all(27 <= last - begin <= 30 and due == last + term for begin, last, due in found)


def test_what_is_bought_falls_into_the_period_of_its_day() -> None:
    lines = bought(("2026-02-25", "CNY", 100), ("2026-02-26", "CNY", 20), ("2026-03-25", "CNY", 3))

    found = bills(Terms(25, 10), lines)

    assert found["amount_minor"].tolist() == [100, 23]
    assert [str(day_date(n)) for n in found["due_day"]] == ["2026-03-07", "2026-04-04"]


def test_currencies_are_never_added() -> None:
    found = bills(Terms(31), bought(("2026-02-03", "CNY", 100), ("2026-02-04", "HKD", 50)))

    assert dict(zip(found["currency"], found["amount_minor"], strict=True)) == {
        "CNY": 100,
        "HKD": 50,
    }


def test_what_was_all_taken_back_is_nothing_to_pay() -> None:
    assert bills(Terms(31), bought(("2026-02-03", "CNY", 9), ("2026-02-04", "CNY", -9))).empty


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        ("2026-02-28", "running"),
        ("2026-03-01", "due"),
        ("2026-03-10", "due"),
        ("2026-03-11", "overdue"),
    ],
)
def test_a_period_runs_then_is_due_then_overdue(as_of: str, status: str) -> None:
    lines = bought(("2026-02-03", "CNY", 100))

    assert bills(Terms(31, 10), lines, as_of=as_of)["status"].tolist() == [status]
    paid = settled("2026-02-28")
    assert bills(Terms(31, 10), lines, paid, as_of=as_of)["status"].tolist() == ["settled"]


def test_a_settlement_stands_when_the_day_of_settlement_changes() -> None:
    lines, paid = bought(("2026-02-03", "CNY", 100)), settled("2026-02-25")

    assert bills(Terms(25), lines, paid)["status"].tolist() == ["settled"]
    assert bills(Terms(28), lines, paid)["status"].tolist() == ["settled"]
    assert bills(Terms(10), lines, paid)["status"].tolist() == ["overdue"]


def test_a_credit_that_begins_within_a_period_counts_from_its_day() -> None:
    lines = bought(("2026-02-03", "CNY", 100), ("2026-02-15", "CNY", 20), ("2026-02-20", "CNY", 3))
    credit = pd.DataFrame(
        {"customer_id": [1, 1], "from_day": [day("2026-02-15")] * 2, "to_day": [FAR, FAR]}
    )

    found = payments.on_credit(lines, credit)

    assert bills(Terms(31), found)["amount_minor"].tolist() == [23]


def test_a_credit_counts_to_its_last_day_and_whoever_has_none_agreed_buys_always() -> None:
    lines = bought(("2026-02-03", "CNY", 100), ("2026-02-15", "CNY", 20))
    his = pd.DataFrame({"customer_id": [1], "from_day": [0], "to_day": [day("2026-02-15")]})

    assert payments.on_credit(lines, his)["amount_minor"].tolist() == [100]
    assert payments.on_credit(lines, his.assign(customer_id=2))["amount_minor"].tolist() == [
        100,
        20,
    ]


@settings(deadline=None)
@given(
    st.integers(1, 31),
    st.lists(st.tuples(st.integers(0, 180), st.integers(1, 1000)), max_size=30),
)
def test_nothing_is_counted_twice_or_lost(settle: int, given: list[tuple[int, int]]) -> None:
    start = day("2026-01-01")
    lines = pd.DataFrame(
        [(1, start + after, "CNY", amount) for after, amount in given],
        columns=["customer_id", "day", "currency", "amount_minor"],
    ).astype({"customer_id": "int64", "day": "int64", "amount_minor": "int64"})
    due = payments.due_between({1: Terms(settle)}, from_day=start, to_day=start + 215)

    found = payments.bills(due, lines, settled(), as_of_day=start)

    assert found["amount_minor"].sum() == sum(amount for _, amount in given)

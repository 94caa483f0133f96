"""Today: each line counts exactly the names that its link opens."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nights import each_lang
from pages.office import Office
from streamlit.testing.v1 import AppTest
from town import TODAY, Person, sell, settle, visit

from station.archive.customers import book, marks, stalled
from station.archive.customers.stalled import Stall
from station.archive.people import accounts
from station.model import day_number
from station.pages import today
from station.services import board
from station.services.ask import Ask
from station.services.customers import stages

OpenPage = Callable[..., AppTest]


def lines_of(app: AppTest) -> list[tuple[str, str, dict[str, str]]]:
    """Return what each line says, which page it opens, and with which parameters."""
    links = [link.proto for link in app.main.get("page_link")]
    return [(link.label, link.page, dict(parse_qsl(link.query_string))) for link in links]


def counts(sentence: str) -> list[str]:
    return re.findall(r"\d+(?:,\d{3})*", sentence)


@pytest.mark.slow
@each_lang
def test_every_line_opens_as_many_names_as_it_counts(
    open_page: OpenPage, demo_archive: str, lang: str
) -> None:
    lines = lines_of(open_page(demo_archive, "today", lang))

    named = [line for line in lines if line[2]]
    assert named
    for sentence, name, parameters in named:
        opened = open_page(demo_archive, name, lang, **parameters)
        assert not opened.exception
        counted = counts(sentence)[0]
        assert any(counted in counts(heading.value) for heading in opened.main.subheader)


def worsen(office: Office, people: list[Person], keeper: str) -> None:
    """Let people stand still in somebody's care, and fall by a grade this week."""
    ids = settle(office.db, people)
    sell(office.db, [visit(one) for one in people])
    with office.db.writing() as conn:
        account = accounts.find(conn, name=keeper)
        assert account is not None
        for one in ids.values():
            book.assign(conn, one, account.id)
            stalled.open_new(conn, [Stall(one, "prospect", TODAY - 90, TODAY - 30, account.id, 0)])
        for day, grade, was in ((TODAY - 20, "B", ""), (TODAY - 2, "C", "B")):
            made = [marks.GradeMark(one, day, grade, was, "fell", 0) for one in ids.values()]
            marks.add_grades(conn, made)


@pytest.mark.slow
def test_who_stands_still_and_who_fell_are_counted_where_they_are_in_sight(office: Office) -> None:
    here, abroad = [Person(n, "N1") for n in (1, 2, 3)], [Person(9, "S1")]
    worsen(office, here, "sven")
    worsen(office, abroad, "anna")

    lines = [line for line in lines_of(office.open("mona", "today")) if line[1] == "lifecycle"]

    assert [counts(sentence)[0] for sentence, _, _ in lines] == ["3", "3"]
    for _, name, parameters in lines:
        opened = office.open("mona", name)
        opened.query_params.update(parameters)
        opened.run()
        assert not opened.exception
        assert any(counts(heading.value)[:1] == ["3"] for heading in opened.main.subheader)
    assert stages.still(office.ask("sven")) == len(here)
    assert stages.still(office.ask("rita")) == 0  # in nobody's care of hers


@pytest.mark.slow
def test_the_figures_are_those_of_the_archive(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask
) -> None:
    page = open_page(demo_archive, "today")

    week = board.daily(demo_ask, days=7)
    shown = {metric.label: metric.value for metric in page.main.metric[3:]}
    assert shown["进站（次）"] == f"{week['visits'].sum():,}"
    assert shown["销售额"] == f"¥{week['amount'].sum():,.0f}"


@each_lang
def test_an_empty_archive_says_what_to_do_first(
    open_page: OpenPage, empty_archive: str, lang: str
) -> None:
    page = open_page(empty_archive, "today", lang)

    assert not page.exception
    assert [name for _, name, _ in lines_of(page)] == ["intake"]
    assert not page.main.metric


def days_of(visits: list[int]) -> pd.DataFrame:
    """Return a frame of days with so many visits, as board.daily gives it."""
    first = day_number(pd.Timestamp("2026-03-01").date())
    days = pd.RangeIndex(first, first + len(visits), name="day")
    return pd.DataFrame(dict.fromkeys(today.MEASURES, visits), index=days).astype(float)


@given(st.lists(st.integers(1, 1000), min_size=35, max_size=35), st.sampled_from([1, 7]))
def test_a_month_that_repeats_its_weeks_shows_no_change(visits: list[int], days: int) -> None:
    weekly = visits[:7] * 5

    change = today.against_usual(days_of(weekly), days)

    assert change["visits"] == pytest.approx(0)


def test_a_day_of_double_visits_is_a_hundred_percent_above_the_same_weekdays() -> None:
    visits = [10] * 34 + [20]

    change = today.against_usual(days_of(visits), 1)

    assert change["visits"] == pytest.approx(1)


def test_nothing_is_compared_in_the_first_week() -> None:
    assert today.against_usual(days_of([10] * 7), 1) == {}

"""Today: each line counts exactly the names that its link opens."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nights import each_lang
from streamlit.testing.v1 import AppTest

from station.model import day_number
from station.pages import today
from station.services import board
from station.services.ask import Ask

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

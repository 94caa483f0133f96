"""The backtest page says what is gained, in words first."""

from collections.abc import Callable

import pytest
from nights import each_lang
from pages.office import said
from streamlit.testing.v1 import AppTest

OpenPage = Callable[..., AppTest]

pytestmark = pytest.mark.slow


@each_lang
def test_the_page_answers_in_words_and_lists_every_rule(
    open_page: OpenPage, demo_archive: str, lang: str
) -> None:
    page = open_page(demo_archive, "backtest", lang)

    assert not page.exception
    words = said(page)
    assert "30" in words
    assert len(page.main.dataframe[0].value) == 8
    assert len([line for line in page.main.markdown if line.value.startswith("- ")]) == 1


def test_the_calls_of_a_week_are_tried_out(open_page: OpenPage, demo_archive: str) -> None:
    page = open_page(demo_archive, "backtest", "en")

    page.number_input(key="backtest_calls").set_value(3).run()

    assert not page.exception
    assert "makes 3 calls a week" in said(page)


def test_a_past_that_is_too_short_is_told_in_a_sentence(
    open_page: OpenPage, demo_archive: str
) -> None:
    page = open_page(demo_archive, "backtest", "en", backtest_horizon="90")

    assert not page.exception
    assert "too short" in said(page)
    assert not page.main.dataframe

"""Conditions are put together with taps, counted at once, kept, and opened again."""

from collections.abc import Callable

import pytest
from nights import each_lang
from opened import words_of
from pages.office import fresh
from streamlit.testing.v1 import AppTest

from station.pages import filters as page_filters
from station.services import board
from station.services.ask import Ask
from station.services.customers import filters

OpenPage = Callable[..., AppTest]
pytestmark = pytest.mark.slow


def add(app: AppTest, field: str, *values: str) -> AppTest:
    """Choose a key, its values, and put the condition."""
    is_frequent = field in page_filters.FREQUENT
    first = field if is_frequent else page_filters.MORE
    app.button_group(key=fresh(app, "filters_key")).set_value(first).run()
    if not is_frequent:
        app.selectbox(key=fresh(app, "filters_other_key")).set_value(field).run()
    app.button_group(key=fresh(app, f"filters_value_{field}")).set_value(list(values)).run()
    return app.button(key=fresh(app, "filters_put")).click().run()


@each_lang
def test_what_is_put_together_is_counted_at_once(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask, lang: str
) -> None:
    page = open_page(demo_archive, "filters", lang)
    assert not page.exception

    page = add(page, "stability", "regular")
    page = add(page, "product", "diesel")

    assert not page.exception
    asked = [
        filters.condition(demo_ask, field=name, op="any_of", values=[value])
        for name, value in (("stability", "regular"), ("product", "diesel"))
    ]
    found = filters.matches(demo_ask, conditions=asked)
    assert 0 < len(found) < len(board.vehicles(demo_ask))
    assert page.main.metric[0].value == f"{found['vehicle_id'].nunique():,}"
    assert f"{found['vehicle_id'].nunique():,}" in words_of(page)

    page.button(key="filters_take_1").click().run()
    assert page.session_state[page_filters.CARD] == asked[:1]


def test_a_filter_is_saved_taken_up_and_deleted(
    open_page: OpenPage, own_archive: str, own_ask: Ask
) -> None:
    page = add(open_page(own_archive, "filters", "en"), "state", "lost", "overdue")
    page.text_input(key=fresh(page, "filters_name_0")).set_value("gone")
    page.button(key=fresh(page, "filters_do")).click().run()
    assert not page.exception

    page = open_page(own_archive, "filters", "en")
    page.button_group(key="filters_saved").set_value(1).run()
    assert page.session_state[page_filters.CARD][0].field == "state"

    page.button(key="filters_delete").click().run()
    assert not page.exception
    assert filters.saved(own_ask) == []

"""The page Completeness counts what its lists name, and says so in both languages."""

from collections.abc import Callable

import pytest
from nights import each_lang
from pages.office import Office, said
from streamlit.testing.v1 import AppTest

from station.services.ask import Ask
from station.services.customers import completeness, enrolling
from station.services.customers.enrolling import NewCard

OpenPage = Callable[..., AppTest]


@pytest.mark.slow
@each_lang
def test_the_page_answers_in_numbers_of_the_archive(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask, lang: str
) -> None:
    page = open_page(demo_archive, "completeness", lang)

    told = completeness.overview(demo_ask)
    rows = completeness.unfinished(demo_ask)
    assert not page.exception
    assert f"{told.cards:,}" in said(page)
    assert f"{told.score}" in said(page)
    assert any(f"{len(rows):,}" in heading.value for heading in page.main.subheader)
    links = [link.proto for link in page.main.get("page_link")]
    assert any("customer=" in link.query_string for link in links) == bool(len(rows))


@pytest.mark.slow
def test_the_demo_has_gaps_and_new_cards(demo_ask: Ask) -> None:
    told = completeness.overview(demo_ask)

    assert 40 < told.score < 90
    assert told.stations["this_month"].sum() > 0
    assert len(completeness.unfinished(demo_ask)) > 0
    assert completeness.cards(demo_ask)["score"].nunique() > 5


@pytest.mark.slow
def test_today_leads_to_the_cards_that_are_unfinished(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask
) -> None:
    page = open_page(demo_archive, "today", "en")

    rows = completeness.unfinished(demo_ask)
    links = [link.proto for link in page.main.get("page_link")]
    line = next(link for link in links if link.page == "completeness")
    assert line.label.replace("\\", "").endswith(f": {len(rows):,}")


def test_a_chain_without_customers_is_told_what_to_do(office: Office) -> None:
    page = office.open("mona", "completeness")

    assert not page.exception
    assert "No customer is registered" in said(page)


def test_a_card_made_by_hand_is_counted_for_who_made_it(office: Office) -> None:
    enrolling.add(office.ask("mona"), new=NewCard("N1", name="甲示川"))

    page = office.open("mona", "completeness")

    assert not page.exception
    assert "1 cards" in said(page)

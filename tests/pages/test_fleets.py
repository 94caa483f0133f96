"""Organisations: the sentence counts what is listed, and a payment is marked and taken back."""

from collections.abc import Callable

import pytest
from pages.office import Office, said
from streamlit.testing.v1 import AppTest

from station.model import day_date
from station.services.ask import Ask
from station.services.customers import agreements, fleets, persons, settling

OpenPage = Callable[..., AppTest]

pytestmark = pytest.mark.slow


def test_the_first_sentence_counts_organisations_and_alarms(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask
) -> None:
    rows = fleets.fleets(demo_ask)
    alarmed = int(rows["is_alarmed"].sum())

    page = open_page(demo_archive, "fleets", "en")

    assert not page.exception
    assert page.main.title[0].value == "Organisations"
    told = said(page)
    counts = f"{int(rows['seen'].sum()):,} of their {int(rows['vehicles'].sum()):,} vehicles"
    assert f"{len(rows)} organisations; {counts} came here." in told
    assert alarmed == 0 or f"Fleets about to leave: {alarmed}" in told


def test_the_chinese_page_lists_what_ends_and_what_is_due(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask
) -> None:
    page = open_page(demo_archive, "fleets")

    assert not page.exception
    headings = [heading.value for heading in page.main.subheader]
    ending = len(agreements.ending(demo_ask))
    assert f"60 天内到期的协议：{ending} 项" in headings
    assert "收款日历" in headings


def test_an_organisation_opens_below_the_list(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask
) -> None:
    first = fleets.fleets(demo_ask).iloc[0]

    page = open_page(demo_archive, "fleets", "en", fleets_open=str(first["customer_id"]))

    assert not page.exception
    assert page.get_by_key("fleets_open").value == str(first["customer_id"])
    assert f"Vehicles: {first['vehicles']}, those that stay away first" in said(page)


def test_a_payment_is_marked_and_taken_back(
    open_page: OpenPage, own_archive: str, own_ask: Ask
) -> None:
    before = settling.overdue(own_ask)
    assert len(before) > 0
    first = before.iloc[0]
    name = f"{first['customer_id']}.{first['last_day']}"

    page = open_page(own_archive, "fleets", "en")
    page.selectbox(key="fleets_settle_0").select(name).run()
    page.button(key="fleets_settle_do").click().run()

    assert page.main.success[0].value == "The period is marked as paid\\."
    assert len(settling.overdue(own_ask)) < len(before)
    settling.unsettle(
        own_ask,
        customer_id=int(first["customer_id"]),
        period_end=day_date(int(first["last_day"])),
    )
    assert len(settling.overdue(own_ask)) == len(before)


def test_the_page_of_a_chain_without_organisations_says_what_to_do(office: Office) -> None:
    page = office.open("mona", "fleets")

    assert not page.exception
    assert "Import customers and their vehicles first" in said(page)


def test_the_demo_is_alive(demo_ask: Ask) -> None:
    rows = fleets.fleets(demo_ask)
    people = [persons.of_organisation(demo_ask, customer_id=i) for i in rows["customer_id"]]

    assert sum(map(bool, people)) > len(rows) / 2
    assert rows["declared"].notna().any()
    assert (rows["credit_class"] != "").any()
    assert len(settling.overdue(demo_ask)) > 0
    assert len(agreements.ending(demo_ask)) > 0

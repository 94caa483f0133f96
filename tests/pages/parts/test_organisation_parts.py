"""What is done about an organisation on its card: people, agreements, forms."""

from datetime import date

import pytest
from makers import make_station
from pages.office import errors, fresh, said
from people import enter, make_account
from streamlit.testing.v1 import AppTest

from station.archive import stations
from station.archive.customers import book
from station.archive.customers.book import NewCustomer
from station.config import Settings
from station.model import AgreementKind, ContactRole, Grant, Role
from station.services import access, keeping
from station.services.ask import Ask
from station.services.customers import agreements, persons

PAGE = """
import streamlit as st
from station.pages.parts import acts, agreements, forms, organisation, persons
from station.pages.parts.desk import Desk, open_ask

desk = Desk(open_ask(), "en", (), 0)
acts.told()
for part in (organisation, persons, agreements, forms):
    part.draw(desk, customer_id=st.session_state["customer"])
"""
"""The parts as a card shows them, one below the other."""


class House:
    """An archive with one organisation, and its parts as an account sees them."""

    def __init__(self, url: str) -> None:
        self.db = keeping.create(Settings(), url)
        with self.db.writing() as conn:
            station_id = stations.add(conn, make_station("N1"))
            made = NewCustomer(True, "company", "甲公司", station_id, None, None, "t", 1)
            self.customer_id = book.add(conn, made)
        for name, role in (("mona", Role.MANAGER), ("sven", Role.STAFF), ("rita", Role.REGIONAL)):
            reach = {"region": "R"} if role is Role.REGIONAL else {"station_id": station_id}
            make_account(self.db, name, Grant(role, **reach))

    def ask(self) -> Ask:
        return Ask(self.db, Settings(), access.local_operator(self.db), date(2026, 9, 1))

    def open(self, name: str) -> AppTest:
        app = AppTest.from_string(PAGE, default_timeout=60)
        app.session_state["customer"] = self.customer_id
        app.session_state["token"] = enter(self.db, name)
        return app.run()


@pytest.fixture
def house(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("STATION_ARCHIVE", sqlite_url)
    return House(sqlite_url)


@pytest.mark.slow
def test_a_contact_person_is_added_and_shown_masked(house: House) -> None:
    page = house.open("sven")
    key = f"person_new_{house.customer_id}_0"

    page.selectbox(key=f"{key}_role").select(ContactRole.FINANCE)
    page.text_input(key=f"{key}_name").set_value("丁示川")
    page.text_input(key=f"{key}_phone").set_value("100 8888 0001")
    page.button(key=f"{key}_do").click().run()

    assert not page.exception
    assert "丁** · 100****0001" in said(page)
    assert "The contact person is added." in said(page)
    (person,) = persons.of_organisation(house.ask(), customer_id=house.customer_id)
    assert person.role is ContactRole.FINANCE


def test_a_refused_entry_says_why_and_stays_to_be_mended(house: House) -> None:
    page = house.open("sven")
    key = f"person_new_{house.customer_id}_0"

    page.text_input(key=f"{key}_phone").set_value("call me")
    page.button(key=f"{key}_do").click().run()

    assert errors(page)
    assert page.text_input(key=f"{key}_phone").value == "call me"


@pytest.mark.slow
def test_a_person_is_opened_once_verified_and_leaves(house: House) -> None:
    facts = {"role": ContactRole.OWNER, "name": "丁示川", "phone": "100 8888 0001"}
    person_id = persons.add(house.ask(), customer_id=house.customer_id, **facts)
    page = house.open("mona")

    page.get_by_key(f"person_reveal_{person_id}_purpose").set_value("service").run()
    page.text_input(key=fresh(page, f"person_reveal_{person_id}_reason")).set_value("bill").run()
    page.button(key=f"person_reveal_{person_id}_do").click().run()
    assert "丁示川 · +8610088880001" in said(page)
    page.run()
    assert "丁示川" not in said(page)

    page.button(key=f"person_verify_{person_id}").click().run()
    assert "Verified today." in said(page)
    page.button(key=f"{fresh(page, f'person_leave_{person_id}')}_do").click().run()
    assert ", left on" in said(page)


@pytest.mark.slow
def test_an_agreement_is_written_down_and_ended(house: House) -> None:
    page = house.open("mona")
    key = f"agreement_new_{house.customer_id}_0"

    page.selectbox(key=f"{key}_kind").select(AgreementKind.DISCOUNT)
    page.text_area(key=f"{key}_terms").set_value("0.25 off a litre")
    page.date_input(key=f"{key}_since").set_value(date(2026, 1, 1))
    page.button(key=f"{key}_do").click().run()

    assert "0.25 off a litre" in said(page)
    (one,) = agreements.of_customer(house.ask(), customer_id=house.customer_id)
    key = fresh(page, f"agreement_end_{one.id}")
    page.date_input(key=f"{key}_day").set_value(date(2026, 3, 31))
    page.button(key=f"{key}_do").click().run()
    assert agreements.of_customer(house.ask(), customer_id=house.customer_id)[0].to_day is not None


def test_an_organisation_without_vehicles_and_whoever_may_only_look(house: House) -> None:
    page = house.open("sven")

    assert not page.exception
    assert "No vehicle of this organisation is on file." in said(page)
    assert page.get_by_key(f"forms_{house.customer_id}_blank")

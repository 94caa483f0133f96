"""A vehicle's owners and cards stand with their days; a form says that it changed hands."""

from datetime import timedelta

import pytest
from nights import each_lang
from pages.office import errors, fresh, press, said
from people import token_for
from streamlit.testing.v1 import AppTest

from station.model import Grant, LapseReason, Role, day_date
from station.services import board
from station.services.ask import Ask
from station.services.customers import contacts, holding, lapses

pytestmark = pytest.mark.slow
RUN_S = 60


def script() -> None:
    import streamlit as st  # noqa: PLC0415 - the script stands alone

    from station.pages.parts import desk as desks  # noqa: PLC0415 - the script stands alone
    from station.pages.parts import holding as part  # noqa: PLC0415 - the script stands alone

    ask, lang = desks.open_ask(), st.session_state["lang"]
    desk = desks.Desk(ask=ask, lang=lang, stations=(), days=0)
    part.draw(desk, vehicle_id=st.session_state["vehicle"])
    if "customer" in st.session_state:
        part.draw_leave(desk, customer_id=st.session_state["customer"])


@pytest.fixture
def vehicle_id(own_ask: Ask) -> int:
    """Return a vehicle that is a customer's by its papers and by a card."""
    rows = board.vehicles(own_ask)
    for candidate in rows.loc[rows["customer_id"].notna(), "vehicle_id"].unique():
        told = holding.of_vehicle(own_ask, vehicle_id=int(candidate))
        if told.owners and told.cards and told.owners[0].from_day < rows["last_day"].max():
            return int(candidate)
    raise AssertionError


def opened(
    archive: str,
    monkeypatch: pytest.MonkeyPatch,
    vehicle_id: int,
    *,
    lang: str = "en",
    token: str = "",
    **state: int,
) -> AppTest:
    monkeypatch.setenv("STATION_ARCHIVE", archive)
    app = AppTest.from_function(script, default_timeout=RUN_S)
    values = {"lang": lang, "token": token or token_for(archive), "vehicle": vehicle_id, **state}
    for name, value in values.items():
        app.session_state[name] = value
    return app.run()


@each_lang
def test_owners_and_cards_stand_with_their_days(
    own_archive: str, own_ask: Ask, monkeypatch: pytest.MonkeyPatch, vehicle_id: int, lang: str
) -> None:
    page = opened(own_archive, monkeypatch, vehicle_id, lang=lang)

    assert not page.exception
    told = holding.of_vehicle(own_ask, vehicle_id=vehicle_id)
    assert told.owners[0].name in said(page)
    assert told.cards[0].what in said(page)


def test_a_vehicle_is_sold_to_nobody_known(
    own_archive: str, own_ask: Ask, monkeypatch: pytest.MonkeyPatch, vehicle_id: int
) -> None:
    page = opened(own_archive, monkeypatch, vehicle_id)
    key = f"holding_sale_{vehicle_id}"

    page = press(page, f"{key}_do")

    assert not page.exception
    assert "new owner is on file" in said(page)
    assert contacts.of_vehicle(own_ask, vehicle_id=vehicle_id) == []
    newest = lapses.newest(own_ask)
    assert LapseReason.VEHICLE_SOLD in set(newest["reason"])


def test_a_vehicle_is_handed_to_a_customer_by_his_code(
    own_archive: str, own_ask: Ask, monkeypatch: pytest.MonkeyPatch, vehicle_id: int
) -> None:
    rows = board.vehicles(own_ask)
    (owner, *_) = contacts.of_vehicle(own_ask, vehicle_id=vehicle_id)
    others = rows.loc[rows["customer_id"].notna(), "customer_id"].astype("int64").unique()
    buyer = next(int(one) for one in others if one != owner.customer_id)
    with own_ask.db.reading() as conn:
        code = contacts.in_sight(conn, own_ask, buyer).customer.code
    page = opened(own_archive, monkeypatch, vehicle_id)
    key = f"holding_sale_{vehicle_id}"

    page.text_input(key=fresh(page, f"{key}_to")).set_value(code)
    page = press(page, f"{key}_do")

    assert not page.exception
    assert [c.customer_id for c in contacts.of_vehicle(own_ask, vehicle_id=vehicle_id)] == [buyer]


def test_an_unknown_buyer_and_an_early_day_are_refused_where_they_stand(
    own_archive: str, own_ask: Ask, monkeypatch: pytest.MonkeyPatch, vehicle_id: int
) -> None:
    page = opened(own_archive, monkeypatch, vehicle_id)
    key = f"holding_sale_{vehicle_id}"

    page.text_input(key=fresh(page, f"{key}_to")).set_value("nobody")
    page = press(page, f"{key}_do")
    assert "no such customer" in errors(page).lower()

    start = holding.of_vehicle(own_ask, vehicle_id=vehicle_id).owners[0].from_day
    page.text_input(key=fresh(page, f"{key}_to")).set_value("")
    page.date_input(key=fresh(page, f"{key}_on")).set_value(day_date(start) - timedelta(1))
    page = press(page, f"{key}_do")
    assert "must be later" in errors(page)


def test_a_plate_goes_to_the_next_car(
    own_archive: str, own_ask: Ask, monkeypatch: pytest.MonkeyPatch, vehicle_id: int
) -> None:
    page = opened(own_archive, monkeypatch, vehicle_id)

    page = press(page, f"holding_plate_{vehicle_id}_do")

    assert not page.exception
    assert "plate’s move is on file" in said(page)
    assert all(plate.to_day for plate in holding.of_vehicle(own_ask, vehicle_id=vehicle_id).plates)


def test_a_card_is_freed_and_bound_again(
    own_archive: str, own_ask: Ask, monkeypatch: pytest.MonkeyPatch, vehicle_id: int
) -> None:
    page = opened(own_archive, monkeypatch, vehicle_id)
    number = holding.of_vehicle(own_ask, vehicle_id=vehicle_id).cards[0].what
    key = f"holding_card_{vehicle_id}"

    for words in ("The card is free", "The card is bound"):
        page.text_input(key=fresh(page, f"{key}_to")).set_value(number)
        page = press(page, f"{key}_do")
        assert words in said(page)


def test_a_customer_leaves_with_all_vehicles(
    own_archive: str, own_ask: Ask, monkeypatch: pytest.MonkeyPatch, vehicle_id: int
) -> None:
    (owner, *_) = contacts.of_vehicle(own_ask, vehicle_id=vehicle_id)
    page = opened(own_archive, monkeypatch, vehicle_id, customer=owner.customer_id)

    key = f"holding_leave_{owner.customer_id}"
    page = press(page, f"{key}_do")
    assert errors(page) == "Choose why the customer leaves, and try again."
    page.selectbox(key=fresh(page, f"{key}_why")).set_value(LapseReason.PRICE)
    page = press(page, f"{key}_do")

    assert not page.exception
    assert "The leaving is on file" in said(page)
    assert contacts.of_vehicle(own_ask, vehicle_id=vehicle_id) == []


def test_whoever_may_not_change_customers_has_no_form(
    own_archive: str, monkeypatch: pytest.MonkeyPatch, vehicle_id: int
) -> None:
    token = token_for(own_archive, "rita", Grant(Role.ADMINISTRATOR))

    page = opened(own_archive, monkeypatch, vehicle_id, token=token)

    assert not page.exception
    assert not page.button

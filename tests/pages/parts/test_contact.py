"""The card shows the owner masked, and shows him in full once, to whoever may and says why."""

from collections.abc import Callable

import pytest
from nights import each_lang
from opened import words_of
from people import token_for
from streamlit.testing.v1 import AppTest

from station.model import Act, Channel, Grant, Purpose, Role
from station.services import board
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.people import audit
from station.services.personal import privacy, sealing

OpenPage = Callable[..., AppTest]
pytestmark = pytest.mark.slow


@pytest.fixture
def vehicle_id(own_ask: Ask) -> int:
    """Return a vehicle whose owner is a person with a name and a telephone."""
    rows = board.vehicles(own_ask)
    for candidate in rows.loc[rows["customer_id"].notna(), "vehicle_id"].unique():
        (owner, *_) = contacts.of_vehicle(own_ask, vehicle_id=int(candidate)) or [None]
        if owner and owner.name and owner.phone and not owner.organisation_name:
            return int(candidate)
    raise AssertionError


def owner_of(ask: Ask, vehicle_id: int) -> contacts.Contact:
    return contacts.of_vehicle(ask, vehicle_id=vehicle_id)[0]


def full(ask: Ask, customer_id: int) -> tuple[str | None, str | None]:
    with ask.db.reading() as conn:
        found = contacts.book.find(conn, customer_id)
        assert found is not None
        return sealing.unseal_contact(ask.db, found.contact)


def everything(page: AppTest) -> str:
    return words_of(page) + repr(page.session_state)


@each_lang
def test_the_owner_is_masked_until_he_is_shown_once(
    open_page: OpenPage, own_archive: str, own_ask: Ask, vehicle_id: int, lang: str
) -> None:
    owner = owner_of(own_ask, vehicle_id)
    name, phone = full(own_ask, owner.customer_id)
    assert name
    assert phone
    page = open_page(own_archive, "card", lang, vehicle=str(vehicle_id))
    assert not page.exception
    assert owner.phone in words_of(page)
    assert phone not in everything(page)
    key = f"contact_reveal_{owner.customer_id}"

    page.get_by_key(f"{key}_purpose").set_value(Purpose.SERVICE).run()
    page.text_input(key=f"{key}_reason").set_value("lights left on").run()
    page.button(key=f"{key}_do").click().run()

    assert not page.exception
    assert f"{name} · {phone}" in words_of(page)
    page.run()
    assert phone not in everything(page)
    today = audit.today()
    told = audit.events(own_ask, from_on=today, to_on=today, acts=(Act.REVEAL.value,))
    assert told[["account", "object", "reason"]].to_numpy().tolist() == [
        ["tester", f"customer:{owner.customer_id}", "service: lights left on"]
    ]


def test_a_reveal_for_marketing_is_refused_without_consent(
    open_page: OpenPage, own_archive: str, own_ask: Ask, vehicle_id: int
) -> None:
    owner = owner_of(own_ask, vehicle_id)
    page = open_page(own_archive, "card", "en", vehicle=str(vehicle_id))
    key = f"contact_reveal_{owner.customer_id}"

    page.get_by_key(f"{key}_purpose").set_value(Purpose.MARKETING).run()
    page.text_input(key=f"{key}_reason").set_value("an offer").run()
    page.button(key=f"{key}_do").click().run()

    assert "has not agreed" in page.main.error[0].value


def test_a_consent_is_recorded_and_withdrawn(
    open_page: OpenPage, own_archive: str, own_ask: Ask, vehicle_id: int
) -> None:
    owner = owner_of(own_ask, vehicle_id)
    page = open_page(own_archive, "card", "en", vehicle=str(vehicle_id))
    key = f"contact_consent_{owner.customer_id}"
    asked = {"customer_id": owner.customer_id, "purpose": Purpose.CARE, "channel": Channel.SMS}

    page.get_by_key(f"{key}_purpose").set_value(Purpose.CARE)
    page.get_by_key(f"{key}_channel").set_value(Channel.SMS)
    page.get_by_key(f"{key}_consent_source").set_value("counter").run()
    page.button(key=f"{key}_give").click().run()
    assert privacy.has_consent(own_ask, **asked)
    page.button(key=f"{key}_withdraw").click().run()

    assert not page.exception
    assert not privacy.has_consent(own_ask, **asked)


def test_an_erasure_must_be_typed(
    open_page: OpenPage, own_archive: str, own_ask: Ask, vehicle_id: int
) -> None:
    owner = owner_of(own_ask, vehicle_id)
    page = open_page(own_archive, "card", "zh", vehicle=str(vehicle_id))
    key = f"contact_erase_{owner.customer_id}"

    page.text_input(key=f"{key}_reason").set_value("本人要求").run()
    assert page.button(key=f"{key}_do").disabled
    page.text_input(key=f"{key}_word").set_value("删除").run()
    page.button(key=f"{key}_do").click().run()

    assert not page.exception
    shown = contacts.of_customer(own_ask, customer_id=owner.customer_id)
    assert shown.is_erased


def test_staff_are_offered_what_they_may_do_only(
    open_page: OpenPage, own_archive: str, own_ask: Ask, vehicle_id: int
) -> None:
    owner = owner_of(own_ask, vehicle_id)
    row = board.vehicles(own_ask).set_index("vehicle_id").loc[[vehicle_id]].iloc[0]
    token = token_for(own_archive, "clerk", Grant(Role.STAFF, station_id=int(row["station_id"])))
    page = open_page(own_archive, "card", "en", vehicle=str(vehicle_id))
    page.session_state["token"] = token
    page.run()

    keys = {widget.key for widget in (*page.button, *page.text_input) if widget.key}
    assert f"contact_consent_{owner.customer_id}_version" in keys
    for name in ("reveal", "keeper", "file", "erase"):
        assert not any(key.startswith(f"contact_{name}_") for key in keys)

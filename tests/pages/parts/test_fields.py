"""What is missing is asked first, and what was typed by hand stands on the card at once."""

from datetime import date

import pytest
from nights import each_lang
from pages.office import Office, errors, said
from streamlit.testing.v1 import AppTest

from station.services.customers import contacts, enrolling, fields
from station.services.customers.enrolling import NewCard
from station.services.people import audit
from station.services.personal import erasure

RUN_S = 60

SCRIPT = """
import streamlit as st
from station.pages.parts import desk as desks
from station.pages.parts import {module}
from station.pages.parts.desk import Desk
ask = desks.open_ask()
{module}.{call}
"""


def page(office: Office, name: str, module: str, call: str, lang: str = "en") -> AppTest:
    """Return a block by itself, as an account sees it."""
    from people import enter  # noqa: PLC0415 - a session of its own

    desk = f"Desk(ask=ask, lang={lang!r}, stations=(), days=0)"
    app = AppTest.from_string(
        SCRIPT.format(module=module, call=call.format(desk=desk)), default_timeout=RUN_S
    )
    app.session_state["token"] = enter(office.db, name)
    return app.run()


@pytest.fixture
def customer_id(office: Office) -> int:
    """Return a person of N1 whom mona wrote down."""
    new = NewCard("N1", name="甲示川", phone="10000000001")
    return enrolling.add(office.ask("mona"), new=new)


def card(office: Office, customer_id: int, name: str = "mona", lang: str = "en") -> AppTest:
    return page(office, name, "fields", f"draw({{desk}}, customer_id={customer_id})", lang)


def press(app: AppTest, key: str) -> AppTest:
    found = next(button for button in app.button if key in str(button.key))
    return found.click().run()


@each_lang
def test_the_card_says_how_complete_it_is_and_asks_for_what_is_missing(
    office: Office, customer_id: int, lang: str
) -> None:
    app = card(office, customer_id, lang=lang)

    assert not app.exception
    assert "60" in said(app)
    pills = next(p for p in app.get("button_group") if "fields_missing_channel" in str(p.key))
    assert pills.label == fields.label(
        lang, fields.known_fields(office.ask("mona").settings)["channel"]
    )


def test_what_is_missing_is_filled_in_at_once(office: Office, customer_id: int) -> None:
    app = card(office, customer_id)

    next(p for p in app.get("button_group") if "fields_missing_channel" in str(p.key)).select(
        "referral"
    )
    next(t for t in app.text_input if "fields_missing_wechat" in str(t.key)).input("wx-1")
    app = press(app, "fields_missing_do")

    assert not app.exception
    assert "Saved: 2." in said(app)
    told = fields.known(office.ask("mona"), customer_id=customer_id)
    kept = {one.name: one.value for one in told if one.is_kept}
    assert (kept["channel"], kept["wechat"]) == ("referral", "w***")


def test_a_bad_value_is_refused_by_what_the_field_is_called(
    office: Office, customer_id: int
) -> None:
    app = press(card(office, customer_id), "fields_edit_who")

    next(t for t in app.text_input if "_phone_" in str(t.key)).input("12")
    app = press(app, "fields_edit_who_" + str(customer_id) + "_do")

    assert "“telephone” is no whole telephone number" in errors(app)


def test_no_mask_is_saved_as_a_telephone(office: Office, customer_id: int) -> None:
    app = press(card(office, customer_id), "fields_edit_who")

    app = press(app, "fields_edit_who_" + str(customer_id) + "_do")

    assert "Nothing changed." in said(app)
    assert contacts.find_by_phone(office.ask("mona"), phone="10000000001") == [customer_id]


def test_a_telephone_is_checked_with_one_tap(office: Office, customer_id: int) -> None:
    app = press(card(office, customer_id), "fields_check_wrong_phone")

    assert "telephone is wrong" in said(app)
    app = press(app, "fields_check_phone")
    told = fields.known(office.ask("mona"), customer_id=customer_id)
    assert next(one for one in told if one.name == "phone").is_good


def test_history_shows_the_card_as_it_was_on_a_day(office: Office, customer_id: int) -> None:
    ask = office.ask("mona")
    fields.change(ask, customer_id=customer_id, values={"channel": "event"}, reason="told us")
    fields.change(ask, customer_id=customer_id, values={"phone": "", "forbidden_topics": "horse"})

    app = card(office, customer_id)
    app.date_input(key=f"fields_as_of_{customer_id}").set_value(date(2026, 1, 1))
    app = app.run()

    assert not app.exception
    table = app.dataframe[-1].value
    assert table["what"].tolist()[-1] == "mona filled in “how he came to us”: an event"
    assert "told us" in table["reason"].tolist()


def test_of_whoever_was_erased_nothing_is_asked(office: Office, customer_id: int) -> None:
    erasure.erase(office.operator(), customer_id=customer_id, reason="asked")

    app = card(office, customer_id)

    assert not app.exception
    assert not app.button


def test_who_may_only_look_sees_no_form_and_no_confidence(office: Office, customer_id: int) -> None:
    fields.change(office.ask("mona"), customer_id=customer_id, values={"forbidden_topics": "horse"})

    app = card(office, customer_id, "rita")

    assert not app.exception
    assert "horse" not in said(app)
    assert "only who looks after him" in said(app)
    assert not [
        b for b in app.button if "fields_edit" in str(b.key) or "fields_check" in str(b.key)
    ]


def test_somebody_is_written_down_by_the_form(office: Office) -> None:
    app = page(office, "mona", "enrol", "draw({desk})")

    next(t for t in app.text_input if "enrol_name" in str(t.key)).input("丙示川")
    next(t for t in app.text_input if "enrol_phone" in str(t.key)).input("10000000777")
    app = press(app, "enrol_save")

    assert not app.exception
    (found,) = contacts.find_by_phone(office.ask("mona"), phone="10000000777")
    events = audit.events(office.operator(), from_on=date(2020, 1, 1), to_on=date(2099, 1, 1))
    assert f"customer:{found}:made" in set(events["object"])


def test_a_form_with_nothing_in_it_says_what_it_needs(office: Office) -> None:
    app = press(page(office, "mona", "enrol", "draw({desk})"), "enrol_save")

    assert "at least one" in errors(app)

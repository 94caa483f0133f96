"""Prospects: the page says who they are, takes up, decides, confirms, and shows nobody's name."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from nights import each_lang
from pages.conftest import OpenPage, ask_of
from pages.office import WHY, errors, fresh, press, said
from streamlit.testing.v1 import AppTest

from station.model import Channel, ConsentSource, Purpose
from station.services import access
from station.services.ask import Ask
from station.services.customers import leads, occasions, prospects, registering
from station.services.customers.leads import Decision, Lead
from station.services.customers.occasions import Occasion, OccasionKind
from station.services.personal import privacy

pytestmark = pytest.mark.slow
NAME, PHONE, PLATE = "甲示川", "100 1234 5678", "粤B24680"
FORM = {"name": NAME, "phone": PHONE, "plate": PLATE, "care_sms": "yes"}


@pytest.fixture
def lead(own_archive: str) -> tuple[str, int]:
    """Return the archive with one lead, and his number."""
    ask = ask_of(own_archive)
    lead = Lead("A0001", "spring fair", NAME, PHONE, PLATE)
    customer_id = leads.add_lead(ask, lead=lead)
    ask.db.close()
    return own_archive, customer_id


def open_one(open_page: OpenPage, lead: tuple[str, int], lang: str = "en") -> AppTest:
    archive, customer_id = lead
    where = {"prospects_view": "develop", "prospects_who": str(customer_id)}
    return open_page(archive, "prospects", lang, **where)


def key_of(app: AppTest, kind: str, begins: str) -> str:
    """Return the key of the widget of a kind whose key begins so."""
    return next(str(w.key) for w in getattr(app.main, kind) if str(w.key).startswith(begins))


@each_lang
def test_the_first_sentence_counts_and_the_list_says_why(
    open_page: OpenPage, demo_archive: str, lang: str
) -> None:
    page = open_page(demo_archive, "prospects", lang)

    assert not page.exception
    found = prospects.candidates(ask_of(demo_archive))
    assert len(found) > 0
    assert str(len(found)) in str(page.main.markdown[0].value)
    assert page.main.dataframe[0].value["sentence"].str.len().min() > 10


def test_a_candidate_is_taken_up_in_three_taps(open_page: OpenPage, own_archive: str) -> None:
    page = open_page(own_archive, "prospects", "en")
    page.selectbox(key=key_of(page, "selectbox", "prospects_take_belongs")).set_value("rivals")

    page = press(page, "prospects_take")

    assert not errors(page)
    assert "Taken up" in said(page)
    assert prospects.listing(ask_of(own_archive))["view"].tolist() == ["attack"]


@each_lang
def test_one_prospect_is_opened_masked(
    open_page: OpenPage, lead: tuple[str, int], lang: str
) -> None:
    page = open_one(open_page, lead, lang)

    assert not page.exception
    told = said(page) + page.main.dataframe[0].value.to_csv()
    assert PLATE in told
    assert "甲**" in told
    assert NAME not in told
    assert "12345678" not in told.replace(" ", "")


def test_whoever_rests_is_told_on_today_when_he_is_back(
    open_page: OpenPage, lead: tuple[str, int]
) -> None:
    archive, customer_id = lead
    page = open_one(open_page, lead)
    page.radio(key=fresh(page, "prospects_decision")).set_value(Decision.PAUSE)
    page.date_input(key=fresh(page, "prospects_until")).set_value(
        access.today() + timedelta(days=1)
    )
    page = press(page, "prospects_decide")
    assert not errors(page)
    assert "is back on" in said(page)
    ask = ask_of(archive)
    with ask.db.writing() as conn:
        conn.exec_driver_sql("UPDATE prospects SET pause_until_day = 1")
    ask.db.close()

    today = open_page(archive, "today", "en")

    assert not today.exception
    links = [link for link in today.main.get("page_link") if "prospects" in str(link.proto.page)]
    assert [link.proto.label.replace("\\", "") for link in links] == [
        "Prospects whose pause is over: 1"
    ]
    back = open_page(archive, "prospects", "en", **query(links[0].proto.query_string))
    assert "decide" in said(back)
    assert customer_id in prospects.due(ask_of(archive))["customer_id"].tolist()


def query(text: str) -> dict[str, str]:
    return {
        name: values[0] for name, values in parse_qs(urlsplit(f"?{text.lstrip('?')}").query).items()
    }


def test_giving_up_without_a_reason_is_refused_where_it_stands(
    open_page: OpenPage, lead: tuple[str, int]
) -> None:
    page = open_one(open_page, lead)
    page.radio(key=fresh(page, "prospects_decision")).set_value(Decision.GIVE_UP)

    page = press(page, "prospects_decide")

    assert "Say why" in errors(page)


def test_an_opportunity_stands_in_its_list(open_page: OpenPage, lead: tuple[str, int]) -> None:
    page = open_one(open_page, lead)
    page.text_area(key=fresh(page, "prospects_opportunity_words")).set_value("diesel by night")
    page = press(page, "prospects_opportunity_save")
    assert not errors(page)

    listed = open_page(lead[0], "prospects", "en", prospects_view="opportunities")

    assert listed.main.dataframe[0].value["need"].tolist() == ["diesel by night"]


def test_a_note_is_written_and_read_as_text(open_page: OpenPage, lead: tuple[str, int]) -> None:
    page = open_one(open_page, lead)
    page.text_area(key=fresh(page, f"notes_{lead[1]}_words")).set_value("<b>**asked** for diesel")

    page = press(page, f"notes_{lead[1]}_save")

    assert not errors(page)
    assert "<b>**asked** for diesel" in said(page)


def test_an_occasion_is_refused_without_consent_and_hidden_with_it(
    open_page: OpenPage, lead: tuple[str, int]
) -> None:
    archive, customer_id = lead
    page = open_one(open_page, lead)
    assert "has not agreed to be cared for" in said(page)
    ask = ask_of(archive)
    agree(ask, customer_id)
    occasions.add(ask, customer_id=customer_id, occasion=Occasion(OccasionKind.BIRTHDAY, 2, 28))
    ask.db.close()

    page = open_one(open_page, lead)

    assert "Birthday: day hidden" in said(page)
    assert "02-28" not in said(page)
    page.text_input(key=f"occasions_reveal_{customer_id}_reason").set_value(WHY).run()
    page = press(page, f"occasions_reveal_{customer_id}_do")
    assert "Birthday: 02-28" in said(page)


def agree(ask: Ask, customer_id: int) -> None:
    privacy.record_consent(
        ask,
        customer_id=customer_id,
        purpose=Purpose.CARE,
        channel=Channel.SMS,
        given=True,
        source=ConsentSource.COUNTER,
    )


@each_lang
def test_whoever_registered_is_confirmed_with_one_tap(
    open_page: OpenPage, own_archive: str, lang: str
) -> None:
    ask = ask_of(own_archive)
    settings = replace(
        ask.settings, registering=replace(ask.settings.registering, reward="a car wash")
    )
    registering.register(ask.db, settings, station="A0001", form=FORM, address="192.0.2.1")
    ask.db.close()
    page = open_page(own_archive, "prospects", lang, prospects_view="waiting")
    assert "甲**" in said(page)
    assert NAME not in said(page)

    page = press(page, "prospects_confirm")

    assert not errors(page)
    assert "a car wash" in said(page)
    assert prospects.listing(ask_of(own_archive))["source"].tolist() == ["self_registered"]


def test_the_counter_has_a_code(open_page: OpenPage, demo_archive: str) -> None:
    page = open_page(demo_archive, "prospects", "en")

    assert any("/join?station=A0001" in str(code.value) for code in page.main.code)

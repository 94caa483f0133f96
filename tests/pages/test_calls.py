"""My calls: the day's list, a call from brief to result, calls that come in, handing over."""

from dataclasses import dataclass

import pytest
from nights import each_lang
from pages.office import WHY, Office, errors, said
from streamlit.testing.v1 import AppTest
from town import Person, one, settle

from station.archive.calls import agenda
from station.archive.calls.agenda import Call
from station.archive.customers import book, consents
from station.archive.people import accounts
from station.model import (
    CallPurpose,
    Channel,
    Consent,
    ConsentSource,
    Purpose,
)
from station.services.calls import clock

pytestmark = pytest.mark.slow
ANNA, BERT = Person(1, station="N1"), Person(2, station="N1")
TEN_MIN = 600
HEARD = "SELECT count(*) FROM call_results"


@dataclass(frozen=True, slots=True)
class Desk:
    """The office with two customers, one of whom is to be called today by sven."""

    office: Office
    ids: dict[str, int]

    def open(self, name: str = "sven", lang: str = "en") -> AppTest:
        return self.office.open(name, "calls", lang)

    def keeper(self, person: Person) -> str:
        with self.office.db.reading() as conn:
            return book.sure(conn, self.ids[person.code]).keeper


@pytest.fixture
def desk(office: Office, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return the desk; at its stations it is ten in the morning, whenever this runs."""
    midnight = clock.moment("Asia/Shanghai").midnight
    monkeypatch.setattr(clock, "time", lambda: midnight + TEN_MIN * 60)
    monkeypatch.setattr("station.contact.rules.is_holiday", lambda *_: False)
    now, ids = clock.moment("Asia/Shanghai"), settle(office.db, [ANNA, BERT])
    words = [
        Consent(ids[p.code], purpose, Channel.PHONE, given=True, source=ConsentSource.PAPER,
                text_version="1", on_day=now.day - 9, account="sven", written_at=now.at)
        for p in (ANNA, BERT)
        for purpose in Purpose
    ]  # fmt: skip
    with office.db.writing() as conn:
        consents.add(conn, words)
        sven = accounts.find(conn, name="sven")
        assert sven is not None
        call = Call(ids[ANNA.code], office.ids["N1"], sven.id, now.day, None, 6,
                    CallPurpose.WIN_BACK, Channel.PHONE, "calls.why_date", "mona", now.at,
                    {"last_day": now.day - 40, "due_day": now.day})  # fmt: skip
        agenda.add(conn, call)
    return Desk(office, ids)


def key_of(page: AppTest, start: str) -> str:
    return next(str(b.key) for b in page.button if str(b.key).startswith(start))


def tap(page: AppTest, start: str) -> AppTest:
    return page.button(key=key_of(page, start)).click().run()


def choose(page: AppTest, start: str, value: str) -> AppTest:
    pills = next(p for p in page.pills if str(p.key).startswith(start))
    return pills.set_value(value).run()


def told(page: AppTest) -> AppTest:
    """Tap how it went and why he stays away."""
    page = choose(tap(page, "calls_task_"), "calls_code_", "ok")
    return choose(choose(page, "calls_group_", "price"), "calls_reason_", "price")


@each_lang
def test_the_first_sentence_says_whom_to_call(desk: Desk, lang: str) -> None:
    page = desk.open(lang=lang)

    assert not errors(page)
    first = {"zh": "现在可以打的回访有 1 个", "en": "Calls that may be made now: 1"}
    assert first[lang] in said(page)
    assert key_of(page, "calls_task_")


def test_a_call_goes_from_brief_to_result_and_its_form_survives_a_reload(desk: Desk) -> None:
    page = told(desk.open())
    form = "".join(page.query_params["form"])

    again = desk.open()
    again.query_params["form"] = form
    again.run()
    assert next(p for p in again.pills if str(p.key).startswith("calls_code_")).value == "ok"
    saved = tap(again, "calls_save_")

    assert not errors(saved)
    assert "Saved: Went well" in said(saved)
    assert one(desk.office.operator(), HEARD) == 1
    assert one(desk.office.operator(), "SELECT measure FROM call_results") == "offer"
    tap(page, "calls_save_")
    assert one(desk.office.operator(), HEARD) == 1


def test_a_lost_regular_without_a_reason_is_not_saved_and_nothing_is_lost(desk: Desk) -> None:
    page = choose(tap(desk.open(), "calls_task_"), "calls_code_", "ok")

    page = tap(page, "calls_save_")

    assert errors(page) == "Why does he stay away? A lost regular needs a reason."
    assert next(p for p in page.pills if str(p.key).startswith("calls_code_")).value == "ok"
    assert one(desk.office.operator(), HEARD) == 0


def test_the_number_is_shown_once_and_nobody_else_dials_then(desk: Desk) -> None:
    page = tap(tap(desk.open(), "calls_task_"), "calls_dial_")

    assert not errors(page)
    assert ANNA.name in said(page)
    page.run()
    assert ANNA.name not in said(page)
    other = desk.open("mona")
    other.toggle(key="calls_all").set_value(True).run()
    assert "sven is in touch with him" in said(other)


def test_who_calls_us_is_logged_by_the_same_form(desk: Desk) -> None:
    page = desk.open()
    next(t for t in page.text_input if "incoming" in str(t.key)).set_value(BERT.phone)
    page = next(b for b in page.button if b.label == "Find").click().run()

    page = choose(tap(page, "calls_found_0"), "calls_code_", "ok")
    tap(page, "calls_save_")

    assert one(desk.office.operator(), "SELECT is_incoming FROM call_results") == 1


def test_a_customer_is_taken_from_the_pool_and_given_back(desk: Desk) -> None:
    page = desk.open()
    page.pills(key="calls_part").set_value("pool").run()
    page = tap(page, f"calls_take_{desk.ids[BERT.code]}")
    assert desk.keeper(BERT) == "sven"

    page.pills(key="calls_part").set_value("mine").run()
    tap(page, f"calls_back_{desk.ids[BERT.code]}")

    assert desk.keeper(BERT) == ""


def test_whoever_leaves_hands_over_all_his_customers_at_once(desk: Desk) -> None:
    page = desk.open()
    page.pills(key="calls_part").set_value("pool").run()
    tap(page, f"calls_take_{desk.ids[BERT.code]}")

    page = desk.open("mona")
    page.pills(key="calls_part").set_value("hand").run()
    next(s for s in page.selectbox if "hand_from" in str(s.key)).set_value("sven")
    next(m for m in page.multiselect if "hand_to" in str(m.key)).set_value(["mona"])
    next(t for t in page.text_input if "hand_reason" in str(t.key)).set_value(WHY)
    page = next(b for b in page.button if b.label == "Hand over").click().run()

    assert not errors(page)
    assert desk.keeper(BERT) == "mona"
    assert [b.key for b in desk.open("sven").button if str(b.key).startswith("calls_task")] == []


def test_cars_to_watch_for_are_none_where_nobody_is_overdue(desk: Desk) -> None:
    page = desk.open()

    page.pills(key="calls_part").set_value("watch").run()

    assert "Nobody to watch for." in said(page)

"""Whom to think of, dates that passed, lists and words: on the pages as people use them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nights import each_lang
from pages.office import errors, fresh, press, said
from people import enter, make_account
from services.calls.kindness import ANNA, BERT, CARL, DORA, Town, town_of
from streamlit.testing.v1 import AppTest

from station.archive.calls import agenda
from station.archive.calls.agenda import Next
from station.archive.database import open_database
from station.model import CallPurpose, Grant, Role
from station.pages import front
from station.services.calls import caring, clock, messages
from station.services.calls.caring import Glad

RUN_S = 60


class Shop:
    """A kind town whose pages the front door opens."""

    def __init__(self, town: Town) -> None:
        self.town = town
        for name, role in (("mona", Role.MANAGER), ("sven", Role.STAFF), ("rita", Role.REGIONAL)):
            make_account(town.ask.db, name, Grant(role, station_id=1))

    def open(self, name: str, page: str, lang: str = "en", **query: str) -> AppTest:
        app = AppTest.from_file(front.__file__, default_timeout=RUN_S)
        app.session_state["lang"] = lang
        app.session_state["token"] = enter(self.town.ask.db, name)
        app.run()
        for key, value in query.items():
            app.query_params[key] = value
        app.switch_page(f"{page}.py")
        return app.run()


@pytest.fixture
def shop(
    sqlite_url: str, tmp_path: Path, empty_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    (tmp_path / "station.db").write_bytes(empty_file.read_bytes())
    town = town_of(open_database(sqlite_url), [(ANNA, 0), (BERT, 2)])
    monkeypatch.setenv("STATION_ARCHIVE", sqlite_url)
    monkeypatch.setattr(clock, "time", lambda: town.now)
    town.born(ANNA, 9, 2)
    town.born(DORA, 9, 3)
    date = Next(town.id(CARL), 1, None, 20_690, CallPurpose.KEEP, "local", town.now)
    with town.ask.db.writing(changes_figures=False) as conn:
        agenda.put_next(conn, date)
    yield Shop(town)
    town.ask.db.close()


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "位客户该问候或提醒"), ("en", "To greet or to remind within")]
)
def test_the_page_answers_first_and_lists_who_is_due(shop: Shop, lang: str, words: str) -> None:
    page = shop.open("mona", "care", lang)

    assert not page.exception
    assert words in said(page)
    assert ANNA.name not in said(page)


def test_a_greeting_is_written_down(shop: Shop) -> None:
    page = shop.open("mona", "care")
    who = f"{shop.town.id(ANNA)}-birthday-2026"
    page.selectbox(key="care_who").set_value(who).run()
    assert "happy birthday" in said(page)
    page.button_group(key=fresh(page, f"care_way_{who}")).set_value("phone").run()

    page = press(page, f"care_done_{who}")

    assert not page.exception
    assert "was greeted" in said(page)
    left = {one.customer_id for one in caring.due(shop.town.ask) if one.kind is Glad.BIRTHDAY}
    assert left == {shop.town.id(DORA)}


def test_a_list_is_made_once_and_waits_to_leave(shop: Shop) -> None:
    page = shop.open("mona", "care", care_view="lists")

    page = press(page, "care_make")

    assert not page.exception
    assert "The list is made" in said(page)
    (made,) = messages.lists(shop.town.ask)
    assert (made.people, made.status) == (2, "waiting")


def test_words_are_changed_and_grief_has_no_field_for_an_offer(shop: Shop) -> None:
    page = shop.open("mona", "care", care_view="words")
    page.selectbox(key="words_kind").set_value(caring.Grief.BEREAVEMENT).run()
    assert not any("offer" in str(one.key) for one in page.main.text_input)
    page.selectbox(key="words_kind").set_value(Glad.BIRTHDAY).run()
    key = "words_S1_birthday_en"
    page.text_area(key=fresh(page, f"{key}_words")).set_value("Dear {phone}")
    page.text_input(key=fresh(page, f"{key}_reason")).set_value("ours")

    page = press(page, f"{key}_save")
    assert "There is no field phone" in errors(page)
    page.text_area(key=fresh(page, f"{key}_words")).set_value("Dear {name}, cheers")
    page = press(page, f"{key}_save")

    assert not page.exception
    assert "The words are saved" in said(page)


def test_a_date_that_passed_is_shown_and_offered_to_somebody_else(shop: Shop) -> None:
    page = shop.open("mona", "care", care_view="dates")

    assert not page.exception
    assert "Dates passed: 1" in said(page)
    assert "Long overdue" in said(page)


def test_staff_see_no_lists_and_no_words(shop: Shop) -> None:
    page = shop.open("sven", "care")

    assert not page.exception
    options = next(one for one in page.main.button_group if one.key == "care_view").options
    assert len(options) == 2


@pytest.mark.parametrize("name", ["mona", "rita"])
@each_lang
def test_coverage_is_told_by_grade_with_the_week(shop: Shop, name: str, lang: str) -> None:
    page = shop.open(name, "coverage", lang)

    assert not page.exception
    assert {"zh": "本周小结", "en": "The week up to"}[lang] in said(page)


def test_a_calendar_is_made_shown_once_and_stopped(shop: Shop) -> None:
    page = press(shop.open("sven", "account"), "calendar_make")
    assert not page.exception
    assert "/calendar/" in page.main.code[0].value

    page.run()
    assert not page.main.code
    page = press(page, "calendar_revoke")

    assert "leads nowhere" in said(page)

"""Lapsed regulars: pills count the list below them, and a reason told is kept."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from pages.office import said
from streamlit.testing.v1 import AppTest

from station.model import COMING, LapseReason
from station.services import board
from station.services.ask import Ask
from station.services.customers import lapses
from station.services.personal import sealing

OpenPage = Callable[..., AppTest]

pytestmark = pytest.mark.slow


def rows_of(page: AppTest) -> str:
    """Return the heading of the list, which counts its rows."""
    return str(page.main.subheader[0].value)


def choose_first(page: AppTest) -> str:
    """Choose the first vehicle of the list; return the key that its form begins with."""
    page.selectbox(key="lapsed_vehicle").select_index(0).run()
    return str(page.main.text_area[0].key).removesuffix("_note")


@pytest.mark.parametrize("state", ["overdue", "lost", "moved"])
def test_a_pill_counts_the_list_it_opens(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask, state: str
) -> None:
    frame = board.vehicles(demo_ask)
    lapsed = frame[(frame["stability"] == "regular") & (frame["state"] == state)]

    page = open_page(demo_archive, "lapsed", lapsed_state=state)

    assert not page.exception
    pills = page.get_by_key("lapsed_state")
    assert pills.value == state
    assert any(option.content.endswith(f"**{len(lapsed):,}**") for option in pills.proto.options)
    assert rows_of(page).startswith(f"{len(lapsed):,} ")


def test_the_calls_of_a_week_are_a_pill(open_page: OpenPage, demo_archive: str) -> None:
    page = open_page(demo_archive, "lapsed", lapsed_state="call")

    assert not page.exception
    pill = page.get_by_key("lapsed_state").proto.options[0].content
    assert pill.endswith(f"**{rows_of(page).split()[0]}**")


def test_early_signs_open_as_many_names_as_their_pill_says(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask
) -> None:
    frame = board.vehicles(demo_ask)
    told = frame[(frame["stability"] == "regular") & frame["state"].isin(COMING)]
    count = sum("slowing" in signs for signs in told["signs"])

    page = open_page(demo_archive, "lapsed", "en", lapsed_view="early", lapsed_sign="slowing")

    assert not page.exception
    heading = next(h.value for h in page.main.subheader if "Habits changed" in h.value)
    assert str(count) in heading


def test_held_alarms_say_why_and_that_nobody_is_to_be_called(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask
) -> None:
    frame = board.vehicles(demo_ask)
    paused = frame[(frame["stability"] == "regular") & (frame["state"] == "paused")]

    page = open_page(demo_archive, "lapsed", "en", lapsed_view="held")

    assert not page.exception
    assert "do not call yet" in said(page)
    assert f"Alarms held: {len(paused)}" in said(page)


@pytest.mark.parametrize("name", ["today", "lapsed", "stability", "frequency", "stations"])
def test_a_week_of_sales_opens_every_page_and_names_no_regular(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask, name: str
) -> None:
    first = pd.Timestamp(board.daily(demo_ask)["day"].min(), unit="D").date()

    page = open_page(demo_archive, name, "en")
    page.date_input(key="as_of").set_value(first + timedelta(days=6)).run()

    assert not page.exception
    assert name == "today" or "regulars yet" in said(page) or "no regular" in said(page)


def test_who_told_his_reason_is_not_called_again(
    open_page: OpenPage, own_archive: str, own_ask: Ask
) -> None:
    before = open_page(own_archive, "lapsed", lapsed_state="call")
    (first, *_) = before.selectbox(key="lapsed_vehicle").options
    form = choose_first(before)

    before.get_by_key(form).set_value(LapseReason.PRICE).run()
    before.button(key=f"{form}_save").click().run()
    after = open_page(own_archive, "lapsed", lapsed_state="call")

    assert len(lapses.newest(own_ask)) == 1
    assert first not in after.selectbox(key="lapsed_vehicle").options


def test_the_english_page_opens(open_page: OpenPage, demo_archive: str) -> None:
    page = open_page(demo_archive, "lapsed", "en")

    assert not page.exception
    assert page.main.title[0].value == "Lapsed regulars"


def test_a_reason_is_saved_and_summed_up(
    open_page: OpenPage, own_archive: str, own_ask: Ask
) -> None:
    page = open_page(own_archive, "lapsed")
    form = choose_first(page)

    page.get_by_key(form).set_value(LapseReason.PRICE).run()
    page.text_area(key=f"{form}_note").set_value("隔壁便宜五毛").run()
    page.button(key=f"{form}_save").click().run()

    assert not page.exception
    assert page.main.success[0].value == "已记录原因：价格。"
    assert lapses.newest(own_ask)["reason"].tolist() == ["price"]
    vehicle_id = int(lapses.newest(own_ask)["vehicle_id"].iloc[0])
    assert lapses.history(own_ask, vehicle_id=vehicle_id)["note"].tolist() == ["隔壁便宜五毛"]
    assert "流失原因" in [heading.value for heading in page.main.subheader]


def test_a_rarer_reason_is_one_list_further(
    open_page: OpenPage, own_archive: str, own_ask: Ask
) -> None:
    page = open_page(own_archive, "lapsed")
    form = choose_first(page)

    page.get_by_key(form).set_value("more").run()
    page.selectbox(key=f"{form}_rest").set_value(LapseReason.SEASON).run()
    page.button(key=f"{form}_save").click().run()

    assert lapses.newest(own_ask)["reason"].tolist() == ["season"]


def test_what_was_typed_stays_when_saving_is_refused(open_page: OpenPage, own_archive: str) -> None:
    page = open_page(own_archive, "lapsed")
    form = choose_first(page)
    key_file = Path(own_archive.removeprefix("sqlite:///")).with_name(sealing.KEY_FILE)
    key_file.write_bytes(b"too short")

    page.get_by_key(form).set_value(LapseReason.QUEUE).run()
    page.text_area(key=f"{form}_note").set_value("排队半小时").run()
    page.button(key=f"{form}_save").click().run()

    assert not page.exception
    assert len(page.main.error) == 1
    assert page.text_area(key=f"{form}_note").value == "排队半小时"
    assert page.get_by_key(form).value == LapseReason.QUEUE


def test_an_empty_archive_has_no_lapsed_regulars(open_page: OpenPage, empty_archive: str) -> None:
    page = open_page(empty_archive, "lapsed")

    assert not page.exception
    assert not page.main.dataframe

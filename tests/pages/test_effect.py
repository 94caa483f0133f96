"""The page says whether calls help before it shows a number, and why regulars leave."""

from collections.abc import Callable

import numpy as np
import pytest
from pages.office import Office, said
from streamlit.testing.v1 import AppTest

from station.analysis.holdout import quarter_of
from station.archive.calls import holdouts, results
from station.archive.calls.holdouts import HoldOut
from station.archive.calls.results import Result
from station.model import (
    DAY_S,
    Arm,
    CallCode,
    CallPurpose,
    Channel,
    LapseReason,
    day_date,
    day_number,
)
from station.services import board
from station.services.ask import Ask

OpenPage = Callable[..., AppTest]


def draw(ask: Ask, *, share: float = 0.3, is_leaking: bool = False) -> None:
    """Let regulars of the last quarter of a year have fallen due, and some be called."""
    random, last = np.random.default_rng(1), day_number(ask.as_of)
    rows = board.vehicles(ask).dropna(subset=["customer_id"]).drop_duplicates("customer_id")
    rows = rows[rows["stability"] == "regular"].head(300)
    drawn = []
    for row in rows[["customer_id", "station_id"]].itertuples():
        day, is_held = int(last - random.integers(5, 90)), random.random() < share
        drawn.append(HoldOut(int(row.customer_id), quarter_of(day_date(day)), int(row.station_id),
                             day, Arm.HOLD if is_held else Arm.CALL, 0.4, "B", 9.0, 300.0, share,
                             is_capped=False, made_at=1))  # fmt: skip
    with ask.db.writing() as conn:
        holdouts.add(conn, drawn)
        for number, one in enumerate(drawn):
            if is_leaking or one.arm is Arm.CALL:
                at = (one.due_day + 2) * DAY_S
                reason = LapseReason.NOT_LAPSED if number % 3 else LapseReason.PRICE
                results.add(conn, Result(one.customer_id, one.station_id, "mona", at, at,
                                         CallPurpose.WIN_BACK, Channel.PHONE, CallCode.OK,
                                         f"k{number}", reason=reason))  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lang", "words"),
    [("zh", ("还说不准", "不能算电话的功劳", "每周都看也不会误判", "他们为什么走")),
     ("en", ("cannot be told yet", "no merit of the calls", "deceives nobody", "Why they leave"))],
)  # fmt: skip
def test_the_page_answers_in_words_and_shows_each_station(
    open_page: OpenPage, own_archive: str, own_ask: Ask, lang: str, words: tuple[str, ...]
) -> None:
    draw(own_ask)

    page = open_page(own_archive, "effect", lang)

    assert not page.exception
    told = said(page)
    assert [word for word in words if word not in told] == []
    assert told.index(words[0]) < told.index(words[1])
    stations, reasons = (frame.value for frame in page.main.dataframe[:2])
    assert len(stations) == len(set(board.station_codes(own_ask)))
    assert len(reasons) >= 2
    assert len(page.main.get("plotly_chart")) == 2
    assert not page.main.warning


@pytest.mark.slow
def test_calls_to_those_left_uncalled_are_told_and_reasons_can_be_split(
    open_page: OpenPage, own_archive: str, own_ask: Ask
) -> None:
    draw(own_ask, is_leaking=True)
    page = open_page(own_archive, "effect", "en")
    assert "were called all the same" in said(page)

    page.button_group(key="effect_by").set_value("station").run()
    assert not page.exception
    assert "station" in page.main.dataframe[1].value.columns
    page.button_group(key="effect_by").set_value("competitor").run()

    assert not page.exception
    assert "Nobody has said yet where he goes" in said(page)


@pytest.mark.slow
def test_the_mistakes_that_calls_found_stand_on_the_page_of_the_engine(
    open_page: OpenPage, own_archive: str, own_ask: Ask
) -> None:
    draw(own_ask)

    page = open_page(own_archive, "backtest", "en")

    assert not page.exception
    assert "said that they had never left" in said(page)


def test_before_anybody_is_due_the_page_says_what_will_be_compared(office: Office) -> None:
    page = office.open("mona", "effect", "zh")

    assert not page.exception
    assert "还没有可比的人" in said(page)
    assert "10%" in said(page)
    assert "effect" not in str(office.open("sven", "today").sidebar)

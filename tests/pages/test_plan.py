"""A month is made by one click, shown with what it costs, approved, and mended when one is ill."""

from datetime import timedelta

import pandas as pd
import pytest
from pages.conftest import OpenPage, ask_of
from pages.office import fresh, said
from streamlit.testing.v1 import AppTest

from station.pages import plan
from station.services import access
from station.services.calls import months, planning, rostering

pytestmark = pytest.mark.slow
STATION = "A0001"


def press(app: AppTest, key: str) -> AppTest:
    return app.button(key=fresh(app, key)).click().run()


@pytest.mark.parametrize(
    ("lang", "first", "then", "last"),
    [
        ("zh", "还没有计划", "这是草稿", "批准"),
        ("en", "There is no plan", "A draft", "Approved by tester"),
    ],
)
def test_a_click_makes_the_month_and_another_approves_it(
    open_page: OpenPage, own_archive: str, lang: str, first: str, then: str, last: str
) -> None:
    app = open_page(own_archive, "plan", lang)
    assert first in said(app)

    app = press(app, "plan_make")

    assert not app.exception
    assert then in said(app)
    calls, unfit = (frame.value for frame in app.main.dataframe[:2])
    assert {"day", "at", "account", "who", "why"} <= set(calls.columns)
    assert len(unfit)
    assert len(app.main.metric) == 4

    app = press(app, "plan_approve")

    assert not app.exception
    assert last in said(app)


def test_whoever_is_away_makes_the_page_ask_for_a_new_plan_and_what_is_over_is_looked_at(
    open_page: OpenPage, own_archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = ask_of(own_archive)
    month = (access.today().replace(day=1) + timedelta(days=31)).replace(day=1)
    planning.make(ask, station=STATION, month=month)
    planning.approve(ask, station=STATION, month=month)
    days = {"from_on": month, "to_on": month + timedelta(days=20)}
    rostering.set_away(ask, station=STATION, account="demo.staff", **days)
    lost = months.month(ask, station=STATION, first=month).lost
    ask.db.close()
    assert lost
    app = open_page(own_archive, "plan", "en")
    app.selectbox(key="plan_month").select(month).run()
    assert f"cannot be made as they stand: {lost}" in said(app)

    app = press(app, "plan_mend")

    assert not app.exception
    assert not app.warning

    later = month + timedelta(days=40)
    monkeypatch.setattr(access, "today", lambda: later)
    app.selectbox(key="plan_month").select(month).run()

    assert not app.exception
    assert "not made" in set(app.main.dataframe[0].value.iloc[:, -1])


def test_only_what_was_changed_in_the_table_is_saved() -> None:
    shown = pd.DataFrame(
        {"day": [1, 2, 3], "at": [9, 9, 9], "account": "a", "who": "x", "drop": False},
        index=[7, 8, 9],
    )
    edited = shown.assign(at=[9, 10, 9], drop=[False, False, True])
    page = pd.DataFrame({"call_id": [70, 80, 90]}, index=shown.index)

    changed = plan._changed(shown, edited, page)

    assert [(one["call_id"], one["at"], one["drop"]) for one in changed] == [
        (80, 10, False),
        (90, 9, True),
    ]

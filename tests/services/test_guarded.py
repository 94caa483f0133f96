"""A dead camera on a real archive raises no wave of lost customers."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from station.config import Settings
from station.model import AT_RISK, Stability, day_number
from station.services import access, board, demo, keeping
from station.services.ask import Ask

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ask, Mapping[str, date]]:
    """A year of two stations, and when the camera of the first was dead."""
    folder = tmp_path_factory.mktemp("year")
    db = keeping.create(Settings(), f"sqlite:///{folder / 'station.db'}")
    ask = Ask(db, Settings(), access.local_operator(db), date.max)
    demo.fill(
        ask, network=demo.Network(stations=1, days=300, seed=3, calls=False), out=folder / "files"
    )
    events = pd.read_csv(folder / "files" / "events.csv", encoding="utf-8-sig")
    camera = events[events["event"] == "dead_camera"].iloc[0]
    ask = replace(ask, scope=access.local_operator(db))
    return ask, {name: date.fromisoformat(camera[name]) for name in ("from", "to")}


def at_risk(ask: Ask, day: date) -> tuple[float, int]:
    """Return which part of the regulars is at risk on a day, and how many alarms are held."""
    frame = board.vehicles(replace(ask, as_of=day))
    regulars = frame[frame["stability"] == Stability.REGULAR.value]
    return float(regulars["state"].isin(list(AT_RISK)).mean()), int(
        (regulars["state"] == "paused").sum()
    )


def test_two_weeks_without_a_nozzles_camera_raise_no_wave(
    chain: tuple[Ask, Mapping[str, date]],
) -> None:
    ask, camera = chain

    before, _ = at_risk(ask, camera["from"] - timedelta(days=1))
    after, _ = at_risk(ask, camera["to"])

    assert after <= before + 0.03


def test_the_outage_is_said_to_be_one(chain: tuple[Ask, Mapping[str, date]]) -> None:
    ask, camera = chain

    told = board.held(replace(ask, as_of=camera["to"]), days=30)

    row = told[told["cause"] == "camera"].iloc[0]
    assert row["from_day"] <= day_number(camera["from"]) + 1
    assert row["to_day"] >= day_number(camera["to"]) - 1

"""How do the chain's vehicles come? Learnt once a state of the archive, kept and found again.

Parameters are learnt from all stations, so that the same vehicle is judged alike whoever asks; they
tell of no single vehicle.
"""

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd

from station.analysis import diary, pace, pace_words
from station.analysis.diary import Diary
from station.analysis.feasts import feast_days
from station.analysis.pace import Pace
from station.archive import derived, lake, views
from station.archive import stations as sites
from station.model import day_date, day_number
from station.services import guarding
from station.services.ask import Ask
from station.services.memory import remembered

SORT = "rhythm"
FORMAT = 1
"""Raised when what is kept changes shape."""
MARK_LETTERS = 24
NEAR_DAYS = 60
"""A gap that is open today may still run into a holiday so many days ahead."""


@remembered(entries=2)
def visit_days(ask: Ask) -> Diary:
    """Return the visit-days of every vehicle at every station of the chain up to as-of."""
    rows = lake.query(
        ask.db,
        lake.text("visit_days"),
        station_ids=None,
        as_of_day=day_number(ask.as_of),
        rules=ask.settings.lake,
    )
    return diary.read(rows)


@remembered(entries=8)
def learnt(ask: Ask) -> Pace:
    """Return the chain's rhythms as of a day; learnt now if they have not been."""
    mark = _mark(ask)
    kept = derived.find(ask.db, SORT, mark)
    if kept is not None:
        try:
            return pace_words.from_words(kept)
        except (LookupError, TypeError, ValueError):  # damaged: learnt anew
            pass
    found = _study(ask)
    derived.keep(ask.db, SORT, mark, pace_words.as_words(found))
    return found


def learn_today(ask: Ask) -> None:
    """Learn the rhythms as of the last day with a sale, so that nobody has to wait for them."""
    with ask.db.reading() as conn:
        ends = views.days(conn, sites.everything(conn).keys())
    if ends is not None:
        learnt(replace(ask, as_of=day_date(ends[1])))


def with_pauses(ask: Ask, profiles: pd.DataFrame) -> pd.DataFrame:
    """Return the profiles of the chain with the days of past pauses."""
    days, day = visit_days(ask), day_number(ask.as_of)
    return pace.with_pauses(profiles, days, day, learnt(ask), ask.settings.pace)


def _study(ask: Ask) -> Pace:
    days = visit_days(ask)
    with ask.db.reading() as conn:
        kinds = {i: station.kind.value for i, station in sites.everything(conn).items()}
    last = pd.Series(days.day).groupby(days.row).max().reindex(range(len(days.keys)))
    held = guarding.held_days(ask, days.keys, last.to_numpy())
    of_keys = days.keys["station_id"].map(kinds).to_numpy(dtype=object)
    return pace.study(
        days,
        day_number(ask.as_of),
        ask.settings.lapse.horizon_days,
        kinds=np.asarray(of_keys),
        quiet_days=_quiet_days(ask, days),
        held=held,
        rules=ask.settings.pace,
    )


def _quiet_days(ask: Ask, days: Diary) -> list[int]:
    """Return the public holidays since the first visit, and those that are near."""
    if not len(days.day):
        return []
    rules = ask.settings.guards
    known = feast_days(
        rules.country,
        int(days.day.min()),
        day_number(ask.as_of) + NEAR_DAYS,
        before=rules.festival_before_days,
        after=rules.festival_after_days,
    )
    return [int(day) for day in known["day"]]


def _mark(ask: Ask) -> str:
    """Return what names the state of the archive, the day and the rules."""
    rests_on = (FORMAT, ask.db.data_version(), ask.as_of, ask.settings.pace)
    told = repr((*rests_on, ask.settings.guards, ask.settings.lapse.horizon_days))
    return hashlib.sha256(told.encode()).hexdigest()[:MARK_LETTERS]

"""How do the chain's vehicles come? Learnt once a night, kept and found again.

Parameters are learnt from all stations, so that the same vehicle is judged alike whoever asks; they
tell of no single vehicle.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from station.analysis import diary, pace, pace_words
from station.analysis.diary import Diary
from station.analysis.feasts import feast_days
from station.analysis.guards import feast_days_held
from station.analysis.pace import Pace
from station.archive import derived, lake, views
from station.archive import stations as sites
from station.model import day_date, day_number
from station.services import guarding
from station.services.ask import Ask
from station.services.memory import remembered

SORT = "rhythm"
FORMAT = 4
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
    """Return the chain's rhythms as of a day; learnt now only where none that fits is kept.

    They are of this very day and these lines, or of a day before that is so near, and of lines so
    much the same, that no figure of a vehicle moves: see PaceRules. So a day's imports do not let
    anybody wait, and the night learns anew. Nothing is taken from a later day.
    """
    lines, day = _lines(ask), day_number(ask.as_of)
    for mark in _near(ask, day):
        kept = derived.find(ask.db, SORT, mark)
        if kept is not None and _serves(ask, kept, lines, mark == _mark(ask)):
            try:
                return pace_words.from_words(kept["pace"])
            except (LookupError, TypeError, ValueError):  # damaged: learnt anew
                pass
    return _learn(ask)


def learn_today(ask: Ask) -> None:
    """Learn the rhythms as of the last day with a sale, so that nobody has to wait for them."""
    with ask.db.reading() as conn:
        ends = views.days(conn, sites.everything(conn).keys())
    if ends is None:
        return
    today = replace(ask, as_of=day_date(ends[1]))
    kept = derived.find(ask.db, SORT, _mark(today))
    if kept is None or kept.get("lines") != _lines(today):
        _learn(today)


def with_pauses(ask: Ask, profiles: pd.DataFrame, days: Diary) -> pd.DataFrame:
    """Return profiles with the days of past pauses, which show in the visit-days of them all."""
    return pace.with_pauses(profiles, days, day_number(ask.as_of), learnt(ask), ask.settings.pace)


def _learn(ask: Ask) -> Pace:
    lines, found = _lines(ask), _study(ask)
    words = {"lines": lines, "pace": pace_words.as_words(found)}
    derived.keep(ask.db, SORT, _mark(ask), words)
    return found


def _near(ask: Ask, day: int) -> list[str]:
    """Return the marks of this day and the few before it under which something is kept."""
    kept = set(derived.marks(ask.db, SORT))
    days = range(day, day - ask.settings.pace.kept_days - 1, -1)
    return [mark for one in days if (mark := _mark(replace(ask, as_of=day_date(one)))) in kept]


def _serves(ask: Ask, kept: Mapping[str, Any], lines: Mapping[str, int], is_today: bool) -> bool:
    """Return whether what was learnt of other lines, or on another day, still serves."""
    then = kept.get("lines")
    if not isinstance(then, dict):
        return False
    if is_today and then == lines:
        return True
    moved = sum(abs(lines.get(i, 0) - then.get(i, 0)) for i in lines.keys() | then.keys())
    return bool(moved <= ask.settings.pace.kept_share * sum(then.values()))


def _lines(ask: Ask) -> dict[str, int]:
    """Return how many lines each import that stands has taken, as JSON would name it."""
    with ask.db.reading() as conn:
        return {str(batch): lines for batch, lines in views.taken(conn).items()}


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
    """Return the public holidays since the first visit, and those that are near.

    A day that is held against nobody for the traffic it saw is excused by that alone, not again by
    the pauses that begin on quiet days.
    """
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
    held = feast_days_held(guarding.guarded(ask))
    return [int(day) for day in known["day"] if int(day) not in held]


def _mark(ask: Ask) -> str:
    """Return what names the day, the rules and the kinds of station."""
    with ask.db.reading() as conn:
        kinds = sorted((i, one.kind.value) for i, one in sites.everything(conn).items())
    rests_on = (FORMAT, ask.as_of, ask.settings.pace, kinds)
    told = repr((*rests_on, ask.settings.guards, ask.settings.lapse.horizon_days))
    return hashlib.sha256(told.encode()).hexdigest()[:MARK_LETTERS]

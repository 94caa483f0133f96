"""At what pace do the vehicles in sight come? Learned from all of them once, and then known."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from station.analysis import pace
from station.analysis.pace import Pace
from station.analysis.rhythm import Fit, Model
from station.archive import lake, learned
from station.archive import stations as sites
from station.archive.learned import Lesson
from station.model import day_number
from station.services.ask import Ask


@dataclass(frozen=True, slots=True)
class Rhythms:
    """The pace of a base, by the rules, and with the shape of its gaps for windows."""

    usual: Pace
    gaps: Pace


def learn(ask: Ask, profiles: pd.DataFrame) -> Rhythms:
    """Return the rhythms of these profiles of all stations in sight, and keep them."""
    found = _learn(ask, profiles)
    _keep(ask, {ask.scope.station_ids: found}, day_number(ask.as_of))
    return found


def known(ask: Ask) -> Rhythms:
    """Return the rhythms of all in sight, learned now only where none that fits was learned.

    They are of this very day and state of the archive, or of one so near that no figure of a
    vehicle moves: within `kept_days`, and of lines that differ by no more than `kept_share`.
    """
    found = _nearest(ask)
    return _of(found) if found else learn(ask, _histories(ask, ask.scope.station_ids))


def learn_all(ask: Ask) -> int:
    """Return for how many circles of stations the rhythms were learned: all, regions, each one.

    Where they are of this very day and state of the archive already, they are left as they are.
    """
    with ask.db.reading() as conn:
        stations = sites.everything(conn)
    circles = {frozenset(stations), *(frozenset({station_id}) for station_id in stations)}
    for region in {station.region for station in stations.values()}:
        circles.add(frozenset(i for i, station in stations.items() if station.region == region))
    if (last := _nearest(ask)) is None or not _is_same(ask, last):
        profiles = _histories(ask, None)
        found = {circle: _learn(ask, _within(profiles, circle)) for circle in circles if circle}
        _keep(ask, found, day_number(ask.as_of))
    return len(circles)


def _within(profiles: pd.DataFrame, station_ids: frozenset[int]) -> pd.DataFrame:
    return profiles[profiles["station_id"].isin(station_ids)].reset_index(drop=True)


def _learn(ask: Ask, profiles: pd.DataFrame) -> Rhythms:
    rules = ask.settings.pace
    # A window of the next visit needs the gaps' shape.
    return Rhythms(pace.learn(profiles, rules), pace.learn(profiles, replace(rules, k=None)))


def _histories(ask: Ask, station_ids: frozenset[int] | None) -> pd.DataFrame:
    """Return what rhythms are learned from, one row a vehicle and station."""
    as_of_day = day_number(ask.as_of)
    frame = lake.query(
        ask.db,
        lake.text("histories"),
        station_ids=station_ids,
        as_of_day=as_of_day,
        rules=ask.settings.lake,
    )
    frame = frame.sort_values(["vehicle_id", "station_id"], ignore_index=True)
    kind = frame["station_id"].map(_kinds(ask))
    return frame.assign(station_kind=kind, days_silent=as_of_day - frame["last_day"])


def _kinds(ask: Ask) -> dict[int, str]:
    with ask.db.reading() as conn:
        return {i: station.kind.value for i, station in sites.everything(conn).items()}


def _nearest(ask: Ask) -> Lesson | None:
    """Return the lesson of the nearest day that is near enough, one of this very state first."""
    rules, day = ask.settings.pace, day_number(ask.as_of)
    name, version = _name(ask, ask.scope.station_ids, _kinds(ask)), ask.db.data_version()
    lessons = [lesson for lesson in learned.load(ask.db) if lesson.of == name]
    if not lessons:
        return None
    best = min(lessons, key=lambda lesson: (abs(lesson.day - day), lesson.version != version))
    with ask.db.reading() as conn:
        moved = abs(learned.lines(conn) - best.lines)
    is_near = abs(best.day - day) <= rules.kept_days and moved <= rules.kept_share * best.lines
    return best if is_near or _is_same(ask, best) else None


def _is_same(ask: Ask, lesson: Lesson) -> bool:
    return lesson.day == day_number(ask.as_of) and lesson.version == ask.db.data_version()


def _keep(ask: Ask, found: Mapping[frozenset[int], Rhythms], day: int) -> None:
    kinds, version = _kinds(ask), ask.db.data_version()
    with ask.db.reading() as conn:
        lines = learned.lines(conn)
    learned.add(
        ask.db,
        [
            Lesson(_name(ask, circle, kinds), day, version, lines, asdict(rhythms))
            for circle, rhythms in found.items()
        ],
    )


def _name(ask: Ask, station_ids: frozenset[int], kinds: Mapping[int, str]) -> str:
    """Return a name for the rhythms of these stations under these rules."""
    of = [sorted((i, kinds.get(i, "")) for i in station_ids), asdict(ask.settings.pace)]
    return hashlib.sha256(json.dumps(of).encode()).hexdigest()


def _of(lesson: Lesson) -> Rhythms:
    return Rhythms(_pace(lesson.what["usual"]), _pace(lesson.what["gaps"]))


def _pace(what: Mapping[str, Any]) -> Pace:
    return Pace(_fit(what["pooled"]), {kind: _fit(fit) for kind, fit in what["by_kind"].items()})


def _fit(what: Mapping[str, Any]) -> Fit:
    return Fit(**{**what, "model": Model(what["model"])})

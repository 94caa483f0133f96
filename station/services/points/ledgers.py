"""What moved in the ledger? Summed month by month, once: months that are over change no more."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock

import pandas as pd

from station.archive.database import Connection
from station.archive.points import chain, sums
from station.archive.points.sums import Stretch
from station.services.ask import Ask
from station.services.points import booking

MOST_MONTHS = 240
"""Months that are remembered: ten years of two archives."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What moved up to a day; each frame has the column `month` of the movement.

    `is_now` is whether nothing was booked later.
    """

    day: int
    is_now: bool
    months: tuple[Stretch, ...]
    moved: pd.DataFrame
    opened: pd.DataFrame
    people: pd.DataFrame

    def of(self, station_ids: frozenset[int]) -> "Ledger":
        """Return what became of the points that these stations had given."""
        moved = self.moved[self.moved["lot_station_id"].isin(station_ids)]
        opened = self.opened[self.opened["lot_station_id"].isin(station_ids)]
        return replace(self, moved=moved, opened=opened)


_Sums = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
_known: OrderedDict[tuple[str, int, str], _Sums] = OrderedDict()
_turn = Lock()


def read(conn: Connection, ask: Ask, day: int | None) -> Ledger:
    """Return what moved in the whole chain up to a day; none: up to now."""
    today = day_now(conn, ask)
    day = today if day is None else min(day, today)
    months = sums.stretches(conn, day)
    parts = [_sums(conn, ask, one, months) for one in months]
    moved, opened, people = (
        _joined([part[place] for part in parts], months, empty)
        for place, empty in enumerate((sums.MOVED, sums.OPENED, sums.PEOPLE))
    )
    last = months[-1].last if months else 0
    is_now = last == chain.head(conn).id
    return Ledger(day, is_now, tuple(months), moved, opened, people)


def day_now(conn: Connection, ask: Ask) -> int:
    """Return the programme's day now; like the ledger's it never runs backwards."""
    return max(booking.today(ask.settings.programme.zone), chain.head(conn).day)


def _sums(conn: Connection, ask: Ask, one: Stretch, months: Sequence[Stretch]) -> _Sums:
    """Return the sums of a month; they rest on the chain up to its last transaction alone."""
    key = (str(ask.db.url), one.first, chain.hash_at(conn, one.last) or "")
    with _turn:
        if key not in _known:
            _known[key] = (
                sums.moved(conn, one, months),
                sums.opened(conn, one),
                sums.people(conn, one),
            )
        _known.move_to_end(key)
        while len(_known) > MOST_MONTHS:
            _known.popitem(last=False)
        return _known[key]


def _joined(
    parts: Sequence[pd.DataFrame], months: Sequence[Stretch], names: Sequence[str]
) -> pd.DataFrame:
    told = [part.assign(month=one.month) for part, one in zip(parts, months, strict=True)]
    if not told:
        return pd.DataFrame({name: pd.Series(dtype="int64") for name in (*names, "month")})
    return pd.concat(told, ignore_index=True)

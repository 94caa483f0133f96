"""What was looked at, taken out, changed and refused, for whoever watches over it."""

from datetime import date, timedelta

import pandas as pd

from station.archive import stations
from station.archive.people import audit as log
from station.guard import looks
from station.model import next_month
from station.services.access import right, start_of, today
from station.services.ask import Ask

MOST_EVENTS = 5_000
LOOKS = tuple(act.value for act in dict.fromkeys((*looks.SUMS, *looks.OPENING)))


@right("audit.read")
def events(
    ask: Ask, *, from_on: date, to_on: date, acts: tuple[str, ...] = (), account: str = ""
) -> pd.DataFrame:
    """Return at, account, address, act, object, station, station_name, count, reason and more.

    The newest come first.

    Whoever sees the whole chain is shown every event, another those of his stations; at most
    MOST_EVENTS of them.
    """
    with ask.db.reading() as conn:
        known = stations.everything(conn)
        told = log.events(
            conn,
            station_ids=None if sees_all(ask) else ask.scope.station_ids,
            from_s=start_of(from_on),
            to_s=start_of(to_on + timedelta(days=1)),
            limit=MOST_EVENTS,
            acts=acts,
            account=account,
        )
    codes = {station_id: site.code for station_id, site in known.items()}
    names = {station_id: site.name or site.code for station_id, site in known.items()}
    return told.assign(
        station=told["station_id"].map(codes).fillna(""),
        station_name=told["station_id"].map(names).fillna(""),
    )


@right("audit.read")
def sums(ask: Ask, *, from_on: date, to_on: date, acts: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return at (a quarter of an hour), account, act, events and count of everything in sight."""
    with ask.db.reading() as conn:
        return log.sums(
            conn,
            station_ids=None if sees_all(ask) else ask.scope.station_ids,
            from_s=start_of(from_on),
            to_s=start_of(to_on + timedelta(days=1)),
            acts=acts,
        )


def sees_all(ask: Ask) -> bool:
    """Return whether the asker watches over the whole chain, not only over his stations."""
    return bool({"users.read", "archive.verify"} & ask.scope.rights.keys())


@right("audit.read")
def unusual(ask: Ask, *, month: date) -> pd.DataFrame:
    """Return account, looks, reveals, rows_out, by_night, usual and why of odd viewing in a month.

    `month` is any day of it.
    """
    first = month.replace(day=1)
    last = next_month(month) - timedelta(days=1)
    told = sums(ask, from_on=first, to_on=last, acts=LOOKS)
    return looks.unusual(told, ask.settings.looks)


@right("audit.read")
def limits_reached(ask: Ask) -> list[str]:
    """Return the accounts that have opened as many names and phones today as one may in a day."""
    told = sums(ask, from_on=today(), to_on=today(), acts=tuple(looks.OPENING))
    opened = told.groupby("account")["count"].sum()
    return sorted(opened[opened >= ask.settings.looks.reveals_per_day].index)

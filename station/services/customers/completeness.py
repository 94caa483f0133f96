"""How complete are the cards, who fills them in, and whom must somebody ask once more?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from station.archive.customers import fields as store
from station.archive.customers.stands import merged
from station.archive.database import Connection
from station.contact import completeness
from station.contact.fields import Field
from station.model import DAY_S, day_number
from station.services import board
from station.services.access import right, stations_in_sight, today
from station.services.ask import Ask
from station.services.customers import contacts, fields, naming

CARD = ("customer_id", "station_id", "keeper", "made_by", "made_day", "is_organisation", "score")
NO_DAY = -1
"""The day of a card of which nobody knows when it was made."""
BY_STATION = ("station", "cards", "score", "unfinished", "this_month", "last_so_far", "last_month")
BY_STAFF = ("account", "kept", "kept_score", "made", "made_score", *BY_STATION[-3:])


@dataclass(frozen=True, slots=True)
class Overview:
    """The cards of the stations in sight, summed up.

    `stations` are BY_STATION, `staff` BY_STAFF, `score` the mean of all cards. New cards of this
    month up to as-of stand beside those of last month up to the same day and in all.
    """

    cards: int
    score: int
    unfinished: int
    stations: pd.DataFrame
    staff: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Stale:
    """How customers are reached and it is not sure any more.

    `rows` are customer_id, who, station, field, checked_day (missing: never) and is_good, what is
    wrong first; `counts` says how many there are of either kind at each station.
    """

    rows: pd.DataFrame
    counts: pd.DataFrame


@right("cards.read")
def overview(ask: Ask, *, stations: Sequence[str] = ()) -> Overview:
    """Return how complete the cards registered at the stations are, by station and by staff.

    Raises:
        NotFoundError: a station is not in sight.
    """
    cards = _cards(ask, stations_in_sight(ask, stations))
    line = ask.settings.completeness.line
    until = _until(ask)
    months = _months(until if board.is_empty(ask) else ask.as_of, until)
    codes = board.station_codes(ask)
    cards = cards.assign(
        station=cards["station_id"].map(codes),
        unfinished=cards["score"] < line,
        **{name: cards["made_day"].between(*days) for name, days in months.items()},
    )
    return Overview(
        cards=len(cards),
        score=_mean(cards["score"]),
        unfinished=int(cards["unfinished"].sum()),
        stations=_by_station(cards),
        staff=_by_staff(cards),
    )


def _until(ask: Ask) -> date:
    """Return the last day whose cards count: today, unless an earlier day is asked for.

    The newest sales may be of yesterday; whom somebody wrote down today is not left out for it.
    """
    return ask.as_of if ask.as_of < board.last_day(ask) else today()


def _months(as_of: date, until: date) -> dict[str, tuple[int, int]]:
    """Return the first and last day of this month so far, of last month so far, and of all of it.

    Where last month has no such day, so far is all of it.
    """
    first = as_of.replace(day=1)
    is_same = (until.year, until.month) == (as_of.year, as_of.month)
    now = max(as_of, until) if is_same else as_of
    last = first - timedelta(days=1)
    before = last.replace(day=1)
    same = min(now.day, last.day)
    return {
        "this_month": (day_number(first), day_number(now)),
        "last_so_far": (day_number(before), day_number(before.replace(day=same))),
        "last_month": (day_number(before), day_number(last)),
    }


def _mean(scores: pd.Series) -> int:
    return round(float(scores.mean())) if len(scores) else 0


def _by_station(cards: pd.DataFrame) -> pd.DataFrame:
    sums = {name: (name, "sum") for name in ("unfinished", *BY_STATION[-3:])}
    found = cards.groupby("station", as_index=False).agg(
        cards=("customer_id", "size"), score=("score", "mean"), **sums
    )
    found = found.assign(score=found["score"].round().astype("int64"))
    return found[list(BY_STATION)].sort_values("score", ignore_index=True)


def _by_staff(cards: pd.DataFrame) -> pd.DataFrame:
    """Return for each account the cards in its care and those that it made."""
    kept = cards[cards["keeper"] != ""].groupby("keeper")
    made = cards[cards["made_by"] != ""].groupby("made_by")
    parts = [
        kept.agg(kept=("score", "size"), kept_score=("score", "mean")),
        made.agg(
            made=("score", "size"),
            made_score=("score", "mean"),
            **{name: (name, "sum") for name in BY_STAFF[-3:]},
        ),
    ]
    both = pd.concat(parts, axis="columns").rename_axis("account").reset_index()
    counts = ["kept", "made", *BY_STAFF[-3:]]
    both[counts] = both[counts].astype("float64").fillna(0).astype("int64")
    return both[list(BY_STAFF)].sort_values(["made", "account"], ascending=[False, True])


@right("cards.read")
def cards(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return CARD, station, `who` and `missing` of every card registered at the stations.

    `missing` lists the fields that count and are not known, the weightiest first.

    Raises:
        NotFoundError: a station is not in sight.
    """
    found = _cards(ask, stations_in_sight(ask, stations))
    return _told(ask, found.sort_values(["score", "customer_id"], ignore_index=True))


@right("cards.read")
def score(ask: Ask, *, customer_id: int) -> int:
    """Return how complete a customer's card is, from 0 to 100.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    told = fields.known(ask, customer_id=customer_id)
    every = [one.field for one in told]
    bits = completeness.bits(every)
    known = sum(bits.get(one.name, 0) for one in told if one.is_kept)
    with ask.db.reading() as conn:
        kind = contacts.in_sight(conn, ask, customer_id).customer.is_organisation
    return int(completeness.scores(pd.Series([known]), pd.Series([kind]), every)[0])


def _told(ask: Ask, found: pd.DataFrame) -> pd.DataFrame:
    """Return cards with whom they are of and what is missing on them."""
    every = _every(ask)
    with ask.db.reading() as conn:
        names = naming.in_list(conn, ask, found["customer_id"].tolist())
    missing = [
        completeness.missing(known, every, is_organisation=bool(kind))
        for known, kind in zip(found["known"], found["is_organisation"], strict=True)
    ]
    told = found.assign(
        station=found["station_id"].map(board.station_codes(ask)),
        who=found["customer_id"].map(names).astype("object"),
    )
    told["missing"] = pd.Series(missing, index=found.index, dtype="object")
    return told


def _every(ask: Ask) -> list[Field]:
    return list(fields.known_fields(ask.settings).values())


def _cards(ask: Ask, station_ids: Collection[int]) -> pd.DataFrame:
    """Return CARD and `known` of each customer registered at the stations and made by as-of.

    Several that were found to be one are one card: the one that stands, with what is known of any.
    """
    every = _every(ask)
    with ask.db.reading() as conn:
        rows = store.cards(conn, station_ids, completeness.bits(every))
    one = _as_one(rows)
    one = one[one["station_id"].isin(station_ids)]
    day = pd.to_numeric(one["since_day"]).fillna(pd.to_numeric(one["made_at"]) // DAY_S)
    one = one.assign(made_day=day.fillna(NO_DAY).astype("int64"))
    one = one[one["made_day"] <= day_number(_until(ask))].reset_index(drop=True)
    return one.assign(score=completeness.scores(one["known"], one["is_organisation"], every))


def _as_one(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of customers, those that are one as one: what the standing one lacks too."""
    if rows.empty:
        return rows.astype({"known": "int64"})
    is_many = rows["stands_id"].duplicated(keep=False)
    alone, several = rows[~is_many], rows[is_many]
    if several.empty:
        return alone
    first = several.assign(is_gone=several["customer_id"] != several["stands_id"])
    first = first.sort_values(["stands_id", "is_gone", "customer_id"])
    known = first.groupby("stands_id")["known"].agg(np.bitwise_or.reduce)
    merged = first.drop(columns="is_gone").bfill().drop_duplicates("stands_id")
    merged = merged.assign(known=merged["stands_id"].map(known))
    return pd.concat([alone, merged.astype(alone.dtypes.to_dict())], ignore_index=True)


@right("cards.read")
def unfinished(ask: Ask, *, stations: Sequence[str] = (), mine: bool = False) -> pd.DataFrame:
    """Return the cards of who bought for the first time lately and are not filled in, as `cards`.

    `first_day` is the day of the first purchase, at the earliest that on which the card was made;
    the newest stand first. Of `mine` only whom the asker looks after.

    Raises:
        NotFoundError: a station is not in sight.
    """
    rules = ask.settings.completeness
    found = _cards(ask, stations_in_sight(ask, stations))
    found = found[found["score"] < rules.line]
    if mine:
        found = found[(found["keeper"] == ask.scope.account) & bool(ask.scope.account_id)]
    first = _first_days(ask, found)
    found = found.assign(first_day=found["stands_id"].map(first))
    is_new = found["first_day"] > day_number(ask.as_of) - rules.first_days
    order = ["first_day", "customer_id"]
    return _told(ask, found[is_new].sort_values(order, ascending=False, ignore_index=True))


def _first_days(ask: Ask, cards: pd.DataFrame) -> "pd.Series[int]":
    """Return by customer the first day on which a vehicle of his came since he has a card."""
    seen = board.vehicles(ask)[["customer_id", "first_day", "last_day"]].dropna()
    seen = seen.assign(customer_id=seen["customer_id"].astype("int64"))
    made = cards.set_index("stands_id")["made_day"]
    with ask.db.reading() as conn:
        stood = merged(conn)
    seen["customer_id"] = seen["customer_id"].replace(stood)
    seen = seen[seen["customer_id"].isin(made.index)]
    since = seen["customer_id"].map(made)
    bought = seen.assign(day=seen["first_day"].where(seen["first_day"] > since, since))
    bought = bought[bought["last_day"] >= bought["day"]]
    return bought.groupby("customer_id")["day"].min()


@right("cards.read")
def stale(ask: Ask, *, stations: Sequence[str] = (), most: int = 500) -> Stale:
    """Return how customers are reached that is wrong or was not checked for too long.

    A new value counts as checked on its day. At most so many rows are listed, all are counted.

    Raises:
        NotFoundError: a station is not in sight.
    """
    station_ids = stations_in_sight(ask, stations)
    names = [field.name for field in _every(ask) if field.is_way]
    with ask.db.reading() as conn:
        found = _doubtful(ask, store.ways(conn, station_ids, names))
        found = found[found["station_id"].isin(station_ids)]
        found = found.assign(station=found["station_id"].map(board.station_codes(ask)))
        rows = found.head(most).reset_index(drop=True)
        rows = rows.assign(who=_who(conn, ask, rows))
    kinds = found.assign(wrong=~found["is_good"], stale=found["is_good"])
    counts = kinds.groupby("station", as_index=False)[["wrong", "stale"]].sum()
    shown = ["customer_id", "who", "station", "field", "checked_day", "is_good"]
    return Stale(rows[shown], counts)


def _who(conn: Connection, ask: Ask, rows: pd.DataFrame) -> pd.Series:
    names = naming.in_list(conn, ask, rows["customer_id"].unique().tolist())
    return rows["customer_id"].map(names).astype("object")


def _doubtful(ask: Ask, ways: pd.DataFrame) -> pd.DataFrame:
    """Return what is wrong, then what was not checked for longest.

    Of several that are one, the value that is shown.
    """
    columns = ("made_at", "since_day", "changed_at", "checked_day", "is_good")
    ways = ways.assign(**{name: pd.to_numeric(ways[name]) for name in columns})
    ways = ways.assign(is_gone=ways["customer_id"] != ways["stands_id"])
    ways = ways.sort_values(["stands_id", "is_gone", "customer_id"])
    home = ways.groupby("stands_id")["station_id"].transform("first")
    ways = ways.assign(station_id=home).drop_duplicates(["stands_id", "field"])
    known = pd.concat(
        [ways["checked_day"], ways["changed_at"] // DAY_S, ways["made_at"] // DAY_S], axis="columns"
    ).max(axis="columns")
    known = known.fillna(ways["since_day"]).fillna(NO_DAY)
    good = ways["is_good"].fillna(1).astype("bool")
    is_old = known < day_number(ask.as_of) - ask.settings.completeness.stale_days
    found = ways.assign(is_good=good, known_day=known)[is_old | ~good]
    return found.sort_values(["is_good", "known_day", "customer_id"], ignore_index=True)

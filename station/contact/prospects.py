"""Who could become a customer? Named by what the station itself saw, and how sure that is."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from station.model import KeyKind, Source, Stability, State, Use


class Belongs(StrEnum):
    """Whose customer a prospect is today: that decides what is done about him."""

    OURS = "ours"
    RIVALS = "rivals"
    NOBODYS = "nobodys"


class Standing(StrEnum):
    """How far somebody has got with a prospect."""

    OPEN = "open"
    PAUSED = "paused"
    GIVEN_UP = "given_up"
    WON = "won"


class Origin(StrEnum):
    """How a prospect was found; the first five follow from own data, the surest first."""

    CARD = "card"
    SERIES = "series"
    TAXI = "taxi"
    TOGETHER = "together"
    AGAIN = "again"
    EVENT = "event"
    SELF_REGISTERED = "self_registered"
    CUSTOMER = "customer"


class Reliability(StrEnum):
    """How much stands behind a prospect, from a paid line down to a mere sighting."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True)
class ProspectRules:
    """When own data speak of somebody who could become a customer."""

    recent_days: int = 90
    least_days: int = 2
    most_days: int = 3
    series_span: int = 5
    series_plates: int = 2
    together_min: int = 5
    together_days: int = 3
    together_share: float = 0.6
    shown: int = 500


FOUND = (
    *("vehicle_id", "station_id", "station", "station_name", "label", "use"),
    *("visit_days", "first_day", "last_day", "amount", "currency_code"),
    *("organisation_name", "lines", "plates", "companion", "days"),
    *("origin", "reliability", "sentence"),
)
"""What `candidates` returns of each vehicle."""
NOTHING: dict[str, str | int] = {
    "organisation_name": "",
    "lines": 0,
    "plates": 0,
    "companion": "",
    "days": 0,
}
CABS = (Use.TAXI.value, Use.RIDE_HAIL.value)
COLOUR = "/.*"
NUMBERED = r"^(?P<stem>.+?)(?P<number>\d{2,5})$"
"""A plate of a series: what stands before its last digits, and these."""
MINUTE_S = 60


def candidates(
    board: pd.DataFrame,
    *,
    paid: pd.DataFrame,
    beside: pd.DataFrame,
    as_of_day: int,
    rules: ProspectRules,
) -> pd.DataFrame:
    """Return FOUND of the vehicles that are nobody's and could be somebody's, the surest first.

    `board` is frames.BOARD of all stations in sight. `paid` are vehicle_id, organisation_name and
    lines of vehicles that paid by another's card, `beside` is what `together` returns. A vehicle
    that several rules find stands under the surest.
    """
    free = _free(board, as_of_day, rules)
    found = [
        free.merge(paid, on="vehicle_id").assign(
            origin=Origin.CARD.value, reliability=Reliability.A.value
        ),
        free.merge(series(board, free, rules), on="vehicle_id").assign(
            origin=Origin.SERIES.value, reliability=Reliability.B.value
        ),
        _cabs(free),
        free.merge(beside, on="vehicle_id").assign(
            origin=Origin.TOGETHER.value, reliability=Reliability.C.value
        ),
        _again(free, rules),
    ]
    rows = pd.concat([part for part in found if not part.empty] or [_again(free, rules)])
    rows = rows.assign(**{name: _filled(rows, name) for name in NOTHING})
    rows = rows.assign(sentence="prospects.found_" + rows["origin"].astype("str"))
    order = ["reliability", "visit_days", "amount", "vehicle_id"]
    rows = rows.drop_duplicates("vehicle_id")
    rows = rows.sort_values(order, ascending=[True, False, False, True], ignore_index=True)
    return rows[list(FOUND)].head(rules.shown)


def _filled(rows: pd.DataFrame, name: str) -> pd.Series:
    blank = NOTHING[name]
    told = rows[name] if name in rows else pd.Series(blank, index=rows.index)
    return told.fillna(blank).astype("int64" if isinstance(blank, int) else "str")


def _free(board: pd.DataFrame, as_of_day: int, rules: ProspectRules) -> pd.DataFrame:
    """Return one row a vehicle that is nobody's and came lately, at the station it visits most."""
    # A line of which only a card is known tells of no other vehicle: its plate was not read.
    is_plate = board["key_kind"] == KeyKind.PLATE.value
    nobodys = board[board["customer_id"].isna() & is_plate]
    nobodys = nobodys[nobodys["owner_source"] != Source.CONFIRMED.value]
    sums = nobodys.groupby("vehicle_id").agg(
        visit_days=("visit_days", "sum"),
        first_day=("first_day", "min"),
        last_day=("last_day", "max"),
        amount=("amount", "sum"),
    )
    order = nobodys.sort_values(["visits", "station_id"], ascending=[False, True])
    most = order.drop_duplicates("vehicle_id").drop(columns=list(sums.columns))
    most = most.drop(columns="organisation_name").merge(sums, on="vehicle_id")
    return most[most["last_day"] > as_of_day - rules.recent_days]


def series(board: pd.DataFrame, free: pd.DataFrame, rules: ProspectRules) -> pd.DataFrame:
    """Return vehicle_id, organisation_name and plates: whose numbers stand right beside its own.

    Only several plates of one organisation within a few numbers say anything: one is chance.
    """
    owned = board[board["organisation_name"].fillna("") != ""].drop_duplicates("vehicle_id")
    known = _numbered(owned)[["stem", "width", "number", "organisation_name", "vehicle_id"]]
    steps = [step for step in range(-rules.series_span, rules.series_span + 1) if step]
    near = pd.concat([known.assign(number=known["number"] + step) for step in steps])
    mine = _numbered(free)[["vehicle_id", "stem", "width", "number"]]
    pairs = mine.merge(near, on=["stem", "width", "number"], suffixes=("", "_known"))
    counts = pairs.groupby(["vehicle_id", "organisation_name"], as_index=False).agg(
        plates=("vehicle_id_known", "nunique")
    )
    counts = counts[counts["plates"] >= rules.series_plates]
    return counts.sort_values("plates", ascending=False).drop_duplicates("vehicle_id")


def _numbered(vehicles: pd.DataFrame) -> pd.DataFrame:
    """Return the vehicles whose plate ends in a number, with its stem, width and number."""
    plates = vehicles[vehicles["key_kind"] == KeyKind.PLATE.value]
    parts = plates["label"].astype("str").str.replace(COLOUR, "", regex=True).str.extract(NUMBERED)
    parts = parts.assign(width=parts["number"].str.len())
    whole = parts["number"].notna()
    number = parts.loc[whole, "number"].astype("int64")
    return plates[whole].assign(
        stem=parts.loc[whole, "stem"], width=parts.loc[whole, "width"], number=number
    )


def _cabs(free: pd.DataFrame) -> pd.DataFrame:
    """Return taxis and ride-hailing cars on the route; what a file or staff say is surer."""
    cabs = free[free["use"].isin(CABS)]
    is_told = cabs["use_source"] != Source.INFERRED.value
    reliability = np.where(is_told, Reliability.B.value, Reliability.C.value)
    return cabs.assign(origin=Origin.TAXI.value, reliability=reliability)


def _again(free: pd.DataFrame, rules: ProspectRules) -> pd.DataFrame:
    """Return the vehicles that came again: on the most days asked for they are surer."""
    back = free[free["visit_days"].between(rules.least_days, rules.most_days)]
    is_most = back["visit_days"] == rules.most_days
    reliability = np.where(is_most, Reliability.C.value, Reliability.D.value)
    return back.assign(origin=Origin.AGAIN.value, reliability=reliability)


def good(board: pd.DataFrame) -> pd.DataFrame:
    """Return vehicle_id and label of the customers' vehicles that still come as regulars."""
    is_good = (
        board["customer_id"].notna()
        & (board["stability"] == Stability.REGULAR.value)
        & (board["state"] == State.ACTIVE.value)
    )
    return board.loc[is_good, ["vehicle_id", "label"]].drop_duplicates("vehicle_id")


def together(sights: pd.DataFrame, known: pd.DataFrame, rules: ProspectRules) -> pd.DataFrame:
    """Return vehicle_id, companion and days of vehicles that come with a good customer's.

    `sights` are vehicle_id, station_id, utc_s and local_day of lines with a clock time; `known`
    are those of `good`. With him is who came within minutes of him on several days and on most of
    his own: colleagues and neighbours do, by chance hardly anybody does.
    """
    is_known = sights["vehicle_id"].isin(known["vehicle_id"])
    theirs = sights[is_known].rename(columns={"vehicle_id": "with_id", "utc_s": "with_s"})
    slots = [theirs.assign(slot=_slot(theirs["with_s"], rules) + step) for step in (-1, 0, 1)]
    mine = sights[~is_known].assign(slot=lambda f: _slot(f["utc_s"], rules))
    pairs = mine.merge(
        pd.concat(slots)[["station_id", "slot", "with_id", "with_s"]], on=["station_id", "slot"]
    )
    near = pairs[(pairs["utc_s"] - pairs["with_s"]).abs() <= rules.together_min * MINUTE_S]
    counts = near.groupby(["vehicle_id", "with_id"], as_index=False).agg(
        days=("local_day", "nunique")
    )
    own_days = mine.groupby("vehicle_id")["local_day"].nunique()
    is_most = counts["days"] >= counts["vehicle_id"].map(own_days) * rules.together_share
    counts = counts[is_most & (counts["days"] >= rules.together_days)]
    best = counts.sort_values("days", ascending=False).drop_duplicates("vehicle_id")
    labels = known.set_index("vehicle_id")["label"]
    return best.assign(companion=best["with_id"].map(labels))[["vehicle_id", "companion", "days"]]


def _slot(instants: pd.Series, rules: ProspectRules) -> pd.Series:
    return instants // (rules.together_min * MINUTE_S)


def standing_on(
    standing: Standing, *, pause_until_day: int | None, won_day: int | None, day: int
) -> Standing:
    """Return how a prospect stands on a day: he who bought is won, he who paused comes back.

    Whom somebody gave up is won by his purchase all the same.
    """
    if won_day is not None:
        return Standing.WON
    is_back = pause_until_day is not None and pause_until_day <= day
    return Standing.OPEN if standing is Standing.PAUSED and is_back else standing


class View(StrEnum):
    """The lists in which prospects stand: kept, won from a rival, developed, given up."""

    KEPT = "kept"
    ATTACK = "attack"
    DEVELOP = "develop"
    GIVEN_UP = "given_up"


def view_of(belongs: Belongs, standing: Standing) -> View:
    """Return in which list a prospect stands; who bought is from then on one to keep."""
    if standing is Standing.WON or (belongs is Belongs.OURS and standing is not Standing.GIVEN_UP):
        return View.KEPT
    if standing is Standing.GIVEN_UP:
        return View.GIVEN_UP
    return View.ATTACK if belongs is Belongs.RIVALS else View.DEVELOP


def of_lead(*, has_phone: bool, has_plate: bool) -> Reliability:
    """Return how sure a lead of an event is: by how many ways he is found again."""
    if has_phone and has_plate:
        return Reliability.B
    return Reliability.C if has_phone or has_plate else Reliability.D

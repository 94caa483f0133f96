"""Why do regulars stay away, as they told whoever spoke to them? And was the engine right?"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.analysis.compare import wilson
from station.archive import lapses as notes
from station.archive.calls import results
from station.archive.calls.results import Result
from station.archive.customers import marks, sealed
from station.archive.customers.sealed import Kind
from station.archive.database import Connection, Database
from station.model import (
    DAY_S,
    REASONS,
    LapseReason,
    ReasonGroup,
    Stability,
    State,
    day_number,
)
from station.services import board
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.customers import grades
from station.services.personal import sealing

GROUP_OF = {reason: group for group, reasons in REASONS.items() for reason in reasons}
GONE = (State.LOST.value, State.FLEET_LEFT.value)
UNSAID = REASONS[ReasonGroup.UNSAID]
ERRORS = REASONS[ReasonGroup.MODEL_ERROR]
HEARD = ("who", "station_id", "reason", "competitor", "at")


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of who stayed away, and how much of it is known.

    `rows` has one row a customer and station (who, station, reason, group, grade, competitor,
    worth in a month, currency), the newest answer. Of `lost` regulars a reason is `known` of some.
    """

    rows: pd.DataFrame
    lost: int
    known: int


@right("calls.report")
def heard(ask: Ask, *, stations: Sequence[str] = (), days: int = 0) -> Heard:
    """Return why regulars stayed away from the stations, of answers of the last days (0: of all).

    An answer comes from a call or from the lapse list; a customer counts once a station, with his
    newest. A vehicle that is nobody's counts by itself.

    Raises:
        NotFoundError: a station is not in sight.
    """
    wanted = stations_in_sight(ask, stations)
    vehicles = _who(board.vehicles(ask, stations=stations))
    every = _newest(ask, wanted, vehicles, is_named=True)
    from_day = ask.from_day(days) or 0
    rows = every[every["at"] >= from_day * DAY_S].reset_index(drop=True)
    lost = vehicles[_is_lost(vehicles)].drop_duplicates(["who", "station_id"])
    told = every[~every["reason"].isin([reason.value for reason in UNSAID])]
    known = lost.merge(told, on=["who", "station_id"])
    return Heard(_with_worth(ask, rows, vehicles), len(lost), len(known))


def _is_lost(vehicles: pd.DataFrame) -> "pd.Series[bool]":
    is_regular = vehicles["stability"] == Stability.REGULAR.value
    return is_regular & vehicles["state"].isin(GONE)


def _who(vehicles: pd.DataFrame) -> pd.DataFrame:
    """Return the board's rows with whose they are: a customer's, else the vehicle's own."""
    customer = vehicles["customer_id"]
    number = customer.fillna(0).astype("int64").astype(str)
    own = "vehicle:" + vehicles["vehicle_id"].astype(str)
    return vehicles.assign(who=("customer:" + number).where(customer.notna(), own))


def _newest(
    ask: Ask, wanted: frozenset[int], vehicles: pd.DataFrame, *, is_named: bool = False
) -> pd.DataFrame:
    """Return HEARD: the newest answer of each at each of these stations.

    Other stations are named if `is_named`, by whoever named one last for the same reason.
    """
    with ask.db.reading() as conn:
        noted = notes.newest(conn, wanted)
        told = [one for one in results.at_stations(conn, wanted, since=0) if one.reason]
        said = _told(conn, told, [_competitor(ask.db, one) if is_named else "" for one in told])
    owner = vehicles.drop_duplicates("vehicle_id").set_index("vehicle_id")["who"]
    noted = noted.assign(
        who=noted["vehicle_id"].map(owner), at=noted["written_at"], competitor=""
    ).dropna(subset=["who"])
    both = pd.concat([noted[list(HEARD)], said], ignore_index=True)
    both = both.astype({"at": "int64", "station_id": "int64"}).sort_values("at", kind="stable")
    keys = ["who", "station_id"]
    named = both[both["competitor"] != ""].drop_duplicates([*keys, "reason"], keep="last")
    rows = both.drop_duplicates(keys, keep="last").drop(columns="competitor")
    rows = rows.merge(named[[*keys, "reason", "competitor"]], on=[*keys, "reason"], how="left")
    return rows.assign(competitor=rows["competitor"].fillna(""))


def _told(conn: Connection, told: Sequence[Result], names: Sequence[str]) -> pd.DataFrame:
    """Return HEARD of what was heard in calls."""
    stands = marks.standing(conn, [one.customer_id for one in told])
    rows = [
        (
            f"customer:{stands[one.customer_id]}",
            one.station_id,
            str(one.reason),
            name,
            one.at,
        )
        for one, name in zip(told, names, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(HEARD))


def _competitor(db: Database, one: Result) -> str:
    """Return how another station was called, "" where it was not, or was forgotten."""
    if one.competitor_sealed is None:
        return ""
    place = sealed.place(Kind.COMPETITOR, key=one.key)
    name = sealing.unseal(db, one.competitor_sealed, place=place) or ""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def _with_worth(ask: Ask, rows: pd.DataFrame, vehicles: pd.DataFrame) -> pd.DataFrame:
    """Return the answers with grade, group of the reason, station and worth in a month."""
    places = board.stations_known(ask).set_index("station_id")
    worth = vehicles.groupby(["who", "station_id"])["monthly_amount"].sum()
    keys = pd.MultiIndex.from_frame(rows[["who", "station_id"]])
    is_customer = rows["who"].str.startswith("customer:")
    numbers = rows["who"].str.partition(":")[2] if len(rows) else rows["who"]
    with ask.db.reading() as conn:
        grade = grades.now(conn, [int(one) for one in numbers[is_customer]])
    return rows.assign(
        station=rows["station_id"].map(places["code"]),
        currency=rows["station_id"].map(places["currency"]),
        group=[GROUP_OF[LapseReason(reason)].value for reason in rows["reason"]],
        grade=[
            grade.get(int(one), "") if is_his else ""
            for one, is_his in zip(numbers, is_customer, strict=True)
        ],
        worth=worth.reindex(keys).fillna(0.0).to_numpy(),
    )


@dataclass(frozen=True, slots=True)
class Mistaken:
    """What the engine got wrong, as those told who were on its list: limits are of `not_lapsed`."""

    answers: int
    not_lapsed: int
    only_passing: int
    low: float
    high: float


@right("board.read")
def mistakes(ask: Ask, *, stations: Sequence[str] = (), days: int = 365) -> Mistaken:
    """Return how many of those asked said that they never left, or only ever passed by.

    Raises:
        NotFoundError: a station is not in sight.
    """
    wanted = stations_in_sight(ask, stations)
    rows = _newest(ask, wanted, _who(board.vehicles(ask, stations=stations)))
    since_s = (day_number(ask.as_of) - days + 1) * DAY_S
    is_said = ~rows["reason"].isin([reason.value for reason in UNSAID])
    reasons = rows.loc[is_said & (rows["at"] >= since_s), "reason"]
    wrong, passing = (int((reasons == error.value).sum()) for error in ERRORS)
    low, high = wilson(np.array([wrong]), np.array([len(reasons)]))
    return Mistaken(len(reasons), wrong, passing, float(low[0]), float(high[0]))

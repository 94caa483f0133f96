"""Does calling help? Held against those whom the lot left uncalled, at the stations in sight."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.analysis import winback
from station.analysis.value import FUELS
from station.analysis.winback import DUE, Effect, EffectRules, Ranking
from station.archive import lake
from station.archive.calls import holdouts
from station.archive.database import Connection
from station.config import Settings
from station.model import DAY_S, MILLI, Arm, Fuel, day_number
from station.services import board
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.memory import remembered

EVEN = 0.5
"""The chance to come back of whom the engine knows nothing."""
RECENT_WEEKS = 13
SHOP = FUELS.index(Fuel.NONE)
POINTS = 100
MARKED = ("once", "always", "litres", "gain")


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of calls at some stations.

    `path` is what was known at the end of each week (day, due, at, low, high), `stations` one row
    a station with its own limits. `waiting` fell due, and their days are not over yet. `needed`
    are about so many due in all until an effect of the size that is aimed at would be seen;
    `per_week` fell due in the last quarter. `currency` is empty where money is of several. What is
    gained is the margin with `is_margin`, else the money, as where customers are graded.
    """

    whole: Effect
    path: pd.DataFrame
    stations: pd.DataFrame
    ranking: Ranking
    waiting: int
    needed: int
    per_week: float
    currency: str
    is_margin: bool


@right("calls.report")
def effect(ask: Ask, *, stations: Sequence[str] = ()) -> Told:
    """Return what win-back calls did at the stations, as far as their days are over.

    A customer counts at the station that he fell due at, and his visits there: who sees more
    stations sees more customers, and the same numbers of each station.

    Raises:
        NotFoundError: a station is not in sight.
    """
    wanted, rules = stations_in_sight(ask, stations), ask.settings.effect
    drawn, known = _due(ask, tuple(sorted(wanted)))
    due = drawn[known].reset_index(drop=True)
    places = board.stations_known(ask).set_index("station_id")
    currencies = set(places.loc[sorted(set(due["station_id"])), "currency"])
    if len(currencies) > 1:
        due = due.assign(gain=math.nan)
    whole = winback.measure(due, rules)
    return Told(
        whole=whole,
        path=winback.path(due, rules),
        stations=_by_station(due, places, rules),
        ranking=winback.ranking(due, rules),
        waiting=int((~known).sum()),
        needed=winback.needed(whole, rules, ask.settings.holdout.share),
        per_week=_per_week(drawn, day_number(ask.as_of)),
        currency=currencies.pop() if len(currencies) == 1 else "",
        is_margin=ask.settings.value.knows_margins,
    )


def _per_week(drawn: pd.DataFrame, day: int) -> float:
    """Return how many fell due in a week of the last quarter of a year, since there is a lot."""
    if drawn.empty:
        return 0.0
    weeks = min(RECENT_WEEKS, (day - int(drawn["due_day"].min())) // winback.WEEK + 1)
    return float((drawn["due_day"] > day - weeks * winback.WEEK).sum()) / weeks


@remembered(entries=4)
def _due(ask: Ask, wanted: tuple[int, ...]) -> tuple[pd.DataFrame, pd.Series]:
    """Return frame DUE of all who were drawn, and whether the days of each are over.

    What was written since the last import is in it after the next one: it is about past weeks.
    """
    rules, day = ask.settings.effect, day_number(ask.as_of)
    with ask.db.reading() as conn:
        drawn = holdouts.drawn(conn, wanted, day)
        windows = _windows(conn, drawn, rules.outcome_days)
        called = _called(conn, drawn, rules.outcome_days)
    seen = lake.query(
        ask.db,
        lake.text("outcomes"),
        station_ids=frozenset(wanted),
        as_of_day=day,
        by=("number", "fuel", "minor_per_major"),
        frames={"windows": windows},
        rules=ask.settings.lake,
    )
    kept = ask.settings.value
    gain = seen["fuel_minor"] * kept.kept_of(seen["fuel"])
    gain += seen["shop_minor"] * kept.kept_of(pd.Series(SHOP, index=seen.index))
    gain /= seen["minor_per_major"]
    sums = seen.assign(litres=seen["quantity_l"] / MILLI, gain=gain).groupby("number").sum()
    sums = sums.reindex(range(len(drawn)), fill_value=0)
    due = drawn.assign(
        is_held=drawn["arm"] == Arm.HOLD.value,
        worth=drawn["worth"].astype("float64").fillna(0),
        p_return=drawn["p_return"].astype("float64").fillna(EVEN).clip(0, 1),
        was_called=called,
        returned=sums["visits"] > 0,
        litres=sums["litres"],
        gain=sums["gain"],
    )
    return due[list(DUE)].astype(DUE), drawn["due_day"] + rules.outcome_days <= day


def _windows(conn: Connection, drawn: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return which vehicles' visits are looked at: those that were his, in the days after."""
    owned = holdouts.owned(conn, drawn["customer_id"].tolist())
    rows = drawn[["customer_id", "station_id", "due_day"]].assign(number=range(len(drawn)))
    rows = rows.merge(owned, on="customer_id").astype("int64")
    start = np.maximum(rows["due_day"] + 1, rows["from_day"])
    end = np.minimum(rows["due_day"] + 1 + days, rows["to_day"])
    rows = rows.assign(from_day=start, to_day=end)
    shown = ["number", "vehicle_id", "station_id", "from_day", "to_day"]
    return rows.loc[start < end, shown].reset_index(drop=True)


def _called(conn: Connection, drawn: pd.DataFrame, days: int) -> pd.Series:
    """Return of each draw whether he was called within the days that are looked at."""
    if drawn.empty:
        return pd.Series([], dtype="bool")
    since_s = int(drawn["due_day"].min()) * DAY_S - DAY_S  # a day more: days begin where one is
    made = holdouts.called(conn, drawn["customer_id"].tolist(), since_s)
    rows = drawn[["customer_id", "due_day"]].assign(number=range(len(drawn)))
    both = rows.merge(made.assign(day=made["at"] // DAY_S), on="customer_id")
    is_in = (both["day"] >= both["due_day"]) & (both["day"] <= both["due_day"] + days)
    return pd.Series(np.isin(rows["number"], both.loc[is_in, "number"]), dtype=bool)


def _by_station(due: pd.DataFrame, places: pd.DataFrame, rules: EffectRules) -> pd.DataFrame:
    """Return a row a station with what calls did there, by its code."""
    each = winback.by(due, "station_id", rules)
    columns = list(_row(winback.measure(due.head(0), rules)))
    rows = pd.DataFrame([_row(found) for found in each.values()], columns=columns)
    known = places.reindex(list(each))
    rows = rows.assign(station=known["code"].to_numpy(), name=known["name"].to_numpy())
    return rows.sort_values("station", ignore_index=True)


def _row(found: Effect) -> dict[str, float | str]:
    """Return the figures of an effect in plain numbers, limits as `*_low` and `*_high`."""
    told: dict[str, float | str] = {
        "due": found.due,
        "called": found.called,
        "held": found.held,
        "reached": found.reached,
        "leaked": found.leaked,
        "is_odd": found.is_odd,
        "naive": found.naive,
        "rate_called": found.rate_called,
        "rate_held": found.rate_held,
        "sentence": found.sentence,
    }
    for mark in MARKED:
        limits = getattr(found, mark)
        told |= {mark: limits.at, f"{mark}_low": limits.low, f"{mark}_high": limits.high}
    return told


def sentence(told: Told, settings: Settings) -> tuple[str, dict[str, float]]:
    """Return the key of the sentence that says whether calls help, and what it is filled with."""
    whole, days = told.whole, settings.effect.outcome_days
    if not whole.due:
        key = "effect.waiting" if told.waiting else "effect.none"
        share = settings.holdout.share
        return key, {"waiting": told.waiting, "share": share, "days": days}
    return whole.sentence, {
        "due": whole.due,
        "held": whole.held,
        "rate_called": whole.rate_called,
        "rate_held": whole.rate_held,
        "points": abs(whole.always.at) * POINTS,
        "low": whole.always.low * POINTS,
        "high": whole.always.high * POINTS,
    }


def document(told: Told) -> dict[str, object]:
    """Return everything as plain data, days as dates; what is not known is missing (None)."""
    path = told.path.assign(day=pd.to_datetime(told.path["day"], unit="D").dt.strftime("%Y-%m-%d"))
    plain = {
        "whole": _row(told.whole),
        "waiting": told.waiting,
        "needed": told.needed,
        "per_week": told.per_week,
        "currency": told.currency,
        "gain_is": "margin" if told.is_margin else "money",
        "may_rank": told.ranking.is_proven,
        "path": path.to_dict("records"),
        "stations": told.stations.to_dict("records"),
    }
    return {name: _known(value) for name, value in plain.items()}


def _known(value: object) -> object:
    """Return a value with None in place of what is not a number."""
    if isinstance(value, dict):
        return {key: _known(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_known(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value

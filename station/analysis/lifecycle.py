"""How far has a customer come with the chain? His stage, and by what he reached it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from station.model import STAYING_AWAY, Stability, Stage, State


@dataclass(frozen=True, slots=True)
class LifeRules:
    """When a stage is reached, and how many days one may stand still in it; 0 is no limit.

    With the `returning_days`-th day of buying a first buyer comes back; with `mature_days` of them
    over `mature_span_days` he is one of ours. Whose vehicles that slow down or stay away bring
    `declining_share` of his money declines; he is lost when all of them are, and whoever never
    became a regular when he was silent for `lost_days`.
    """

    returning_days: int = 2
    mature_days: int = 4
    mature_span_days: int = 30
    lost_days: int = 180
    declining_share: float = 0.5
    prospect_limit_days: int = 15
    intending_limit_days: int = 15
    first_purchase_limit_days: int = 15
    returning_limit_days: int = 60
    mature_limit_days: int = 0
    declining_limit_days: int = 15
    lost_limit_days: int = 30

    @property
    def limits(self) -> Mapping[Stage, int]:
        """How many days a customer may stand still in each stage; 0 is no limit."""
        return {stage: int(getattr(self, f"{stage}_limit_days")) for stage in Stage}


class Trigger(StrEnum):
    """By what a customer reached a stage."""

    RECORDED = "recorded"  # he was written down
    NEED = "need"  # he said what he needs
    OFFER = "offer"  # he was made an offer
    REGISTERED = "registered"  # he registered himself
    APPROVED = "approved"  # one proposed it, another approved
    FIRST = "first"  # he bought for the first time
    AGAIN = "again"  # and again
    STEADY = "steady"  # and regularly
    SLOWING = "slowing"
    OVERDUE = "overdue"
    SILENT = "silent"
    RECOVERED = "recovered"  # he comes as before
    BACK = "back"  # he was lost and came
    CORRECTED = "corrected"  # the sales behind it were taken back


class View(StrEnum):
    """The ways in which books on sales cut one and the same life."""

    FIVE = "five"
    FOUR = "four"
    FUNNEL = "funnel"
    THREE = "three"


VIEWS: Mapping[View, Mapping[str, tuple[Stage, ...]]] = {
    View.FIVE: {
        "acquisition": (Stage.PROSPECT, Stage.INTENDING, Stage.FIRST_PURCHASE),
        "growth": (Stage.RETURNING,),
        "mature": (Stage.MATURE,),
        "decline": (Stage.DECLINING,),
        "leaving": (Stage.LOST,),
    },
    View.FOUR: {
        "potential": (Stage.PROSPECT, Stage.INTENDING),
        "new": (Stage.FIRST_PURCHASE,),
        "active": (Stage.RETURNING, Stage.MATURE, Stage.DECLINING),
        "lost": (Stage.LOST,),
    },
    View.FUNNEL: {
        "potential": (Stage.PROSPECT,),
        "intending": (Stage.INTENDING,),
        "first_purchase": (Stage.FIRST_PURCHASE,),
        "returning": (Stage.RETURNING, Stage.MATURE, Stage.DECLINING, Stage.LOST),
    },
    View.THREE: {
        "potential": (Stage.PROSPECT,),
        "target": (Stage.INTENDING, Stage.LOST),
        "current": (Stage.FIRST_PURCHASE, Stage.RETURNING, Stage.MATURE, Stage.DECLINING),
    },
}
"""Which stages each part of a view takes together; every stage is in one part of each."""

MARK = ("customer_id", "day", "stage", "was", "trigger")
STALL = ("customer_id", "stage", "since_day", "due_day")
GONE = (State.LOST, State.FLEET_LEFT, State.SOLD)
FADING = (State.SLOWING, State.SHARE_FALLING, *STAYING_AWAY)
NEVER = 2**31
"""A day after every other."""


def habits(days: pd.DataFrame, since: "pd.Series[float]", rules: LifeRules) -> pd.DataFrame:
    """Return n, first_day, again_day, steady_day, last_day and back_day of each who came.

    `days` are customer_id and local_day, each day once. `since` is by customer the day from which
    his days count anew: he was lost then. `back_day` is the first day after it.
    """
    came = days.sort_values(["customer_id", "local_day"], ignore_index=True)
    anew = came["customer_id"].map(since).astype("float64")
    counted = came[~(came["local_day"] <= anew)]
    number = counted.groupby("customer_id").cumcount() + 1
    first = counted.groupby("customer_id")["local_day"].transform("min")
    again = counted[number == rules.returning_days]
    is_steady = (number >= rules.mature_days) & (
        counted["local_day"] - first >= rules.mature_span_days
    )
    steady = counted[is_steady].groupby("customer_id")["local_day"].min()
    by = came.groupby("customer_id")["local_day"]
    told = pd.DataFrame({"n": by.size(), "first_day": by.min(), "last_day": by.max()})
    back = counted[anew[counted.index].notna()].groupby("customer_id")["local_day"].min()
    return told.assign(
        again_day=again.set_index("customer_id")["local_day"].reindex(told.index),
        steady_day=steady.reindex(told.index),
        back_day=back.reindex(told.index),
    ).astype("float64")


def fading(board: pd.DataFrame) -> pd.DataFrame:
    """Return share (of his money that fades), is_gone, since_day and state of who has regulars.

    `board` is frames.BOARD of all stations. A vehicle that only moved to a sister station is still
    with the chain; one that pauses fades, and is not gone.
    """
    mine = board[board["customer_id"].notna() & (board["stability"] == Stability.REGULAR.value)]
    fades = mine["state"].isin(FADING) & (mine["state"] != State.MOVED.value)
    gone = mine["state"].isin(GONE)
    money = mine["monthly_amount"].fillna(0.0).clip(lower=0.0) + 1e-9
    since = mine["changed_day"].where(mine["state"] == State.SLOWING.value)
    is_late = mine["state"].isin(STAYING_AWAY)
    since = since.where(~is_late, mine["alarm_day"]).where(~gone, mine["lost_day"])
    told = mine.assign(
        part=money.where(fades, 0.0), money=money, is_gone=gone, is_late=is_late, since_day=since
    )
    told = told.astype({"customer_id": "int64"})
    by = told.groupby("customer_id")
    sums = by[["part", "money"]].sum()
    return pd.DataFrame(
        {
            "share": sums["part"] / sums["money"],
            "is_gone": by["is_gone"].all(),
            "is_late": by["is_late"].any(),
            "since_day": by["since_day"].max(),
        }
    )


ORDER = {stage.value: place for place, stage in enumerate(Stage)}
LAST = len(ORDER)
EARLY = ("", Stage.PROSPECT.value, Stage.INTENDING.value)
BOUGHT = tuple(stage.value for stage in Stage if stage.value not in EARLY)


def follow(
    people: pd.DataFrame, came: pd.DataFrame, fades: pd.DataFrame, rules: LifeRules, day: int
) -> pd.DataFrame:
    """Return MARK: every stage that somebody reached since he was marked last, in order.

    Args:
        people: by customer_id: was and was_day (his last mark; empty and NaN for none), made_day,
            intent_day and intent (a Trigger; empty for none).
        came: what `habits` returns.
        fades: what `fading` returns.
        rules: the numbers.
        day: today.
    """
    rows = _standing(people.join(came).join(fades), rules, day)
    rows = rows[rows["was"] != rows["stage"]]
    marks = pd.concat(_steps(rows)).sort_values(["customer_id", "order"], ignore_index=True)
    floor = marks["customer_id"].map(rows["was_day"]).astype("float64").fillna(-NEVER)
    days = marks["day"].astype("float64").fillna(day).clip(upper=day)
    days = days.where(days > floor, floor)
    marks = marks.assign(day=days.groupby(marks["customer_id"]).cummax().astype("int64"))
    before = marks.groupby("customer_id")["stage"].shift()
    marks = marks.assign(was=before.fillna(marks["customer_id"].map(rows["was"])))
    return marks.loc[marks["was"] != marks["stage"], list(MARK)].reset_index(drop=True)


def _standing(told: pd.DataFrame, rules: LifeRules, day: int) -> pd.DataFrame:
    """Return the rows with `stage`, where each stands today, and when and how he began to fade."""
    is_regular = told["share"].notna()
    told = told.assign(n=told["n"].fillna(0), share=told["share"].fillna(0.0))
    is_gone, is_late = (told[name].astype("float64") > 0 for name in ("is_gone", "is_late"))
    silent = ~is_regular & (day - told["last_day"] >= rules.lost_days)
    stays_lost = (told["was"] == Stage.LOST.value) & told["back_day"].isna()
    comes = told["n"] > 0
    stage = np.select(
        [
            comes & (is_gone | silent | stays_lost),
            (told["n"] > 1) & (told["share"] >= rules.declining_share),
            told["steady_day"].notna(),
            told["again_day"].notna() | told["back_day"].notna(),
            comes,
            told["intent"] != "",
        ],
        [
            *(Stage.LOST.value, Stage.DECLINING.value, Stage.MATURE.value),
            *(Stage.RETURNING.value, Stage.FIRST_PURCHASE.value, Stage.INTENDING.value),
        ],
        Stage.PROSPECT.value,
    )
    falls = np.where(is_late, Trigger.OVERDUE.value, Trigger.SLOWING.value)
    silence = told["since_day"].where(is_gone, told["last_day"] + rules.lost_days)
    return told.assign(stage=stage, falls=falls, silence=silence, n=told["n"])


def _steps(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the marks of each way from where somebody was to where he stands."""
    was, stage = rows["was"], rows["stage"]
    is_early, comes = was.isin(EARLY), rows["n"] > 0
    is_back = (was == Stage.LOST.value) & rows["back_day"].notna()
    to_returning = rows["again_day"].notna() & (is_early | (was == Stage.FIRST_PURCHASE.value))
    to_mature = rows["steady_day"].notna() & (
        is_early | is_back | was.isin([Stage.FIRST_PURCHASE.value, Stage.RETURNING.value])
    )
    fell = stage.isin([Stage.DECLINING.value, Stage.LOST.value])
    rose = (was == Stage.DECLINING.value) & stage.isin([Stage.RETURNING.value, Stage.MATURE.value])
    # Of nobody at all the order would be words, which no number is compared with.
    order, before = (one.map(ORDER).astype("float64") for one in (stage, was))
    below = was.isin(BOUGHT) & (order < before) & ~rose & ~is_back
    ways = [
        (~comes & (stage == Stage.PROSPECT.value) & is_early, Stage.PROSPECT, "made_day",
         Trigger.RECORDED),
        (comes & is_early, Stage.FIRST_PURCHASE, "first_day", Trigger.FIRST),
        (to_returning, Stage.RETURNING, "again_day", Trigger.AGAIN),
        (is_back, Stage.RETURNING, "back_day", Trigger.BACK),
        (to_mature, Stage.MATURE, "steady_day", Trigger.STEADY),
        (stage == Stage.LOST.value, Stage.LOST, "silence", Trigger.SILENT),
    ]  # fmt: skip
    marks = [
        _marks(rows[chosen], to=to.value, day=rows[day], trigger=trigger.value)
        for chosen, to, day, trigger in ways
    ]
    other = rows.assign(blank=np.nan)
    intends = rows[stage == Stage.INTENDING.value]
    declines = rows[fell & (stage == Stage.DECLINING.value)]
    return [
        *marks,
        _marks(intends, to=Stage.INTENDING.value, day=rows["intent_day"], trigger=rows["intent"]),
        _marks(declines, to=Stage.DECLINING.value, day=rows["since_day"], trigger=rows["falls"]),
        _marks(rows[rose], to=stage, day=other["blank"], trigger=Trigger.RECOVERED.value),
        _marks(rows[below], to=stage, day=other["blank"], trigger=Trigger.CORRECTED.value, last=1),
    ]


def _marks(
    rows: pd.DataFrame,
    *,
    to: "str | pd.Series[str]",
    day: "pd.Series[float]",
    trigger: "str | pd.Series[str]",
    last: int = 0,
) -> pd.DataFrame:
    """Return customer_id, stage, day, trigger and order of these rows."""
    told = {"stage": to, "day": day, "trigger": trigger}
    here = {n: v.reindex(rows.index) if isinstance(v, pd.Series) else v for n, v in told.items()}
    made = pd.DataFrame(here, index=rows.index).rename_axis("customer_id").reset_index()
    return made.assign(order=made["stage"].map(ORDER).astype("int64") + last * LAST)


def stalls(now: pd.DataFrame, pushed: "pd.Series[int]", rules: LifeRules, day: int) -> pd.DataFrame:
    """Return STALL of who stands still for too long.

    `now` are customer_id, stage and day of each who is looked after; `pushed` is by customer until
    which day somebody decided to wait, or from which to count anew.
    """
    limits = {stage.value: days for stage, days in rules.limits.items()}
    limit = now["stage"].map(limits).astype("float64")
    since = np.maximum(
        now["day"].astype("int64"), now["customer_id"].map(pushed).fillna(0).astype("int64")
    )
    due = since + limit.fillna(0).astype("int64")
    told = now.assign(since_day=now["day"], due_day=due)[(limit > 0) & (due < day)]
    return told[list(STALL)].reset_index(drop=True)


DWELL = ("stage", "now", "median_days", "longest_days", "left", "left_median_days")


def dwell(now: pd.DataFrame, stays: pd.DataFrame, day: int) -> pd.DataFrame:
    """Return DWELL, a row a stage: how long those in it have been there, and those who left were.

    `now` are customer_id, stage and stage_day, `stays` customer_id, day and stage of all marks in
    order.
    """
    spent = (day - now["stage_day"].astype("float64")).clip(lower=0)
    here = spent.groupby(now["stage"]).agg(["size", "median", "max"])
    ends = stays.groupby("customer_id")["day"].shift(-1)
    took = (ends - stays["day"]).astype("float64").dropna()
    gone = took.groupby(stays["stage"]).agg(["size", "median"])
    told = pd.DataFrame({
        "now": here["size"],
        "median_days": here["median"],
        "longest_days": here["max"],
        "left": gone["size"],
        "left_median_days": gone["median"],
    }).reindex([stage.value for stage in Stage])  # fmt: skip
    told = told.fillna({"now": 0, "left": 0}).astype({"now": "int64", "left": "int64"})
    return told.rename_axis("stage").reset_index()[list(DWELL)]

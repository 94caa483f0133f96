"""Do members come more often since they earn points? Held against others who came on that day."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

NORMAL_95 = 1.96
MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class UptakeRules:
    """Days looked at on either side of a first earning, and the fewest members that say anything.

    A member counts if at least `least_others` vehicles of nobody came on the same day.
    """

    window_days: int = 90
    least_members: int = 30
    least_others: int = 5


class Verdict(StrEnum):
    """What may be said."""

    MORE = "more"
    LESS = "less"
    UNSURE = "unsure"  # the interval holds 0
    UNKNOWN = "unknown"  # too few members, or too short a past


@dataclass(frozen=True, slots=True)
class Uptake:
    """Visit-days in 30 days before and after a first earning, and of others around the same days.

    `extra` is by how much members rose more than others, `low` to `high` its 95 % interval.
    """

    verdict: Verdict
    members: int
    before: float = 0.0
    after: float = 0.0
    others_before: float = 0.0
    others_after: float = 0.0
    extra: float = 0.0
    low: float = 0.0
    high: float = 0.0


def compare(
    visits: pd.DataFrame,
    firsts: pd.DataFrame,
    others: pd.Series,
    rules: UptakeRules,
    as_of_day: int,
) -> Uptake:
    """Return how members' visits changed with their first earning, and others' on the same days.

    Both came on the day from which is counted, so that it favours neither, and both had come in the
    days before: of a newcomer nobody knows what he would have done without points. It is no proof
    of a cause: who likes to come may like to collect points.

    Args:
        visits: vehicle_id and local_day, one row a visit-day.
        firsts: vehicle_id and first_day of members.
        others: vehicle_id of vehicles that are nobody's.
        rules: how many days and members are needed.
        as_of_day: the last day that is known.
    """
    days = visits.drop_duplicates(["vehicle_id", "local_day"])
    if days.empty or firsts.empty:
        return Uptake(Verdict.UNKNOWN, 0)
    span = rules.window_days
    begin, end = int(days["local_day"].min()) + span, as_of_day - span
    asked = firsts[firsts["first_day"].between(begin, end)].rename(columns={"first_day": "day"})
    strangers = days[days["vehicle_id"].isin(others) & days["local_day"].isin(asked["day"])]
    strangers = strangers.rename(columns={"local_day": "day"})
    mine, theirs = (_around(days, rows, span) for rows in (asked, strangers))
    mine, theirs = (told[told["before"] > 0] for told in (mine, theirs))
    usual = theirs.groupby("day")[["before", "after"]].agg(["mean", "size"])
    usual.columns = ["before", "n", "after", "_"]
    usual = usual[usual["n"] >= rules.least_others]
    both = mine.merge(usual, left_on="day", right_index=True, suffixes=("", "_others"))
    if len(both) < rules.least_members:
        return Uptake(Verdict.UNKNOWN, len(both))
    return _told(both, span)


def _around(days: pd.DataFrame, rows: pd.DataFrame, span: int) -> pd.DataFrame:
    """Return rows with the visit-days before and after the day of each."""
    step = int(days["local_day"].max()) + 2 * span + 2
    known = np.sort(days["vehicle_id"].to_numpy() * step + days["local_day"].to_numpy())
    at = rows["vehicle_id"].to_numpy() * step + rows["day"].to_numpy()

    def count(first: int, last: int) -> np.ndarray:
        low, high = np.searchsorted(known, at + first), np.searchsorted(known, at + last, "right")
        return np.asarray(high - low)

    return rows.assign(before=count(-span, -1), after=count(1, span))


def _told(both: pd.DataFrame, span: int) -> Uptake:
    per = MONTH_DAYS / span
    extra = (both["after"] - both["before"]) - (both["after_others"] - both["before_others"])
    mean = float(extra.mean()) * per
    reach = NORMAL_95 * float(extra.std(ddof=1)) / np.sqrt(len(both)) * per
    low, high = mean - reach, mean + reach
    verdict = Verdict.MORE if low > 0 else Verdict.LESS if high < 0 else Verdict.UNSURE
    names = ("before", "after", "before_others", "after_others")
    means = {name: float(both[name].mean()) * per for name in names}
    return Uptake(
        verdict=verdict,
        members=len(both),
        before=means["before"],
        after=means["after"],
        others_before=means["before_others"],
        others_after=means["after_others"],
        extra=mean,
        low=low,
        high=high,
    )

"""Who looked at more than his work explains, or at odd hours?"""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from station.guard.rules import LookRules
from station.model import Act

SUMS = {Act.CARD_OPENED: "looks", Act.REVEAL: "reveals", Act.EXPORT: "rows_out"}
OPENING = (Act.REVEAL, Act.PERSON_FILE)
"""Acts that show a name and a telephone in full; a day holds so many of both together."""
COLUMNS = ("account", *SUMS.values(), "by_night", "usual", "why")


def unusual(events: pd.DataFrame, rules: LookRules) -> pd.DataFrame:
    """Return one row an account whose viewing stands out, the most conspicuous first.

    `events` are those of a month, or their sums by the quarter of an hour: at, account, act, count.
    `usual` is the median number of cards that the others opened, of those who opened any. `why` is
    much, night or limit: far more cards than usual, mostly by night, or a day's reveals used up.
    """
    if events.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = _sums(events).assign(by_night=_by_night(events, rules))
    frame["usual"] = _others(frame["looks"])
    most = (frame["usual"] * rules.unusual_factor).clip(rules.unusual_least)
    much = (frame["usual"] > 0) & (frame["looks"] >= most)
    seen = frame["looks"] + frame["reveals"]
    night = (frame["by_night"] >= rules.unusual_least) & (frame["by_night"] * 2 > seen)
    limit = _days_at_limit(events, rules).reindex(frame.index, fill_value=False)
    frame["why"] = np.select([limit, much, night], ["limit", "much", "night"], "")
    odd = frame[frame["why"] != ""].sort_values(["looks", "reveals"], ascending=False)
    return odd.reset_index()[list(COLUMNS)]


def _sums(events: pd.DataFrame) -> pd.DataFrame:
    """Return looks, reveals and rows taken out by account."""
    sums = events.pivot_table(index="account", columns="act", values="count", aggfunc="sum")
    named = sums.rename(columns={act.value: name for act, name in SUMS.items()})
    return named.reindex(columns=list(SUMS.values())).fillna(0).astype("int64")


def _others(looks: pd.Series) -> pd.Series:
    """Return the median of the others for each account, 0 where nobody else opened any."""
    opened = looks[looks > 0]
    medians = [opened.drop(account, errors="ignore").median() for account in looks.index]
    return pd.Series(medians, index=looks.index, dtype="float64").fillna(0.0)


def _by_night(events: pd.DataFrame, rules: LookRules) -> pd.Series:
    """Return how many cards and contacts each account opened by night, on this server's clock."""
    looked = events[events["act"].isin([Act.CARD_OPENED.value, *OPENING])]
    hour = _local(looked["at"]).dt.hour
    if rules.night_from_hour > rules.night_to_hour:
        is_night = (hour >= rules.night_from_hour) | (hour < rules.night_to_hour)
    else:
        is_night = (hour >= rules.night_from_hour) & (hour < rules.night_to_hour)
    sums = looked["count"].where(is_night, 0).groupby(looked["account"]).sum()
    return sums.reindex(events["account"].unique(), fill_value=0).rename_axis("account")


def _days_at_limit(events: pd.DataFrame, rules: LookRules) -> pd.Series:
    """Return whether an account used up a day's reveals."""
    reveals = events[events["act"].isin(list(OPENING))]
    days = reveals.groupby(["account", _local(reveals["at"]).dt.date])["count"].sum()
    return (days >= rules.reveals_per_day).groupby("account").any().astype(bool)


def _local(at: pd.Series) -> pd.Series:
    """Return instants on this server's clock, in summer and in winter."""
    here = [datetime.fromtimestamp(second, UTC).astimezone() for second in at.tolist()]
    naive = [moment.replace(tzinfo=None) for moment in here]
    return pd.Series(naive, index=at.index, dtype="datetime64[us]")

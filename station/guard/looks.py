"""Who looked at more than his work explains, or at odd hours?"""

import numpy as np
import pandas as pd

from station.guard.rules import LookRules
from station.model import Act

SUMS = {Act.CARD_OPENED: "looks", Act.REVEAL: "reveals", Act.EXPORT: "rows_out"}
COLUMNS = ("account", *SUMS.values(), "by_night", "usual", "why")


def unusual(events: pd.DataFrame, rules: LookRules) -> pd.DataFrame:
    """Return one row an account whose viewing stands out, the most conspicuous first.

    `events` are those of a month: at (instant), account, act, count. `usual` is the median number
    of cards opened by those who opened any. `why` is much, night or limit: far more cards than
    usual, mostly by night, or a day's limit of reveals used up.
    """
    if events.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = _sums(events).assign(by_night=_by_night(events, rules), usual=0.0)
    opened = frame.loc[frame["looks"] > 0, "looks"]
    frame["usual"] = float(opened.median()) if len(opened) else 0.0
    much = frame["looks"] >= (frame["usual"] * rules.unusual_factor).clip(rules.unusual_least)
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


def _by_night(events: pd.DataFrame, rules: LookRules) -> pd.Series:
    """Return how many cards and contacts each account opened by night, on this server's clock."""
    looked = events[events["act"].isin([Act.CARD_OPENED.value, Act.REVEAL.value])]
    hour = _local(looked["at"]).dt.hour
    if rules.night_from_hour > rules.night_to_hour:
        is_night = (hour >= rules.night_from_hour) | (hour < rules.night_to_hour)
    else:
        is_night = (hour >= rules.night_from_hour) & (hour < rules.night_to_hour)
    sums = looked["count"].where(is_night, 0).groupby(looked["account"]).sum()
    return sums.reindex(events["account"].unique(), fill_value=0).rename_axis("account")


def _days_at_limit(events: pd.DataFrame, rules: LookRules) -> pd.Series:
    """Return whether an account used up a day's reveals."""
    reveals = events[events["act"] == Act.REVEAL.value]
    days = reveals.groupby(["account", _local(reveals["at"]).dt.date])["count"].sum()
    return (days >= rules.reveals_per_day).groupby("account").any()


def _local(at: pd.Series) -> pd.Series:
    utc = pd.to_datetime(at.astype("int64"), unit="s", utc=True)
    here = pd.Timestamp.now().astimezone().tzinfo
    return utc.dt.tz_convert(here)

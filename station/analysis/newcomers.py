"""Do newcomers come back? How many of each station's come a third time soon enough."""

import pandas as pd

from station.analysis.compare import wilson

THIRD = 3
"""Whoever came a third time mostly comes again."""
COLUMNS = ("station_id", "newcomers", "third", "share", "low", "high")


def known_from(days: pd.DataFrame, warm_days: int) -> "pd.Series[int]":
    """Return by station from which day on a first visit is one.

    Before, nobody could be told from somebody who had long been coming.
    """
    return days.groupby("station_id")["day"].min() + warm_days


def firsts(days: pd.DataFrame, warm_days: int) -> pd.DataFrame:
    """Return customer_id, station_id and day of each first visit that is known to be one."""
    first = days.sort_values("day").drop_duplicates("customer_id")
    since = first["station_id"].map(known_from(days, warm_days))
    return first[first["day"] >= since].reset_index(drop=True)


def third_fills(
    days: pd.DataFrame, *, as_of_day: int, within_days: int, newcomer_days: int, warm_days: int
) -> pd.DataFrame:
    """Return COLUMNS, a row a station: how many newcomers came a third time within their days.

    `days` are the first three visit-days of each customer, with the station of each. Counted is
    who came first in `newcomer_days` up to the last day that leaves `within_days` for the third.
    """
    last = as_of_day - within_days
    first = firsts(days, warm_days)
    first = first[first["day"].between(last - newcomer_days + 1, last)]
    third = days.sort_values("day").groupby("customer_id")["day"].nth(THIRD - 1)
    came = days.loc[third.index].set_index("customer_id")["day"]
    is_back = first["customer_id"].map(came) - first["day"] <= within_days
    told = (
        first.assign(third=is_back.astype("int64"))
        .groupby("station_id", as_index=False)
        .agg(newcomers=("third", "size"), third=("third", "sum"))
    )
    hits, tries = told["third"].to_numpy("float64"), told["newcomers"].to_numpy("float64")
    low, high = wilson(hits, tries)
    return told.assign(share=hits / tries, low=low, high=high)[list(COLUMNS)]

"""How does a vehicle come, in figures a person reads?"""

import numpy as np
import pandas as pd

from station.frames import PROFILES, REDUCED, UNITS, require
from station.model import MILLI, currency_name, minor_per_major


def profiles(reduced: pd.DataFrame, *, as_of_day: int, network: pd.DataFrame) -> pd.DataFrame:
    """Return frames.PROFILES, one row for each row of `reduced`.

    Args:
        reduced: what profile.sql returned.
        as_of_day: the day from which silence is counted.
        network: visits of each vehicle at all stations, as (vehicle_id, visits).
    """
    require(reduced, REDUCED)
    gaps = reduced["visit_days"] - 1
    span = reduced["last_day"] - reduced["first_day"]
    frame = reduced.assign(
        days_silent=as_of_day - reduced["last_day"],
        mean_gap_days=span / gaps.where(gaps > 0),
        gap_cv=_gap_cv(reduced["gap_square_sum"], span, gaps),
        share_of_visits=_share(reduced, network),
        amount=reduced["amount_minor"] / _minor(reduced["currency"]),
    )
    frame[["unit", "quantity", "quantity_per_visit"]] = _in_main_unit(reduced)
    return frame[list(PROFILES)].astype(dict(PROFILES))


def _gap_cv(square_sum: pd.Series, span: pd.Series, gaps: pd.Series) -> pd.Series:
    """Return standard deviation over mean of the gaps; NaN below 2 gaps."""
    enough = gaps.where(gaps > 1)
    mean = span / enough
    spread = (square_sum - enough * mean**2).clip(lower=0) / (enough - 1)
    return spread**0.5 / mean


def _share(reduced: pd.DataFrame, network: pd.DataFrame) -> pd.Series:
    everywhere = network.groupby("vehicle_id")["visits"].sum()
    return reduced["visits"] / reduced["vehicle_id"].map(everywhere)


def _minor(currency: pd.Series) -> pd.Series:
    """Return the minor units in a major one; NaN where currencies are mixed."""
    known = {code: minor_per_major(currency_name(code)) for code in currency.unique() if code}
    return currency.map(known).astype("float64")


def _in_main_unit(reduced: pd.DataFrame) -> pd.DataFrame:
    """Return unit, quantity and quantity_per_visit in the unit of most visits."""
    visits = reduced[[f"visits_{unit}" for unit in UNITS]].to_numpy()
    quantities = reduced[[f"quantity_{unit}" for unit in UNITS]].to_numpy()
    rows, main = np.arange(len(reduced)), visits.argmax(axis=1)
    quantity = quantities[rows, main] / MILLI
    return pd.DataFrame(
        {
            "unit": np.array(UNITS, dtype=object)[main],
            "quantity": quantity,
            "quantity_per_visit": quantity / np.maximum(visits[rows, main], 1),
        },
        index=reduced.index,
    )

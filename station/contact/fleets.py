"""How does an organisation's fleet stand, and is it about to leave us?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.model import COMING, Stability, Standing, State

SLOWING = "slowing"
BEST_FIRST = {standing.value: place for place, standing in enumerate(Standing)}
KEPT = (Standing.ACTIVE.value, Standing.SLOWING.value, Standing.MOVED.value)
AWAY = (Standing.OVERDUE.value, Standing.LOST.value)
STANDING_OF = {
    State.SLOWING: Standing.SLOWING,
    State.SHARE_FALLING: Standing.SLOWING,
    State.MOVED: Standing.MOVED,
    State.OVERDUE: Standing.OVERDUE,
    State.LOST: Standing.LOST,
    State.FLEET_LEFT: Standing.LOST,
    State.SOLD: Standing.LOST,
    **dict.fromkeys((State.ACTIVE, State.RETURNED, State.PAUSED), Standing.ACTIVE),
}
"""How a regular vehicle stands. A paused one is expected: its silence is explained."""
RISING, STEADY, FALLING, UNKNOWN = "rising", "steady", "falling", "unknown"


@dataclass(frozen=True, slots=True)
class FleetRules:
    """When a fleet raises an alarm, and how far its lists look back and ahead."""

    alarm_share: float = 0.2
    least_regular: int = 5
    least_troubled: int = 2
    recent_days: int = 90
    trend_months: int = 3
    trend_share: float = 0.2
    ending_days: int = 60
    unpaid_days: int = 180


def standings(
    rows: pd.DataFrame, fleet: pd.DataFrame, *, as_of_day: int, rules: FleetRules | None = None
) -> pd.DataFrame:
    """Return one row a vehicle of `fleet` with the best of what the stations in view say of it.

    `fleet` holds vehicle_id, customer_id and from_day, the first day on which it was theirs: what
    it did before says nothing. Adds standing, is_counted (a regular vehicle, unless it was lost
    long ago) and is_troubled (of those it slows down or stays away). A vehicle that never came has
    none of the columns of `rows`.
    """
    came = rows.merge(fleet, on="vehicle_id")
    judged = judge(came[came["last_day"] >= came["from_day"]], as_of_day=as_of_day, rules=rules)
    order = judged["standing"].map(BEST_FIRST)
    best = judged.assign(order=order).sort_values(["order", "visits"], ascending=[True, False])
    best = best.drop_duplicates("vehicle_id").drop(columns=["order", "customer_id", "from_day"])
    every = fleet.merge(best, on="vehicle_id", how="left")
    flags = {name: every[name].eq(True) for name in ("is_counted", "is_troubled")}
    return every.assign(standing=every["standing"].fillna(Standing.UNSEEN.value), **flags)


def judge(rows: pd.DataFrame, *, as_of_day: int, rules: FleetRules | None = None) -> pd.DataFrame:
    """Return the board's rows with standing, is_counted and is_troubled.

    A vehicle that was sold is lost, but tells nothing of the fleet: it does not count.
    """
    rules = rules or FleetRules()
    standing = pd.Series(_standing(rows), index=rows.index, dtype=object)
    is_recent = rows["alarm_day"] > as_of_day - rules.recent_days
    is_recent &= rows["state"] != State.SOLD.value
    is_away = (standing == Standing.OVERDUE.value) | ((standing == Standing.LOST.value) & is_recent)
    is_troubled = is_away | (standing == Standing.SLOWING.value)
    is_counted = is_away | standing.isin(KEPT)
    return rows.assign(standing=standing, is_counted=is_counted, is_troubled=is_troubled)


def _standing(rows: pd.DataFrame) -> np.ndarray:
    told = rows["state"].map({state.value: one.value for state, one in STANDING_OF.items()})
    is_regular = (rows["stability"] == Stability.REGULAR.value).to_numpy()
    slows = (rows["state"].isin(COMING) & (rows["trend"] == SLOWING)).to_numpy()
    of_state = np.where(slows, Standing.SLOWING.value, told.to_numpy(dtype=object))
    return np.where(is_regular, of_state, Standing.IRREGULAR.value).astype(object)


def roll_up(vehicles: pd.DataFrame) -> pd.DataFrame:
    """Return one row a customer, by his id: how many of his `standings` are which.

    `regular` are the vehicles that count, `troubled` those of them that slow down or stay away.
    """
    kinds = [standing.value for standing in Standing]
    counts = pd.crosstab(vehicles["customer_id"], vehicles["standing"])
    counts = counts.reindex(columns=kinds, fill_value=0).rename_axis(columns=None)
    grouped = vehicles.groupby("customer_id")
    rolled = counts.assign(
        vehicles=counts.sum(axis=1),
        seen=counts.sum(axis=1) - counts[Standing.UNSEEN.value],
        regular=grouped["is_counted"].sum(),
        troubled=grouped["is_troubled"].sum(),
    )
    return rolled.astype("int64").set_axis(rolled.index.astype("int64"))


def alarms(
    rolled: pd.DataFrame, *, base_share: float, rules: FleetRules | None = None
) -> pd.DataFrame:
    """Return the rows of `roll_up` with customer_id, shares, whether one raises an alarm, and why.

    `base_share` is how many of everybody's regular vehicles slow down or stay away. One vehicle
    makes no alarm, and a fleet of few regular vehicles is not judged.
    """
    rules = rules or FleetRules()
    share = _share(rolled["troubled"], rolled["regular"])
    is_high = share >= rules.alarm_share
    is_alarmed = is_high & (rolled["regular"] >= rules.least_regular)
    is_alarmed &= rolled["troubled"] >= rules.least_troubled
    reasons = {
        "fleets.no_vehicles": rolled["vehicles"] == 0,
        "fleets.never_seen": rolled["seen"] == 0,
        "fleets.too_few": rolled["regular"] < rules.least_regular,
        "fleets.alarm": is_alarmed,
        "fleets.one_only": is_high,
    }
    sentence = np.select(list(reasons.values()), list(reasons), "fleets.calm")
    return rolled.assign(
        seen_share=_share(rolled["seen"], rolled["vehicles"]),
        troubled_share=share,
        base_share=base_share,
        alarm_share=rules.alarm_share,
        least_regular=rules.least_regular,
        is_alarmed=is_alarmed,
        sentence=sentence.astype(object),
    ).reset_index(names="customer_id")


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Return parts of wholes, missing where there is nothing to be a part of."""
    return (part / whole.where(whole > 0)).astype("float64")


def base_share(rows: pd.DataFrame, *, as_of_day: int, rules: FleetRules | None = None) -> float:
    """Return how many of all regular vehicles slow down or stay away; 0 where there is none."""
    judged = judge(rows, as_of_day=as_of_day, rules=rules)
    counted = int(judged["is_counted"].sum())
    return float(judged["is_troubled"].sum() / counted) if counted else 0.0


def trends(
    monthly: pd.DataFrame, *, last_month: int, rules: FleetRules | None = None
) -> pd.DataFrame:
    """Return a row a customer: monthly_quantity, monthly_amount and volume_trend.

    `monthly` holds customer_id, month (months since January 1970), quantity and amount;
    `last_month` is the last that is over. The mean month of the last few is held against that of
    as many before; who bought in neither half, or in one only, has no trend.
    """
    rules = rules or FleetRules()
    back = last_month - monthly["month"]
    months = rules.trend_months
    now = _mean(monthly[(back >= 0) & (back < months)], months)
    before = _mean(monthly[(back >= months) & (back < 2 * months)], months)
    both = now.join(before.add_suffix("_before"), how="outer")
    both = both.fillna({"quantity": 0.0, "amount": 0.0})
    was = both["quantity_before"].where(both["quantity_before"] > 0)
    trend = np.select(
        [
            was.isna(),
            both["quantity"] >= was * (1 + rules.trend_share),
            both["quantity"] <= was * (1 - rules.trend_share),
        ],
        [UNKNOWN, RISING, FALLING],
        STEADY,
    )
    return pd.DataFrame(
        {
            "monthly_quantity": both["quantity"],
            "monthly_amount": both["amount"],
            "volume_change": both["quantity"] / was - 1,
            "volume_trend": trend.astype(object),
        }
    ).reset_index()


def _mean(rows: pd.DataFrame, months: int) -> pd.DataFrame:
    sums = rows.groupby("customer_id")[["quantity", "amount"]].sum(min_count=1)
    return sums / months

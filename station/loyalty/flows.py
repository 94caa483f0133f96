"""What became of points, month by month? What the ledger moved, in the words of a report."""

import pandas as pd

from station.loyalty.breakage import LOTS, REDEEMED, USES
from station.model import PointAccount

FLOWS = ("issued", "refunded", "redeemed", "reversed", "expired", "adjusted")
"""Points given and taken back, redeemed and redeemed no more, run out, and corrected by hand."""
_WHERE = ("lot_station_id", "lot_month", "expires_day")
_WAYS = {
    (PointAccount.ISSUED, 1): ("issued", -1),
    (PointAccount.ISSUED, 0): ("refunded", 1),
    (PointAccount.REDEEMED, 0): ("redeemed", 1),
    (PointAccount.REDEEMED, 1): ("reversed", -1),
    (PointAccount.EXPIRED, 0): ("expired", 1),
    (PointAccount.EXPIRED, 1): ("expired", 1),
    (PointAccount.ADJUSTED, 0): ("adjusted", -1),
    (PointAccount.ADJUSTED, 1): ("adjusted", -1),
}
"""Which flow an account tells of that goes up (0) or down (1), and with which sign."""
_STOCKS = {
    PointAccount.MEMBER: ("left", 1),
    PointAccount.HELD: ("held", 1),
    PointAccount.DEBT: ("owed", -1),
}


def flows(moved: pd.DataFrame) -> pd.DataFrame:
    """Return month, station_id and FLOWS: what happened at each station.

    `moved` has month (of the movement), station_id, account, is_out, lot_station_id, lot_month,
    expires_day and points, as the archive sums them.
    """
    rows = _named(moved, {(a.value, out): way for (a, out), way in _WAYS.items()})
    return _wide(rows, ["month", "station_id"], FLOWS)


def stock(moved: pd.DataFrame) -> pd.DataFrame:
    """Return lot_station_id, lot_month, expires_day, left, held and owed after all that moved."""
    ways = {(a.value, out): way for a, way in _STOCKS.items() for out in (0, 1)}
    return _wide(_named(moved, ways), list(_WHERE), ("left", "held", "owed"))


def _named(moved: pd.DataFrame, ways: dict[tuple[str, int], tuple[str, int]]) -> pd.DataFrame:
    """Return the rows of these accounts, each with what it is of, and its sign put right."""
    keys = pd.Series(list(zip(moved["account"], moved["is_out"], strict=True)), index=moved.index)
    rows = moved.assign(way=keys.map(lambda key: ways.get(key, ("", 0))))
    rows = rows.assign(of=rows["way"].str[0], sign=rows["way"].str[1])
    rows = rows[rows["of"] != ""]
    return rows.assign(points=(rows["points"] * rows["sign"]).astype("int64"))


def _wide(rows: pd.DataFrame, by: list[str], names: tuple[str, ...]) -> pd.DataFrame:
    sums = rows.pivot_table(index=by, columns="of", values="points", aggfunc="sum", fill_value=0)
    return sums.reindex(columns=list(names), fill_value=0).reset_index().astype("int64")


def histories(moved: pd.DataFrame, opened: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return LOTS and USES of `breakage`, to the month: what was given, and how it left.

    What left otherwise than by a redemption is `gone`, so that given less left is what is there.
    `opened` has month, lot_station_id, expires_day and points.
    """
    lots = opened.groupby(["month", "expires_day"], as_index=False)[["points"]].sum()
    given = lots.rename(columns={"month": "lot_month"}).assign(month=lots["month"])
    kinds = moved["account"].map(
        {
            PointAccount.REDEEMED.value: REDEEMED,
            PointAccount.MEMBER.value: "kept",
            PointAccount.HELD.value: "kept",
        }
    )
    by = ["lot_month", "expires_day", "month"]
    told = moved.assign(kind=kinds).dropna(subset=["kind"])
    told = pd.concat([told[[*by, "kind", "points"]], given.assign(kind="opened")])
    wide = told.pivot_table(index=by, columns="kind", values="points", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=[REDEEMED, "kept", "opened"], fill_value=0).astype("int64")
    wide["gone"] = wide["opened"] - wide[REDEEMED] - wide["kept"]
    uses = wide[[REDEEMED, "gone"]].melt(ignore_index=False, var_name="kind", value_name="points")
    uses = uses[uses["points"] != 0].reset_index()
    return (
        lots.assign(earned_day=first_days(lots["month"]))[list(LOTS)],
        uses.assign(earned_day=first_days(uses["lot_month"]), day=first_days(uses["month"]))[
            list(USES)
        ],
    )


def first_days(months: pd.Series) -> pd.Series:
    """Return the first day of each month."""
    days = months.to_numpy().astype("datetime64[M]").astype("datetime64[D]").astype("int64")
    return pd.Series(days, index=months.index)

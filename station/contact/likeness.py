"""Which two records may be one customer, and what speaks for it?

Only pairs that share something rare are looked at (a telephone, a name, a vehicle, two letters of
an organisation's name), so the work grows with the customers and not with their pairs.
"""

import re
import unicodedata
from dataclasses import dataclass

import pandas as pd

RECORDS = ("customer_id", "is_organisation", "name_index", "phone_index", "organisation_name")
"""One row a record; a customer of several records has several rows."""
TIES = ("customer_id", "vehicle_id", "from_day", "to_day")
HABITS = ("customer_id", "station_id", "weekday", "slot", "fuel", "litres")
"""One row a customer: where and when he usually comes, and what he takes."""
PAIRED = ("low_id", "high_id")
CLUES = (*PAIRED, "code", "weight", "fact")
"""One row a pair and clue; `fact` is the vehicle, the likeness of names, or how many habits."""
FORMS = re.compile(
    r"(股份有限公司|有限责任公司|有限公司|分公司|公司|集团|coltd|limited|ltd|company|inc|gmbh)$"
)
PLACE = re.compile(r"^.{2,3}?[省市]")


@dataclass(frozen=True, slots=True)
class LikenessRules:
    """How much each clue weighs, and from which sum on a pair is shown.

    A name near another weighs `near_name` times how near it is, from `near_from` on; each habit
    that agrees weighs `same_habit`, litres within `litres_share`. What more than `most_share` have
    in common tells nothing.
    """

    same_phone: float = 5.0
    same_plate: float = 4.0
    plate_after: float = 1.0
    same_name: float = 2.5
    near_name: float = 4.5
    near_from: float = 0.75
    same_habit: float = 0.4
    litres_share: float = 0.15
    other_phone: float = -1.0
    other_name: float = -1.0
    apart: float = -1.5
    least: float = 4.0
    most_share: int = 30
    most_pairs: int = 200


def clues(
    records: pd.DataFrame, ties: pd.DataFrame, habits: pd.DataFrame, rules: LikenessRules
) -> pd.DataFrame:
    """Return CLUES of every pair that shares something rare, for it and against it."""
    found = [
        _shared(records, "phone_index", rules).assign(code="same_phone", weight=rules.same_phone),
        _shared(records, "name_index", rules).assign(code="same_name", weight=rules.same_name),
        _plates(ties, rules),
        _near(records, rules),
    ]
    told = pd.concat([part.reindex(columns=list(CLUES)) for part in found if len(part)] or [_NONE])
    pairs = _one_kind(told[list(PAIRED)].drop_duplicates(), records)
    told = told.merge(pairs, on=list(PAIRED))
    against = [
        _differ(records, pairs, "phone_index").assign(code="other_phone", weight=rules.other_phone),
        _differ(records, pairs, "name_index").assign(code="other_name", weight=rules.other_name),
        _agree(habits, pairs, rules),
    ]
    more = [part.reindex(columns=list(CLUES)) for part in against if len(part)]
    return pd.concat([told, *more], ignore_index=True) if more else told


_NONE = pd.DataFrame(columns=list(CLUES))


def apart(pairs: pd.DataFrame, days: pd.DataFrame, rules: LikenessRules) -> pd.DataFrame:
    """Return CLUES of the pairs that were seen on one day at two stations, with how often.

    `days` has customer_id, day and station_id.
    """
    low = pairs.merge(days.rename(columns={"customer_id": "low_id"}), on="low_id")
    both = low.merge(
        days.rename(columns={"customer_id": "high_id"}), on=["high_id", "day"], suffixes=("", "_2")
    )
    both = both[both["station_id"] != both["station_id_2"]]
    often = both.groupby(list(PAIRED))["day"].nunique().rename("fact").reset_index()
    return often.assign(code="apart", weight=rules.apart).reindex(columns=list(CLUES))


def ranked(told: pd.DataFrame, rules: LikenessRules) -> pd.DataFrame:
    """Return low_id, high_id and weight of the pairs worth a look, the likeliest first."""
    sums: pd.DataFrame = told.groupby(list(PAIRED), as_index=False)[["weight"]].sum()
    sums = sums[sums["weight"] >= rules.least]
    order = sums.sort_values(["weight", *PAIRED], ascending=[False, True, True], ignore_index=True)
    return order.head(rules.most_pairs)


def core_name(name: str) -> str:
    """Return what tells an organisation's name from others: no place before, no form behind."""
    plain = "".join(s for s in unicodedata.normalize("NFKC", name).casefold() if s.isalnum())
    core = FORMS.sub("", plain)
    core = FORMS.sub("", core)
    return PLACE.sub("", core) or core or plain


def likeness(first: str, second: str) -> float:
    """Return how many of the letters' neighbours two names share, from 0 to 1."""
    one, other = _grams(core_name(first)), _grams(core_name(second))
    return _dice(one, other)


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 0.0


def _grams(core: str) -> frozenset[str]:
    return frozenset(core[at : at + 2] for at in range(max(len(core) - 1, 1)) if core)


def _shared(frame: pd.DataFrame, column: str, rules: LikenessRules) -> pd.DataFrame:
    """Return the pairs of customers that have a value of `column` in common."""
    rows = frame[["customer_id", column]].dropna().drop_duplicates()
    size = rows.groupby(column)["customer_id"].transform("size")
    rows = rows[(size > 1) & (size <= rules.most_share)]
    return _pairs(rows, column)[list(PAIRED)].drop_duplicates()


def _pairs(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    both = rows.merge(rows, on=column, suffixes=("", "_2"))
    both = both[both["customer_id"] < both["customer_id_2"]]
    return both.rename(columns={"customer_id": "low_id", "customer_id_2": "high_id"})


def _plates(ties: pd.DataFrame, rules: LikenessRules) -> pd.DataFrame:
    """Return who held one vehicle, at once or one after the other."""
    holders = ties.groupby("vehicle_id")["customer_id"].transform("nunique")
    rows = ties[(holders > 1) & (holders <= rules.most_share)]
    both = _pairs(rows[list(TIES)], "vehicle_id")
    at_once = (both["from_day"] < both["to_day_2"]) & (both["from_day_2"] < both["to_day"])
    both = both.assign(
        weight=at_once.map({True: rules.same_plate, False: rules.plate_after}),
        code=at_once.map({True: "same_plate", False: "plate_after"}),
        fact=both["vehicle_id"],
    )
    order = both.sort_values("weight", ascending=False)
    return order.drop_duplicates(list(PAIRED))[list(CLUES)]


def _near(records: pd.DataFrame, rules: LikenessRules) -> pd.DataFrame:
    """Return the organisations whose names are nearly one."""
    named = records[(records["is_organisation"] == 1) & (records["organisation_name"] != "")]
    named = named.drop_duplicates("customer_id")
    grams = {
        customer_id: _grams(core_name(name))
        for customer_id, name in zip(named["customer_id"], named["organisation_name"], strict=True)
    }
    rows = pd.DataFrame(
        [(customer_id, gram) for customer_id, own in grams.items() for gram in own],
        columns=["customer_id", "gram"],
    )
    cores = named.assign(gram=named["organisation_name"].map(core_name))[["customer_id", "gram"]]
    pairs = _shared(pd.concat([rows, cores]), "gram", rules)
    near = [
        _dice(grams[low], grams[high])
        for low, high in zip(pairs["low_id"], pairs["high_id"], strict=True)
    ]
    pairs = pairs.assign(fact=near, code="near_name")
    pairs = pairs[pairs["fact"] >= rules.near_from]
    return pairs.assign(weight=pairs["fact"] * rules.near_name)


def _one_kind(pairs: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of two persons or two organisations."""
    kinds = records.drop_duplicates("customer_id").set_index("customer_id")["is_organisation"]
    return pairs[pairs["low_id"].map(kinds) == pairs["high_id"].map(kinds)]


def _differ(records: pd.DataFrame, pairs: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the pairs of which both have a value of `column`, and none in common."""
    own = records[["customer_id", column]].dropna().drop_duplicates()
    known = pairs["low_id"].isin(own["customer_id"]) & pairs["high_id"].isin(own["customer_id"])
    both = pairs[known].merge(own.rename(columns={"customer_id": "low_id"}), on="low_id")
    both = both.merge(own.rename(columns={"customer_id": "high_id"}), on=["high_id", column])
    common = both[list(PAIRED)].drop_duplicates().assign(is_common=True)
    asked = pairs[known].merge(common, on=list(PAIRED), how="left")
    return asked[asked["is_common"].isna()][list(PAIRED)]


def _agree(habits: pd.DataFrame, pairs: pd.DataFrame, rules: LikenessRules) -> pd.DataFrame:
    """Return the pairs that come to one station, with how many more habits agree."""
    low = habits.rename(columns={name: f"{name}_1" for name in HABITS[1:]})
    low = pairs.merge(low.rename(columns={"customer_id": "low_id"}), on="low_id")
    both = low.merge(habits.rename(columns={"customer_id": "high_id"}), on="high_id")
    both = both[both["station_id"] == both["station_id_1"]]
    larger = both[["litres", "litres_1"]].max(axis=1)
    fact = (
        ((both["weekday"] == both["weekday_1"]) & (both["weekday"] >= 0)).astype("int64")
        + ((both["slot"] == both["slot_1"]) & (both["slot"] >= 0))
        + (both["fuel"] == both["fuel_1"])
        + ((both["litres"] - both["litres_1"]).abs() <= larger * rules.litres_share)
    )
    both = both.assign(fact=fact, code="same_habits", weight=(fact + 1) * rules.same_habit)
    return both.loc[both["fact"] > 1, list(CLUES)]

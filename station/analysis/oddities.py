"""Which cards are used otherwise than others of their kind, in their shift, at their station?

Nobody is accused: most of what is unusual has a good reason. Every sign says of some fills whether
they bear it; how many do is compared with how many would, were the card like the others. What many
of a kind do is usual for it, and how far they differ among themselves is known from them, too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import betainc, gammainc

from station.frames import Columns, require

FILLS: Columns = {
    "sale_id": "int64",
    "station_id": "int64",
    "subject_id": "int64",  # the member or card
    "day": "int64",
    "minute": "int64",  # of the local day, -1 without a clock time
    "shift": "object",
    "hand": "object",  # who served, or the nozzle; "" if unknown
    "kind": "object",  # use of the vehicle
    "card": "object",  # kind of the card, "" without one
    "fuel": "object",
    "is_electric": "bool",  # the plate is one of a vehicle without a tank
    "quantity_milli": "int64",
    "amount_minor": "int64",
    "seen_id": "int64",  # the vehicle at the pump, 0 if unknown
    "bound_id": "int64",  # the vehicle the card belongs to, 0 if none
    "is_refunded": "bool",
    "is_claimed": "bool",  # its points were entered by hand later
    "is_multiplied": "bool",  # its points were multiplied that day
    "points": "int64",
}
"""One row a fill with a card or of a member."""
DEEDS: Columns = {
    "deed_id": "int64",
    "station_id": "int64",
    "subject_id": "int64",  # a member or an account; never the number of a subject of fills
    "day": "int64",
    "kind": "object",
    "sign": "object",  # of DEED_SIGNS
    "is_odd": "bool",  # whether it bears the sign
    "points": "int64",
}
"""One row for each sign that a movement of points or a sign-up may bear."""
DEED_SIGNS = ("entered_late", "adjusted", "reversed", "shared_phone", "burst")
EXPLAINED = ("station_id", "subject_id", "sign", "until_day", "found")
"""What was explained, how long that holds, and how many fills bore the sign by then."""
WHO = ["station_id", "subject_id"]
CONCENTRATION = "one_hand"
RARE_SHARE = 0.002
TRIM_SHARE = 0.01
HALF = 0.5
LEAST_FOUND = 2
"""Once is no pattern."""
TINY = 1e-300


@dataclass(frozen=True, slots=True)
class OddityRules:
    """How long the list is, what is looked at, and how rarely chance may be on the list.

    `false_share` of the list may be chance alone; where nothing is odd there is a list at all in no
    more than `false_list` of weeks. A sign is told if chance would show it in less than `told_tail`
    of cards; `prior_fills` is how slowly a small group is believed. An explanation holds for
    `explained_days` unless the sign becomes `stronger_factor` times as frequent.
    """

    most_week: int = 20
    window_days: int = 28
    least_fills: int = 5
    short_min: int = 15
    round_minor: int = 5_000
    false_share: float = 0.2
    false_list: float = 0.05
    told_tail: float = 0.01
    prior_fills: float = 50.0
    shift_from_hour: int = 7
    shift_hours: int = 8
    burst_signups: int = 10
    shared_phone: int = 3
    explained_days: int = 180
    stronger_factor: float = 2.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sign: its sentence in locale/*/oddities.toml, the numbers, and the fills or deeds."""

    sign: str
    facts: Mapping[str, Any]
    ids: tuple[int, ...]

    @property
    def key(self) -> str:
        """The key of its sentence."""
        return f"oddities.{self.sign}"


@dataclass(frozen=True, slots=True)
class Oddity:
    """A card that is worth a look at a station.

    `chance` is how rarely a card like the others would look like it, `points` what it earned by the
    fills in question.
    """

    station_id: int
    subject_id: int
    kind: str
    chance: float
    points: int
    evidence: tuple[Evidence, ...] = field(default_factory=tuple)


# --- signs ----------------------------------------------------------------------------------------

Marks = np.ndarray
"""1 for a fill that bears a sign, 0 for one that does not, NaN for one that cannot."""


def _where(bears: pd.Series, can: pd.Series | bool = True) -> Marks:
    return np.where(can, bears.to_numpy(dtype="float64"), np.nan)


def _same_day(fills: pd.DataFrame, _: OddityRules) -> Marks:
    return _where(fills.duplicated([*WHO, "day"]))


def _soon_again(fills: pd.DataFrame, rules: OddityRules) -> Marks:
    """Mark a fill that follows another within minutes, and on the same day."""
    since = fills.groupby([*WHO, "day"])["minute"].diff()
    return _where(since.between(0, rules.short_min - 1), fills["minute"] >= 0)


def _other_fuel(fills: pd.DataFrame, _: OddityRules) -> Marks:
    """Mark a fill of another fuel than the card's most frequent one."""
    often = fills.groupby([*WHO, "fuel"]).size().rename("often").reset_index()
    most = often.sort_values("often", kind="stable", ascending=False).drop_duplicates(WHO)
    usual = fills[WHO].merge(most, on=WHO, how="left")["fuel"]
    return _where(fills["fuel"] != usual)


def _large(fills: pd.DataFrame, _: OddityRules) -> Marks:
    by = fills.groupby(["kind", "fuel"])["quantity_milli"]
    return _where(fills["quantity_milli"] > by.transform("quantile", 1 - RARE_SHARE))


def _more_than_tank(fills: pd.DataFrame, _: OddityRules) -> Marks:
    """Mark a fill that with those before it on its day is more than hardly any other fill."""
    by = fills.groupby(["kind", "fuel"])["quantity_milli"]
    most = by.transform("quantile", 1 - RARE_SHARE)
    summed = fills.groupby([*WHO, "day", "fuel"])["quantity_milli"].cumsum()
    return _where((summed > most) & fills.duplicated([*WHO, "day", "fuel"]))


def _round_money(fills: pd.DataFrame, rules: OddityRules) -> Marks:
    return _where(fills["amount_minor"] % rules.round_minor == 0)


def _other_plate(fills: pd.DataFrame, _: OddityRules) -> Marks:
    can = (fills["seen_id"] > 0) & (fills["bound_id"] > 0)
    return _where(fills["seen_id"] != fills["bound_id"], can)


def _unseen(fills: pd.DataFrame, _: OddityRules) -> Marks:
    """Mark a fill with a vehicle's card at which no vehicle was seen."""
    return _where(fills["seen_id"] == 0, fills["bound_id"] > 0)


def _new_plate(fills: pd.DataFrame, _: OddityRules) -> Marks:
    """Mark a plate that this card was not used for before; its first fill cannot tell."""
    is_first = ~fills.duplicated(WHO)
    return _where(~fills.duplicated([*WHO, "seen_id"]), (fills["seen_id"] > 0) & ~is_first)


SIGNS: Mapping[str, Callable[[pd.DataFrame, OddityRules], Marks]] = {
    "soon_again": _soon_again,
    "same_day": _same_day,
    "other_fuel": _other_fuel,
    "large": _large,
    "more_than_tank": _more_than_tank,
    "round_money": _round_money,
    "other_plate": _other_plate,
    "new_plate": _new_plate,
    "unseen": _unseen,
    "no_tank": lambda fills, _: _where(fills["is_electric"], fills["fuel"] != "electric"),
    "refunded": lambda fills, _: _where(fills["is_refunded"]),
    "claimed": lambda fills, _: _where(fills["is_claimed"]),
    "multiplied": lambda fills, _: _where(fills["is_multiplied"]),
}
"""What a fill may bear; each is compared within kind of vehicle, shift and station."""


# --- the list -------------------------------------------------------------------------------------


def find(
    fills: pd.DataFrame,
    rules: OddityRules,
    *,
    as_of_day: int,
    explained: pd.DataFrame | None = None,
    deeds: pd.DataFrame | None = None,
) -> list[Oddity]:
    """Return what is worth a look, the least likely first, at no station more than a week can take.

    Args:
        fills: FILLS, also of those that are usual: they are what is compared with.
        rules: the numbers.
        as_of_day: the last day that is looked at.
        explained: EXPLAINED; such a sign of such a card is left out while that holds.
        deeds: DEEDS, also of those that are usual.
    """
    seen = _within(require(fills, FILLS), ["day", "minute", "sale_id"], rules, as_of_day)
    marks = {sign: mark(seen, rules) for sign, mark in SIGNS.items()} if len(seen) else {}
    bearing = _told_of_fills(seen, marks, rules)
    if deeds is not None:
        done = _within(require(deeds, DEEDS), ["day", "deed_id", "sign"], rules, as_of_day)
        bearing = pd.concat([bearing, _told_of_deeds(done, rules)], ignore_index=True)
    else:
        done = pd.DataFrame(columns=list(DEEDS))
    if bearing.empty:
        return []
    told = _unexplained(bearing, explained, rules, as_of_day)
    listed = _ranked(told, rules)
    rows = _bearers(seen, marks, done)
    return [_oddity(who, chance, told, rows, rules) for who, chance in listed.items()]


def _within(
    rows: pd.DataFrame, order: list[str], rules: OddityRules, as_of_day: int
) -> pd.DataFrame:
    """Return the rows of the window, in an order that does not depend on how they came."""
    is_in = (rows["day"] > as_of_day - rules.window_days) & (rows["day"] <= as_of_day)
    seen: pd.DataFrame = rows[is_in].sort_values([*WHO, *order], ignore_index=True)
    return seen


def _told_of_fills(
    seen: pd.DataFrame, marks: Mapping[str, Marks], rules: OddityRules
) -> pd.DataFrame:
    """Return for each card and sign how many fills bear it, how many would, and the chance."""
    if seen.empty:
        return pd.DataFrame()
    groups = _groups(seen)
    found = [_compared(seen, m, groups, rules).assign(sign=sign) for sign, m in marks.items()]
    told = pd.concat([*found, _hands(seen).assign(sign=CONCENTRATION)], ignore_index=True)
    fills = seen.groupby(WHO).size().rename("fills").reset_index()
    return told.assign(tried=len(SIGNS) + 1).merge(fills, on=WHO, how="left")


def _told_of_deeds(done: pd.DataFrame, rules: OddityRules) -> pd.DataFrame:
    """Return the same of members and accounts, each sign compared with deeds of its sort."""
    found = []
    for sign, rows in done.groupby("sign"):
        alike = rows.assign(card="", shift="")
        marks = _where(alike["is_odd"])
        found.append(_compared(alike, marks, _groups(alike), rules).assign(sign=sign))
    if not found:
        return pd.DataFrame()
    told = pd.concat(found, ignore_index=True)
    by = told.groupby(WHO)
    return told.assign(tried=by["sign"].transform("size"), fills=by["of"].transform("max"))


def _unexplained(
    told: pd.DataFrame, explained: pd.DataFrame | None, rules: OddityRules, as_of_day: int
) -> pd.DataFrame:
    """Return the signs without those that an explanation covers: in time, and no stronger since."""
    if explained is None or explained.empty:
        return told
    holding = explained[explained["until_day"] >= as_of_day]
    known = holding.groupby([*WHO, "sign"])["found"].max().rename("known").reset_index()
    known = known.astype({"station_id": "int64", "subject_id": "int64", "known": "float64"})
    before = told.merge(known, on=[*WHO, "sign"], how="left")["known"].to_numpy()
    is_news = np.isnan(before) | (told["found"].to_numpy() >= before * rules.stronger_factor)
    news: pd.DataFrame = told[is_news]
    return news


def _ranked(told: pd.DataFrame, rules: OddityRules) -> pd.Series:
    """Return the chance of the cards to be listed, the smallest first.

    The signs of a card are joined by Cauchy's rule, which holds for signs that go together; of the
    list no more than `false_share` may be chance (Benjamini and Hochberg), and it begins only with
    what is rare even among so many cards (Bonferroni).
    """
    enough = told[told["fills"] >= rules.least_fills]
    usual = enough["chance"].astype("float64").clip(TINY, HALF)
    by = [enough[name] for name in WHO]
    tangents = pd.Series(1 / np.tan(usual.to_numpy() * np.pi), enough.index)
    joined = tangents.groupby(by).sum() / enough["tried"].astype("float64").groupby(by).first()
    chance = pd.Series(np.arctan2(1, joined.to_numpy()) / np.pi, joined.index)
    chance = chance.sort_values(kind="stable")
    allowed = rules.false_share * np.arange(1, len(chance) + 1) / max(len(chance), 1)
    within = np.flatnonzero((chance <= allowed).to_numpy())
    is_odd = len(within) and chance.iloc[0] * len(chance) <= rules.false_list
    within_share = chance.head(int(within[-1]) + 1 if is_odd else 0)
    by_station = within_share.groupby(level="station_id", sort=False)
    listed: pd.Series = by_station.head(rules.most_week)
    return listed


def _bearers(seen: pd.DataFrame, marks: Mapping[str, Marks], done: pd.DataFrame) -> pd.DataFrame:
    """Return WHO, kind, sign, hand, id and points of everything that bears a sign."""
    columns = [*WHO, "kind", "hand", "id", "points", "sign"]
    fills = seen.rename(columns={"sale_id": "id"})
    by_hand = fills[fills["hand"] != ""].assign(sign=CONCENTRATION)
    deeds = done[done["is_odd"].astype("bool")].rename(columns={"deed_id": "id"}).assign(hand="")
    parts = [fills[mark == 1].assign(sign=sign, hand="") for sign, mark in marks.items()]
    bearing: list[pd.DataFrame] = [part[columns] for part in [*parts, by_hand, deeds]]
    return pd.concat(bearing, ignore_index=True)


def _oddity(
    who: Any, chance: float, told: pd.DataFrame, rows: pd.DataFrame, rules: OddityRules
) -> Oddity:
    """Return a card with its evidence, the strongest first, and at least one sign."""
    station_id, subject_id = who
    own = rows[(rows["station_id"] == station_id) & (rows["subject_id"] == subject_id)]
    signs = told[(told["station_id"] == station_id) & (told["subject_id"] == subject_id)]
    signs = signs.sort_values(["chance", "sign"], kind="stable")
    kept = signs[(signs["chance"] <= rules.told_tail) | (np.arange(len(signs)) == 0)]
    bearing = [_bearing(own, sign) for sign in kept.to_dict("records")]
    evidence = tuple(
        Evidence(sign["sign"], _facts(sign), tuple(bears["id"].tolist()))
        for sign, bears in zip(kept.to_dict("records"), bearing, strict=True)
    )
    points = int(pd.concat(bearing).drop_duplicates("id")["points"].sum())
    kind = str(signs["kind"].iloc[0])
    return Oddity(int(station_id), int(subject_id), kind, float(chance), points, evidence)


def _facts(sign: Mapping[Any, Any]) -> dict[str, Any]:
    found, of = int(sign["found"]), int(sign["of"])
    return {"found": found, "of": of, "usual": float(sign["usual"]), "hand": sign["hand"]}


def _bearing(own: pd.DataFrame, sign: Mapping[Any, Any]) -> pd.DataFrame:
    bears: pd.DataFrame = own[(own["sign"] == sign["sign"]) & (own["hand"] == sign["hand"])]
    return bears


# --- compared with others -------------------------------------------------------------------------


GROUPS: tuple[list[str], ...] = (
    [],
    ["kind"],
    ["kind", "card"],
    ["kind", "card", "shift"],
    ["kind", "card", "shift", "station_id"],
)
"""With whom a card is compared: the last, as far as they are many, else those before."""
Groups = list[tuple[np.ndarray, np.ndarray]]


def _groups(seen: pd.DataFrame) -> Groups:
    """Return for each of GROUPS the number of a fill's group, and of its card's part of it."""
    return [(_numbers(seen, by), _numbers(seen, [*by, *WHO])) for by in GROUPS]


def _numbers(seen: pd.DataFrame, by: list[str]) -> np.ndarray:
    names = list(dict.fromkeys(by))
    every = np.zeros(len(seen), dtype="int64")
    return seen.groupby(names, sort=False).ngroup().to_numpy() if names else every


def _compared(seen: pd.DataFrame, marks: Marks, groups: Groups, rules: OddityRules) -> pd.DataFrame:
    """Return for each card how many of its fills bear a sign, how many would, and the chance."""
    can = ~np.isnan(marks)
    usual = _usual(marks[can], [(every[can], own[can]) for every, own in groups], rules)
    rows = seen.loc[can, [*WHO, "kind"]].assign(bears=marks[can], usual=usual)
    told = rows.assign(spread=usual * (1 - usual)).groupby(WHO, as_index=False).agg(
        kind=("kind", "first"), found=("bears", "sum"), of=("bears", "size"),
        expected=("usual", "sum"), spread=("spread", "sum"),
    )  # fmt: skip
    return _with_chance(told).assign(hand="", usual=told["expected"] / told["of"])


def _usual(bears: np.ndarray, groups: Groups, rules: OddityRules) -> np.ndarray:
    """Return how likely each fill would bear a sign, were its card like all the others.

    What nobody else did may still happen once; without others there is nothing to compare with.
    """
    usual = np.full(len(bears), 1 / max(len(bears), 1))
    (every, own), *_ = groups
    alone = _sums(every) - _sums(own) < rules.prior_fills
    for every, own in groups:
        bearing = _sums(every, bears) - _sums(own, bears)
        others = _sums(every) - _sums(own)
        usual = (bearing + rules.prior_fills * usual) / (others + rules.prior_fills)
    return np.where(alone, 1.0, usual)


def _sums(group: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
    """Return for each row the sum of its group, or how many rows it has."""
    return np.bincount(group, values)[group] if len(group) else np.zeros(0)


def _with_chance(told: pd.DataFrame) -> pd.DataFrame:
    """Return the chance of as many fills with the sign or more.

    Cards of a kind differ more than dice would; how much more is measured without the most unusual
    ones, so that these do not excuse themselves.
    """
    off = (told["found"] - told["expected"]) ** 2 / told["spread"].clip(lower=TINY)
    trimmed = off.where(off <= off.groupby(told["kind"]).transform("quantile", 1 - TRIM_SHARE))
    weight = told["spread"].where(trimmed.notna())
    sums = (trimmed * weight).groupby(told["kind"]).transform("sum")
    factor = np.maximum(sums / weight.groupby(told["kind"]).transform("sum").clip(lower=TINY), 1)
    return told.assign(chance=_chance(told["found"], told["expected"], told["spread"] * factor))


def _chance(found: pd.Series, expected: pd.Series, spread: pd.Series) -> np.ndarray:
    """Return P(as many or more): negative binomial, or Poisson where the spread is no wider."""
    k = found.to_numpy(dtype="float64")
    mean = np.maximum(expected.to_numpy(), TINY)
    wide = np.maximum(spread.to_numpy(), mean * (1 + 1e-9))
    size = mean**2 / (wide - mean)
    many = np.where(
        spread.to_numpy() > mean * (1 + 1e-6),
        betainc(np.maximum(k, 1), size, 1 - mean / wide),
        gammainc(np.maximum(k, 1), mean),
    )
    return np.where(k >= LEAST_FOUND, many, 1.0)


def _hands(seen: pd.DataFrame) -> pd.DataFrame:
    """Return for each card the hand that serves it most unusually often, and the chance.

    A hand serves what share of the fills of one fuel in its shifts; the more hands there are, the
    more likely one of them stands out.
    """
    rows = seen[seen["hand"] != ""]
    place = ["station_id", "shift", "fuel"]
    hands = rows.groupby([*place, "hand"]).size().rename("served").reset_index()
    hands["share"] = hands["served"] / hands.groupby(place)["served"].transform("sum")
    own = rows.groupby([*WHO, "shift", "fuel"], as_index=False).agg(
        kind=("kind", "first"), fills=("sale_id", "size")
    )
    met = own.merge(hands, on=place)
    met["expected"] = met["fills"] * met["share"]
    met["spread"] = met["expected"] * (1 - met["share"])
    told = met.groupby([*WHO, "hand"], as_index=False).agg(
        kind=("kind", "first"), of=("fills", "sum"), expected=("expected", "sum"),
        spread=("spread", "sum"),
    )  # fmt: skip
    served = rows.groupby([*WHO, "hand"]).size().rename("found").reset_index()
    told = told.merge(served, on=[*WHO, "hand"], how="left").fillna({"found": 0})
    told = _with_chance(told)
    tried = told.groupby(WHO)["hand"].transform("size")
    told = told.assign(
        chance=(told["chance"] * tried).clip(upper=1.0), usual=told["expected"] / told["of"]
    )
    return told.sort_values("chance", kind="stable").drop_duplicates(WHO)

"""A change of rules is tried on past sales: all at once the same points as one by one."""

from collections import Counter
from dataclasses import asdict
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.loyalty import simulate
from station.loyalty.earning import concerned, earn, facts_of
from station.loyalty.programme import Count, Over, Rounding, Stacking, Version
from station.model import Fuel, Unit, day_date

from loyalty.receipts import WEDNESDAY, make_line, make_member, make_version, schemes  # isort: skip

LEVELS = ("", "silver", "gold")
PRODUCTS = (("G92", "petrol", "l"), ("G95", "petrol", "l"), ("D0", "diesel", "l"),
            ("CNG", "gas", "m3"), ("香烟", "none", "pc"), ("水", "none", "pc"))  # fmt: skip


def drawn(seed: int, count: int, members: int = 5, days: int = 70) -> pd.DataFrame:
    """Return lines of some members, several to a receipt, of all kinds."""
    draw = np.random.default_rng(seed)
    member = draw.integers(0, members, count)
    product = draw.integers(0, len(PRODUCTS), count)
    receipt = np.sort(draw.integers(0, max(count // 2, 1), count))
    day = WEDNESDAY + receipt * days // max(int(receipt.max(initial=0)) + 1, 1)
    of_receipt = {name: member[np.searchsorted(receipt, receipt)] for name in ("member_id",)}
    level = np.array(LEVELS, dtype=object)[of_receipt["member_id"] % 3]
    codes, fuels, units = (
        np.array(column, dtype=object)[product] for column in zip(*PRODUCTS, strict=True)
    )
    amount = draw.integers(-500, 40_000, count)
    return pd.DataFrame(
        {
            "sale_id": np.arange(count), "receipt": receipt, **of_receipt, "station": "S1",
            "day": day, "hour": draw.integers(-1, 24, count), "product": codes, "fuel": fuels,
            "unit": units, "quantity_milli": draw.integers(-5_000, 60_000, count),
            "amount_minor": amount, "points_minor": draw.integers(0, 2, count) * 300,
            "currency": "CNY", "card": "", "level": level, "grade": "A",
            "birthday": 312 + of_receipt["member_id"] % 9,
        }
    )  # fmt: skip


def one_by_one(lines: pd.DataFrame, version: Version) -> pd.DataFrame:
    """Return what `earning.earn` gives, receipt by receipt, with all that it must remember."""
    days, months, counted = Counter[Any](), Counter[Any](), dict[int, Counter[str]]()
    told = {}
    for _, rows in lines.groupby("receipt"):
        own = [make_line(**_line(row)) for row in rows.to_dict("records")]
        who, day = rows.iloc[0]["member_id"], int(rows.iloc[0]["day"])
        month = day_date(day).replace(day=1)
        member = make_member(
            level=rows.iloc[0]["level"], grade="A", birthday=int(rows.iloc[0]["birthday"]),
            earned_day=days[who, day], earned_month=months[who, month],
            counted=counted.setdefault(who, Counter()),
        )  # fmt: skip
        for award in earn(own, member, version):
            told[award.sale_id] = (award.points, award.base_points)
            days[who, day] += award.points
            months[who, month] += award.points
        for line in own:
            counted[who].update(concerned(line, facts_of(line, member), version) or {})
    return pd.DataFrame.from_dict(told, orient="index", columns=["points", "base_points"])


def _line(row: dict[Any, Any]) -> dict[str, Any]:
    known = asdict(make_line())
    told = {name: row[name] for name in known}
    return told | {"fuel": Fuel(row["fuel"]), "unit": Unit(row["unit"])}


def version_of(draw: st.DataObject) -> Version:
    """Return a version of several rules, multipliers, caps and exclusions."""
    kinds = [st.sampled_from([kind.value for kind in kinds]) for kinds in (Count, Rounding, Over)]
    whens = [{}, {"fuels": ["petrol"]}, {"weekdays": ["thursday"]}, {"hours": [20, 6]}]
    rules = [
        {
            "name": f"r{n}", "points": draw.draw(st.integers(1, 5)), "of": of,
            "per": draw.draw(st.integers(1, 30)), "when": draw.draw(st.sampled_from(whens)),
            **dict(zip(("count", "rounding", "over"), map(draw.draw, kinds), strict=True)),
        }
        for n, of in enumerate(draw.draw(st.lists(st.sampled_from(["money", "l"]), max_size=3)))
    ]  # fmt: skip
    multipliers = [
        {"name": f"m{n}", "percent": percent, "when": when}
        for n, (percent, when) in enumerate(
            [(150, {"fuels": ["petrol"]}), (200, {"birthday": "month"}), (120, {"hours": [8, 20]})]
        )
    ]
    caps = draw.draw(st.sampled_from([{}, {"line": 40}, {"day": 60}, {"day": 90, "month": 300}]))
    return make_version(
        earning={
            "rules": rules, "multipliers": multipliers, "exclude": [{"words": ["烟"]}],
            "stacking": draw.draw(st.sampled_from([s.value for s in Stacking])), "caps": caps,
            "earns_on_points": draw.draw(st.booleans()),
        }
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_all_lines_at_once_earn_what_they_do_one_by_one(seed: int, draw: st.DataObject) -> None:
    lines, version = drawn(seed, 60), version_of(draw)

    at_once = simulate.earned(lines, version)

    expected = one_by_one(lines, version)
    pd.testing.assert_frame_equal(at_once, expected.loc[at_once.index], check_dtype=False)


@pytest.mark.parametrize("name", sorted(schemes()))
def test_every_published_scheme_earns_alike_at_once(name: str) -> None:
    lines, version = drawn(3, 120), schemes()[name]

    at_once = simulate.earned(lines, version)

    expected = one_by_one(lines, version)
    pd.testing.assert_frame_equal(at_once, expected.loc[at_once.index], check_dtype=False)


@pytest.mark.parametrize("caps", [{"line": 40}, {"day": 60}, {"month": 300, "day": 90}])
def test_caps_are_filled_alike_at_once(caps: dict[str, int]) -> None:
    lines = drawn(4, 200)
    version = make_version(earning={"rules": [{"name": "yuan"}], "caps": caps})

    at_once = simulate.earned(lines, version)

    expected = one_by_one(lines, version)
    pd.testing.assert_frame_equal(at_once, expected.loc[at_once.index], check_dtype=False)


def test_a_change_is_told_in_points_money_and_members() -> None:
    lines = pd.DataFrame({**drawn(1, 3), "amount_minor": [10_000, 5_000, 300]}).assign(
        member_id=[1, 2, 3], product="G92", fuel="petrol", unit="l", quantity_milli=30_000,
        points_minor=0, station=["S1", "S1", "S2"], day=WEDNESDAY,
    )  # fmt: skip
    rule = {"name": "yuan"}
    old = make_version(earning={"rules": [rule]})
    new = make_version(earning={"rules": [rule | {"per": 2}], "gifts": []})

    told = simulate.effect(lines, old, new)

    assert (told.points_before, told.points_after) == (153, 76)
    assert (told.worth_before_minor, told.worth_after_minor) == (153, 76)
    assert (told.gaining, told.losing, told.lines) == (0, 3, 3)
    assert told.members.to_dict("records")[0] == {"member_id": 1, "before": 100, "after": 50}
    assert told.stations["after"].tolist() == [75, 1]
    assert told.months["before"].tolist() == [153]


def test_the_first_rules_are_compared_with_nothing() -> None:
    told = simulate.effect(drawn(1, 50), None, schemes()["usual"])

    assert (told.points_before, told.worth_before_minor, told.losing) == (0, 0, 0)
    assert told.points_after > 0


def test_no_sales_have_no_effect() -> None:
    told = simulate.effect(drawn(1, 5).head(0), schemes()["usual"], schemes()["jilin"])

    assert (told.points_before, told.points_after, len(told.members)) == (0, 0, 0)


def test_lines_are_not_changed() -> None:
    lines = drawn(2, 30)
    before = lines.copy()

    simulate.effect(lines, None, schemes()["four_levels"])

    pd.testing.assert_frame_equal(lines, before)


def test_levels_are_counted_as_they_would_stand() -> None:
    deeds = pd.DataFrame(
        {"member_id": [1, 1, 2, 3], "day": WEDNESDAY, "amount": [3, 3, 5, 0]}
    ).groupby(["member_id", "day"], as_index=False).sum()  # fmt: skip

    told = simulate.levels(deeds, schemes()["shell_fills"], WEDNESDAY)

    assert told.to_dict() == {"gold": 1, "": 2}


@pytest.mark.slow
def test_a_year_of_sales_is_tried_within_seconds() -> None:
    lines = drawn(5, 300_000, members=20_000, days=365)

    began = perf_counter()
    simulate.effect(lines, schemes()["usual"], schemes()["four_levels"])

    assert perf_counter() - began < 10

"""What is worth a look is listed first, what is usual for a kind is not, and nobody is accused."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from nights import by_night

from station.analysis import oddities
from station.analysis.oddities import EXPLAINED, FILLS, Evidence, Oddity, OddityRules, find
from station.text import LANGUAGES, say

RULES = OddityRules()
AS_OF = 20_600
NOZZLES = [f"N{n}" for n in range(1, 7)]


def drawn(draw: np.random.Generator, subject: Any, fills: int, **changes: Any) -> pd.DataFrame:
    """Return ordinary fills of one card (or one card each) in four weeks, but for `changes`."""
    hour = draw.integers(6, 23, fills)
    rows = pd.DataFrame(
        {
            "station_id": 1, "subject_id": subject, "day": AS_OF - draw.integers(0, 28, fills),
            "minute": hour * 60 + draw.integers(0, 60, fills),
            "shift": np.where(hour < 15, "early", "late"), "hand": draw.choice(NOZZLES, fills),
            "kind": "private", "card": "", "fuel": "petrol", "is_electric": False,
            "quantity_milli": draw.normal(35_000, 6_000, fills).astype("int64"),
            "amount_minor": draw.integers(15_000, 35_000, fills),
            "seen_id": np.where(draw.random(fills) < 0.9, subject, 0), "bound_id": subject,
            "is_refunded": draw.random(fills) < 0.002, "is_claimed": draw.random(fills) < 0.01,
            "is_multiplied": draw.random(fills) < 0.15, "points": 250,
        }
    )  # fmt: skip
    round_too = draw.random(fills) < 0.3
    rows["amount_minor"] = rows["amount_minor"].mask(round_too, 20_000)
    return rows.assign(**changes)


@cache
def ordinary(seed: int = 1) -> tuple[pd.DataFrame, ...]:
    """Return 600 private cars, 60 taxis that come often and pay round sums, 40 lorries."""
    draw = np.random.default_rng(seed)

    def cards(first: int, count: int, low: int, high: int, **changes: Any) -> pd.DataFrame:
        subjects = np.repeat(np.arange(first, first + count), draw.integers(low, high, count))
        return drawn(draw, subjects, len(subjects), **changes)

    return (
        cards(1, 600, 2, 7),
        cards(1001, 60, 25, 60, kind="taxi", amount_minor=20_000),
        cards(2001, 40, 5, 14, kind="truck_heavy", fuel="diesel").assign(
            quantity_milli=lambda rows: rows["quantity_milli"] * 8
        ),
    )


def odd(seed: int = 2) -> dict[str, pd.DataFrame]:
    """Return a card of each way in which a card may be unusual."""
    draw = np.random.default_rng(seed)
    fills = 14
    days = AS_OF - np.arange(fills) // 2
    minutes = 600 + np.arange(fills) % 2 * 8
    return {
        "soon_again": drawn(draw, 9001, fills, day=days, minute=minutes),
        "other_fuel": drawn(draw, 9002, fills, fuel=["petrol", "diesel"] * (fills // 2)),
        "other_plate": drawn(draw, 9003, fills, seen_id=np.arange(fills) + 7_000),
        "one_hand": drawn(draw, 9004, fills, hand="N3"),
        "refunded": drawn(draw, 9005, fills, is_refunded=[True, False] * (fills // 2)),
        "claimed": drawn(draw, 9006, fills, is_claimed=True),
        "multiplied": drawn(draw, 9007, fills, is_multiplied=True),
        "no_tank": drawn(draw, 9008, fills, is_electric=True),
    }


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    fills = pd.concat(parts, ignore_index=True)
    return fills.assign(sale_id=np.arange(1, len(fills) + 1))[list(FILLS)]


@pytest.fixture(scope="module")
def listed() -> list[Oddity]:
    return find(joined([*ordinary(), *odd().values()]), RULES, as_of_day=AS_OF)


def test_nineteen_of_twenty_chains_without_anything_odd_have_no_list() -> None:
    seeds = by_night(20, by_day=4)

    lists = [find(joined(ordinary(seed)), RULES, as_of_day=AS_OF) for seed in range(seeds)]

    assert sum(bool(listed) for listed in lists) <= 1


def test_every_unusual_card_is_listed_by_its_sign(listed: list[Oddity]) -> None:
    first = {oddity.subject_id: [e.sign for e in oddity.evidence] for oddity in listed}

    wanted = {9001 + n: sign for n, sign in enumerate(odd())}
    assert {who: sign for who, sign in wanted.items() if sign not in first.get(who, [])} == {}


def test_a_taxi_that_comes_daily_and_pays_round_sums_is_not_listed(listed: list[Oddity]) -> None:
    assert [oddity for oddity in listed if oddity.kind == "taxi"] == []


def test_of_the_list_no_more_than_a_fifth_is_chance(listed: list[Oddity]) -> None:
    chance = [oddity for oddity in listed if oddity.subject_id < 9_000]

    assert len(chance) <= RULES.false_share * len(listed)


def test_the_list_has_no_more_than_a_week_can_take_and_begins_with_the_least_likely() -> None:
    many = [
        part.assign(subject_id=part["subject_id"] + 100 * n)
        for n in range(4)
        for part in odd(n).values()
    ]

    told = find(joined([*ordinary(), *many]), RULES, as_of_day=AS_OF)

    assert len(told) == RULES.most_week
    assert [one.chance for one in told] == sorted(one.chance for one in told)


def test_the_evidence_names_the_very_fills(listed: list[Oddity]) -> None:
    fills = joined([*ordinary(), *odd().values()]).set_index("sale_id")
    refunded = next(one for one in listed if one.subject_id == 9005)
    evidence = next(e for e in refunded.evidence if e.sign == "refunded")

    own = fills[(fills["subject_id"] == 9005) & fills["is_refunded"]]
    assert set(evidence.ids) == set(own.index)
    assert (evidence.facts["found"], evidence.facts["of"]) == (7, 14)
    assert refunded.points >= own["points"].sum()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("sign", [*oddities.SIGNS, oddities.CONCENTRATION, *oddities.DEED_SIGNS])
def test_every_sign_is_told_by_its_numbers(lang: str, sign: str) -> None:
    said = say(lang, f"oddities.{sign}", found=7, of=14, usual=0.021, hand="N3")

    assert Evidence(sign, {}, ()).key == f"oddities.{sign}"
    assert all(number in said for number in ("7", "14", "2.1%"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_sentence_accuses_anybody(lang: str) -> None:
    words = {
        "zh": ("作弊", "欺诈", "盗", "骗", "嫌疑"),
        "en": ("fraud", "theft", "cheat", "suspect"),
    }
    told = [say(lang, f"oddities.{s}", found=1, of=2, usual=0.1, hand="x") for s in oddities.SIGNS]

    assert [text for text in told if any(word in text for word in words[lang])] == []


def test_what_was_explained_is_left_out_while_the_explanation_holds() -> None:
    fills = joined([*ordinary(), odd()["claimed"]])
    told = pd.DataFrame([(1, 9006, "claimed", AS_OF, 14)], columns=list(EXPLAINED))

    assert [one.subject_id for one in find(fills, RULES, as_of_day=AS_OF)] == [9006]
    assert find(fills, RULES, as_of_day=AS_OF, explained=told) == []
    over = told.assign(until_day=AS_OF - 1)
    assert len(find(fills, RULES, as_of_day=AS_OF, explained=over)) == 1


@pytest.mark.parametrize(("found", "is_listed"), [(14, False), (8, False), (7, True), (2, True)])
def test_what_became_clearly_more_frequent_than_explained_is_listed(
    found: int, is_listed: bool
) -> None:
    fills = joined([*ordinary(), odd()["claimed"]])
    told = pd.DataFrame([(1, 9006, "claimed", AS_OF, found)], columns=list(EXPLAINED))

    listed = find(fills, RULES, as_of_day=AS_OF, explained=told)

    assert [one.subject_id for one in listed] == ([9006] if is_listed else [])


def deeds(seed: int, sign: str = "adjusted") -> pd.DataFrame:
    """Return movements of the points of 200 members, and of one of whom half are corrections."""
    draw = np.random.default_rng(seed)
    subject = np.append(draw.integers(20_000, 20_200, 2_000), np.full(12, 20_500))
    is_odd = np.append(draw.random(2_000) < 0.01, np.arange(12) % 2 == 0)
    return pd.DataFrame(
        {"deed_id": np.arange(len(subject)), "station_id": 1, "subject_id": subject,
         "day": AS_OF - np.arange(len(subject)) % 28, "kind": "member", "sign": sign,
         "is_odd": is_odd, "points": 30}
    )  # fmt: skip


def test_a_member_whose_points_are_corrected_by_hand_is_listed_with_these_movements() -> None:
    (one,) = find(joined(ordinary()).head(0), RULES, as_of_day=AS_OF, deeds=deeds(1))

    (evidence,) = one.evidence
    assert (one.subject_id, one.kind, one.points) == (20_500, "member", 180)
    assert (evidence.sign, evidence.facts["found"], evidence.facts["of"]) == ("adjusted", 6, 12)
    assert set(evidence.ids) == set(range(2_000, 2_012, 2))


def test_members_and_cards_are_told_together_in_any_order() -> None:
    fills, done = joined([*ordinary(), *odd().values()]), deeds(2)

    both = find(fills, RULES, as_of_day=AS_OF, deeds=done)

    mixed = done.sample(frac=1, random_state=4)
    assert find(fills, RULES, as_of_day=AS_OF, deeds=mixed) == both
    assert {*range(9001, 9009), 20_500} <= {one.subject_id for one in both}


def test_without_movements_of_points_there_is_nothing_to_tell() -> None:
    none = deeds(1).head(0)

    assert find(joined(ordinary()).head(0), RULES, as_of_day=AS_OF, deeds=none) == []


def test_two_fills_of_one_day_that_no_tank_takes_bear_their_sign() -> None:
    usual = [part.assign(day=part["sale_id"] % 28 + AS_OF - 27) for part in [joined(ordinary())]]
    twice = odd()["soon_again"].assign(quantity_milli=52_000)

    (one,) = find(joined([*usual, twice]), RULES, as_of_day=AS_OF)

    told = {e.sign: e.facts["found"] for e in one.evidence}
    assert told["more_than_tank"] == 7


def test_the_order_of_the_rows_changes_nothing(listed: list[Oddity]) -> None:
    fills = joined([*ordinary(), *odd().values()]).sample(frac=1, random_state=3)

    assert find(fills, RULES, as_of_day=AS_OF) == listed


def test_what_comes_later_or_lies_too_far_back_is_not_looked_at() -> None:
    fills = joined([*ordinary(), *odd().values()])

    assert find(fills, RULES, as_of_day=AS_OF - 60) == []
    assert find(fills, RULES, as_of_day=AS_OF + 60) == []


def test_once_is_no_pattern() -> None:
    once = drawn(np.random.default_rng(5), 9009, 20, is_claimed=[True] + [False] * 19)
    usual = [part.assign(is_claimed=False) for part in ordinary()]

    told = find(joined([*usual, once]), RULES, as_of_day=AS_OF)

    assert [one for one in told if one.subject_id == 9009] == []


def test_a_few_fills_say_nothing() -> None:
    few = odd()["claimed"].head(RULES.least_fills - 1)

    assert find(joined([*ordinary(), few]), RULES, as_of_day=AS_OF) == []


def test_without_fills_and_hands_and_clocks_there_is_nothing_to_tell() -> None:
    fills = joined(ordinary()).assign(hand="", minute=-1, seen_id=0)

    assert find(fills.head(0), RULES, as_of_day=AS_OF) == []
    assert len(find(fills, RULES, as_of_day=AS_OF)) <= 1


def test_who_is_alone_in_his_kind_is_compared_with_nobody_and_not_listed() -> None:
    alone = drawn(np.random.default_rng(6), 9010, 30, kind="coach", amount_minor=20_000)

    assert find(joined([alone]), RULES, as_of_day=AS_OF) == []

"""A member's level is what his deeds all over the chain make of it, and nothing he spends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from archive.shop import Shop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import make_reversal
from services.points.counter import ANNA, BERT, CARL, NOON, TODAY, Counter, by_card
from services.points.judged import judge
from sqlalchemy import delete
from town import Person, sell, visit

from station.archive.customers import marks
from station.archive.customers.marks import GradeMark
from station.archive.points.tables import point_awards
from station.config import Settings
from station.errors import NotFoundError
from station.loyalty import tiers
from station.loyalty.conditions import When
from station.loyalty.programme import (
    EarnRules,
    Level,
    Measure,
    Multiplier,
    Offer,
    Period,
    Programme,
    TierRules,
    Version,
)
from station.model import Fuel, Sale, day_number
from station.services.customers import merging
from station.services.points import grading, levels, rules
from station.services.points.members import By, Named
from station.text import say

SILVER, GOLD = Level("silver", 4, "银卡", "Silver"), Level("gold", 6, "金卡", "Gold")
MONTH = TierRules(levels=(SILVER, GOLD), days=30, warn_days=7)


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "time", lambda: NOON)


def by_rules(counter: Counter, tier_rules: TierRules = MONTH, **more: Any) -> Counter:
    """Let a programme with these levels hold since long."""
    version = Version("first", date(2020, 1, 1), tiers=tier_rules, **more)
    chosen = replace(Settings(), programme=Programme(versions=(version,)))
    counter.ask = replace(counter.ask, settings=chosen)
    return counter


def fill(counter: Counter, person: Person, *days_ago: int, **changes: object) -> list[Sale]:
    """Let a person fill up so many days ago, and the sale be judged as his."""
    told = [visit(person, ago, natural_key=counter.key(), **changes) for ago in days_ago]
    sell(counter.ask.db, told)
    judge(counter.ask.db, counter.ids[person.code], told)
    return told


def mark(counter: Counter, person: Person, day: int, grade: str) -> None:
    """Let a person have a grade from a day on."""
    with counter.ask.db.writing() as conn:
        new = GradeMark(counter.ids[person.code], day, grade, "", "first", 0)
        marks.add_grades(conn, [new])


def standing(counter: Counter, person: Person) -> levels.Standing:
    return levels.standing(counter.ask, member=by_card(person), lang="en")


def said(counter: Counter, person: Person, lang: str = "en") -> list[str]:
    told = levels.standing(counter.ask, member=by_card(person), lang=lang)
    return [say(lang, key, **facts) for key, facts in told.told]


def test_a_member_is_told_how_many_fills_are_missing_and_for_how_long(anywhere: Counter) -> None:
    by_rules(anywhere)
    fill(anywhere, ANNA, 0, 5, 10, 18)

    assert said(anywhere, ANNA) == ["Silver: 4 of 6 fills for Gold, 11 days left."]
    assert said(anywhere, ANNA, "zh") == ["银卡：4/6 次加油可达“金卡”，还剩 11 天。"]


@pytest.mark.parametrize(("count", "level"), [(0, ""), (3, ""), (4, "silver"), (6, "gold")])
def test_at_the_threshold_a_level_is_reached_and_just_below_not(
    counter: Counter, count: int, level: str
) -> None:
    by_rules(counter)
    if count:
        fill(counter, ANNA, *range(count))

    assert standing(counter, ANNA).level == level


def test_what_a_member_spends_lowers_no_level(anywhere: Counter) -> None:
    by_rules(anywhere, replace(MONTH, measure=Measure.POINTS))
    fill(anywhere, ANNA, 0, 1)
    anywhere.earn(ANNA, 1_000)
    before = standing(anywhere, ANNA)

    anywhere.redeem(ANNA, 1_000)

    assert standing(anywhere, ANNA) == before
    assert before.level == "gold"


def test_two_lines_at_one_station_on_one_day_are_one_fill(anywhere: Counter) -> None:
    by_rules(anywhere)
    fill(anywhere, ANNA, 0, 1, 2)
    fill(anywhere, ANNA, 2, amount_minor=1)
    fill(anywhere, ANNA, 3, fuel=Fuel.NONE, product="SHOP")

    found = standing(anywhere, ANNA).standing

    assert found is not None
    assert found.have == 3


def test_what_is_done_at_any_station_counts_and_a_merged_record_is_he(anywhere: Counter) -> None:
    by_rules(anywhere)
    fill(anywhere, ANNA, 0, 1)
    fill(anywhere, CARL, 2, 3)
    kept, gone = (anywhere.ids[one.code] for one in (ANNA, CARL))
    merging.merge(anywhere.ask, kept_id=kept, gone_id=gone, reason="one telephone")

    assert standing(anywhere, ANNA).level == "silver"
    assert standing(anywhere, CARL).level == "silver"
    with anywhere.ask.db.reading() as conn:
        assert grading.level_of(conn, anywhere.ask, gone, TODAY + 1) == "silver"


def test_what_is_taken_back_counts_no_more(anywhere: Counter) -> None:
    by_rules(anywhere)
    (sale, *_) = fill(anywhere, ANNA, 0, 1, 2, 3)
    with anywhere.ask.db.writing() as conn:
        Shop(conn).take_back([make_reversal(sale)])

    assert standing(anywhere, ANNA).level == ""


@pytest.mark.parametrize(
    ("measure", "have"),
    [(Measure.FILLS, 2), (Measure.LITRES, 60), (Measure.MONEY, 450), (Measure.POINTS, 60)],
)
def test_each_measure_counts_what_it_says(anywhere: Counter, measure: Measure, have: int) -> None:
    by_rules(anywhere, replace(MONTH, measure=measure))
    fill(anywhere, ANNA, 0, 1)

    found = standing(anywhere, ANNA).standing

    assert found is not None
    assert found.have == have


def test_a_sale_is_judged_by_the_level_of_before_its_day(counter: Counter) -> None:
    by_rules(counter, offers=(Offer("wash", when=When(levels=("silver",))),))
    fill(counter, ANNA, 0, 1, 2, 3)
    anna = counter.ids[ANNA.code]

    with counter.ask.db.reading() as conn:
        found = [
            grading.level_of(conn, counter.ask, anna, TODAY + ahead) for ahead in (0, 1, 26, 27)
        ]

    assert found == ["", "silver", "silver", ""]


def test_a_benefit_says_by_what_it_is_had(counter: Counter) -> None:
    more: Mapping[str, Any] = {
        "earning": EarnRules(
            multipliers=(Multiplier("double", 200, When(levels=("silver",)), en="Double"),)
        ),
        "offers": (
            Offer("wash", when=When(grades=("A",)), en="Free wash"),
            Offer("oil", when=When(grades=("B",)), en="Oil change"),
            Offer("mug", points=5, when=When(grades=("A",)), en="Mug"),
        ),
    }
    by_rules(counter, **more)
    fill(counter, ANNA, 0, 1, 2, 3)
    mark(counter, ANNA, TODAY - 40, "A")

    told = standing(counter, ANNA)

    assert [say("en", key, **facts) for key, facts in told.benefits] == [
        "Double: for members of the level Silver.",
        "Free wash: for customers of grade A.",
    ]
    assert [say("en", key, **facts) for key, facts in told.because] == [
        "Grade A for this month, by what the last 365 days brought."
    ]


def test_without_rules_nobody_has_a_level(counter: Counter) -> None:
    told = standing(counter, ANNA)

    assert (told.told, told.benefits, told.level) == ((), (), "")
    assert levels.overview(counter.ask, lang="en").counts == ()


def test_a_page_is_told_how_many_have_which_level_and_who_falls_soon(anywhere: Counter) -> None:
    by_rules(anywhere)
    fill(anywhere, ANNA, 0, 25, 26, 27)
    fill(anywhere, BERT, 0, 1, 2, 3)

    told = levels.overview(anywhere.ask, lang="en")

    assert told.counts == (("", 1), ("Silver", 2), ("Gold", 0))
    (row,) = told.falling.to_dict("records")
    assert (row["customer_id"], row["level"], row["to"], row["keep"]) == (
        anywhere.ids[ANNA.code],
        "Silver",
        "",
        1,
    )
    assert row["name"].startswith("甲*")
    assert row["day"] == day_number(date(2026, 9, 4))


def test_a_page_counts_whom_its_stations_know_by_what_they_did_anywhere(counter: Counter) -> None:
    by_rules(counter)
    fill(counter, ANNA, 0, 1, 2, 3, station="S2")

    there = levels.overview(counter.ask, lang="en", stations=["S2"])

    assert there.counts == (("", 1), ("Silver", 1), ("Gold", 0))  # Carl is registered there
    with pytest.raises(NotFoundError):
        levels.overview(counter.ask, lang="en", stations=["S9"])


def test_who_is_nobody_has_no_standing(counter: Counter) -> None:
    with pytest.raises(NotFoundError):
        levels.standing(by_rules(counter).ask, member=Named(By.PLATE, "粤B99999"), lang="en")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(
    days=st.lists(st.integers(0, 120), min_size=1, max_size=10, unique=True),
    rules=st.builds(
        TierRules,
        measure=st.sampled_from([Measure.FILLS, Measure.LITRES]),
        period=st.sampled_from(Period),
        days=st.integers(1, 60),
        grace_days=st.integers(0, 30),
        levels=st.just((Level("one", 1), Level("two", 2), Level("many", 90))),
    ),
)
def test_the_archive_says_what_the_rules_say_of_the_same_deeds(
    counter: Counter, days: list[int], rules: TierRules
) -> None:
    by_rules(counter, rules)
    with counter.ask.db.writing() as conn:
        conn.execute(delete(point_awards))
    fill(counter, ANNA, *days)
    each = 1 if rules.measure is Measure.FILLS else 30_000

    told = standing(counter, ANNA)

    assert told.standing == tiers.standing({TODAY - ago: each for ago in days}, rules, TODAY)

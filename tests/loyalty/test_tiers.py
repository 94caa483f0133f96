"""A level is reached, held and lost as its rules say, and says so with true numbers."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.loyalty import tiers
from station.loyalty.programme import Level, Measure, Period, TierRules
from station.model import day_number
from station.text import LANGUAGES, say

SILVER, GOLD = Level("silver", 4, "银卡", "silver"), Level("gold", 6, "金卡", "gold")
DAY = day_number(date(2026, 3, 20))


def rules_of(**changes: Any) -> TierRules:
    return TierRules(**({"levels": (SILVER, GOLD), "days": 30} | changes))


def fills(*days: int) -> dict[int, int]:
    return dict.fromkeys(days, 1)


def said(deeds: dict[int, int], rules: TierRules, lang: str, day: int = DAY) -> list[str]:
    standing = tiers.standing(deeds, rules, day)
    return [say(lang, key, **facts) for key, facts in tiers.told(standing, rules, lang)]


QUARTER = rules_of(period=Period.QUARTER)
IN_MARCH = fills(*range(DAY - 10, DAY - 6))


def test_a_level_says_what_is_missing_and_how_long_it_counts() -> None:
    assert said(IN_MARCH, QUARTER, "en") == ["silver: 4 of 6 fills for gold, 11 days left."]
    assert said(IN_MARCH, QUARTER, "zh") == ["银卡：4/6 次加油可达“金卡”，还剩 11 天。"]


def test_before_a_level_is_lost_it_says_what_would_keep_it() -> None:
    deeds = fills(*range(day_number(date(2025, 12, 1)), day_number(date(2025, 12, 7))), DAY)

    assert said(deeds, QUARTER, "en") == [
        "gold, the highest level. Fills so far: 1.",
        "gold is kept by so many more fills before 1 Apr 2026: 5. Else no level is left.",
    ]


@pytest.mark.parametrize(
    ("count", "level", "missing"),
    [(0, "", 4), (3, "", 1), (4, "silver", 2), (5, "silver", 1), (6, "gold", 0), (99, "gold", 0)],
)
def test_at_the_threshold_the_level_is_reached_and_just_below_not(
    count: int, level: str, missing: int
) -> None:
    found = tiers.standing({DAY: count}, rules_of(), DAY)

    assert (found.level.name, found.missing) == (level, missing)


def test_a_fill_counts_for_as_many_days_as_the_window_has() -> None:
    deeds = {DAY: 4}
    rules = rules_of()

    assert tiers.standing(deeds, rules, DAY).days_left == 29
    assert tiers.standing(deeds, rules, DAY + 29).level == SILVER
    assert tiers.standing(deeds, rules, DAY + 30).level == tiers.NONE


def test_grace_lets_a_level_live_longer_than_what_it_was_reached_by() -> None:
    deeds = {DAY: 4}
    rules = rules_of(grace_days=10)

    assert tiers.standing(deeds, rules, DAY + 39).level == SILVER
    assert tiers.standing(deeds, rules, DAY + 40).level == tiers.NONE


def test_with_grace_what_still_counts_on_the_evening_before_need_not_be_done_again() -> None:
    deeds = {DAY: 1, DAY + 1: 1, DAY + 5: 2}

    fall = tiers.standing(deeds, rules_of(grace_days=1), DAY + 10).fall

    assert fall is not None
    assert (fall.day, fall.keep) == (DAY + 31, 1)


def test_a_level_of_a_period_holds_to_the_end_of_the_next() -> None:
    deeds = {DAY: 6}

    last = day_number(date(2026, 6, 30))
    assert tiers.standing(deeds, QUARTER, last).level == GOLD
    assert tiers.standing(deeds, QUARTER, last + 1).level == tiers.NONE


def test_what_comes_after_the_day_is_not_known_on_it() -> None:
    assert tiers.standing({DAY + 1: 6}, rules_of(), DAY).level == tiers.NONE


@pytest.mark.parametrize(("days_before", "warned"), [(31, False), (30, True), (1, True)])
def test_a_fall_is_told_thirty_days_before(days_before: int, warned: bool) -> None:
    rules = rules_of(days=60)

    fall = tiers.standing({DAY: 4}, rules, DAY + 60 - days_before).fall

    assert fall is not None
    assert (fall.day, fall.is_near) == (DAY + 60, warned)


def test_a_lowest_level_for_nothing_is_never_lost() -> None:
    rules = rules_of(levels=(Level("ordinary", 0), GOLD))

    found = tiers.standing({}, rules, DAY)

    assert (found.level.name, found.fall) == ("ordinary", None)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize("levels", [(SILVER, GOLD), (Level("all", 0), SILVER, GOLD)])
def test_every_standing_is_told_in_both_languages(
    lang: str, measure: Measure, levels: tuple[Level, ...]
) -> None:
    unit = tiers.unit_of(measure, "CNY")
    rules = rules_of(measure=measure, levels=levels)

    for have in (0, 4, 6):
        sentences = said({DAY - 20: have * unit}, rules, lang)
        assert len(sentences) == (1 if have == 0 else 2)


# --- laws -----------------------------------------------------------------------------------------

DEEDS = st.dictionaries(st.integers(DAY - 300, DAY), st.integers(1, 3), max_size=12)
RULES = st.builds(
    rules_of,
    period=st.sampled_from(Period),
    days=st.integers(1, 120),
    grace_days=st.integers(0, 40),
)


@given(DEEDS, RULES)
def test_a_fall_comes_on_its_day_and_not_before(deeds: dict[int, int], rules: TierRules) -> None:
    found = tiers.standing(deeds, rules, DAY)
    until = found.fall.day if found.fall else DAY + 400

    levels = {tiers.held(deeds, rules, day, 1) for day in range(DAY, until)}

    assert levels == {found.level}
    assert found.fall is None or tiers.held(deeds, rules, until, 1) == found.fall.to


@given(DEEDS, RULES)
def test_what_is_said_to_keep_a_level_keeps_it_and_less_does_not(
    deeds: dict[int, int], rules: TierRules
) -> None:
    found = tiers.standing(deeds, rules, DAY)
    if found.fall is None or found.fall.day - 1 <= DAY:
        return
    evening, keep = found.fall.day - 1, found.fall.keep

    kept = tiers.held(deeds | {evening: keep}, rules, found.fall.day, 1)
    less = tiers.held(deeds | {evening: keep - 1}, rules, found.fall.day, 1)

    assert keep > 0
    assert kept.least >= found.level.least
    assert less.least < found.level.least


@given(DEEDS, RULES)
def test_what_is_missing_reaches_the_level_above_and_less_does_not(
    deeds: dict[int, int], rules: TierRules
) -> None:
    found = tiers.standing(deeds, rules, DAY)
    if found.above is None:
        return

    def after(more: int) -> Level:
        return tiers.standing(deeds | {DAY: deeds.get(DAY, 0) + more}, rules, DAY).level

    assert after(found.missing) == found.above
    assert after(found.missing - 1) == found.level


@given(DEEDS, RULES)
def test_what_counts_today_counts_for_the_days_left_and_no_longer(
    deeds: dict[int, int], rules: TierRules
) -> None:
    found = tiers.standing(deeds, rules, DAY)

    last = DAY + found.days_left
    assert tiers.score(deeds, rules, last) == found.have
    assert found.have == 0 or tiers.score(deeds, rules, last + 1) < found.have

"""A version holds from its day on and is never rewritten; a wrong rule is refused by its place."""

import re
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from station.config import Settings, build
from station.errors import ConfigError
from station.loyalty import programme
from station.loyalty.conditions import When
from station.loyalty.earning import earn
from station.loyalty.programme import Programme, Version
from station.model import day_number
from station.text import LANGUAGES, say

from loyalty.receipts import NOBODY, make_line, make_version, schemes  # isort: skip

DOCS = Path(__file__).parents[2] / "docs"
FIRST = date(2026, 1, 1)


def versions(*starts: date) -> Programme:
    return Programme(versions=tuple(Version(f"v{n}", day) for n, day in enumerate(starts)))


# --- versions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "name"),
    [
        (date(2025, 12, 31), None),
        (FIRST, "v0"),
        (date(2026, 2, 28), "v0"),
        (date(2026, 3, 1), "v1"),
        (date(2036, 1, 1), "v1"),
    ],
)
def test_a_version_holds_from_its_day_until_the_next(on: date, name: str | None) -> None:
    found = programme.at(versions(FIRST, date(2026, 3, 1)), day_number(on))

    assert (found.name if found else None) == name


def test_without_a_version_there_are_no_points() -> None:
    assert programme.at(Programme(), 0) is None


def test_the_same_sale_and_version_give_the_same_points_whatever_comes_later() -> None:
    old = make_version(earning={"rules": [{"name": "yuan"}]})
    later = replace(old, name="later", starts=date(2026, 6, 1))

    found = programme.at(Programme(versions=(old, later)), make_line().day)

    assert found == old
    assert earn([make_line()], NOBODY, found) == earn([make_line()], NOBODY, old)


@pytest.mark.parametrize("name", sorted(schemes()))
def test_every_rule_is_in_the_mark_and_no_word_is(name: str) -> None:
    version = schemes()[name]
    rule = version.earning.rules[0]

    def with_rule(**changes: Any) -> str:
        rules = (replace(rule, **changes), *version.earning.rules[1:])
        return programme.mark(replace(version, earning=replace(version.earning, rules=rules)))

    assert with_rule() == programme.mark(version)
    assert with_rule(zh="改名", en="called otherwise") == programme.mark(version)
    assert with_rule(points=rule.points + 1) != programme.mark(version)
    assert with_rule(when=replace(rule.when, month_days=(9,))) != programme.mark(version)


def test_no_two_schemes_have_one_mark() -> None:
    marks = {programme.mark(replace(v, name="", starts=FIRST)) for v in schemes().values()}

    assert len(marks) == len(schemes())


def test_a_mark_is_the_same_in_every_process() -> None:
    assert programme.mark(schemes()["sinopec_card"]) == "739f79a8e9395e37"


def test_what_held_already_cannot_be_told_otherwise() -> None:
    told = versions(FIRST, date(2026, 6, 1))
    today = day_number(date(2026, 4, 1))
    known = programme.marks(told, today)
    first, second = told.versions

    assert programme.rewritten(told, known, today) == []
    changed = replace(first, currency="USD")
    assert programme.rewritten(replace(told, versions=(changed, second)), known, today) == ["v0"]
    assert programme.rewritten(replace(told, versions=(second,)), known, today) == ["v0"]


def test_what_is_to_come_may_still_change() -> None:
    told = versions(FIRST, date(2026, 6, 1))
    today = day_number(date(2026, 4, 1))
    first, second = told.versions
    changed = replace(told, versions=(first, replace(second, currency="USD")))

    assert programme.rewritten(changed, programme.marks(told, today), today) == []


@given(st.lists(st.dates(), min_size=1, max_size=5, unique=True), st.dates())
def test_of_all_versions_that_started_the_last_holds(starts: list[date], on: date) -> None:
    found = programme.at(versions(*sorted(starts)), day_number(on))

    started = [day for day in starts if day <= on]
    assert (found.starts if found else None) == max(started, default=None)


# --- what is refused ------------------------------------------------------------------------------

GOOD = {
    "name": "first",
    "starts": FIRST,
    "earning": {"rules": [{"name": "yuan"}]},
    "tiers": {"levels": [{"name": "silver", "least": 5}, {"name": "gold", "least": 9}]},
}
WRONG: list[tuple[str, str, str]] = [
    ("zone: Mars/Base", "zone", "programme.zone"),
    ("versions: [{starts: 2026-01-01}]", "name", "programme.versions.1.name"),
    ("versions: [{name: a}]", "no_start", "programme.versions.1.starts"),
    (
        "versions: [{name: a, starts: 2026-02-01}, {name: b, starts: 2026-02-01}]",
        "order",
        "programme.versions.2.starts",
    ),
    (
        "versions: [{name: a, starts: 2026-02-01}, {name: a, starts: 2026-03-01}]",
        "twice",
        "programme.versions.2.name",
    ),
]
WRONG_IN_VERSION: list[tuple[str, str, str]] = [
    ("currency: yuan", "currency", "currency"),
    ("earning: {rules: [{points: 5}]}", "name", "earning.rules.1.name"),
    ("earning: {rules: [{name: a, points: 0}]}", "number", "earning.rules.1.points"),
    ("earning: {rules: [{name: a, per: 0}]}", "number", "earning.rules.1.per"),
    ("earning: {rules: [{name: a}, {name: a}]}", "twice", "earning.rules.2.name"),
    ("earning: {multipliers: [{name: a, percent: -5}]}", "number", "earning.multipliers.1.percent"),
    ("earning: {caps: {day: 0}}", "number", "earning.caps.day"),
    ("earning: {exclude: [{}]}", "everything", "earning.exclude.1"),
    ("earning: {exclude: [{words: ['']}]}", "blank", "earning.exclude.1"),
    ("earning: {exclude: [{hours: [7]}]}", "hours", "earning.exclude.1.hours"),
    ("earning: {exclude: [{hours: [7, 25]}]}", "hours", "earning.exclude.1.hours"),
    ("earning: {exclude: [{hours: [7, 7]}]}", "hours", "earning.exclude.1.hours"),
    ("earning: {exclude: [{month_days: [0]}]}", "month_days", "earning.exclude.1.month_days"),
    ("earning: {exclude: [{grades: [E]}]}", "grades", "earning.exclude.1.grades"),
    (
        "earning: {exclude: [{starts: 2026-05-02, ends: 2026-05-01}]}",
        "ends_first",
        "earning.exclude.1.ends",
    ),
    (
        "earning: {rules: [{name: a, when: {levels: [platinum]}}]}",
        "no_level",
        "earning.rules.1.when.levels",
    ),
    ("earning: {gifts: [{event: survey, points: 0}]}", "number", "earning.gifts.1.points"),
    ("expiry: {life: rolling}", "no_months", "expiry.months"),
    ("expiry: {life: never, months: 3}", "idle", "expiry.months"),
    ("expiry: {life: dates}", "no_dates", "expiry.dates"),
    ("expiry: {life: dates, dates: [02-30]}", "dates", "expiry.dates"),
    ("expiry: {life: dates, dates: ['6-30']}", "dates", "expiry.dates"),
    ("expiry: {life: rolling, months: 3, dates: [06-30]}", "idle", "expiry.dates"),
    ("expiry: {life: dates, dates: [06-30], renewed: true}", "idle", "expiry.renewed"),
    ("expiry: {life: anniversary, month_end: true}", "idle", "expiry.month_end"),
    ("redeeming: {least: 150, step: 100}", "step", "redeeming.least"),
    ("redeeming: {least: 100, most_month: 50}", "over_limit", "redeeming.most_month"),
    ("redeeming: {least: 100, most_day: 50}", "over_limit", "redeeming.most_day"),
    ("redeeming: {worth: {minor: 0}}", "number", "redeeming.worth.minor"),
    ("tiers: {days: 0}", "number", "tiers.days"),
    (
        "tiers: {levels: [{name: a, least: 5}, {name: b, least: 5}]}",
        "rising",
        "tiers.levels.2.least",
    ),
    ("tiers: {levels: [{name: a}, {name: a, least: 5}]}", "twice", "tiers.levels.2.name"),
    ("offers: [{name: a, off_minor: 5, off_percent: 5}]", "two_offs", "offers.1.off_percent"),
    ("offers: [{name: a, off_percent: 101}]", "number", "offers.1.off_percent"),
    ("offers: [{name: a, budget_station_minor: 5}]", "no_coupon", "offers.1.budget_station_minor"),
    ("offers: [{name: a}, {name: a}]", "twice", "offers.2.name"),
    ("offers: [{name: a, when: {levels: [x]}}]", "no_level", "offers.1.when.levels"),
]


def refused(told: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        build(Settings, {"programme": told}, at="")
    return caught.value


def check(told: Any, key: str, place: str) -> None:
    error = refused(told)

    assert (error.key, error.facts["key"]) == (f"programme.{key}", place)
    for lang in LANGUAGES:
        assert place in say(lang, error.key, **error.facts)


@pytest.mark.parametrize(("words", "key", "place"), WRONG)
def test_a_programme_that_cannot_be_is_refused_by_its_place(
    words: str, key: str, place: str
) -> None:
    check(yaml.safe_load(words), key, place)


@pytest.mark.parametrize(("words", "key", "place"), WRONG_IN_VERSION)
def test_a_rule_that_cannot_be_is_refused_by_its_place(words: str, key: str, place: str) -> None:
    check({"versions": [GOOD | yaml.safe_load(words)]}, key, f"programme.versions.1.{place}")


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ("earning: {rules: [{name: a, of: litres}]}", "money, l, kwh, m3, kg"),
        ("earning: {exclude: [{weekdays: [friyay]}]}", "friday, saturday, sunday"),
        ("expiry: {life: short}", "never, rolling, dates, anniversary"),
    ],
)
def test_a_word_that_is_no_choice_is_refused_with_the_choices(words: str, known: str) -> None:
    error = refused({"versions": [GOOD | yaml.safe_load(words)]})

    assert error.key == "error.config_choice"
    assert known in say("zh", error.key, **error.facts)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("earning: {rules: [{name: a, point: 1}]}", "versions.1.earning.rules.1.point"),
        ("earning: {rules: [{name: a, points: 1.5}]}", "versions.1.earning.rules.1.points"),
        ("earning: {rules: [{name: a, points: '1'}]}", "versions.1.earning.rules.1.points"),
        ("starts: soon", "versions.1.starts"),
        ("offers: [wash]", "versions.1.offers.1"),
    ],
)
def test_a_rule_of_the_wrong_kind_is_refused_by_its_place(words: str, place: str) -> None:
    error = refused({"versions": [GOOD | yaml.safe_load(words)]})

    assert error.facts["key"] == f"programme.{place}"


def test_a_programme_without_fault_is_taken() -> None:
    multiplier = {"name": "gold", "percent": 200, "when": {"levels": ["gold"]}}
    told = GOOD | {"earning": {"multipliers": [multiplier]}}

    taken = build(Settings, {"programme": {"versions": [told]}}, at="").programme

    assert taken.versions[0].tiers.levels[1].least == 9


# --- the docs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_example_of_the_docs_is_a_programme_and_names_every_rule(lang: str) -> None:
    text = (DOCS / lang / "loyalty.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    settings = build(Settings, yaml.safe_load(example), at="")

    assert [version.name for version in settings.programme.versions] == ["start", "thursdays"]
    missing = [name for name in rule_names() if f"`{name}`" not in text]
    assert [name for name in missing if f"{name}:" not in text] == []


def rule_names() -> set[str]:
    """Return the names of all that can be written in a version."""
    kinds = (
        Version, programme.EarnRule, programme.EarnRules, programme.Multiplier, programme.Gift,
        programme.Caps, programme.ExpiryRules, programme.RedeemRules, programme.Worth,
        programme.Level, programme.TierRules, programme.Offer, When,
    )  # fmt: skip
    return {field.name for kind in kinds for field in fields(kind)}

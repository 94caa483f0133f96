"""A customer is called when law, chain and he himself allow it, and else each reason is named."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.config import Settings, build
from station.contact.rules import (
    LAWS,
    ContactRules,
    Days,
    Hours,
    Outcome,
    Person,
    Refusal,
    Touch,
    When,
    Wish,
    common,
    faults,
    refusals,
    spans,
)
from station.errors import ConfigError
from station.model import CallPurpose, Channel, Purpose, day_number

RULES = ContactRules()
TUESDAY = day_number(date(2026, 3, 10))
SATURDAY = TUESDAY + 4
NEW_YEAR = day_number(date(2026, 1, 1))
AGREED = frozenset((purpose, channel) for purpose in Purpose for channel in Channel)
WILLING = Person(1, agreed=AGREED, reached_by=frozenset(Channel))
SELLING = (CallPurpose.WIN_BACK, CallPurpose.KEEP, CallPurpose.PROSPECT)


def why(
    person: Person = WILLING,
    *,
    day: int = TUESDAY,
    at_min: int | None = 600,
    purpose: CallPurpose = CallPurpose.KEEP,
    channel: Channel = Channel.PHONE,
    law: str = "CN",
) -> tuple[Refusal, ...]:
    when = When(day, at_min, minutes=8)
    return refusals(person, when, purpose, channel, rules=RULES, law=LAWS[law])


def touched(*days: int, outcome: Outcome = Outcome.MADE) -> Person:
    return replace(WILLING, touches=tuple(Touch(TUESDAY + day, outcome=outcome) for day in days))


def test_who_agreed_is_called_in_the_morning() -> None:
    assert why() == ()


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (replace(WILLING, do_not_call=frozenset({Channel.PHONE})), Refusal.DO_NOT_CALL),
        (replace(WILLING, reached_by=frozenset()), Refusal.UNREACHABLE),
        (replace(WILLING, denied=AGREED), Refusal.DENIED),
        (replace(WILLING, agreed=frozenset()), Refusal.NO_CONSENT),
        (replace(WILLING, wishes=(Wish(is_unwanted=True),)), Refusal.UNWANTED),
        (replace(WILLING, wishes=(Wish(most=0),)), Refusal.WISHED_CAP),
        (replace(WILLING, has_open_complaint=True), Refusal.OPEN_COMPLAINT),
        (replace(WILLING, is_held_out=True), Refusal.HELD_OUT),
        (touched(-59, outcome=Outcome.REFUSED), Refusal.RESTING),
        (touched(-6), Refusal.COOLING),
        (touched(6), Refusal.COOLING),
        (touched(-29, -21, -14, -7), Refusal.CAP),
        (touched(-14, -7, 7, 14), Refusal.CAP),
    ],
)
def test_each_reason_is_named(person: Person, reason: Refusal) -> None:
    assert why(person) == (reason,)


@pytest.mark.parametrize(
    "person",
    [
        touched(-60, outcome=Outcome.REFUSED),
        touched(-7, 7),
        touched(-30, -21, -14, -7),
        touched(-30, -20, -10, 10, 20, 30),
        replace(touched(-8), wishes=(Wish(most=2),)),
        replace(WILLING, wishes=(Wish(Channel.SMS, is_unwanted=True),)),
    ],
)
def test_at_the_edge_of_a_limit_he_is_called(person: Person) -> None:
    rules = replace(RULES, most=6) if len(person.touches) > 4 else RULES

    when = When(TUESDAY, 600, 8)
    law = LAWS["CN"]
    assert not refusals(person, when, CallPurpose.KEEP, Channel.PHONE, rules=rules, law=law)


@pytest.mark.parametrize("purpose", list(CallPurpose))
def test_an_open_complaint_and_the_lot_stop_selling_only(purpose: CallPurpose) -> None:
    person = replace(WILLING, has_open_complaint=True, is_held_out=True)

    assert bool(why(person, purpose=purpose)) == (purpose in SELLING)


def test_a_service_call_needs_no_consent_and_minds_no_distance_but_the_hours() -> None:
    person = replace(touched(-1, -2, -3, -4), agreed=frozenset())

    assert why(person, purpose=CallPurpose.AFTERCARE) == ()
    assert why(person, purpose=CallPurpose.AFTERCARE, at_min=1300) == (Refusal.OUT_OF_HOURS,)


def test_who_filled_up_meanwhile_or_stayed_away_for_our_fault_is_not_won_back() -> None:
    back = replace(WILLING, due_day=TUESDAY - 3, bought_day=TUESDAY - 2)
    ours = replace(WILLING, is_our_fault=True)

    assert why(back, purpose=CallPurpose.WIN_BACK) == (Refusal.CAME_BACK,)
    assert why(ours, purpose=CallPurpose.WIN_BACK) == (Refusal.OUR_FAULT,)
    assert why(back) == why(ours) == ()
    before = replace(back, bought_day=TUESDAY - 3)
    assert why(before, purpose=CallPurpose.WIN_BACK) == ()


def test_three_tries_in_vain_at_different_hours_are_enough() -> None:
    def tried(*hours: int) -> Person:
        tries = [
            Touch(TUESDAY - 20 + place, outcome=Outcome.UNREACHED, at_min=hour * 60)
            for place, hour in enumerate(hours)
        ]
        return replace(WILLING, touches=tuple(tries))

    assert why(tried(9, 11, 15)) == (Refusal.UNREACHED,)
    assert why(tried(9, 9, 9)) == ()
    answered = (*tried(9, 11, 15).touches[:2], Touch(TUESDAY - 18))
    assert why(replace(WILLING, touches=answered)) == ()
    assert why(tried(9, 11, 15), day=TUESDAY + 12) == ()


@pytest.mark.parametrize(
    ("law", "day", "at_min", "reasons"),
    [
        ("CN", TUESDAY, 719, (Refusal.OUT_OF_HOURS,)),
        ("CN", TUESDAY, 712, ()),
        ("CN", TUESDAY, 800, (Refusal.OUT_OF_HOURS,)),
        ("CN", SATURDAY, 600, ()),
        ("CN", NEW_YEAR, 600, (Refusal.HOLIDAY,)),
        ("US", NEW_YEAR, 600, ()),
        ("US", TUESDAY, 1255, (Refusal.OUT_OF_HOURS,)),
        ("FR", SATURDAY, 660, (Refusal.OUT_OF_HOURS,)),
        ("FR", TUESDAY, 1190, ()),
        ("IN", TUESDAY, 535, (Refusal.OUT_OF_HOURS,)),
    ],
)
def test_each_law_has_its_hours(
    law: str, day: int, at_min: int, reasons: tuple[Refusal, ...]
) -> None:
    assert why(day=day, at_min=at_min, law=law) == reasons


def test_what_silence_means_depends_on_the_law() -> None:
    silent = replace(WILLING, agreed=frozenset(), bought_day=TUESDAY - 400)

    told = {law: why(silent, law=law) for law in LAWS}

    refused = (Refusal.NO_CONSENT,)
    assert told == {"CN": refused, "FR": refused, "US": (), "DE": refused, "UK": (), "IN": ()}


def test_who_agreed_is_free_of_the_french_limit_not_of_the_chains() -> None:
    rules = replace(RULES, most=9)
    crowded = touched(-28, -21, -14, -7)
    silent = replace(crowded, agreed=frozenset(), bought_day=TUESDAY - 10)

    def ask(person: Person, rules: ContactRules) -> tuple[Refusal, ...]:
        when = When(TUESDAY, 660, 8)
        return refusals(person, when, CallPurpose.KEEP, Channel.PHONE, rules=rules, law=LAWS["FR"])

    assert ask(crowded, rules) == ()
    assert ask(silent, rules) == (Refusal.CAP,)
    assert ask(crowded, RULES) == (Refusal.CAP,)


def test_his_own_hours_are_kept() -> None:
    evening = Wish(Channel.PHONE, hours=(Hours(from_min=17 * 60, to_min=24 * 60),))
    person = replace(WILLING, wishes=(evening,))

    assert spans(person, TUESDAY, Channel.PHONE, LAWS["CN"]) == ((1020, 1140),)
    assert why(person) == (Refusal.WISHED_HOURS,)
    assert why(person, at_min=1030) == why(person, at_min=None) == ()
    assert why(person, channel=Channel.VISIT) == ()


span = st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(lambda s: s[0] < s[1])


@given(st.lists(span, max_size=3), st.lists(span, max_size=3), st.integers(0, 1439))
def test_a_minute_is_common_if_it_is_in_both(
    some: list[tuple[int, int]], others: list[tuple[int, int]], minute: int
) -> None:
    def holds(told: tuple[tuple[int, int], ...]) -> bool:
        return any(first <= minute < last for first, last in told)

    both = common(tuple(some), tuple(others))

    assert holds(both) == (holds(tuple(some)) and holds(tuple(others)))


def broken(days: list[int]) -> list[int]:
    """Return on which of these days a call would not be made beside all the others."""
    others = [(day, [*days[:place], *days[place + 1 :]]) for place, day in enumerate(days)]
    limits = {Refusal.CAP, Refusal.COOLING}
    return [day for day, rest in others if limits & {*why(touched(*rest), day=TUESDAY + day)}]


@given(st.lists(st.integers(-70, 70), max_size=6), st.integers(-70, 70))
def test_a_call_that_is_let_in_between_breaks_no_other(days: list[int], day: int) -> None:
    if day not in broken([*days, day]):
        assert broken([*days, day]) == broken(days)


def test_laws_that_cannot_be_are_refused_by_name() -> None:
    backwards = {"laws": {"XX": {"hours": [{"from_min": 900, "to_min": 600}]}}, "law": "XX"}

    with pytest.raises(ConfigError) as caught:
        build_contact(backwards)
    assert caught.value.facts["key"] == "contact.laws.XX.hours.1"
    assert list(faults(replace(RULES, law="ZZ"))) == ["law"]
    assert RULES.law_of("ZZ") == LAWS["CN"]


def build_contact(told: dict[str, object]) -> object:
    return build(Settings, {"contact": told}, at="")


people = st.builds(
    Person,
    customer_id=st.just(1),
    agreed=st.sampled_from([AGREED, frozenset()]),
    denied=st.sampled_from([frozenset(), AGREED]),
    wishes=st.lists(
        st.builds(
            Wish,
            hours=st.sampled_from([(), (Hours((1, 2), 600, 660),)]),
            most=st.sampled_from([None, 0, 1]),
            is_unwanted=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    touches=st.lists(
        st.builds(
            Touch,
            day=st.integers(TUESDAY - 40, TUESDAY + 40),
            outcome=st.sampled_from(Outcome),
            at_min=st.integers(500, 1200),
        ),
        max_size=5,
    ).map(tuple),
    bought_day=st.one_of(st.none(), st.integers(TUESDAY - 600, TUESDAY)),
    due_day=st.just(TUESDAY - 20),
    has_open_complaint=st.booleans(),
    is_held_out=st.booleans(),
)


@given(people, st.sampled_from(CallPurpose), st.sampled_from(list(LAWS)))
def test_many_days_at_once_are_answered_like_each_by_itself(
    person: Person, purpose: CallPurpose, law: str
) -> None:
    days = range(TUESDAY, TUESDAY + 31, 3)

    told = Days(days, RULES, LAWS[law]).refusals(person, purpose, Channel.PHONE, 8)

    assert told == {
        day: why(person, day=day, at_min=None, purpose=purpose, law=law) for day in days
    }

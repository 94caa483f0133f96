"""What a customer is due for follows from his grade, his silence, and what was agreed with him."""

from dataclasses import replace
from datetime import date

import pytest

from station.contact.care import Glad, Grief
from station.contact.dues import Case, Lapse, Thought, Wanted, wanted
from station.contact.plan_parts import PlanRules
from station.contact.rules import Outcome, Person, Touch
from station.model import CallPurpose, Channel, day_number

RULES = PlanRules()
FIRST, LAST = day_number(date(2026, 9, 1)), day_number(date(2026, 9, 30))
"""The last month of a quarter."""
LI = Person(7, reached_by=frozenset(Channel))
CASE = Case(LI, "D", worth_minor=100_000, usual_minor=50_000)


def due(case: Case = CASE, first: int = FIRST, **changes: object) -> tuple[Wanted, ...]:
    return wanted(replace(case, **changes), RULES, first, first + LAST - FIRST)  # type: ignore[arg-type]


def purposes(told: tuple[Wanted, ...]) -> list[str]:
    return [one.need.purpose.value for one in told]


def talked(*days: int, outcome: Outcome = Outcome.MADE) -> Person:
    return replace(LI, touches=tuple(Touch(FIRST + day, outcome=outcome) for day in days))


@pytest.mark.parametrize(("grade", "calls"), [("A", 2), ("B", 1), ("C", 1), ("D", 0)])
def test_a_grade_asks_for_so_many_calls_a_month(grade: str, calls: int) -> None:
    assert purposes(due(grade=grade)) == ["keep"] * calls


def test_an_a_customer_is_promised_his_mornings_spread_over_the_month() -> None:
    first, second = due(grade="A")

    assert {first.need.before_min, second.need.before_min} == {720}
    assert first.need.is_promised
    assert second.need.is_promised
    assert (first.need.best_day, second.need.best_day) == (FIRST + 7, FIRST + 22)
    assert first.need.value == 5_000


def test_every_talk_of_the_month_counts_and_a_try_in_vain_does_not() -> None:
    assert len(due(grade="A", person=talked(2))) == 1
    assert len(due(grade="A", person=talked(2, 9))) == 0
    assert len(due(grade="A", person=talked(2, outcome=Outcome.UNREACHED))) == 2
    assert len(due(grade="A", person=talked(-2))) == 2


@pytest.mark.parametrize("who", range(3))
def test_each_c_customer_has_his_month_of_the_quarter_and_one_call_in_it(who: int) -> None:
    months = [day_number(date(2026, month, 1)) for month in (7, 8, 9)]
    case = replace(CASE, grade="C", person=replace(LI, customer_id=who))

    calls = [len(due(case, first)) for first in months]

    assert calls == [0] * who + [1] * (3 - who)
    called = replace(case, person=replace(case.person, touches=(Touch(months[0]),)))
    assert [len(due(called, first)) for first in months] == [0, 0, 0]


def test_an_overdue_regular_is_won_back_and_that_call_counts() -> None:
    lapse = Lapse(at_risk_minor=9_000, last_day=FIRST - 40, silent_days=40, is_lost=False)

    told = due(grade="A", lapse=lapse)

    assert purposes(told) == ["win_back", "keep"]
    assert (told[0].need.value, told[0].need.best_day) == (9_000, FIRST)
    assert (told[0].why, told[0].facts["days"]) == ("planning.why_overdue", 40)
    assert not told[0].need.is_promised
    lost = due(lapse=replace(lapse, is_lost=True))
    assert [one.why for one in lost] == ["planning.why_lost"]


def test_a_complaint_comes_first_and_what_was_agreed_is_kept() -> None:
    complaining = replace(LI, has_open_complaint=True)
    agreed = (FIRST + 12, CallPurpose.SERVICE)

    assert purposes(due(grade="B", person=complaining)) == ["aftercare"]
    (told,) = due(grade="B", date=agreed)
    assert (told.need.purpose, told.need.best_day) == (CallPurpose.SERVICE, FIRST + 12)
    assert told.need.is_promised
    (late,) = due(date=(FIRST - 9, CallPurpose.CARE))
    assert late.need.best_day == FIRST


@pytest.mark.parametrize(("reliability", "value"), [("A", 5_000), ("B", 3_500), ("D", 1_000)])
def test_a_prospect_is_worth_what_is_usual_as_far_as_he_is_sure(
    reliability: str, value: int
) -> None:
    (told,) = due(grade="C", reliability=reliability)

    assert (told.need.purpose, told.need.value) == (CallPurpose.PROSPECT, value)


def test_who_has_no_telephone_is_visited_and_an_organisation_of_grade_a_too() -> None:
    no_phone = replace(LI, reached_by=frozenset({Channel.VISIT}))
    assert [one.need.channel for one in due(grade="B", person=no_phone)] == [Channel.VISIT]

    first, second = due(grade="A", is_organisation=True)
    assert (first.need.channel, first.need.minutes) == (Channel.VISIT, RULES.visit_min)
    assert (second.need.channel, second.need.minutes) == (Channel.PHONE, RULES.phone_min)
    seen = replace(LI, touches=(Touch(FIRST - 10, Channel.VISIT),))
    told = due(grade="A", is_organisation=True, person=seen)
    assert {one.need.channel for one in told} == {Channel.PHONE}


@pytest.mark.parametrize(
    ("kind", "grade", "why"),
    [
        (Glad.BIRTHDAY, "B", ["planning.why_birthday"]),
        (Glad.BIRTHDAY, "D", []),
        (Glad.FIRST_PURCHASE, "D", ["planning.why_first_purchase"]),
        (Grief.BEREAVEMENT, "D", ["planning.why_family"]),
        (Glad.OIL, "B", ["planning.why_keep_b"]),
    ],
)
def test_care_is_a_call_where_a_message_is_not_enough(
    kind: Glad | Grief, grade: str, why: list[str]
) -> None:
    purpose = CallPurpose.SERVICE if kind is Glad.OIL else CallPurpose.CARE
    thought = Thought(kind, purpose, FIRST + 4, FIRST + 6)

    told = due(grade=grade, thoughts=(thought,))

    assert [one.why for one in told] == why
    if told and told[0].need.purpose is CallPurpose.CARE:
        need = told[0].need
        assert (need.from_day, need.best_day, need.to_day) == (FIRST + 4, FIRST + 4, FIRST + 6)

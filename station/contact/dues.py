"""What is a customer due for in a month, and what would each call bring?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from station.contact.care import FAMILY, STARTING, Glad, Kind
from station.contact.plan_parts import Need, PlanRules
from station.contact.rules import Outcome, Person, Touch
from station.model import CallPurpose, Channel, Grade, day_date, day_number

QUARTER_MONTHS = 3
SURE = {"A": 1.0, "B": 0.7, "C": 0.4, "D": 0.2}
"""How much of a usual customer's purchases a prospect of each reliability is reckoned at."""


@dataclass(frozen=True, slots=True)
class Lapse:
    """A regular who stays away: what of his purchases a call may decide, and since when."""

    at_risk_minor: int
    last_day: int
    silent_days: int
    is_lost: bool


@dataclass(frozen=True, slots=True)
class Thought:
    """An occasion on which somebody is called: from its day until it is too late."""

    kind: Kind
    purpose: CallPurpose
    day: int
    until_day: int


@dataclass(frozen=True, slots=True)
class Case:
    """A customer as he stands: his grade, what he buys in a month, and what was agreed with him.

    `reliability` is that of a prospect, `usual_minor` what a customer of the station usually buys
    in a month, `date` the day of a next contact and its purpose.
    """

    person: Person
    grade: str
    is_organisation: bool = False
    worth_minor: int = 0
    usual_minor: int = 0
    lapse: Lapse | None = None
    reliability: str = ""
    date: tuple[int, CallPurpose] | None = None
    thoughts: tuple[Thought, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that he is due for, with the key of the sentence that says why and its numbers."""

    need: Need
    why: str
    facts: Mapping[str, int | str] = field(default_factory=dict, hash=False)


def wanted(case: Case, rules: PlanRules, first_day: int, last_day: int) -> tuple[Wanted, ...]:
    """Return what he is due for within some days of a month, the most pressing first.

    Each call counts towards as many as his grade asks for, whatever it is for.
    """
    pressing = [*_pressing(case, rules, first_day)]
    return (*pressing, *_keeping(case, rules, first_day, last_day, len(pressing)))


def _pressing(case: Case, rules: PlanRules, first_day: int) -> Iterator[Wanted]:
    if case.person.has_open_complaint:
        need = _need(CallPurpose.AFTERCARE, case, rules, best_day=first_day, is_promised=True)
        yield Wanted(need, "planning.why_aftercare")
    elif case.date is not None:
        day, purpose = case.date
        best_day = max(day, first_day)
        need = _need(purpose, case, rules, best_day=best_day, is_promised=True)
        yield Wanted(need, "calls.why_date", {"due_day": day})
    if case.lapse is not None:
        need = _need(CallPurpose.WIN_BACK, case, rules, best_day=first_day)
        key = "planning.why_lost" if case.lapse.is_lost else "planning.why_overdue"
        facts = {"days": case.lapse.silent_days, "last_day": case.lapse.last_day}
        yield Wanted(need, key, facts)
    if case.reliability:
        need = _need(CallPurpose.PROSPECT, case, rules)
        yield Wanted(need, "planning.why_prospect", {"reliability": case.reliability})
    yield from _thoughts(case, rules, first_day)


def _thoughts(case: Case, rules: PlanRules, first_day: int) -> Iterator[Wanted]:
    """Yield calls for care: first purchases, family, and birthdays of those who are worth it.

    Whoever is not called on his birthday has his message all the same.
    """
    for one in case.thoughts:
        is_family, is_start = one.kind in FAMILY, one.kind in STARTING
        is_birthday = one.kind is Glad.BIRTHDAY and case.grade in {Grade.A, Grade.B}
        if not (is_family or is_start or is_birthday):
            continue
        best_day = max(one.day, first_day)
        need = _need(one.purpose, case, rules, best_day=best_day)
        need = replace(need, from_day=best_day, to_day=max(one.until_day, best_day))
        what = "family" if is_family else one.kind.value
        yield Wanted(need, f"planning.why_{what}", {"due_day": one.day})


def _keeping(
    case: Case, rules: PlanRules, first_day: int, last_day: int, others: int
) -> Iterator[Wanted]:
    """Yield the calls that his grade asks for and that nothing else makes."""
    most = _asked(case, rules, first_day)
    made = sum(_is_talk(touch) for touch in _since(case.person, _month_start(first_day)))
    left = 0 if case.reliability else max(0, most - made - others)
    for number in range(left):
        part = (2 * number + 1) / (2 * left)
        best_day = first_day + round(part * (last_day - first_day))
        is_best = case.grade == Grade.A
        is_visit = number == 0 and is_best and _is_visited(case, rules, first_day)
        need = _need(
            CallPurpose.KEEP,
            case,
            rules,
            best_day=best_day,
            is_promised=is_best,
            before_min=rules.noon_min if is_best else None,
            channel=Channel.VISIT if is_visit else None,
        )
        yield Wanted(need, f"planning.why_keep_{case.grade.lower()}", {"times": most})


def _asked(case: Case, rules: PlanRules, first_day: int) -> int:
    """Return how often his grade asks for a call in this month."""
    if case.grade == Grade.A:
        return rules.a_month
    if case.grade == Grade.B:
        return rules.b_month
    is_due = case.grade == Grade.C and _is_quarterly(case, rules, first_day)
    return 1 if is_due else 0


def _is_quarterly(case: Case, rules: PlanRules, first_day: int) -> bool:
    """Return whether a C customer is due: each has his month of the quarter, the last is the last.

    So a quarter's calls do not all fall into its first month.
    """
    when = day_date(first_day)
    turn = (when.month - 1) % QUARTER_MONTHS
    start = day_number(when.replace(month=when.month - turn, day=1))
    made = sum(_is_talk(touch) for touch in _since(case.person, start))
    is_turn = case.person.customer_id % QUARTER_MONTHS <= turn
    return is_turn and made < rules.c_quarter


def _is_visited(case: Case, rules: PlanRules, first_day: int) -> bool:
    """Return whether somebody should go there again."""
    visits = [touch.day for touch in case.person.touches if touch.channel is Channel.VISIT]
    is_reached = Channel.VISIT in case.person.reached_by
    is_long = first_day - max(visits, default=0) >= rules.visit_days
    return case.is_organisation and is_reached and is_long


def _since(person: Person, day: int) -> list[Touch]:
    return [touch for touch in person.touches if touch.day >= day]


def _is_talk(touch: Touch) -> bool:
    """Return whether somebody spoke to him, or will."""
    is_spoken = touch.channel in {Channel.PHONE, Channel.VISIT}
    return is_spoken and touch.outcome in {Outcome.MADE, Outcome.PLANNED}


def _month_start(day: int) -> int:
    return day_number(day_date(day).replace(day=1))


def _need(
    purpose: CallPurpose,
    case: Case,
    rules: PlanRules,
    *,
    best_day: int | None = None,
    is_promised: bool = False,
    before_min: int | None = None,
    channel: Channel | None = None,
) -> Need:
    by = channel or _way(case.person)
    return Need(
        purpose=purpose,
        channel=by,
        minutes=rules.visit_min if by is Channel.VISIT else rules.phone_min,
        value=_value(purpose, case, rules),
        is_promised=is_promised,
        before_min=before_min,
        best_day=best_day,
    )


def _way(person: Person) -> Channel:
    """Return how he is called: by telephone, unless only his address is known."""
    is_visited = Channel.PHONE not in person.reached_by and Channel.VISIT in person.reached_by
    return Channel.VISIT if is_visited else Channel.PHONE


def _value(purpose: CallPurpose, case: Case, rules: PlanRules) -> int:
    """Return what a call is expected to bring, in minor units of a month."""
    match purpose:
        case CallPurpose.WIN_BACK:
            return case.lapse.at_risk_minor if case.lapse else 0
        case CallPurpose.PROSPECT:
            return round(case.usual_minor * rules.prospect_part * SURE.get(case.reliability, 0))
        case CallPurpose.KEEP:
            return round(case.worth_minor * rules.keep_part)
        case CallPurpose.CARE | CallPurpose.FIRST_PURCHASE | CallPurpose.THIRD_VISIT:
            return round(case.worth_minor * rules.care_part)
    return 0

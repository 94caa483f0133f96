"""A month of a demo's calls as it was planned, and as it went; nothing is written here."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from station.archive.calls.agenda import Call
from station.archive.calls.results import Result
from station.contact import calls as pure
from station.contact import rules
from station.contact.calls import Heard
from station.contact.plan_parts import Missed, PlanRules
from station.contact.rules import ContactRules, Law, Outcome, Person, Refusal, Touch, When
from station.demo import silences, talks
from station.demo.silences import Silence
from station.demo.talks import Talk
from station.model import (
    CallCode,
    CallPurpose,
    CallStatus,
    CancelReason,
    Channel,
    Grade,
)
from station.services.calls import allowed, clock

HOURS = ((9, 15), (10, 16), (11, 17))
"""The hours of calls, other ones each day; nobody is tried at one hour only."""
STEP_MIN = 10
SKIPPED, LATE, OTHERS, FAST = 0.04, 0.07, 0.05, 0.02
"""Which part of calls is not made, made an hour late, by somebody else, or saved too fast."""
WAITS_DAYS = 40
"""A complaint of the last days may still be open."""
BACK = 0.3
"""Which part comes back of those of whom no sales tell yet."""
NOON_MIN, EVENING_MIN = 720, 1140
"""Before these a call ends that began before."""
NOTHING = frozenset[Channel]()
NEAREST_DAYS = 8
"""On so many days around the best one a call is tried."""


@dataclass(frozen=True, slots=True)
class Whom:
    """Somebody who is to be called: for what, when best (part of the month), what it brings."""

    customer_id: int
    purpose: CallPurpose
    grade: str
    best: float
    value: int
    why: str
    facts: Mapping[str, int | str]
    before_min: int | None = None


@dataclass
class Town:
    """A demo's customers and what was said to them so far."""

    persons: Mapping[int, Person]
    homes: Mapping[int, int]
    keepers: Mapping[int, int | None]
    came: Mapping[int, Sequence[int]]
    reasons: Mapping[int, str]
    law: Law
    contact: ContactRules
    touches: dict[int, list[Touch]] = field(default_factory=lambda: defaultdict(list))
    complaints: dict[int, list[tuple[int, int | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    wrong: dict[int, frozenset[Channel]] = field(default_factory=dict)

    def against(
        self, call: Call, at_min: int, *, is_held: bool = False, due_day: int | None = None
    ) -> tuple[Refusal, ...]:
        """Return what speaks against a call at a minute of its day."""
        one, day = self.persons[call.customer_id], call.day
        days = self.came.get(call.customer_id, ())
        person = replace(
            one,
            touches=(*one.touches, *self.touches[call.customer_id]),
            reached_by=one.reached_by - self.wrong.get(one.customer_id, NOTHING),
            has_open_complaint=self.is_complaining(one.customer_id, day),
            is_held_out=is_held,
            due_day=due_day,
            bought_day=max((d for d in days if d <= day), default=None) if due_day else None,
        )
        when = When(day, at_min, call.minutes)
        return rules.refusals(
            person, when, call.purpose, Channel.PHONE, rules=self.contact, law=self.law
        )

    def is_complaining(self, customer_id: int, day: int) -> bool:
        """Return whether a complaint of somebody is open on a day."""
        heard = self.complaints.get(customer_id, ())
        return any(first <= day < (end or day + 1) for first, end in heard)


# --- as it was planned ----------------------------------------------------------------------------


@dataclass
class Desk:
    """The free times of a station's staff in a month."""

    station_id: int
    maker: str
    made_at: int
    days: Sequence[int]
    free: dict[int, dict[int, list[int]]]
    minutes: int

    @property
    def slots(self) -> int:
        """How many calls there is still time for."""
        return sum(len(times) for day in self.free.values() for times in day.values())


def desk_of(
    station_id: int, maker: str, made_at: int, shifts: Sequence[tuple[int, int, int]], minutes: int
) -> Desk:
    """Return the free times; `shifts` are account, day and minutes."""
    free: dict[int, dict[int, list[int]]] = defaultdict(dict)
    for account_id, day, most in shifts:
        times = [hour * 60 + STEP_MIN * turn for turn in (0, 1, 2) for hour in HOURS[day % 3]]
        free[day][account_id] = sorted(times[: most // minutes])
    return Desk(station_id, maker, made_at, sorted(free), dict(free), minutes)


def planned(
    town: Town, desk: Desk, wanted: Sequence[Whom], held: frozenset[int]
) -> tuple[list[Call], list[tuple[Whom, str]]]:
    """Return the calls that fit, in the order of who is wanted, and why the others do not."""
    calls, unfit = [], []
    for whom in wanted:
        found = _place(town, desk, whom, whom.customer_id in held)
        if isinstance(found, Call):
            calls.append(found)
        else:
            unfit.append((whom, found))
    return sorted(calls, key=lambda call: (call.day, call.at_min or 0)), unfit


def _place(town: Town, desk: Desk, whom: Whom, is_held: bool) -> Call | str:
    """Return the call on the best day that it can be, or why there is none."""
    why = Missed.NO_TIME.value
    for day in _near(desk.days, whom.best):
        call = _first_free(desk, whom, day, town.keepers.get(whom.customer_id))
        if call is None:
            continue
        against = town.against(call, call.at_min or 0, is_held=is_held)
        if not against:
            desk.free[day][call.account_id or 0].remove(call.at_min or 0)
            town.touches[whom.customer_id].append(ahead(call))
            return call
        why = against[0].value
        if against[0] in _STANDING:
            break
    return why


def _first_free(desk: Desk, whom: Whom, day: int, keeper_id: int | None) -> Call | None:
    """Return the call at the first free time of a day, by his keeper if he is there."""
    before = whom.before_min or clock.DAY_MIN
    for account_id in _callers(desk, day, keeper_id):
        for at_min in desk.free[day][account_id]:
            if at_min < before:
                return _call(desk, whom, account_id, day, at_min)
    return None


_STANDING = (
    *(Refusal.DO_NOT_CALL, Refusal.UNREACHABLE, Refusal.DENIED, Refusal.NO_CONSENT),
    *(Refusal.UNWANTED, Refusal.HELD_OUT),
)
"""What speaks against every day of the month."""


def _near(days: Sequence[int], part: float) -> Iterator[int]:
    """Yield the days around a part of the month, the nearest first."""
    best = min(len(days) - 1, int(part * len(days)))
    order = sorted(range(len(days)), key=lambda place: (abs(place - best), place))
    yield from (days[place] for place in order[:NEAREST_DAYS])


def _callers(desk: Desk, day: int, keeper_id: int | None) -> list[int]:
    """Return who may call on a day: the keeper, else whoever has most time."""
    free = desk.free[day]
    if keeper_id in free:
        return [keeper_id]
    return sorted(free, key=lambda one: (-len(free[one]), one))


def _call(desk: Desk, whom: Whom, account_id: int, day: int, at_min: int) -> Call:
    return Call(
        customer_id=whom.customer_id,
        station_id=desk.station_id,
        account_id=account_id,
        day=day,
        at_min=at_min,
        minutes=desk.minutes,
        purpose=whom.purpose,
        channel=Channel.PHONE,
        why=whom.why,
        made_by=desk.maker,
        made_at=desk.made_at,
        facts={**whom.facts, "value_minor": whom.value},
    )


def ahead(call: Call) -> Touch:
    """Return that somebody is going to be called."""
    return Touch(call.day, Channel.PHONE, Outcome.PLANNED, call.at_min)


def wanted(
    gone: Sequence[Silence],
    graded: Mapping[int, tuple[str, int]],
    plan: PlanRules,
    month: int,
) -> list[Whom]:
    """Return who is to be called in a month, the best first; `graded` tells grade and worth."""
    lost = [_won_back(one, *graded.get(one.customer_id, (Grade.D.value, 0))) for one in gone]
    away = {one.customer_id for one in gone}
    kept = [
        whom
        for customer_id, (grade, worth) in graded.items()
        if customer_id not in away
        for whom in _kept(customer_id, grade, worth, plan, month)
    ]
    return sorted([*lost, *kept], key=lambda one: (-one.value, one.customer_id, one.best))


def _won_back(one: Silence, grade: str, worth: int) -> Whom:
    key = "planning.why_lost" if one.is_lost else "planning.why_overdue"
    facts = {"days": one.silent_days, "last_day": one.last_day}
    best = one.customer_id % 40 / 100
    return Whom(one.customer_id, CallPurpose.WIN_BACK, grade, best, worth, key, facts)


def _kept(customer_id: int, grade: str, worth: int, plan: PlanRules, month: int) -> Iterator[Whom]:
    """Yield the calls that a grade asks for; C customers have their month of the quarter."""
    is_turn = customer_id % 3 == month % 3
    most = {"A": plan.a_month, "B": plan.b_month, "C": plan.c_quarter * is_turn}.get(grade, 0)
    for number in range(most):
        yield Whom(
            customer_id,
            CallPurpose.KEEP,
            grade,
            (number + customer_id % 10 / 10) / most,
            round(worth * plan.keep_part),
            f"planning.why_keep_{grade.lower()}",
            {"times": most},
            plan.noon_min if grade == Grade.A else None,
        )


# --- as it went -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Office:
    """Who calls at a station, by which clock, until when calls were made, and what is known."""

    zone: str
    staff: Mapping[int, str]
    graded: Mapping[int, tuple[str, int]]
    calling: pure.CallRules
    until_day: int
    known_day: int
    return_days: int


@dataclass(frozen=True, slots=True)
class Went:
    """A call as it stands now."""

    call: Call


@dataclass(frozen=True, slots=True)
class Said(Went):
    """A call that was made, with what was written down of it, and what was said."""

    result: Result
    talk: Talk


def went(
    town: Town, office: Office, calls: Sequence[Call], rng: np.random.Generator
) -> Iterator[Went]:
    """Yield how each call went; what lies ahead stays planned."""
    for call in calls:
        if call.day >= office.until_day or rng.random() < SKIPPED:
            yield Went(call)
        else:
            yield _went(town, office, call, rng)


def _went(town: Town, office: Office, call: Call, rng: np.random.Generator) -> Went:
    own, touches = ahead(call), town.touches[call.customer_id]
    if own in touches:
        touches.remove(own)
    at_min = _minute(call, rng)
    due_day = call.facts.get("last_day")
    against = town.against(call, at_min, due_day=due_day)
    if against:
        is_back = Refusal.CAME_BACK in against
        why = CancelReason.CAME_BACK if is_back else CancelReason.RULES
        return Went(replace(call, status=CallStatus.CANCELLED, cancel_reason=why.value))
    talk = _talk(town, office, call, rng)
    result = _result(office, call, talk, at_min, rng)
    touches.append(Touch(call.day, Channel.PHONE, allowed.outcome(result), at_min))
    _remember(town, office, call, talk.code)
    return Said(replace(call, status=CallStatus.DONE), result, talk)


def _minute(call: Call, rng: np.random.Generator) -> int:
    """Return at which minute a call was made: about its time, few an hour late."""
    late = 70 if rng.random() < LATE else 0
    at_min = (call.at_min or 0) + late + int(rng.integers(0, 6))
    last = NOON_MIN if (call.at_min or 0) < NOON_MIN else EVENING_MIN
    return min(at_min, last - call.minutes)


def _talk(town: Town, office: Office, call: Call, rng: np.random.Generator) -> Talk:
    if call.purpose is not CallPurpose.WIN_BACK:
        return talks.kept(rng)
    days = town.came.get(call.customer_id, ())
    back_in = silences.came_in(days, call.day, office.return_days)
    if call.day + office.return_days > office.known_day and back_in is None:
        back_in = int(rng.integers(2, 25)) if rng.random() < BACK else None  # nobody knows
    return talks.lost(rng, back_in, town.reasons.get(call.customer_id, ""))


def _result(
    office: Office, call: Call, talk: Talk, at_min: int, rng: np.random.Generator
) -> Result:
    """Return what staff wrote down; words and names of rivals are sealed when it is kept."""
    promise = None if talk.promise_in is None else call.day + talk.promise_in
    heard = Heard(talk.code, talk.satisfaction, talk.reason, talk.need, promise_day=promise)
    heard = pure.completed(heard, call.purpose)
    grade = office.graded.get(call.customer_id, (Grade.D.value, 0))[0]
    names = [office.staff[call.account_id or 0], *office.staff.values()]
    at = clock.instant(office.zone, call.day, at_min) + int(rng.integers(0, 60))
    took_s = int(rng.integers(4, 9)) if rng.random() < FAST else int(rng.integers(35, 260))
    return Result(
        customer_id=call.customer_id,
        station_id=call.station_id,
        account=names[-1] if rng.random() < OTHERS else names[0],
        at=at,
        opened_at=at - took_s,
        purpose=call.purpose,
        channel=Channel.PHONE,
        code=heard.code,
        key=f"demo-{call.station_id}-{call.customer_id}-{call.day}",
        satisfaction=heard.satisfaction,
        reason=heard.reason,
        need=heard.need,
        measure=heard.measure,
        promise_day=heard.promise_day,
        next_day=pure.next_day(heard, grade, day=call.day, rules=office.calling),
    )


def _remember(town: Town, office: Office, call: Call, code: CallCode) -> None:
    """Let a complaint and a wrong number count from now on."""
    who, day = call.customer_id, call.day
    if code is CallCode.COMPLAINT:
        is_open = office.until_day - day < WAITS_DAYS and who % 3 > 0
        closed = None if is_open else min(day + 2 + who % 7, office.until_day)
        town.complaints[who].append((day, closed))
    if code is CallCode.INVALID:
        town.wrong[who] = frozenset({Channel.PHONE})

"""A plan breaks no rule, brings nearly as much as any could, and is fair to those who call."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from itertools import combinations
from random import Random

import pytest
from nights import by_night

from station.contact.plan import plan
from station.contact.plan_parts import (
    Candidate,
    Missed,
    Need,
    Plan,
    Planned,
    Shift,
    Task,
)
from station.contact.rules import (
    LAWS,
    ContactRules,
    Hours,
    Outcome,
    Person,
    Refusal,
    Touch,
    When,
    Wish,
    common,
    refusals,
    spans,
)
from station.model import CallPurpose, Channel, Purpose, day_date, day_number

FIRST = day_number(date(2026, 4, 1))  # with a holiday, the 5th and 6th
DAYS = tuple(day for day in range(FIRST, FIRST + 30) if day_date(day).isoweekday() < 6)
AGREED = frozenset((purpose, channel) for purpose in Purpose for channel in Channel)
WHOLE_DAY, EARLY, LATE = (540, 1080), (480, 960), (720, 1200)
PHONE_MIN, VISIT_MIN = 8, 30
STATIONS = by_night(1_000, by_day=30)


def shifts(staff: int, minutes: int = 60, hours: tuple[int, int] = WHOLE_DAY) -> tuple[Shift, ...]:
    return tuple(Shift(one, day, minutes, *hours) for one in range(1, staff + 1) for day in DAYS)


def keep(customer_id: int, value: int = 100, **person: object) -> Candidate:
    who = Person(customer_id, agreed=AGREED, **person)  # type: ignore[arg-type]
    return Candidate(who, (Need(CallPurpose.KEEP, value=value),))


def task(*candidates: Candidate, staff: int = 1, minutes: int = 60) -> Task:
    return Task(candidates, shifts(staff, minutes), DAYS, LAWS["CN"])


def random_wishes(draw: Random) -> tuple[Wish, ...]:
    if draw.random() < 0.75:
        return ()
    first = draw.choice((540, 780, 900, 1020))
    hours = (Hours(from_min=first, to_min=first + draw.choice((60, 180, 400))),)
    return (Wish(hours=hours), Wish(most=draw.choice((0, 1, 2))), Wish(is_unwanted=True))[
        : draw.choice((1, 1, 2, 3))
    ]


def random_touches(draw: Random) -> tuple[Touch, ...]:
    return tuple(
        Touch(
            FIRST - draw.randrange(70),
            draw.choice((Channel.PHONE, Channel.SMS)),
            draw.choices(list(Outcome), (7, 0, 4, 1))[0],
            draw.randrange(540, 1080),
        )
        for _ in range(draw.choice((0, 0, 0, 1, 4)))
    )


def random_person(draw: Random, customer_id: int) -> Person:
    return Person(
        customer_id=customer_id,
        agreed=AGREED if draw.random() < 0.8 else frozenset(),
        denied=AGREED if draw.random() < 0.05 else frozenset(),
        do_not_call=frozenset({Channel.PHONE}) if draw.random() < 0.03 else frozenset(),
        reached_by=frozenset({Channel.PHONE, Channel.VISIT} if draw.random() < 0.9 else ()),
        wishes=random_wishes(draw),
        touches=random_touches(draw),
        bought_day=FIRST - draw.randrange(800),
        due_day=FIRST - draw.randrange(60),
        has_open_complaint=draw.random() < 0.05,
        is_held_out=draw.random() < 0.1,
        is_our_fault=draw.random() < 0.03,
    )


def random_needs(draw: Random) -> tuple[Need, ...]:
    value = int(draw.lognormvariate(7, 1))
    visit = {"channel": Channel.VISIT, "minutes": VISIT_MIN}
    how: dict[str, object] = visit if draw.random() < 0.15 else {}
    best_day = FIRST + draw.randrange(30)
    kinds: list[tuple[Need, ...]] = [
        tuple(
            Need(CallPurpose.KEEP, value=value, is_promised=True, before_min=720, best_day=day)
            for day in (FIRST + 7, FIRST + 22)
        ),
        (Need(CallPurpose.KEEP, value=value, **how),),  # type: ignore[arg-type]
        (Need(CallPurpose.WIN_BACK, value=value, best_day=best_day),),
        (Need(CallPurpose.PROSPECT, value=value, **how),),  # type: ignore[arg-type]
        (Need(CallPurpose.CARE, from_day=best_day, to_day=best_day + 2), Need(CallPurpose.KEEP)),
        (Need(CallPurpose.AFTERCARE, is_promised=True, to_day=best_day),),
    ]
    return draw.choice(kinds)


def random_station(seed: int) -> Task:
    """Return a station of one to eight people, with shifts, illness, wishes and an old plan."""
    draw = Random(seed)  # noqa: S311 - chance, not secrets
    staff, minutes = draw.choice((1, 1, 2, 4, 8)), draw.choice((10, 20, 45, 60, 240))
    hours = [draw.choice((WHOLE_DAY, WHOLE_DAY, EARLY, LATE)) for _ in range(staff)]
    worked = tuple(
        Shift(one + 1, day, minutes, *hours[one])
        for one in range(staff)
        for day in DAYS
        if draw.random() < 0.9
    )
    candidates = tuple(
        Candidate(
            random_person(draw, number),
            random_needs(draw),
            keeper_id=draw.choice((None, *range(1, staff + 1))),
            area=draw.choice(("east", "west", "")),
        )
        for number in range(1, draw.choice((3, 30, 120, 300)))
    )
    return Task(
        candidates,
        worked,
        DAYS,
        LAWS[draw.choice(("CN", "CN", "CN", "FR", "US", "DE", "UK", "IN"))],
        prospect_share=draw.choice((0.0, 0.1, 0.4)),
        contact=ContactRules(cool_days=draw.choice((1, 7, 14)), most=draw.choice((1, 2, 4))),
    )


def needs_of(asked: Task) -> dict[tuple[int, int], tuple[Candidate, Need]]:
    return {
        (one.person.customer_id, number): (one, need)
        for one in asked.candidates
        for number, need in enumerate(one.needs)
    }


def broken_rules(asked: Task, made: Plan) -> list[tuple[Planned, tuple[Refusal, ...]]]:
    """Return the calls that may not be made beside all others to the same customer."""
    needs, calls = needs_of(asked), (*asked.agreed, *made.calls)
    found = []
    for call in made.calls:
        others = tuple(
            Touch(one.day, one.channel, Outcome.PLANNED, one.at_min)
            for one in calls
            if one.customer_id == call.customer_id and one is not call
        )
        person = needs[call.customer_id, call.need][0].person
        told = refusals(
            replace(person, touches=(*person.touches, *others)),
            When(call.day, call.at_min, call.minutes),
            call.purpose,
            call.channel,
            rules=asked.contact,
            law=asked.law,
        )
        if told:
            found.append((call, told))
    return found


def double_calls(made: Plan) -> list[tuple[int, int]]:
    days = Counter((call.customer_id, call.day) for call in made.calls)
    needs = Counter((call.customer_id, call.need) for call in made.calls)
    return [key for told in (days, needs) for key, count in told.items() if count > 1]


def late_calls(asked: Task, made: Plan) -> list[Planned]:
    """Return calls after noon of whom his grade calls before it, though he could be."""
    needs = needs_of(asked)
    return [
        call
        for call in made.calls
        if needs[call.customer_id, call.need][1].before_min is not None
        and call.at_min + call.minutes > 720
        and call.customer_id not in made.late
    ]


def could_come_early(asked: Task, customer_id: int) -> bool:
    person = next(o.person for o in asked.candidates if o.person.customer_id == customer_id)
    mornings = (common(spans(person, d, Channel.PHONE, asked.law), ((0, 720),)) for d in asked.days)
    return any(last - first >= PHONE_MIN for told in mornings for first, last in told)


def overworked(asked: Task, made: Plan) -> list[Planned]:
    """Return calls outside of a shift, at the same time as another, or beyond its minutes."""
    worked = {(one.account_id, one.day): one for one in asked.shifts}
    found = []
    for key, calls in desks(asked, made).items():
        shift = worked[key]
        blocks = blocks_of(asked, calls)
        crossing = any(a[1] > b[0] and b[1] > a[0] for a, b in combinations(blocks, 2))
        outside = any(a < shift.from_min or b > shift.to_min for a, b in blocks)
        if crossing or outside or sum(b - a for a, b in blocks) > shift.minutes:
            found += calls
    return found


def desks(asked: Task, made: Plan) -> dict[tuple[int, int], list[Planned]]:
    found = defaultdict(list)
    for call in (*asked.agreed, *made.calls):
        found[call.account_id, call.day].append(call)
    return found


def blocks_of(asked: Task, calls: list[Planned]) -> list[tuple[int, int]]:
    """Return the minutes of telephone calls and of trips, the way included."""
    phoned = [(c.at_min, c.at_min + c.minutes) for c in calls if c.channel is Channel.PHONE]
    areas = {call.area for call in calls if call.channel is Channel.VISIT}
    trips = [[c for c in calls if c.channel is Channel.VISIT and c.area == one] for one in areas]
    starts = [min(c.at_min for c in trip) - asked.rules.trip_min for trip in trips]
    ends = [start + asked.rules.trip_min + sum(c.minutes for c in trip) for start, trip in
            zip(starts, trips, strict=True)]  # fmt: skip
    return [*phoned, *zip(starts, ends, strict=True)]


@pytest.fixture(scope="module")
def stations() -> list[tuple[Task, Plan]]:
    asked = [random_station(seed) for seed in range(STATIONS)]
    return [(one, plan(one, with_prices=seed % 20 == 0)) for seed, one in enumerate(asked)]


@pytest.mark.slow
def test_no_rule_of_contact_is_ever_broken(stations: list[tuple[Task, Plan]]) -> None:
    assert [broken for one in stations if (broken := broken_rules(*one))] == []


@pytest.mark.slow
def test_nobody_is_planned_twice(stations: list[tuple[Task, Plan]]) -> None:
    assert [double for _, made in stations if (double := double_calls(made))] == []


@pytest.mark.slow
def test_the_best_are_called_before_noon_unless_they_wish_otherwise(
    stations: list[tuple[Task, Plan]],
) -> None:
    assert [late for one in stations if (late := late_calls(*one))] == []
    listed = [could_come_early(asked, one) for asked, made in stations for one in made.late]
    assert listed
    assert not any(listed)


@pytest.mark.slow
def test_nobody_works_outside_his_shift_or_twice_at_a_time(
    stations: list[tuple[Task, Plan]],
) -> None:
    assert [over for one in stations if (over := overworked(*one))] == []


@pytest.mark.slow
def test_every_call_is_made_when_it_is_due(stations: list[tuple[Task, Plan]]) -> None:
    for asked, made in stations:
        needs = needs_of(asked)
        for call in made.calls:
            _, need = needs[call.customer_id, call.need]
            assert (need.from_day or FIRST) <= call.day <= (need.to_day or call.day)


@pytest.mark.slow
def test_every_call_that_is_due_is_planned_or_told_why_not(
    stations: list[tuple[Task, Plan]],
) -> None:
    for asked, made in stations:
        planned = {(call.customer_id, call.need) for call in made.calls}
        unfit = {(one.customer_id, one.need) for one in made.unfit}
        assert planned | unfit == set(needs_of(asked))
        assert not planned & unfit


@pytest.mark.slow
def test_plans_bring_nearly_what_any_could(stations: list[tuple[Task, Plan]]) -> None:
    gaps = [made.gap for _, made in stations]

    assert min(gaps) >= 0
    assert max(gaps) <= 0.05


def loads(asked: Task, made: Plan, day: int) -> dict[int, int]:
    told = desks(asked, made)
    return {
        one.account_id: sum(b - a for a, b in blocks_of(asked, told.get((one.account_id, day), [])))
        for one in asked.shifts
        if one.day == day
    }


def could_take(asked: Task, made: Plan, call: Planned, shift: Shift) -> bool:
    """Return whether somebody could make this call beside all that he does already."""
    taken = blocks_of(asked, desks(asked, made).get((shift.account_id, call.day), []))
    one, need = needs_of(asked)[call.customer_id, call.need]
    allowed = spans(one.person, call.day, call.channel, asked.law)
    if need.before_min is not None and call.customer_id not in made.late:
        allowed = common(allowed, ((0, need.before_min),))
    starts = [end for _, end in taken] + [first for first, _ in allowed] + [shift.from_min]
    hours = common(allowed, ((shift.from_min, shift.to_min),))
    left = shift.minutes - sum(b - a for a, b in taken)
    return left >= call.minutes and any(
        first <= start <= last - call.minutes
        and all(start + call.minutes <= a or b <= start for a, b in taken)
        for start in starts
        for first, last in hours
    )


def unfair_calls(asked: Task, made: Plan) -> list[Planned]:
    """Return calls that somebody with less to do could make, and the loads would be fairer."""
    found = []
    for day in asked.days:
        load = loads(asked, made, day)
        working = [one for one in asked.shifts if one.day == day]
        share = sum(load.values()) / max(sum(one.minutes for one in working), 1)
        beyond = {one.account_id: load[one.account_id] - share * one.minutes for one in working}
        found += [
            call
            for call in made.calls
            if call.day == day and call.channel is Channel.PHONE
            for one in working
            if beyond[call.account_id] - beyond[one.account_id] > call.minutes + 1e-6
            and could_take(asked, made, call, one)
        ]
    return found


@pytest.mark.slow
def test_nobody_has_a_call_that_somebody_less_busy_could_make(
    stations: list[tuple[Task, Plan]],
) -> None:
    assert [unfair for one in stations if (unfair := unfair_calls(*one))] == []


@pytest.mark.parametrize("minutes", [(60, 60, 60), (30, 60, 120)])
def test_loads_follow_the_minutes_to_one_call_a_day(minutes: tuple[int, ...]) -> None:
    worked = tuple(
        Shift(place, day, told, *WHOLE_DAY)
        for place, told in enumerate(minutes, start=1)
        for day in DAYS
    )
    asked = Task(tuple(keep(n) for n in range(1, 150)), worked, DAYS, LAWS["CN"])

    made = plan(asked, with_prices=False)

    for day in DAYS:
        load = loads(asked, made, day)
        share = sum(load.values()) / sum(minutes)
        assert all(abs(load[n] - share * told) <= PHONE_MIN for n, told in enumerate(minutes, 1))


def test_the_same_station_has_the_same_plan_in_whatever_order_it_is_told() -> None:
    asked = random_station(7)
    mixed = replace(
        asked,
        candidates=tuple(reversed(asked.candidates)),
        shifts=tuple(reversed(asked.shifts)),
        days=tuple(reversed(asked.days)),
    )

    assert plan(mixed) == plan(asked)


def test_what_brings_more_goes_first_and_the_rest_is_told_so() -> None:
    asked = replace(task(keep(1, 100), keep(2, 900), keep(3, 500)), days=DAYS[:1])
    made = plan(replace(asked, shifts=shifts(1, minutes=16)))

    assert {call.customer_id for call in made.calls} == {2, 3}
    assert [(one.customer_id, one.reason) for one in made.unfit] == [(1, Missed.NO_TIME)]
    assert (made.value, made.bound, made.gap) == (1400, 1400, 0)
    assert made.prices["minutes"] == 100


def test_what_is_promised_goes_before_what_brings_more() -> None:
    promised = Candidate(Person(1, agreed=AGREED), (Need(CallPurpose.AFTERCARE, is_promised=True),))
    asked = replace(task(promised, keep(2, 9_000), minutes=8), days=DAYS[:1])

    made = plan(asked)

    assert [call.customer_id for call in made.calls] == [1]
    assert (made.value, made.bound) == (0, 0)


def test_prospects_keep_their_share_though_others_bring_more() -> None:
    prospects = [
        Candidate(Person(n, agreed=AGREED), (Need(CallPurpose.PROSPECT, value=1),))
        for n in range(1, 9)
    ]
    asked = replace(task(*prospects, *(keep(n) for n in range(10, 30))), days=DAYS[:1])

    slack = plan(replace(asked, prospect_share=0.5))
    peak = plan(replace(asked, prospect_share=0.2))
    none = plan(asked)

    def count(made: Plan) -> int:
        return sum(call.purpose is CallPurpose.PROSPECT for call in made.calls)

    assert (count(slack), count(peak), count(none)) == (4, 1, 0)
    assert slack.prices["prospects"] > peak.prices["prospects"] > 0
    assert Missed.RESERVED not in {one.reason for one in none.unfit}


def test_what_only_consent_keeps_away_has_its_price() -> None:
    silent = replace(keep(1, 700), person=Person(1))

    made = plan(task(silent, keep(2)))

    assert made.unfit[0].reason is Refusal.NO_CONSENT
    assert made.prices["no_consent"] == 700


def test_a_trip_visits_one_area_and_costs_its_way_once() -> None:
    def visit(customer_id: int, area: str) -> Candidate:
        who = Person(customer_id, agreed=AGREED, reached_by=frozenset(Channel))
        need = Need(CallPurpose.KEEP, Channel.VISIT, VISIT_MIN, value=1_000)
        return Candidate(who, (need,), area=area)

    people = [visit(n, "east" if n % 2 else "west") for n in range(1, 7)]
    asked = replace(task(*people, minutes=120), days=DAYS[:2])

    made = plan(asked)

    assert len(made.calls) == 6
    assert {len({c.area for c in made.calls if c.day == day}) for day in DAYS[:2]} == {1}
    assert overworked(asked, made) == []


def test_who_is_ill_is_stood_in_for_and_nothing_agreed_moves() -> None:
    asked = task(*(keep(n, 100 + n) for n in range(1, 61)), staff=2)
    made = plan(asked)
    ill = [day for day in DAYS if day >= DAYS[10]]
    gone = [call for call in made.calls if call.account_id == 1 and call.day in ill]
    kept = tuple(call for call in made.calls if call not in gone)
    orphans = tuple(
        one
        for one in asked.candidates
        if one.person.customer_id in {call.customer_id for call in gone}
    )

    again = plan(
        replace(
            asked,
            candidates=orphans,
            agreed=kept,
            shifts=tuple(s for s in asked.shifts if s.account_id == 2 or s.day not in ill),
            days=tuple(ill),
        )
    )

    assert gone
    assert {call.account_id for call in again.calls} == {2}
    assert len(again.calls) == len(gone)
    whole = replace(asked, agreed=kept)
    assert overworked(whole, again) == []


@pytest.mark.parametrize(
    "asked",
    [
        Task((), (), (), LAWS["CN"]),
        Task((), shifts(1), DAYS, LAWS["CN"]),
        Task((keep(1),), (), DAYS, LAWS["CN"]),
        Task((keep(1),), shifts(1), (), LAWS["CN"]),
    ],
)
def test_a_station_without_staff_or_customers_has_an_empty_plan(asked: Task) -> None:
    made = plan(asked)

    assert (made.calls, made.value, made.bound, made.gap) == ((), 0, 0, 0)
    assert len(made.unfit) == len(asked.candidates)

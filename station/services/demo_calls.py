"""A demo's months of calls: planned, made and answered as its sales say, its present month ahead.

Whom the lot leaves uncalled is settled by the real lot and what customers do afterwards by the
sales, so that calls do nothing here: nobody came because of one.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from station.analysis.holdout import quarter_of
from station.archive import lapses, stations
from station.archive.calls import agenda, checks, facts, homes, plans, results, wishes
from station.archive.calls.agenda import Call, Next
from station.archive.calls.plans import CallPlan
from station.archive.calls.results import Result
from station.archive.calls.wishes import Complaint, Wish
from station.archive.customers import book, lives, marks, sealed
from station.archive.customers import fields as field_store
from station.archive.customers.fields import Check
from station.archive.customers.sealed import Kind
from station.archive.database import Connection
from station.archive.lapses import LapseNote
from station.contact import rules
from station.contact.plan_parts import Missed
from station.demo import silences
from station.demo.silences import Silence
from station.model import (
    DAY_S,
    SPOKEN,
    Act,
    CallCode,
    CallPurpose,
    CallStatus,
    Channel,
    ConsentSource,
    Grade,
    PlanStatus,
    day_date,
    day_number,
    next_month,
)
from station.services import demo_crew, demo_months, trail
from station.services.access import LOCAL_ACCOUNT
from station.services.ask import Ask
from station.services.calls import allowed, clock, lots, planning, rostering, scorecards
from station.services.calls.scorecards import Outcome
from station.services.customers import living, roll, valuing
from station.services.demo_crew import Crew
from station.services.demo_months import Office, Said, Town, Went, Whom
from station.services.personal import sealing

MONTHS = 6
"""So many months up to the last with sales have their calls."""
CHECKED_WEEKS, CHECKED = 8, 2
"""Of so many last weeks so many results of each caller were asked about again."""
AFTERNOONS, SELDOM, BARRED = 37, 41, 211
"""Each so many-th customer wants to be called in the afternoon only, seldom, or not at all."""
AFTERNOON_MIN = 14 * 60
FORGOTTEN, LATE_DAYS, NEAR_DAYS = 13, 9, 28
"""Of the dates that passed each so many-th was forgotten for some days; the others are near."""
ANSWERS = (*[Outcome.CONFIRMED] * 7, *[Outcome.UNREACHED] * 2, Outcome.DIFFERS)
"""What customers said when they were asked again, in turn."""
YEAR_MONTHS, MINOR_PER_MAJOR, LONGEST_MONTH_DAYS = 12, 100, 31
EVEN = 0.5
"""The chance to come back of a silence that nobody had before."""


@dataclass(frozen=True, slots=True)
class Past:
    """What calls are made from: the last day with sales, today, and why regulars really left."""

    seed: int
    last_day: int
    today: int
    reasons: Mapping[str, str]

    @property
    def months(self) -> list[date]:
        """The months up to the last with sales, the present one, and the next once that ends."""
        first, found = day_date(self.last_day).replace(day=1), list[date]()
        for _ in range(MONTHS):
            found.append(first)
            first = (first - timedelta(days=1)).replace(day=1)
        present = day_date(self.today).replace(day=1)
        following = next_month(present)
        is_ending = day_number(following) - self.today <= scorecards.WEEK_DAYS
        over = [month for month in found[::-1] if month < present]
        return [*over, present, *([following] if is_ending else [])]

    def seen_on(self, month: date) -> int:
        """Return on which day one looked at the sales to plan a month."""
        return min(day_number(month), self.last_day + 1)


def first_day(last_day: int) -> int:
    """Return the day from which on the demo's customers agreed to be called."""
    return last_day - LONGEST_MONTH_DAYS * (MONTHS + 1)


def bring(ask: Ask, *, truth: Path, seed: int, last_day: int) -> None:
    """Let a new demo's stations have called for months, and plan their present one."""
    with ask.db.writing(changes_figures=False) as conn:
        crews = demo_crew.hire(conn, ask, first_day(last_day))
        zones = {id_: one.zone for id_, one in stations.everything(conn).items()}
        _wish(conn, last_day)
    today = min(clock.moment(zone).day for zone in zones.values())
    past = Past(seed, last_day, today, _true_reasons(truth))
    valuing.renew(ask, past_months=MONTHS)
    town = _town(ask, past)
    heard = _over(ask, town, past, crews)
    _explain(ask, heard)
    living.renew(ask)
    with ask.db.writing(changes_figures=False) as conn:
        _date(conn, past, heard)
        _check(conn, past, crews)


def _true_reasons(truth: Path) -> dict[str, str]:
    """Return why a customer's vehicle really left, by his code."""
    with truth.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["reason"] and row["customer"]]
    return {row["customer"]: row["reason"] for row in rows}


def _wish(conn: Connection, last_day: int) -> None:
    """Let few customers have asked for afternoons, for few calls, or for none."""
    for one in homes.people(conn):
        who = one.customer_id
        if who % AFTERNOONS and who % SELDOM and who % BARRED:
            continue
        wish = Wish(
            customer_id=who,
            channel=Channel.PHONE,
            weekdays="",
            from_min=None if who % AFTERNOONS else AFTERNOON_MIN,
            to_min=None,
            most=None if who % SELDOM else 1,
            is_unwanted=not who % BARRED,
            is_barred=not who % BARRED,
            source=ConsentSource.CALL,
            on_day=first_day(last_day),
            account=LOCAL_ACCOUNT,
            written_at=clock.instant("UTC", first_day(last_day), AFTERNOON_MIN),
        )
        wishes.add(conn, wish)


def _town(ask: Ask, past: Past) -> Town:
    """Return the demo's customers as the rules of contact see them, and when they came."""
    with ask.db.reading() as conn:
        people = [one for one in homes.people(conn) if one.station_id]
        now = clock.moment("UTC", clock.instant("UTC", past.last_day, 0))
        persons = allowed.people(conn, [one.customer_id for one in people], now)
        known, held = lives.known(conn), lives.held(conn)
    rows = roll.visit_days(ask, held, past.last_day)
    days = rows.sort_values("local_day").groupby("customer_id")["local_day"].agg(list)
    told = known["code"].map(past.reasons).fillna("")
    came = dict(zip(days.index.astype("int64").tolist(), days.tolist(), strict=True))
    return Town(
        persons=persons,
        homes={one.customer_id: one.station_id or 0 for one in people},
        keepers={one.customer_id: one.keeper_id for one in people},
        came={one: days for one, days in came.items() if one in persons},
        reasons=dict(zip(known.index.tolist(), told.tolist(), strict=True)),
        law=ask.settings.contact.law_of(""),
        contact=ask.settings.contact,
    )


# --- month by month -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Month:
    """A station's month: its crew, who stays away, and which part of such comes again."""

    station_id: int
    crew: Crew
    first: date
    gone: Sequence[Silence]
    chances: Mapping[int, float]
    graded: Mapping[int, tuple[str, int]]

    @property
    def day(self) -> int:
        return day_number(self.first)


def _over(ask: Ask, town: Town, past: Past, crews: Mapping[int, Crew]) -> list[Went]:
    """Return how the calls of all months went that began."""
    gone = {month: silences.silent(town.came, past.seen_on(month)) for month in past.months}
    within = ask.settings.effect.outcome_days
    told = [
        (day_number(month), one)
        for month, some in gone.items()
        for one in some
        if day_number(month) + within <= past.last_day
    ]
    chances = silences.chances(told, town.came, within)
    heard = []
    for month in past.months:
        graded = _graded(ask, town, day_number(month))
        for station_id, crew in crews.items():
            here = [one for one in gone[month] if town.homes[one.customer_id] == station_id]
            mine = _Month(station_id, crew, month, here, chances, graded[station_id])
            went = _kept(ask, town, past, mine)
            heard += went if mine.day <= past.today else []
    return heard


def _kept(ask: Ask, town: Town, past: Past, month: _Month) -> list[Went]:
    """Return how the calls of a month went, once they and their plan are written down."""
    with ask.db.writing(changes_figures=False) as conn:
        graded = month.graded
        due = [_due(town, month, one) for one in month.gone]
        lots.draw(conn, ask.settings.holdout, due, on_day=month.first)
        ids = {*graded, *(one.customer_id for one in month.gone)}
        held = frozenset(facts.held_out(conn, ids, quarter_of(month.first)))
        shifts = rostering.shifts(conn, ask, month.station_id, planning.days_of(month.first))
        desk = demo_months.desk_of(
            month.station_id,
            month.crew.manager,
            clock.instant("UTC", min(month.day, past.today) - 1, 0),
            [
                (one.account_id, one.day, one.minutes)
                for one in shifts
                if rules.lawful(one.day, town.law)
            ],
            ask.settings.planning.phone_min,
        )
        planned, number = ask.settings.planning, month.first.month
        todo = demo_months.wanted(month.gone, graded, planned, number)
        slots = desk.slots
        calls, unfit = demo_months.planned(town, desk, todo, held)
        office = _office(conn, ask, past, month.station_id, month.crew, graded)
        rng = np.random.default_rng([past.seed, month.station_id, month.day])
        heard = list(demo_months.went(town, office, calls, rng))
        plan_id = _plan(conn, ask, past, month, slots, calls, unfit)
        plans.fill(conn, [replace(one.call, plan_id=plan_id) for one in heard])
        _hear(conn, ask, town, heard, plan_id)
    return heard


def _graded(ask: Ask, town: Town, day: int) -> dict[int, dict[int, tuple[str, int]]]:
    """Return by station grade and a month's worth of its customers on the eve of a day."""
    with ask.db.reading() as conn:
        rows = marks.now(conn, marks.GRADE, on_day=day - 1)
    found: dict[int, dict[int, tuple[str, int]]] = defaultdict(dict)
    told = zip(rows["customer_id"], rows["grade"], rows["facts"], strict=True)
    for one, grade, said in told:
        if one in town.homes:
            worth = int(json.loads(said).get("amount_minor", 0)) // YEAR_MONTHS
            found[town.homes[one]][int(one)] = (str(grade), worth)
    return found


def _due(town: Town, month: _Month, one: Silence) -> lots.Due:
    grade, worth = month.graded.get(one.customer_id, (Grade.D.value, 0))
    return lots.Due(
        customer_id=one.customer_id,
        station_id=month.station_id,
        p_return=month.chances.get(silences.stretch(one), EVEN),
        grade=grade,
        gap_days=one.gap_days,
        worth=worth / MINOR_PER_MAJOR,
        is_at_risk=True,
        is_complaining=town.is_complaining(one.customer_id, month.day),
    )


def _plan(
    conn: Connection,
    ask: Ask,
    past: Past,
    month: _Month,
    slots: int,
    calls: Sequence[Call],
    unfit: Sequence[tuple[Whom, str]],
) -> int:
    """Return the id of a month's plan, approved once it began.

    All calls take the same time, so none brings more than the best of them that there is time for.
    """
    worth = [int(one.facts["value_minor"]) for one in calls]
    missed = [one.value for one, why in unfit if why == Missed.NO_TIME]
    made_at = clock.instant("UTC", min(month.day, past.today) - 1, 0)
    manager = month.crew.manager
    told = {
        "value_minor": sum(worth),
        "bound_minor": sum(sorted(worth + missed)[-slots:]),
        "currency": stations.everything(conn)[month.station_id].currency,
        "prices": {},
        "late": [],
        "unfit": [[one.customer_id, one.purpose.value, why, one.value] for one, why in unfit],
    }
    new = CallPlan(month.station_id, month.day, PlanStatus.DRAFT, manager, made_at, told)
    plan_id = plans.add(conn, new)
    if month.day <= past.today:
        plans.approve(conn, plan_id, by=manager, at=made_at)
    what, here = f"plan:{plan_id}:made", month.station_id
    trail.note(conn, ask.scope, Act.CHANGE, what, station_id=here, count=len(calls))
    return plan_id


def _office(
    conn: Connection,
    ask: Ask,
    past: Past,
    station_id: int,
    crew: Crew,
    graded: Mapping[int, tuple[str, int]],
) -> Office:
    return Office(
        zone=stations.everything(conn)[station_id].zone,
        staff=crew.staff,
        graded=graded,
        calling=ask.settings.calls,
        until_day=past.today,
        known_day=past.last_day,
        return_days=ask.settings.effect.outcome_days,
    )


# --- what was heard -------------------------------------------------------------------------------


def _hear(conn: Connection, ask: Ask, town: Town, heard: Sequence[Went], plan_id: int) -> None:
    """Write down what was heard in the calls of a plan, and what follows from it."""
    ids = {(one.customer_id, one.day): one.id for one in plans.calls_of(conn, plan_id)}
    made = _said(heard)
    results.fill(conn, [_sealed(ask, one, ids) for one in made])
    for one in made:
        if one.result.code is CallCode.COMPLAINT:
            _complain(conn, ask, town, one)
    wrong = [one.result for one in made if one.result.code is CallCode.INVALID]
    field_store.put_checks(
        conn,
        [Check(one.customer_id, "phone", one.at // DAY_S, False, one.account) for one in wrong],
    )


def _said(heard: Sequence[Went]) -> list[Said]:
    return [one for one in heard if isinstance(one, Said)]


def _sealed(ask: Ask, one: Said, ids: Mapping[tuple[int, int], int]) -> Result:
    """Return a result with its words sealed and the number of its call."""
    result, key = one.result, one.result.key
    return replace(
        result,
        call_id=ids[one.call.customer_id, one.call.day],
        competitor_sealed=_seal(ask, Kind.COMPETITOR, one.talk.competitor, key),
        words_sealed=_seal(ask, Kind.CALL, one.talk.words, key),
    )


def _seal(ask: Ask, kind: Kind, words: str, key: str) -> bytes | None:
    return sealing.seal(ask.db, words, place=sealed.place(kind, key=key)) if words else None


def _complain(conn: Connection, ask: Ask, town: Town, one: Said) -> None:
    """Write a complaint down, settled by now or still open."""
    who, at = one.call.customer_id, one.result.at
    closed = next(end for day, end in town.complaints[who] if day == one.call.day)
    place = sealed.place(Kind.COMPLAINT, customer_id=who, opened_at=at)
    new = Complaint(
        customer_id=who,
        station_id=one.call.station_id,
        said_sealed=sealing.seal(ask.db, one.talk.words, place=place),
        account=one.result.account,
        opened_at=at,
        closed_at=None if closed is None else at + (closed - one.call.day) * DAY_S,
        closed_by="" if closed is None else one.result.account,
    )
    wishes.complain(conn, new)


def _explain(ask: Ask, heard: Sequence[Went]) -> None:
    """Write down at the vehicles that stay away why they do, as it was heard."""
    told = [(one, one.result.reason) for one in _said(heard) if _is_lost(one)]
    with ask.db.writing() as conn:
        whole = book.same_of_many(conn, sorted({one.call.customer_id for one, _ in told}))
        owned = facts.vehicles(conn, whole)
        last = facts.last_days(conn, {car for cars in owned.values() for car in cars})
        for one, reason in told:
            if reason is None:
                continue
            cars = owned[one.call.customer_id]
            away = [car for car in cars if last.get(car, 0) <= one.call.day]
            for car in away or cars[:1]:
                account, at = one.result.account, one.result.at
                lapses.add(conn, LapseNote(car, one.call.station_id, reason, account, at))


def _is_lost(one: Went) -> bool:
    return one.call.purpose is CallPurpose.WIN_BACK


# --- what is to be done -----------------------------------------------------------


def _date(conn: Connection, past: Past, heard: Sequence[Went]) -> None:
    """Let the last result with somebody tell when he is called next; few dates have passed."""
    last = {one.call.customer_id: one for one in _said(heard)}
    ahead = {one.call.customer_id for one in heard if one.call.status is CallStatus.PLANNED}
    for who, one in last.items():
        day, is_settled = one.result.next_day, one.result.code is CallCode.COMPLAINT
        if day is None or (who in ahead and not is_settled):
            continue
        if day < past.today:
            near = who % NEAR_DAYS if who % FORGOTTEN else -(who % LATE_DAYS)
            day = past.today + near
        new = Next(
            customer_id=who,
            station_id=one.call.station_id,
            account_id=one.call.account_id,
            day=day,
            why=CallPurpose.AFTERCARE if is_settled else CallPurpose.KEEP,
            set_by=one.result.account,
            set_at=one.result.at,
        )
        agenda.put_next(conn, new)


def _check(conn: Connection, past: Past, crews: Mapping[int, Crew]) -> None:
    """Let some results of the last weeks have been asked about again by the managers."""
    monday = past.today - (past.today - scorecards.MONDAY) % scorecards.WEEK_DAYS
    rng = np.random.default_rng([past.seed, CHECKED_WEEKS])
    for week in range(monday - CHECKED_WEEKS * scorecards.WEEK_DAYS, monday, scorecards.WEEK_DAYS):
        rows = checks.made(conn, set(crews), week * DAY_S, (week + scorecards.WEEK_DAYS) * DAY_S)
        spoken = rows[rows["code"].isin(list(SPOKEN))]
        drawn = [
            (int(row["result_id"]), int(row["customer_id"]))
            for _, mine in spoken.groupby("account_id")
            for row in mine.iloc[sorted(rng.permutation(len(mine))[:CHECKED])].to_dict("records")
        ]
        checks.draw(conn, week, drawn)
        if week < monday - scorecards.WEEK_DAYS:
            _answer(conn, crews, week)


def _answer(conn: Connection, crews: Mapping[int, Crew], week: int) -> None:
    """Let each station's manager have asked about what was drawn of a week."""
    for station_id, crew in crews.items():
        for one in checks.listing(conn, {station_id}, since_day=week, is_open=True):
            outcome = ANSWERS[one.result_id % len(ANSWERS)]
            checks.record(
                conn,
                one.id,
                outcome=outcome.value,
                reason="客户记不清是否接过电话" if outcome is Outcome.DIFFERS else "",
                checked_by=crew.manager,
                checked_at=(week + scorecards.WEEK_DAYS + 2) * DAY_S,
            )

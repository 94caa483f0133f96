"""Worth a look: the week's list, one case with its evidence, and what was found out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from time import time
from typing import Any

import pandas as pd

from station.analysis import oddities as pure
from station.archive import oddities as kept
from station.archive import oddity_facts as facts
from station.archive import stations as sites
from station.archive import vehicles as garage
from station.archive.customers import sealed
from station.archive.customers.sealed import Kind
from station.archive.database import Connection
from station.archive.oddities import Case, Step
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.loyalty import liability, programme
from station.model import (
    CLOSED,
    MILLI,
    Act,
    OdditySort,
    OddityState,
    day_date,
    day_number,
    minor_per_major,
)
from station.services import trail
from station.services.access import MINUTE_S, acting, right, stations_in_sight, today
from station.services.ask import Ask
from station.services.customers import naming
from station.services.personal import sealing
from station.services.points import rules

LONGEST_WORDS = 500
SHOWN_SIGNS = 4
CARD_TAIL = 4
LIST = "oddities:list"
NEXT: Mapping[OddityState, frozenset[OddityState]] = {
    OddityState.OPEN: frozenset({OddityState.EXPLAINED, OddityState.COACHED, OddityState.PROPOSED}),
    OddityState.PROPOSED: frozenset({OddityState.OPEN, *CLOSED}),
    **dict.fromkeys(CLOSED, frozenset({OddityState.OPEN})),
}
"""What may be found out of a case as it stands; only a proposal can be confirmed."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One case as it is listed: masked, with its signs and what is at stake.

    `worth` is what the points in question are worth in major units of `currency`. A vehicle or
    member leads to his card; `is_older` was listed in a week before and is still open.
    """

    id: int
    station: str
    sort: OdditySort
    label: str
    kind: str
    state: OddityState
    week_day: int
    rank: int
    chance: float
    points: int
    worth: float
    currency: str
    litres: float
    signs: tuple[Mapping[str, Any], ...]
    is_older: bool = False
    vehicle_id: int | None = None
    customer_id: int | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """The list of a week and of what is still open from before, and how cases ended so far."""

    monday: date | None
    cases: tuple[Shown, ...]
    outcomes: Mapping[OddityState, int] = field(default_factory=dict)

    @property
    def reviewed(self) -> int:
        """How many cases were closed so far."""
        return sum(self.outcomes.get(state, 0) for state in CLOSED)


@dataclass(frozen=True, slots=True)
class Found:
    """A step of a review; `words` are none where the key is lost."""

    state: OddityState
    words: str | None
    account: str
    written_at: int
    until_day: int | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A case with its evidence: what bears each sign, what was found out, whose doings it is of.

    `bound` are the vehicles that a card belongs to, `next` is what the asker may find out now.
    """

    shown: Shown
    evidence: tuple[tuple[Mapping[str, Any], pd.DataFrame], ...]
    steps: tuple[Found, ...]
    accounts: tuple[str, ...]
    bound: tuple[str, ...]
    next: frozenset[OddityState]


# --- looking --------------------------------------------------------------------------------------


@right("oddities.read")
def week(ask: Ask, *, stations: Sequence[str] = ()) -> Week:
    """Return what is worth a look this week, the least likely first; the look is written down.

    What points at doings of the asker's own accounts is left out.
    """
    wanted, most = stations_in_sight(ask, stations), ask.settings.oddities.most_week
    with ask.db.reading() as conn:
        monday = kept.week(conn)
        if monday is None:
            return Week(None, ())
        person = ask.scope.person
        cases = kept.listed(conn, wanted, person=person, week_day=monday, limit=most)
        names = _names(conn, ask, cases)
        shown = tuple(_shown(conn, ask, one, monday, names) for one in cases)
        outcomes = kept.outcomes(conn, wanted, person=person)
    _looked(ask, LIST, trail.place_of(ask.scope))
    return Week(day_date(monday), shown, outcomes)


@right("oddities.read")
def opened(ask: Ask, *, oddity_id: int) -> Opened:
    """Return a case with its evidence and history; the look is written down.

    Raises:
        NotFoundError: there is no such case, none in sight, or it points at the asker's own doings;
            all answer alike.
    """
    with ask.db.reading() as conn:
        one = _found(conn, ask, oddity_id)
        steps = kept.steps(conn, oddity_id)
        told = Opened(
            shown=_shown(conn, ask, one, one.week_day, _names(conn, ask, [one])),
            evidence=tuple((sign, _borne_by(conn, ask, sign)) for sign in one.evidence),
            steps=tuple(found(ask, step) for step in steps),
            accounts=tuple(kept.pointed_at(conn, oddity_id)),
            bound=_bound(conn, one),
            next=_next(ask, one, steps),
        )
    _looked(ask, f"oddity:{oddity_id}", one.station_id)
    return told


def _found(conn: Connection, ask: Ask, oddity_id: int) -> Case:
    one = kept.find(conn, oddity_id, ask.scope.station_ids, person=ask.scope.person)
    if one is None:
        raise NotFoundError("oddities.no_case")
    return one


def _looked(ask: Ask, what: str, station_id: int | None) -> None:
    """Write the look down; drawing it again a little later is the same look."""
    again_after_s = ask.settings.looks.same_look_min * MINUTE_S
    trail.looked(ask.db, ask.scope, what, station_id=station_id, again_after_s=again_after_s)


def _names(conn: Connection, ask: Ask, cases: Sequence[Case]) -> Mapping[int, str]:
    """Return what the members of these cases are called, by their ids."""
    ids = {int(one.subject) for one in cases if one.sort is OdditySort.MEMBER}
    return naming.in_list(conn, ask, ids)


def _shown(conn: Connection, ask: Ask, one: Case, monday: int, names: Mapping[int, str]) -> Shown:
    station = sites.everything(conn)[one.station_id]
    version = programme.at(rules.told(conn, ask), day_number(ask.as_of))
    currency = version.currency if version else station.currency
    minor = liability.value_minor(one.points, version.redeeming.worth) if version else 0
    ids = {one.sort: int(one.subject)} if one.sort is not OdditySort.CARD else {}
    return Shown(
        id=one.id,
        station=station.code,
        sort=one.sort,
        label=_label(conn, one, names),
        kind=one.kind,
        state=one.state,
        week_day=one.week_day,
        rank=one.rank,
        chance=one.chance,
        points=one.points,
        worth=minor / minor_per_major(currency),
        currency=currency,
        litres=one.litres_milli / MILLI,
        signs=tuple(one.evidence[:SHOWN_SIGNS]),
        is_older=one.week_day < monday,
        vehicle_id=ids.get(OdditySort.VEHICLE),
        customer_id=ids.get(OdditySort.MEMBER),
    )


def _label(conn: Connection, one: Case, names: Mapping[int, str]) -> str:
    """Return what a subject is called without saying who it is: a plate is on every car."""
    match one.sort:
        case OdditySort.CARD:
            return f"···{one.subject[-CARD_TAIL:]}"
        case OdditySort.VEHICLE:
            return garage.labels(conn, [int(one.subject)]).get(int(one.subject), ("", ""))[0]
        case OdditySort.MEMBER:
            return names[int(one.subject)]
    return ""


def _bound(conn: Connection, one: Case) -> tuple[str, ...]:
    ids = facts.bound_to(conn, one.subject) if one.sort is OdditySort.CARD else []
    return tuple(label for label, _ in garage.labels(conn, ids).values()) if ids else ()


def _borne_by(conn: Connection, ask: Ask, sign: Mapping[str, Any]) -> pd.DataFrame:
    """Return the fills, movements of points or sign-ups in sight that bear a sign."""
    here = ask.scope.station_ids
    if sign["sign"] in {"shared_phone", "burst"}:
        return facts.made(conn, sign["ids"], here)
    if sign["sign"] in pure.DEED_SIGNS:
        return facts.deeds(conn, sign["ids"], here)
    rows = facts.lines(conn, [*sign["ids"], *sign["around"]], here)
    return rows.assign(bears=rows["id"].isin(sign["ids"]))


def found(ask: Ask, step: Step) -> Found:
    """Return a step of a review, its words opened."""
    words = sealing.unseal(ask.db, step.words_sealed, place=_place(step.oddity_id, step.written_at))
    return Found(step.state, words, step.account, step.written_at, step.until_day)


def _place(oddity_id: int, written_at: int) -> str:
    return sealed.place(Kind.ODDITY, oddity_id=oddity_id, written_at=written_at)


def _next(ask: Ask, one: Case, steps: Sequence[Step]) -> frozenset[OddityState]:
    if one.station_id not in ask.scope.rights.get("oddities.review", frozenset()):
        return frozenset()
    return NEXT[one.state] - ({OddityState.CONFIRMED} if _is_own(ask, steps) else set())


def _is_own(ask: Ask, steps: Sequence[Step]) -> bool:
    """Return whether the asker himself made the proposal that stands."""
    return bool(steps) and steps[0].person == ask.scope.person


# --- finding out ----------------------------------------------------------------------------------


@right("oddities.review")
def review(
    ask: Ask, *, oddity_id: int, state: OddityState, words: str, until_on: date | None = None
) -> None:
    """Write down what was found out of a case; it cannot be changed, only followed by more.

    An explanation keeps these signs of this subject off the list until its day, unless they become
    clearly more frequent; what was talked over or confirmed does so until today's fills are old.
    What is proposed as confirmed is so once another person says the same.

    Raises:
        NotFoundError: there is no such case, none in sight, or it points at the asker's own doings;
            all answer alike.
        NotAllowedError: the asker made the proposal that he would confirm.
        BadValueError: nothing is said, or too much, that cannot follow, or the day is over.
    """
    words = words.strip()
    if not words:
        raise BadValueError("error.reason_needed")
    if len(words) > LONGEST_WORDS:
        raise BadValueError("error.note_too_long", limit=LONGEST_WORDS)
    until_day = _until(ask, state, until_on)
    with acting(ask) as conn:
        one = _found(conn, ask, oddity_id)
        if state not in NEXT[one.state]:
            raise BadValueError("oddities.cannot_follow")
        if state is OddityState.CONFIRMED and _is_own(ask, kept.steps(conn, oddity_id)):
            raise NotAllowedError("oddities.same_person")
        now_s = int(time())
        step = Step(
            oddity_id=oddity_id,
            state=state,
            account=ask.scope.account,
            person=ask.scope.person,
            written_at=now_s,
            until_day=until_day,
            signs=one.signs,
        )
        hidden = sealing.seal(ask.db, words, place=_place(oddity_id, now_s))
        kept.add_step(conn, replace(step, words_sealed=hidden))
        what = f"oddity:{oddity_id}:{state}"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=one.station_id)


def _until(ask: Ask, state: OddityState, until_on: date | None) -> int | None:
    """Return the last day on which what was found out keeps its signs off the list."""
    rules, day = ask.settings.oddities, day_number(today())
    if state is OddityState.EXPLAINED:
        until = day + rules.explained_days if until_on is None else day_number(until_on)
        if until < day:
            raise BadValueError("oddities.day_over")
        return until
    return day + rules.window_days if state in CLOSED else None

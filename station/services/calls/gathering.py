"""Who is due for a call of a station in some days, what for, and what would it bring?"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import pandas as pd

from station.archive import stations as sites
from station.archive.calls import agenda, homes, rests
from station.archive.calls.agenda import Call
from station.archive.database import Connection
from station.contact import dues
from station.contact.dues import Case, Lapse, Thought
from station.contact.plan_parts import Candidate, Need
from station.contact.rules import Outcome, Person, Touch
from station.model import (
    AT_RISK,
    CallPurpose,
    Channel,
    Stability,
    State,
    day_date,
    day_number,
    minor_per_major,
)
from station.services import board
from station.services.ask import Ask
from station.services.calls import allowed, caring, lots, reminding
from station.services.calls.clock import Moment
from station.services.customers import grades, kept, valuing

YEAR_DAYS = 365
AREA = re.compile(r"[一-龥]{1,4}?(?:区|县|镇|乡|街道)|[A-Za-z][\w .'-]*$")
"""What of an address says where somebody is visited, and nothing more exact."""
AREA_FIELDS = ("address", "area_served")


@dataclass(frozen=True, slots=True)
class Due:
    """A customer who is due: for each of his calls the key of why, and the numbers that fill it."""

    candidate: Candidate
    grade: str
    why: tuple[str, ...]
    facts: tuple[Mapping[str, Any], ...] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Board:
    """What the visits say of customers: `frame` is frames.BOARD with `person`, who stands."""

    frame: pd.DataFrame
    as_of_day: int
    currency: str

    def minor(self, amount: float) -> int:
        """Return whole money in minor units."""
        return round(amount * minor_per_major(self.currency))


def looked_up(ask: Ask, station_id: int) -> Board:
    """Return what the visits of the whole chain say of its customers, in a station's money."""
    everybody = valuing.everybody(ask)
    frame = board.vehicles(everybody)
    frame = frame[frame["customer_id"].notna()]
    with ask.db.reading() as conn:
        ends = homes.standings(conn)
        currency = sites.everything(conn)[station_id].currency
    person = frame["customer_id"].astype("int64").map(ends)
    frame = frame.assign(person=person).dropna(subset="person")
    return Board(frame, day_number(everybody.as_of), currency)


def at_home(conn: Connection, seen: Board, station_id: int) -> list[homes.Person]:
    """Return whose home a station is: where he is registered, else where he comes most.

    Nobody who was put to rest.
    """
    days = seen.frame.groupby(["person", "station_id"])["visit_days"].sum().reset_index()
    days = days.sort_values(["visit_days", "station_id"], ascending=[False, True])
    most = days.drop_duplicates("person").set_index("person")["station_id"].to_dict()
    people = homes.people(conn)
    resting = rests.at_rest(conn)
    awake = [one for one in people if one.customer_id not in resting]
    return [one for one in awake if (one.station_id or most.get(one.customer_id)) == station_id]


def away(ask: Ask, seen: Board, station_id: int) -> pd.DataFrame:
    """Return the vehicles of regulars that stay away from a station, the dearest first.

    Whose other vehicles still come, here or elsewhere, has not left: he is called as his grade
    asks.
    """
    frame, rules = seen.frame, ask.settings.planning
    is_away = frame["state"].isin([state.value for state in AT_RISK])
    is_regular = frame["stability"] == Stability.REGULAR.value
    is_fresh = frame["lost_day"] > seen.as_of_day - rules.win_back_days
    is_here = frame["station_id"] == station_id
    found = frame[is_here & is_away & is_regular & is_fresh & (frame["value_at_risk"] > 0)]
    last_day = frame.groupby("person")["last_day"].max()
    gone_day = found.groupby("person")["last_day"].max()
    still = gone_day.index[last_day.reindex(gone_day.index) > gone_day]
    found = found[~found["person"].isin(still)]
    return found.sort_values(["value_at_risk", "vehicle_id"], ascending=[False, True])


def lapses(seen: Board, found: pd.DataFrame) -> dict[int, Lapse]:
    """Return each customer who stays away, once for all his vehicles."""
    return {
        who: Lapse(
            at_risk_minor=seen.minor(float(rows["value_at_risk"].sum())),
            last_day=int(rows["last_day"].max()),
            silent_days=seen.as_of_day - int(rows["last_day"].max()),
            is_lost=str(rows["state"].iloc[0]) != State.OVERDUE.value,
        )
        for who, rows in _by_person(found)
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """Which station and days are planned, and which calls stand in them already."""

    station_id: int
    first_day: int
    last_day: int
    now: Moment
    agreed: tuple[Call, ...] = ()


def drawable(conn: Connection, ask: Ask, asked: Asked, seen: Board) -> list[lots.Due]:
    """Return who falls due for a win-back call and is put before the lot."""
    home = {one.customer_id for one in at_home(conn, seen, asked.station_id)}
    rows = away(ask, seen, asked.station_id)
    rows = rows[rows["person"].isin(home)]
    ids = sorted(set(rows["person"].astype("int64").tolist()))
    graded = grades.now(conn, ids)
    persons = allowed.people(conn, ids, _on_first(asked))
    return [
        lots.Due(
            customer_id=who,
            station_id=asked.station_id,
            p_return=float(mine["p_return"].iloc[0]),
            grade=graded[who],
            gap_days=float(mine["usual_gap_days"].iloc[0]),
            worth=float(mine["monthly_amount"].fillna(0).sum()),
            is_at_risk=True,
            is_complaining=persons[who].has_open_complaint,
        )
        for who, mine in _by_person(rows)
    ]


def _by_person(rows: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    for who in sorted(set(rows["person"].astype("int64").tolist())):
        yield who, rows[rows["person"] == who]


def thoughts(ask: Ask, asked: Asked, station: str) -> dict[int, tuple[Thought, ...]]:
    """Return of whom one thinks at a station on which of the days that are planned."""
    ahead = replace(ask.settings.care, ahead_days=asked.last_day - asked.first_day)
    then = replace(ask, as_of=day_date(asked.first_day), settings=replace(ask.settings, care=ahead))
    found: dict[int, tuple[Thought, ...]] = defaultdict(tuple)
    for one in caring.due(then, stations=[station]):
        purpose = caring.purpose_of(one.kind)
        thought = Thought(one.kind, purpose, day_number(one.day), day_number(one.until))
        found[one.customer_id] += (thought,)
    return found


def due(
    conn: Connection,
    ask: Ask,
    asked: Asked,
    seen: Board,
    thought: Mapping[int, tuple[Thought, ...]],
) -> list[Due]:
    """Return everybody who is due at a station, by customer."""
    people = at_home(conn, seen, asked.station_id)
    cases = [
        replace(case, thoughts=thought.get(case.person.customer_id, ()))
        for case in _cases(conn, ask, asked, seen, people)
    ]
    areas = _areas(conn, ask, [case.person for case in cases])
    found = []
    for one, case in zip(people, cases, strict=True):
        told = dues.wanted(case, ask.settings.planning, asked.first_day, asked.last_day)
        if told:
            person = case.person if case.lapse is None else _won_back(case.person, case.lapse)
            needs, area = tuple(want.need for want in told), areas.get(one.customer_id, "")
            found.append(
                Due(
                    candidate=Candidate(person, needs, one.keeper_id, area),
                    grade=case.grade,
                    why=tuple(want.why for want in told),
                    facts=tuple(want.facts for want in told),
                )
            )
    return found


def _won_back(person: Person, lapse: Lapse) -> Person:
    return replace(person, due_day=lapse.last_day)


def _cases(
    conn: Connection, ask: Ask, asked: Asked, seen: Board, people: Sequence[homes.Person]
) -> list[Case]:
    """Return how each of these customers stands."""
    ids = [one.customer_id for one in people]
    graded = grades.now(conn, ids)
    persons = allowed.people(conn, ids, _on_first(asked))
    reliable = homes.leads(conn, asked.first_day, ids)
    gone = lapses(seen, away(ask, seen, asked.station_id))
    worth = _worth(seen)
    usual = median(sorted(worth.values())) if worth else 0
    dates = _dates(conn, asked)
    return [
        Case(
            person=_free(persons[one.customer_id], asked.agreed),
            grade=graded[one.customer_id],
            is_organisation=one.is_organisation,
            worth_minor=worth.get(one.customer_id, 0),
            usual_minor=round(usual),
            lapse=gone.get(one.customer_id),
            reliability=reliable.get(one.customer_id, ""),
            date=dates.get(one.customer_id),
        )
        for one in people
    ]


def _worth(seen: Board) -> dict[int, int]:
    """Return what each customer buys in a month, over all stations."""
    recent = seen.frame[seen.frame["last_day"] > seen.as_of_day - YEAR_DAYS]
    sums = recent.groupby("person")["monthly_amount"].sum()
    pairs = zip(sums.index.astype("int64").tolist(), sums.tolist(), strict=True)
    return {who: seen.minor(amount) for who, amount in pairs}


def _dates(conn: Connection, asked: Asked) -> dict[int, tuple[int, CallPurpose]]:
    """Return the days of a next contact that somebody agreed, not those that the night set."""
    found = agenda.next_due(conn, [asked.station_id], to_day=asked.last_day)
    return {one.customer_id: (one.day, one.why) for one in found if one.set_by != reminding.NIGHT}


def _free(person: Person, agreed: Sequence[Call]) -> Person:
    """Return a customer without the calls that the plan itself counts."""
    touches = list(person.touches)
    for call in agreed:
        own = Touch(call.day, call.channel, Outcome.PLANNED, call.at_min)
        if call.customer_id == person.customer_id and own in touches:
            touches.remove(own)
    return replace(person, touches=tuple(touches))


def again(conn: Connection, ask: Ask, asked: Asked, lost: Sequence[Call]) -> list[Due]:
    """Return who is due because a call with him cannot be made as it stood; each is promised."""
    by_customer: dict[int, list[Call]] = defaultdict(list)
    for call in lost:
        by_customer[call.customer_id].append(call)
    ids = sorted(by_customer)
    persons = allowed.people(conn, ids, _on_first(asked))
    graded = grades.now(conn, ids)
    keepers = {one.customer_id: one.keeper_id for one in homes.people(conn)}
    areas = _areas(conn, ask, list(persons.values()))
    return [
        Due(
            candidate=Candidate(
                person=_free(persons[who], (*asked.agreed, *lost)),
                needs=tuple(_need_again(call, asked) for call in calls),
                keeper_id=keepers.get(who),
                area=areas.get(who, ""),
            ),
            grade=graded[who],
            why=tuple(call.why for call in calls),
            facts=tuple(call.facts for call in calls),
        )
        for who, calls in sorted(by_customer.items())
    ]


def _need_again(call: Call, asked: Asked) -> Need:
    return Need(
        purpose=call.purpose,
        channel=call.channel,
        minutes=call.minutes,
        value=int(call.facts.get("value_minor", 0)),
        is_promised=True,
        before_min=call.facts.get("before_min"),
        best_day=max(call.day, asked.first_day),
    )


def _on_first(asked: Asked) -> Moment:
    """Return the first of the days that are planned, as the rules of contact see it."""
    return replace(asked.now, day=asked.first_day, at_min=0)


def _areas(conn: Connection, ask: Ask, people: Sequence[Person]) -> dict[int, str]:
    """Return where customers are visited, as roughly as a trip needs it."""
    ids = [one.customer_id for one in people if Channel.VISIT in one.reached_by]
    found: dict[int, str] = {}
    for (customer_id, name), (words, _) in kept.told_of(conn, ask.db, ids, AREA_FIELDS).items():
        rough = AREA.search(words or "") if name == "address" else None
        told = rough.group() if rough else (words or "" if name == "area_served" else "")
        if told and (name == "address" or customer_id not in found):
            found[customer_id] = told.strip()
    return found

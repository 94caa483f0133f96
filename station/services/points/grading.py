"""Which level, grade and birthday has a member on a day, as far as rules ask for them?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.archive.customers import book
from station.archive.customers import occasions as store
from station.archive.database import Connection
from station.archive.points import deeds
from station.archive.points.deeds import Days
from station.contact import care
from station.contact.occasions import Calendar, Occasion, OccasionKind
from station.loyalty import ranks, tiers
from station.loyalty.conditions import MONTHS_TO_NUMBER
from station.loyalty.programme import Level, Measure, Version
from station.model import Grade, day_date, day_number
from station.services.ask import Ask
from station.services.customers import grades, occasions
from station.services.points import rules

NO_GRADE = Grade.D.value


@dataclass(frozen=True, slots=True)
class Graded:
    """A member's level and his grade A to D on a day, and his birthday (month and day, 0: none)."""

    level: str = ""
    grade: str = NO_GRADE
    birthday: int = 0


def graded(
    conn: Connection, ask: Ask, members: Collection[tuple[int, int]]
) -> Mapping[tuple[int, int], Graded]:
    """Return this of customers, each on a day, by what they did before it.

    So the order in which the sales of a day come in changes nothing. What no rule of the day asks
    for is not worked out.
    """
    held, told = rules.read(conn, ask), dict[tuple[int, int], Graded]()
    people = book.same_of_many(conn, sorted({one for one, _ in members}))
    for version in {v for _, day in members if (v := held.on(day)) is not None}:
        mine = [pair for pair in members if held.on(pair[1]) == version]
        told |= _graded(conn, ask, version, mine, people)
    return told


def graded_by(
    conn: Connection, ask: Ask, version: Version, members: Collection[tuple[int, int]]
) -> Mapping[tuple[int, int], Graded]:
    """Return this of customers, each on a day, as if one version had always held."""
    people = book.same_of_many(conn, sorted({one for one, _ in members}))
    return _graded(conn, ask, version, sorted(members), people)


def _graded(
    conn: Connection,
    ask: Ask,
    version: Version,
    members: Sequence[tuple[int, int]],
    people: Mapping[int, list[int]],
) -> dict[tuple[int, int], Graded]:
    """Return this of members on days of one version."""
    first = [(people[one][0], day) for one, day in members]
    every = sorted({row for one, _ in members for row in people[one]})
    levels = _levels(conn, version, first, every) if asks(version, "levels") else {}
    told = _grades(conn, first) if asks(version, "grades") else {}
    born = birthdays(conn, ask, every) if asks(version, "birthday") else {}
    return {
        pair: Graded(
            levels.get(own, tiers.NONE).name,
            told.get(own, NO_GRADE),
            next((birthday_on(born[row], pair[1]) for row in people[pair[0]] if row in born), 0),
        )
        for pair, own in zip(members, first, strict=True)
    }


def asks(version: Version, condition: str) -> bool:
    """Return whether any rule of a version asks for a condition; else nobody need work it out."""
    earning = version.earning
    whens = [
        *(rule.when for rule in earning.rules),
        *(multiplier.when for multiplier in earning.multipliers),
        *(offer.when for offer in version.offers),
        *earning.exclude,
    ]
    return any(getattr(when, condition) for when in whens)


# --- levels ---------------------------------------------------------------------------------------


def level_of(conn: Connection, ask: Ask, customer_id: int, day: int) -> str:
    """Return the name of a member's level on a day, by what he did before it."""
    version = rules.read(conn, ask).on(day)
    if version is None:
        return ""
    rows = book.same(conn, customer_id)
    pair = (rows[0], day)
    return _levels(conn, version, [pair], rows)[pair].name


def levels_of(
    conn: Connection, version: Version, members: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Level]:
    """Return the level of each of these who stand for all their records, each on a day."""
    people = book.same_of_many(conn, [one for one, _ in members])
    return _levels(
        conn, version, members, sorted({row for same in people.values() for row in same})
    )


def _levels(
    conn: Connection, version: Version, members: Sequence[tuple[int, int]], rows: Sequence[int]
) -> dict[tuple[int, int], Level]:
    """Return the level of each of these, who stand for these records."""
    if not version.tiers.levels:
        return {}
    who, days = (np.array([pair[at] for pair in members], dtype="int64") for at in (0, 1))
    first = min(tiers.since(version.tiers, day) for day in days.tolist())
    did = deeds_of(conn, version, Days(first, int(days.max()) - 1), rows)
    unit = tiers.unit_of(version.tiers.measure, version.currency)
    named = did.rename(columns={"customer_id": "member_id"})
    places = ranks.held_each(named, who, days, version.tiers, unit, lag_days=1)
    return {
        pair: at_place(version, place) for pair, place in zip(members, places.tolist(), strict=True)
    }


def deeds_of(
    conn: Connection, version: Version, days: Days, customer_ids: Sequence[int] | None
) -> pd.DataFrame:
    """Return deeds.COLUMNS as the measure of a version counts them; of all without `customer_ids`.

    A customer stands for all his records.
    """
    measure = version.tiers.measure
    if measure is Measure.MONEY:
        return deeds.money(conn, days, version.currency, customer_ids)
    counted = {
        Measure.FILLS: deeds.fills,
        Measure.LITRES: deeds.litres,
        Measure.POINTS: deeds.points,
    }
    return counted[measure](conn, days, customer_ids)


def places_on(did: pd.DataFrame, version: Version, day: int) -> dict[int, int]:
    """Return the place of the level on a day of each who did anything, see `at_place`."""
    unit = tiers.unit_of(version.tiers.measure, version.currency)
    named = did.rename(columns={"customer_id": "member_id"})
    found = ranks.held(named, version.tiers, day, unit)
    return dict(zip(found.index.tolist(), found.tolist(), strict=True))


def at_place(version: Version, place: int) -> Level:
    """Return the level at a place of a version's, none under the lowest."""
    return version.tiers.levels[place] if place >= 0 else tiers.NONE


# --- grades ---------------------------------------------------------------------------------------


def grade_of(conn: Connection, customer_id: int, day: int) -> str:
    """Return the grade that counts for a customer's points on a day."""
    pair = (customer_id, day)
    return _grades(conn, [pair])[pair]


def _grades(conn: Connection, members: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Return the grade of each of these; it is that of the eve of the month, all month long."""
    eves = {day: day_number(day_date(day).replace(day=1)) - 1 for _, day in members}
    by_eve = {
        eve: grades.on(conn, [one for one, day in members if eves[day] == eve], eve)
        for eve in set(eves.values())
    }
    return {(one, day): by_eve[eves[day]][one] for one, day in members}


# --- birthdays ------------------------------------------------------------------------------------


def birthdays(
    conn: Connection, ask: Ask, customer_ids: Collection[int] | None = None
) -> dict[int, Occasion]:
    """Return the birthday of each of these records of which one is kept."""
    kept = store.of_kind(conn, OccasionKind.BIRTHDAY.value, customer_ids)
    opened = ((row.customer_id, occasions.opened(ask.db, row)) for row in kept)
    return {one: birthday for one, birthday in opened if birthday is not None}


def birthday_on(birthday: Occasion, day: int) -> int:
    """Return month and day as one number of a birthday as it is kept around a day.

    By the moon's calendar that is another one each year: the nearest counts.
    """
    if birthday.calendar is Calendar.SOLAR:
        return birthday.month * MONTHS_TO_NUMBER + birthday.day
    near = care.nearest(birthday, day_date(day))
    return 0 if near is None else near.month * MONTHS_TO_NUMBER + near.day

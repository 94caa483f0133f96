"""Which level has a member, from what he did all over the chain, and what does it give him?"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from station.archive.customers import book
from station.archive.database import Connection
from station.archive.points import chain, deeds
from station.archive.points.deeds import Days
from station.loyalty import programme, ranks, tiers
from station.loyalty.conditions import holds
from station.loyalty.programme import Level, Multiplier, Offer, Version
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.customers import naming
from station.services.memory import remembered
from station.services.points import grading, members, rules
from station.services.points.members import Named

FALLING = ("customer_id", "name", "level", "to", "keep", "day")
MOST_FALLING = 500
BENEFIT = frozenset({"levels", "grades", "starts", "ends"})
"""The conditions by which a rule is a benefit of some members; of the others it is silent."""
Told = tuple[str, Mapping[str, Any]]
"""A sentence: its key and the facts that fill it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands on a day, and why; no level is "", and no rules say nothing.

    `told` are the sentences of the level, `because` those of the grade, `benefits` those of what
    he has by published rules: what it is, and by what he has it.
    """

    customer_id: int
    day: int
    level: str
    grade: str
    level_word: str
    told: tuple[Told, ...]
    because: tuple[Told, ...]
    benefits: tuple[Told, ...]
    standing: tiers.Standing | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The members in sight on a day: how many have which level, and who is about to fall.

    `counts` has a level's words and how many, from the lowest; before it those of none. `falling`
    has the next of those `near` to it, who may be many.
    """

    day: int
    counts: tuple[tuple[str, int], ...]
    near: int
    falling: pd.DataFrame


# --- one member -----------------------------------------------------------------------------------


@right("points.read")
def standing(ask: Ask, *, member: Named, lang: str) -> Standing:
    """Return where a member of the chain stands today, and what he has by it.

    Raises:
        NotFoundError: nobody is known by that, or not in sight; both answer alike.
        PointsError: several are.
    """
    with ask.db.reading() as conn:
        customer_id = members.found(conn, ask, member)
        return _standing(conn, ask, customer_id, lang)


def _standing(conn: Connection, ask: Ask, customer_id: int, lang: str) -> Standing:
    held = rules.read(conn, ask)
    day, version = held.today, held.on(held.today)
    if version is None:
        return Standing(customer_id, day, "", grading.NO_GRADE, "", (), (), ())
    found = _found(conn, version, customer_id, day)
    level = found.level if found else tiers.NONE
    grade = grading.grade_of(conn, customer_id, day)
    return Standing(
        customer_id=customer_id,
        day=day,
        level=level.name,
        grade=grade,
        level_word=programme.word(level, lang),
        told=tuple(tiers.told(found, version.tiers, lang)) if found else (),
        because=(_grade_told(ask, grade),) if grading.asks(version, "grades") else (),
        benefits=tuple(_benefits(version, level, grade, day, lang)),
        standing=found,
    )


def _found(conn: Connection, version: Version, customer_id: int, day: int) -> tiers.Standing | None:
    """Return where a member stands at the end of a day, none where there are no levels."""
    if not version.tiers.levels:
        return None
    days = Days(tiers.since(version.tiers, day), day)
    told = grading.deeds_of(conn, version, days, book.same(conn, customer_id))
    did = dict(zip(told["day"].tolist(), told["amount"].tolist(), strict=True))
    return tiers.standing(did, version.tiers, day, version.currency)


def _grade_told(ask: Ask, grade: str) -> Told:
    asked = ask.settings.value
    facts = {"grade": grade, "days": asked.days, "months": asked.least_months}
    return "levels.no_grade" if grade == grading.NO_GRADE else "levels.grade", facts


def _benefits(version: Version, level: Level, grade: str, day: int, lang: str) -> list[Told]:
    """Return what a member has by rules that ask for his level or his grade."""
    facts = {"level": level.name, "grade": grade, "day": day}
    free = [offer for offer in version.offers if not offer.points]
    found: list[Multiplier | Offer] = [*version.earning.multipliers, *free]
    words = {"grade": grade, "level": programme.word(level, lang)}
    return [
        (_why(rule), words | {"benefit": programme.word(rule, lang)})
        for rule in found
        if (rule.when.levels or rule.when.grades) and holds(rule.when, facts, BENEFIT)
    ]


def _why(rule: Multiplier | Offer) -> str:
    """Return the sentence that says by what somebody has a benefit."""
    by_level, by_grade = bool(rule.when.levels), bool(rule.when.grades)
    return f"levels.by_{'both' if by_level and by_grade else 'level' if by_level else 'grade'}"


# --- all members ----------------------------------------------------------------------------------


@right("cards.read")
def overview(
    ask: Ask, *, lang: str, stations: Sequence[str] = (), limit: int = MOST_FALLING
) -> Overview:
    """Return how many members in sight have which level today, and who is about to fall.

    In sight is whoever is registered at one of the stations, or came there while it counts. What
    he did counts wherever it was. `falling` has FALLING, the next to fall first.
    """
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        held = rules.read(conn, ask)
        day, version = held.today, held.on(held.today)
        if version is None or not version.tiers.levels:
            return Overview(day, (), 0, pd.DataFrame(columns=list(FALLING)))
        everyone = _everyone(ask, day=day, newest=chain.head(conn).id)
        days = Days(tiers.since(version.tiers, day), day)
        mine = deeds.seen_at(conn, wanted, days) & set(deeds.members(conn))
        near = [one for one in everyone.falls.index.tolist() if one in mine]
        did = everyone.deeds[everyone.deeds["customer_id"].isin(near[:limit])]
        falling = _falling(conn, ask, did, version, day, lang)
    return Overview(day, _counts(everyone.places, version, mine, lang), len(near), falling)


@dataclass(frozen=True, slots=True)
class _Everyone:
    """What all members did, the place of each one's level, and who falls soon, the next first."""

    deeds: pd.DataFrame
    places: Mapping[int, int]
    falls: pd.Series


@remembered(entries=2)
def _everyone(ask: Ask, *, day: int, newest: int) -> _Everyone:
    """Return this of the chain on a day; `newest` is the newest transaction's number."""
    del newest
    with ask.db.reading() as conn:
        version = rules.read(conn, ask).on(day)
        if version is None:
            raise LookupError(day)
        did = grading.deeds_of(conn, version, Days(tiers.since(version.tiers, day), day), None)
    unit = tiers.unit_of(version.tiers.measure, version.currency)
    named = did.rename(columns={"customer_id": "member_id"})
    falls = ranks.falls(named, version.tiers, day, unit).sort_index()
    return _Everyone(did, grading.places_on(did, version, day), falls.sort_values(kind="stable"))


def _counts(
    places: Mapping[int, int], version: Version, mine: Collection[int], lang: str
) -> tuple[tuple[str, int], ...]:
    """Return how many of these members have which level, the lowest first."""
    nothing = ranks.of_nothing(version.tiers)
    had = Counter(places.get(one, nothing) for one in mine)
    return tuple(
        (programme.word(grading.at_place(version, place), lang), had[place])
        for place in range(min(nothing, 0), len(version.tiers.levels))
    )


def _falling(
    conn: Connection, ask: Ask, near: pd.DataFrame, version: Version, day: int, lang: str
) -> pd.DataFrame:
    """Return FALLING of those of whom these are the deeds, names masked, the next to fall first."""
    rows = []
    for one, own in near.groupby("customer_id"):
        did = dict(zip(own["day"].tolist(), own["amount"].tolist(), strict=True))
        found = tiers.standing(did, version.tiers, day, version.currency)
        if found.fall:
            words = (programme.word(level, lang) for level in (found.level, found.fall.to))
            rows.append((one, "", *words, found.fall.keep, found.fall.day))
    found_ = pd.DataFrame(rows, columns=list(FALLING))
    names = naming.in_list(conn, ask, found_["customer_id"].tolist())
    found_ = found_.assign(name=found_["customer_id"].map(names).astype("object"))
    return found_.sort_values(["day", "customer_id"], ignore_index=True)

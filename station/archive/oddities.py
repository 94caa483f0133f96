"""What was worth a look in a week, and what was found out of it, step by step."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from station.archive.tables import accounts, meta, oddities, oddity_accounts, oddity_steps
from station.model import CLOSED, OdditySort, OddityState

WEEK = "oddities_week"
"""The Monday of the last week for which a list was kept."""


@dataclass(frozen=True, slots=True)
class Case:
    """One subject that is worth a look at a station; `evidence` is plain data."""

    id: int
    station_id: int
    sort: OdditySort
    subject: str
    kind: str
    week_day: int
    rank: int
    chance: float
    points: int
    litres_milli: int
    evidence: Sequence[Mapping[str, Any]]
    state: OddityState
    account_ids: frozenset[int] = field(default_factory=frozenset)

    @property
    def signs(self) -> dict[str, int]:
        """How many fills or deeds bear each sign."""
        return {str(one["sign"]): int(one["found"]) for one in self.evidence}


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody found out; `words_sealed` came sealed and leaves sealed."""

    oddity_id: int
    state: OddityState
    account: str
    person: str
    written_at: int
    until_day: int | None
    signs: Mapping[str, int]
    words_sealed: bytes | None = None


COLUMNS = (
    *("station_id", "sort", "subject", "kind", "week_day", "rank", "chance", "points"),
    *("litres_milli", "state"),
)


# --- the week's list ------------------------------------------------------------------------------


def week(conn: Connection) -> int | None:
    """Return the Monday of the last week that was listed, none before the first."""
    return conn.execute(select(meta.c.value).where(meta.c.name == WEEK)).scalar()


def put_week(conn: Connection, monday: int, found: Sequence[Case]) -> None:
    """Keep the list of a week; a subject that was listed before has its case listed again."""
    conn.execute(delete(meta).where(meta.c.name == WEEK))
    conn.execute(insert(meta).values(name=WEEK, value=monday))
    for one in found:
        _put(conn, one)


def _put(conn: Connection, one: Case) -> None:
    case_ = oddities.c
    same = and_(
        case_.station_id == one.station_id, case_.sort == one.sort, case_.subject == one.subject
    )
    values = {name: getattr(one, name) for name in COLUMNS}
    values |= {"evidence": json.dumps(list(one.evidence), sort_keys=True, ensure_ascii=False)}
    known = conn.execute(select(case_.id, case_.state).where(same)).first()
    if known is None:
        added = insert(oddities).values(values).returning(case_.id)
        case_id = int(conn.execute(added).scalar_one())
    else:
        case_id = int(known.id)
        if known.state == OddityState.PROPOSED:  # the second person is still to decide
            values["state"] = known.state
        conn.execute(update(oddities).where(case_.id == case_id).values(values))
        conn.execute(delete(oddity_accounts).where(oddity_accounts.c.oddity_id == case_id))
    pointed = [{"oddity_id": case_id, "account_id": id_} for id_ in sorted(one.account_ids)]
    if pointed:
        conn.execute(insert(oddity_accounts), pointed)


def covered(conn: Connection) -> pd.DataFrame:
    """Return station_id, sort, subject, sign, until_day and found of what was found out.

    Of a case that was opened again only what was found out since.
    """
    again = oddity_steps.alias("again")
    opened = exists().where(
        again.c.oddity_id == oddity_steps.c.oddity_id,
        again.c.state == OddityState.OPEN.value,
        again.c.id > oddity_steps.c.id,
    )
    query = (
        select(oddities.c.station_id, oddities.c.sort, oddities.c.subject, oddity_steps.c.signs,
               oddity_steps.c.until_day)
        .join_from(oddity_steps, oddities)
        .where(oddity_steps.c.until_day.is_not(None), ~opened)
    )  # fmt: skip
    rows = [
        (row.station_id, row.sort, row.subject, sign, row.until_day, found)
        for row in conn.execute(query)
        for sign, found in json.loads(row.signs).items()
    ]
    columns = ["station_id", "sort", "subject", "sign", "until_day", "found"]
    return pd.DataFrame(rows, columns=columns)


# --- looking --------------------------------------------------------------------------------------


def _not_of(person: str) -> ColumnElement[bool]:
    """Tell the cases that do not point at an account of a person."""
    own = exists().where(
        oddity_accounts.c.oddity_id == oddities.c.id,
        oddity_accounts.c.account_id == accounts.c.id,
        accounts.c.person == person,
    )
    return ~own


def listed(
    conn: Connection, station_ids: Collection[int], *, person: str, week_day: int, limit: int
) -> list[Case]:
    """Return the cases of a week, the least likely first, and those open from weeks before.

    None that points at an account of `person`. No more than `limit` of the week.
    """
    case_ = oddities.c
    here = select(oddities).where(case_.station_id.in_(station_ids), _not_of(person))
    newest = here.where(case_.week_day == week_day).order_by(case_.chance, case_.id).limit(limit)
    closed = [state.value for state in CLOSED]
    older = here.where(case_.week_day < week_day, case_.state.not_in(closed))
    older = older.order_by(case_.week_day.desc(), case_.chance, case_.id).limit(limit)
    return [_case(row) for query in (newest, older) for row in conn.execute(query)]


def find(
    conn: Connection, oddity_id: int, station_ids: Collection[int], *, person: str
) -> Case | None:
    """Return a case at one of these stations that does not point at an account of a person."""
    query = select(oddities).where(
        oddities.c.id == oddity_id, oddities.c.station_id.in_(station_ids), _not_of(person)
    )
    row = conn.execute(query).first()
    return None if row is None else _case(row)


def _case(row: Any) -> Case:
    told = {name: getattr(row, name) for name in ("id", *COLUMNS)}
    told |= {"sort": OdditySort(row.sort), "state": OddityState(row.state)}
    return Case(**told, evidence=json.loads(row.evidence))


def pointed_at(conn: Connection, oddity_id: int) -> list[str]:
    """Return the names of the accounts whose doings a case points at."""
    query = select(accounts.c.name).join(oddity_accounts)
    query = query.where(oddity_accounts.c.oddity_id == oddity_id).order_by(accounts.c.name)
    return list(conn.execute(query).scalars())


def steps(conn: Connection, oddity_id: int) -> list[Step]:
    """Return what was found out of a case, the newest first."""
    query = select(oddity_steps).where(oddity_steps.c.oddity_id == oddity_id)
    names = tuple(Step.__slots__)
    return [
        Step(**{name: getattr(row, name) for name in names}
             | {"state": OddityState(row.state), "signs": json.loads(row.signs)})
        for row in conn.execute(query.order_by(oddity_steps.c.id.desc()))
    ]  # fmt: skip


def outcomes(
    conn: Connection, station_ids: Collection[int], *, person: str
) -> dict[OddityState, int]:
    """Return how many cases at these stations stand how, but for those of a person's accounts."""
    query = select(oddities.c.state, func.count())
    query = query.where(oddities.c.station_id.in_(station_ids), _not_of(person))
    rows = conn.execute(query.group_by(oddities.c.state))
    return {OddityState(state): int(count) for state, count in rows}


def of_customer(
    conn: Connection,
    customer_ids: Collection[int],
    vehicle_ids: Collection[int],
    card_numbers: Collection[str],
) -> list[tuple[Case, list[Step]]]:
    """Return what was worth a look of a customer, his vehicles and his cards, with its steps."""
    his = _of(customer_ids, vehicle_ids, card_numbers)
    found = [_case(row) for row in conn.execute(select(oddities).where(his).order_by("id"))]
    return [(one, steps(conn, one.id)) for one in found]


def _of(
    customer_ids: Collection[int], vehicle_ids: Collection[int], card_numbers: Collection[str]
) -> ColumnElement[bool]:
    subject = oddities.c.subject
    named = {
        OdditySort.MEMBER: map(str, customer_ids),
        OdditySort.VEHICLE: map(str, vehicle_ids),
        OdditySort.CARD: card_numbers,
    }
    return or_(
        *(and_(oddities.c.sort == sort, subject.in_(list(whose))) for sort, whose in named.items())
    )


# --- finding out, and forgetting ------------------------------------------------------------------


def add_step(conn: Connection, step: Step) -> None:
    """Write down what was found out; the case then stands as the step says."""
    values = {name: getattr(step, name) for name in Step.__slots__}
    values |= {"signs": json.dumps(dict(step.signs), sort_keys=True)}
    conn.execute(insert(oddity_steps).values(values))
    stands = update(oddities).where(oddities.c.id == step.oddity_id)
    conn.execute(stands.values(state=step.state))


def forget_customer(
    conn: Connection,
    customer_ids: Collection[int],
    vehicle_ids: Collection[int],
    card_numbers: Collection[str],
) -> None:
    """Delete what was worth a look of somebody who leaves the archive."""
    _drop(conn, _of(customer_ids, vehicle_ids, card_numbers))


def forget(conn: Connection, *, before_day: int, before_s: int) -> int:
    """Return how many cases had their time: listed before a day, nothing found out since."""
    since = exists().where(
        oddity_steps.c.oddity_id == oddities.c.id, oddity_steps.c.written_at >= before_s
    )
    return _drop(conn, and_(oddities.c.week_day < before_day, ~since))


def _drop(conn: Connection, which: ColumnElement[bool]) -> int:
    ids = list(conn.execute(select(oddities.c.id).where(which)).scalars())
    if ids:
        for table in (oddity_steps, oddity_accounts):
            conn.execute(delete(table).where(table.c.oddity_id.in_(ids)))
        conn.execute(delete(oddities).where(oddities.c.id.in_(ids)))
    return len(ids)

"""An import of records is taken back, as far as nobody built on it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from time import time
from typing import Any

from station.archive import batches, stations
from station.archive.customers import fields as store
from station.archive.customers import reach, sealed, steps, undoing
from station.archive.customers.fields import Check
from station.archive.customers.sealed import Contact
from station.archive.customers.steps import BACK, CUSTOMERS, DONE, GONE, LEFT, USED
from station.archive.customers.undoing import Came, Unit
from station.archive.database import Connection, Database
from station.contact.fields import CORE
from station.errors import FileRefusedError, NotAllowedError
from station.model import DAY_S, Act, OwnerKind, day_date
from station.services import sites, trail
from station.services.access import LOCAL_ACCOUNT
from station.services.ask import Ask
from station.services.customers import fields, kept
from station.services.customers.kept import News
from station.services.incoming.facts import CHECKS, KIND
from station.services.personal import sealing

CHUNK_STEPS = 500
"""Steps taken back in one turn of writing."""
CONTACT = ("name", "phone")


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did: what is `out`, and of records what else became of them.

    `back` were changed and stand as before, `ties` to owners, customers or vehicles too; `left`
    were changed since, `kept` are named by something that would miss them.
    """

    out: int
    back: int = 0
    ties: int = 0
    left: int = 0
    kept: int = 0


@dataclass(slots=True)
class _Desk:
    """What is known of the customers at hand, and what changes of them."""

    rows: dict[int, dict[str, Any]]
    words: dict[tuple[int, str], str | None]
    contacts: dict[int, Contact] = field(default_factory=dict)
    columns: dict[int, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    facts: dict[tuple[int, str], str] = field(default_factory=dict)
    checks: dict[tuple[int, str], Check] = field(default_factory=dict)


def take_back(ask: Ask, batch_id: int) -> Undone:
    """Return what became of the records of an import; stopped midway it goes on when called again.

    Raises:
        NotAllowedError: stations are taken back by whoever keeps them.
        FileRefusedError: it was undone before, is too old, or nothing is kept of what it did.
    """
    with ask.db.reading() as conn:
        batch = batches.standing(conn, batch_id)
        is_kept = steps.any_of(conn, batch_id)
    if batch.kind == "stations" and "stations.keep" not in ask.scope.rights:
        raise NotAllowedError("error.not_allowed", right="stations.keep")
    days = ask.settings.archive.undo_days
    if batch.started_at < int(time()) - days * DAY_S:
        raise FileRefusedError("archive.undo_too_late", batch=batch_id, days=days)
    if batch.accepted and not is_kept:
        raise FileRefusedError("archive.undo_unknown", batch=batch_id)
    below: int | None = None
    since_s = int(time()) - days * DAY_S  # older than any row that an undo may take out
    while (done := _take_chunk(ask, batch_id, since_s, below)) is not None:
        below = done
    with ask.db.writing() as conn:
        batches.mark_undone(conn, batch_id)
        undone = _account(steps.counts(conn, batch_id))
        count = undone.out + undone.back + undone.ties
        trail.note(conn, ask.scope, Act.UNDO, f"batch:{batch_id}", count=count)
    for table in ("cards", "vehicles", CUSTOMERS):
        _try_again(ask, table, batch_id, since_s)
    with ask.db.reading() as conn:
        return _account(steps.counts(conn, batch_id))


def _account(came: dict[tuple[str, str], int]) -> Undone:
    def count(outcome: str, *, ties: bool) -> int:
        return sum(
            number
            for (table, how), number in came.items()
            if how == outcome and (table in undoing.HOLDERS) == ties
        )

    return Undone(
        out=count(GONE, ties=False),
        back=count(BACK, ties=False),
        ties=count(BACK, ties=True),
        left=count(LEFT, ties=False) + count(LEFT, ties=True),
        kept=count(USED, ties=False),
    )


def _take_chunk(ask: Ask, batch_id: int, since_s: int, below: int | None) -> int | None:
    """Return the step down to which an import is taken back now, none where nothing is left."""
    with ask.db.writing() as conn:
        last = steps.last(conn, batch_id, below=below, limit=CHUNK_STEPS)
        if last is None:
            return None
        table, row_ids = last.table, last.row_ids
        if table in undoing.HOLDERS:
            holders = undoing.holders_of(conn, table, row_ids)
            holder = "cards" if table == "card_links" else "vehicles"
            barred = _barred(conn, ask, holder, holders)
            undoing.undo_links(conn, table, holders, batch_id, barred=barred)
        elif table == CUSTOMERS:
            _undo_customers(conn, ask, row_ids, batch_id, since_s)
        else:
            _undo_rows(conn, ask, table, row_ids, batch_id=batch_id, since_s=since_s)
        return last.from_id


def _try_again(ask: Ask, table: str, batch_id: int, since_s: int) -> None:
    """Take out what undone imports had to keep for the sake of what is gone by now."""
    with ask.db.reading() as conn:
        kept = steps.used(conn, table)
    for start in range(0, len(kept), CHUNK_STEPS):
        some = kept[start : start + CHUNK_STEPS]
        with ask.db.writing() as conn:
            if table == CUSTOMERS:
                _undo_customers(conn, ask, some, batch_id, since_s)
            else:
                _undo_rows(conn, ask, table, some, batch_id=batch_id, since_s=since_s)


def _undo_rows(
    conn: Connection,
    ask: Ask,
    table: str,
    row_ids: Collection[int],
    *,
    batch_id: int,
    since_s: int,
) -> None:
    """Take stations, vehicles or cards back; a region is moved by two people only."""
    is_site = table == "stations"
    fixed = {"region"} if is_site and ask.scope.account != LOCAL_ACCOUNT else set[str]()
    reason = f"{sites.BY_UNDO}{batch_id}"
    with sites.watched(conn, ask.scope, reason) if is_site else nullcontext():
        undoing.undo_rows(
            conn,
            table,
            row_ids,
            batch_id,
            barred=_barred(conn, ask, table, row_ids),
            fixed=fixed,
            since_s=since_s,
        )


def _barred(conn: Connection, ask: Ask, table: str, row_ids: Collection[int]) -> set[int]:
    """Return the rows that are of stations which the asker does not see."""
    sight = ask.scope.station_ids
    if set(stations.ids(conn).values()) <= sight:
        return set()
    if table == "stations":
        return set(row_ids) - sight
    return reach.foreign_rows(conn, table, row_ids, sight)


def _undo_customers(
    conn: Connection, ask: Ask, row_ids: Collection[int], batch_id: int, since_s: int
) -> None:
    found = undoing.units(conn, CUSTOMERS, row_ids, batch_id)
    barred, made = _barred(conn, ask, CUSTOMERS, row_ids), undoing.removable(found)
    stay = barred | undoing.in_use(conn, CUSTOMERS, made, since_s=since_s)
    stay |= undoing.otherwise_changed(conn, made, batch_id)
    came, gone, news = Came(list), made - stay, list[News]()
    standing = {unit.row_id for unit in found if not unit.is_new} - gone
    desk = _desk(conn, ask.db, standing)
    history = _history(conn, ask.db, standing)
    for unit in found:
        if unit.is_new:
            undoing.close(came, GONE if unit.row_id in gone else USED, unit)
        elif unit.row_id not in desk.rows:
            came[DONE] += unit.steps
        else:
            fixed = {*unit.told} if unit.row_id in barred else unit.later
            back, left = _back(desk, unit, history, fixed)
            news += back
            is_changed = bool(back) or KIND in desk.columns.get(unit.row_id, {})
            undoing.close(came, LEFT if left else BACK if is_changed else DONE, unit, left)
    _write(conn, ask, desk, news)
    _note(conn, ask, news, {unit.row_id: unit.batch_id for unit in reversed(found)})
    steps.settle(conn, came)
    undoing.remove(conn, CUSTOMERS, gone)


def _desk(conn: Connection, db: Database, customer_ids: Collection[int]) -> _Desk:
    rows = undoing.rows_of(conn, undoing.TABLES[CUSTOMERS], customer_ids)
    rows = {row_id: row for row_id, row in rows.items() if row["erased_at"] is None}
    words = {place: told for place, (told, _) in kept.told_of(conn, db, rows).items()}
    desk = _Desk(rows, words)
    for row_id, row in rows.items():
        contact = Contact(row_id, **{name: row[name] for name in sealed.REACHED_BY})
        desk.contacts[row_id] = contact
        name, phone = sealing.unseal_contact(db, contact)
        kind, since, station = row["owner_kind"], row["since_day"], row["station_id"]
        own = {
            "name": name,
            "phone": phone,
            "organisation_name": row["organisation_name"],
            "owner_kind": "" if kind == OwnerKind.UNKNOWN else kind,
            "station": "" if station is None else str(station),
            "since": "" if since is None else day_date(since).isoformat(),
        }
        desk.words |= {(row_id, field): told for field, told in own.items()}
    return desk


def _history(
    conn: Connection, db: Database, customer_ids: Collection[int]
) -> dict[tuple[str, int, str], tuple[str | None, str | None]]:
    """Return what each import found first in a field and put there last, by reason and place."""
    told: dict[tuple[str, int, str], tuple[str | None, str | None]] = {}
    for change in store.changes(conn, customer_ids) if customer_ids else ():
        if change.reason.startswith(sites.BY_FILE):
            place = (change.reason, change.customer_id, change.field)
            first = told[place][0] if place in told else kept.old_of(db, change)
            told[place] = (first, kept.new_of(db, change))
    return told


def _back(
    desk: _Desk,
    unit: Unit,
    history: dict[tuple[str, int, str], tuple[str | None, str | None]],
    fixed: Collection[str],
) -> tuple[list[News], dict[str, list[Any]]]:
    """Return what changes back of a customer, and what has to be left, by field."""
    customer_id, told = unit.row_id, unit.told
    news, left = list[News](), dict[str, list[Any]]()
    for name in told.keys() - {KIND, CHECKS}:
        place = (f"{sites.BY_FILE}{unit.batch_id}", customer_id, name)
        old, new = history.get(place, ("", ""))
        if old == new:
            continue
        stands = desk.words.get((customer_id, name), "")
        if name in fixed or stands is None or old is None or stands != new:
            left[name] = []
            continue
        news.append(News(customer_id, name, stands, old))
        desk.words[customer_id, name] = old
    pair = told.get(KIND)
    if pair and (KIND in fixed or desk.rows[customer_id][KIND] != pair[1]):
        left[KIND] = pair
    elif pair:
        desk.rows[customer_id][KIND] = desk.columns[customer_id][KIND] = pair[0]
    back = {one.field for one in news}
    for name, day, is_good, account in told.get(CHECKS, ()):
        if name in back:
            check = Check(customer_id, name, day, bool(is_good), account)
            desk.checks[customer_id, name] = check
        else:
            left.setdefault(CHECKS, []).append([name, day, is_good, account])
    if left.keys() == {CHECKS}:
        left = {}
    return news, left


def _write(conn: Connection, ask: Ask, desk: _Desk, news: Iterable[News]) -> None:
    """Let what stood before stand again."""
    known, changed = fields.known_fields(ask.settings), dict[int, Contact]()
    facts: dict[tuple[int, str], str] = {}
    for one in news:
        if one.field in CONTACT:
            contact = changed.get(one.customer_id, desk.contacts[one.customer_id])
            changed[one.customer_id] = kept.reached(ask.db, contact, one.field, one.new)
        elif one.field in CORE:
            column = store.COLUMNS[one.field]
            desk.columns[one.customer_id][column] = kept.stored(one.field, one.new)
        else:
            facts[one.customer_id, one.field] = one.new
    sealed.put_contacts(conn, list(changed.values()))
    undoing.put_columns(conn, undoing.TABLES[CUSTOMERS], desk.columns)
    for (customer_id, name), words in facts.items():
        if not words:
            store.take(conn, customer_id, name)
    values = [
        kept.value_of(ask.db, customer_id, known[name], words)
        for (customer_id, name), words in facts.items()
        if words and name in known
    ]
    store.put(conn, values, standing=values)
    store.drop_checks(conn, {(one.customer_id, one.field) for one in news})
    store.put_checks(conn, list(desk.checks.values()))


def _note(conn: Connection, ask: Ask, news: Iterable[News], batch_of: dict[int, int]) -> None:
    """Write down what was changed back, each with the import that was undone."""
    by_batch: dict[int, list[News]] = defaultdict(list)
    for one in news:
        by_batch[batch_of[one.customer_id]].append(one)
    for batch_id, some in by_batch.items():
        reason, account = f"{sites.BY_UNDO}{batch_id}", ask.scope.account
        kept.note(conn, ask.db, some, account=account, written_at=int(time()), reason=reason)

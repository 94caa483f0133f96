"""A person is forgotten: once on his word, and again in every older backup that comes back."""

import csv
import io
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from time import time
from typing import Any

from station.archive import batches, notebook
from station.archive.customers import book, erasing, merging
from station.archive.customers.book import Customer
from station.archive.customers.erasing import Erasure
from station.archive.database import Connection, Database
from station.archive.people import sessions
from station.config import Settings
from station.errors import BadValueError
from station.guard.traces import Traces
from station.model import Act, day_number
from station.services import access, trail
from station.services.access import right, today
from station.services.ask import Ask
from station.services.customers import contacts, kept, registering
from station.services.personal import sealing
from station.services.points import gifts, lapsing, vouchers

FILE = "erasures.jsonl"
"""Lies beside the archive, so that no backup of it is older than the newest erasure."""
QUARANTINE = "quarantine"
LONGEST_REASON = 40
OWNER_ONLY = 0o600
QUICK_BYTES = 256 * 2**20
"""A file of so many bytes is written anew within a few seconds, for which writers wait."""


@right("privacy.erase")
def erase(ask: Ask, *, customer_id: int, reason: str, more_follow: bool = False) -> bool:
    """Forget a person for good and return whether every trace is off the disk already.

    Name, phone and code go, the plates, cards and notes of what is his alone, and rejected rows
    that name him; what he bought stays and is nobody's. Of an organisation only the person to ask
    for goes. What is left in the gaps of a large file goes with the nightly work or before a
    backup; where `more_follow`, with the last of them.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        BadValueError: he was erased before, no reason is given, or it names him.
    """
    with ask.db.writing() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        customer = seen.customer
        if customer.erased_at is not None:
            raise BadValueError("erasure.before")
        why = contacts.impersonal(reason, contacts.of_person(ask.db, customer))
        for row_id, code in zip(customer.ids, customer.codes, strict=True):
            erasure = Erasure(
                customer_id=row_id,
                code_index=sealing.code_index(ask.db, code),
                at=int(time()),
                account=ask.scope.account,
                reason=why[:LONGEST_REASON],
            )
            _erase(conn, ask, erasure)
            name = f"customer:{row_id}"
            trail.note(conn, ask.scope, Act.ERASURE, name, station_id=seen.station_id, reason=why)
            notebook.add(ask.db.folder / FILE, erasure._asdict())
    return not more_follow and settle(ask.db, most_bytes=QUICK_BYTES)


def settle(db: Database, *, most_bytes: int | None = None) -> bool:
    """Return whether nothing that was erased lies in the archive's files any more."""
    with db.reading() as conn:
        if not erasing.is_unsettled(conn):
            return True
    if not db.settle(erasing.TOUCHED, most_bytes=most_bytes):
        return False
    with db.writing(changes_figures=False) as conn:
        erasing.mark_settled(conn)
    return True


def _erase(conn: Connection, ask: Ask, erasure: Erasure) -> None:
    """Forget one row of a person, which stands by itself from then on."""
    db = ask.db
    customer = _alone(conn, erasure.customer_id)
    own = erasing.belongings(conn, customer)
    person = contacts.of_person(db, customer, *own.texts, *own.numbers)
    person |= kept.traces_of(conn, db, customer.ids)
    _clear_rows(conn, db, person)
    named = [batch_id for batch_id, name in batches.file_names(conn) if person.found_in(name)]
    batches.forget_names(conn, named)
    _clear_files(db.folder / QUARANTINE, person)
    registering.forget_named(conn, db, person)
    if not customer.is_organisation:
        gifts.remember(conn, ask, customer.id)
        lapsing.close(conn, ask, customer.id)
        vouchers.close(conn, ask, customer.id)
    erasing.forget(conn, customer, own, day=day_number(today()), now_s=erasure.at)
    erasing.note(conn, erasure)
    erasing.mark_unsettled(conn)


def _alone(conn: Connection, customer_id: int) -> Customer:
    """Return who is to be erased, no more tied to other rows; an organisation is left whole."""
    customer = book.sure(conn, customer_id)
    if customer.is_organisation:
        return customer
    merging.dissolve(conn, [customer_id])
    return book.sure(conn, customer_id)


def _clear_rows(conn: Connection, db: Database, person: Traces) -> None:
    """Delete the rejected rows that name a person; one that cannot be opened tells nobody."""
    named = [
        row_id
        for row_id, batch_id, row in batches.rejected_anywhere(conn)
        for opened in sealing.unseal_rows(db, batch_id, [row])
        if person.found_in("\n".join([opened.raw, *map(str, opened.facts.values())]))
    ]
    batches.drop_rejected(conn, named)


def _clear_files(folder: Path, person: Traces) -> None:
    """Take the rows that name a person out of the files of rejected rows; an odd file goes."""
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if not path.is_file():
            continue
        if person.found_in(path.name):
            path.unlink()
            continue
        try:
            words = path.read_text(encoding="utf-8-sig")
            rows = list(csv.reader(io.StringIO(words, newline="")))
        except (UnicodeDecodeError, csv.Error):
            path.unlink()
            continue
        left = [row for row in rows if not person.found_in("\n".join(row))]
        if len(left) < len(rows):
            _replace(path, left)


def _replace(path: Path, rows: list[list[str]]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def replay(db: Database) -> int:
    """Return how many persons were forgotten again, whom an older copy had brought back.

    Id and code must both be theirs: a number given anew to another person is not touched.
    """
    with db.reading() as conn:
        if not any(_missed(conn, db)):
            return 0
    with db.writing() as conn:
        missed = list(_missed(conn, db))
        scope = access.local_operator(db)
        ask = Ask(db, Settings(), scope, today())
        for erasure in missed:
            _erase(conn, ask, erasure)
            name = f"customer:{erasure.customer_id}"
            trail.note(conn, scope, Act.ERASURE, name, reason="replayed")
    settle(db)
    return len(missed)


def _missed(conn: Connection, db: Database) -> Iterator[Erasure]:
    for line in notebook.lines(db.folder / FILE):
        erasure = _erasure(line)
        if erasing.is_noted(conn, erasure):
            continue
        customer = book.find(conn, erasure.customer_id)
        codes = dict(zip(customer.ids, customer.codes, strict=True)) if customer else {}
        code = codes.get(erasure.customer_id, "")
        if code and sealing.code_index(db, code) == erasure.code_index:
            yield erasure


def _erasure(line: dict[str, Any]) -> Erasure:
    return Erasure(**{name: line[name] for name in Erasure._fields})


def erased_among(conn: Connection, db: Database, codes: Collection[str]) -> set[str]:
    """Return which of these codes were those of erased persons: no file brings them back."""
    listed = {str(line["code_index"]) for line in notebook.lines(db.folder / FILE)}
    if not listed and not erasing.any_noted(conn):
        return set()
    index_of = {code: sealing.code_index(db, code) for code in codes}
    gone = listed | erasing.erased_codes(conn, index_of.values())
    return {code for code, index in index_of.items() if index in gone}


def prepare_restored(db: Database) -> None:
    """Make an older copy fit to be the archive: forget whom it forgot, let nobody stay signed in.

    It is written down in the copy's own log.
    """
    replay(db)
    with db.writing() as conn:
        sessions.end_everyone(conn, int(time()))
        trail.note(conn, access.local_operator(db), Act.KEEPING, "archive:restored")

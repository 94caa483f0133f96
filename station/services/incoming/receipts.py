"""A till sends a receipt: its lines come in as those of a file do, once, whatever comes again."""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import monotonic, time

from station.archive import batches, relink, sales, stations
from station.archive.customers import book as customers
from station.archive.database import Connection
from station.archive.people import terminals
from station.archive.people.terminals import Told
from station.archive.points import awards
from station.archive.points.awards import Given
from station.errors import (
    BadValueError,
    FileRefusedError,
    GoneError,
    KeyReusedError,
    NotAllowedError,
    NotFoundError,
)
from station.ingest import sale_keys, sales_file
from station.ingest.sales_file import SalesFile
from station.model import (
    DAY_S,
    MILLI,
    Act,
    RejectedRow,
    SaleKeyKind,
    SaleRow,
    Station,
    Unit,
    minor_per_major,
    quiet,
)
from station.services import trail
from station.services.access import MINUTE_S, acting, right, today
from station.services.ask import Ask, Database
from station.services.incoming import intake
from station.services.incoming.intake import ImportOptions, Request, Tally, Work
from station.services.personal import sealing
from station.services.points import members
from station.services.points.members import Named

SOURCE = "till"
"""The source of what tills send; its lines are told apart by receipt and line."""
VOLUMES = {
    Unit.LITRE: "litre",
    Unit.KWH: "kwh",
    Unit.CUBIC_METRE: "m3",
    Unit.KILOGRAM: "kg",
    Unit.PIECE: "",
}
"""How a file would name the unit."""
_raised: dict[str, float] = {}
_turn = Lock()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a receipt; below 0 it takes a sale back. `line_no` as the till's own files say."""

    product: str
    quantity_milli: int
    unit: Unit
    amount_minor: int
    line_no: str = ""
    nozzle: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as a till sends it; `terminal_no` is the number that its terminal has in files."""

    receipt_no: str
    sold_at: int
    lines: tuple[Line, ...]
    terminal_no: str = ""
    plate: str = ""
    card_no: str = ""
    business_day: str = ""
    original_receipt_no: str = ""

    def mark(self, ask: Ask) -> str:
        """Return what is kept beside its key: nobody can try plates by it, as he lacks our own."""
        words = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return sealing.code_index(ask.db, f"receipt/{words}")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a receipt's lines, and what they earned, to whomever they are known to be."""

    accepted: int
    duplicates: int
    points: int
    is_known: bool


class _QuoteOver(Exception):  # noqa: N818 - not an error: it unwinds the transaction
    """Rolls a quote back."""


@right("sales.import")
def take(ask: Ask, *, key: str, receipt: Receipt) -> Taken:
    """Return what became of a receipt; the same again changes nothing, under whatever key.

    Raises:
        NotAllowedError: it is no till that asks.
        KeyReusedError: the key stood for another receipt.
        BadValueError: a line cannot be, or lines cannot be told apart; it is too old, or names
            another terminal. Nothing of it was taken.
        FileRefusedError: a line contradicts what came before; nothing of the receipt was taken.
        GoneError: it was taken under this key, and its import was undone since.
    """
    terminal_id = terminal_here(ask)
    with ask.db.reading() as conn:
        before = _told(conn, ask, key, receipt)
    if before is not None:
        _refuse_gone(ask, receipt)
        return before
    with acting(ask, changes_figures=_is_time(ask)) as conn:
        if (meanwhile := _told(conn, ask, key, receipt)) is not None:
            return meanwhile
        _refuse_old(ask, receipt)
        taken = _brought(conn, ask, receipt)
        told = Told(receipt.mark(ask), json.dumps(asdict(taken)))
        terminals.tell(conn, terminal_id, key, told, int(time()))
    return taken


def _told(conn: Connection, ask: Ask, key: str, receipt: Receipt) -> Taken | None:
    """Return what was answered under a key, none if nothing was.

    Raises:
        KeyReusedError: the key stood for another receipt.
    """
    before = terminals.told(conn, ask.scope.terminal_id, key)
    if before is None:
        return None
    if before.request_hash != receipt.mark(ask):
        raise KeyReusedError("points.key_reused")
    return Taken(**json.loads(before.answer))


def _refuse_gone(ask: Ask, receipt: Receipt) -> None:
    """Refuse to say again that a receipt was taken that would come in as new now.

    Lines that stand under their own keys need no turn to write to be known.

    Raises:
        GoneError: its import was undone since.
    """
    with ask.db.reading() as conn:
        station = _station(conn, ask)
        keys = {row.sale.natural_key for row in _read(_file(conn, ask, receipt, station))}
        station_id = stations.ids(conn)[station.code]
        if keys == sales.stored(conn, station_id, keys).keys():
            return
    with _undone(ask) as conn:
        is_new = bool(_brought(conn, ask, receipt).accepted)
    if is_new:
        raise GoneError("till.receipt_gone")


@right("sales.import")
def quote(ask: Ask, *, receipt: Receipt, member: Named | None = None) -> Taken:
    """Return what would become of a receipt, were it sent now; nothing is changed.

    It goes the whole way of `take` and is undone, so the two cannot differ. What it earns is told
    of the member who is named: a card or plate on it that is another's is as one of nobody, or
    whoever tries them would be told here without being counted.

    Raises:
        NotAllowedError: it is no till that asks.
        NotFoundError: nobody is known by that.
        LimitReachedError: too many were asked for in vain today.
        BadValueError: a line cannot be, or lines cannot be told apart; it is too old, or names
            another terminal.
        FileRefusedError: a line contradicts what came before.
    """
    terminal_here(ask)
    _refuse_old(ask, receipt)
    customer_id = members.find(ask, member=member).customer_id if member else None
    with _undone(ask) as conn:
        return _brought(conn, ask, receipt, told_of=_rows_of(conn, customer_id))


def _rows_of(conn: Connection, customer_id: int | None) -> Collection[int]:
    return customers.same(conn, customer_id) if customer_id else ()


@contextmanager
def _undone(ask: Ask) -> Iterator[Connection]:
    with suppress(_QuoteOver), acting(ask) as conn:
        yield conn
        raise _QuoteOver


def terminal_here(ask: Ask) -> int:
    """Return the number of the terminal that asks.

    Raises:
        NotAllowedError: it is no till.
    """
    if not ask.scope.terminal_id:
        raise NotAllowedError("till.only_terminals")
    return ask.scope.terminal_id


def _is_time(ask: Ask) -> bool:
    """Return whether figures are to be worked out anew: not for each receipt, but now and then."""
    where, now = str(ask.db.url), monotonic()
    with _turn:
        last = _raised.get(where)
        is_time = last is None or now - last >= ask.settings.till.figures_min * MINUTE_S
        if is_time:
            _raised[where] = now
    return is_time


def _brought(
    conn: Connection, ask: Ask, receipt: Receipt, *, told_of: Collection[int] | None = None
) -> Taken:
    """Return what became of a receipt's lines, brought in within the caller's write.

    With `told_of` it says of nobody but these customers what they earn.
    """
    station = _station(conn, ask)
    file = _file(conn, ask, receipt, station)
    rows = _read(file)
    work, tally = _work(conn, ask, file), Tally()
    intake.take_chunk(conn, work, tally, rows)
    intake.take_reversals(conn, work, tally)
    _refuse_aside(tally)
    relink.relink(conn, tally.plates)
    counts = tally.counts()
    batches.count(conn, work.batch_id, counts)
    keys = [row.sale.natural_key for row in rows]
    earned = _earned(conn, work.station_ids[station.code], keys)
    if told_of is not None:
        earned = [row for row in earned if row.customer_id in told_of]
    points = sum(row.first_points for row in earned)
    return Taken(counts.accepted, counts.duplicates, points, is_known=bool(earned))


def _file(conn: Connection, ask: Ask, receipt: Receipt, station: Station) -> SalesFile:
    """Return a receipt as a file of it would be."""
    return sales_file.of_till(
        rows_of(receipt, station, _number(conn, ask, receipt)),
        station,
        source=SOURCE,
        rules=ask.settings.ingest,
        now_s=int(time()),
    )


def _refuse_old(ask: Ask, receipt: Receipt) -> None:
    """Refuse a receipt of days that are closed: its sales come in a file, which somebody sees.

    Raises:
        BadValueError: it is dated too far back.
    """
    days = ask.settings.till.receipt_days
    if receipt.sold_at < int(time()) - days * DAY_S:
        raise BadValueError("till.receipt_old", days=days)


def _number(conn: Connection, ask: Ask, receipt: Receipt) -> str:
    """Return what the export files call the terminal that asks.

    Raises:
        BadValueError: the receipt calls it something else.
    """
    terminal = terminals.by_id(conn, ask.scope.terminal_id)
    number = terminal.number if terminal else ""
    if receipt.terminal_no and sale_keys.terminal_name(receipt.terminal_no) != number:
        sent = receipt.terminal_no
        raise BadValueError("till.other_number", sent=sent, number=number or "–")
    return number


def _read(file: SalesFile) -> list[SaleRow]:
    """Return the lines of a receipt.

    Raises:
        BadValueError: a line cannot be; two cannot be told apart, for a file of them would hold
            one; or its business day is not that of its time.
    """
    rows: list[SaleRow] = []
    for row in file.rows(SaleKeyKind.RECEIPT):
        if isinstance(row, RejectedRow):
            raise BadValueError(f"reason.{row.reason}", **row.facts)
        if isinstance(row, SaleRow):
            rows.append(row)
    if len({row.sale.natural_key for row in rows}) < len(rows):
        raise BadValueError("till.same_line")
    if any(abs(row.sale.business_day - row.sale.local_at // DAY_S) > 1 for row in rows):
        raise BadValueError("till.far_day")
    return rows


def _earned(conn: Connection, station_id: int, keys: Sequence[str]) -> list[Given]:
    """Return what the lines with these keys earned as a whole, when they came in."""
    ids = [int(row.id) for row in sales.stored(conn, station_id, keys).values()]
    return list(awards.of_sales(conn, ids).values())


def station_here(ask: Ask) -> str:
    """Return the code of the station of the terminal that asks.

    Raises:
        NotAllowedError: it is no till.
    """
    terminal_here(ask)
    with ask.db.reading() as conn:
        return _station(conn, ask).code


def _station(conn: Connection, ask: Ask) -> Station:
    (station_id,) = ask.scope.station_ids
    return stations.everything(conn)[station_id]


def _refuse_aside(tally: Tally) -> None:
    """Refuse a receipt of which a file would have put a line aside: somebody is there to see it."""
    reason = next(iter(tally.reasons), "")
    if reason == intake.CONFLICT:
        raise FileRefusedError("till.receipt_conflict")
    if reason:
        raise NotFoundError(f"reason.{reason}")


def _work(conn: Connection, ask: Ask, file: SalesFile) -> Work:
    """Return the work of bringing a receipt in: its batch is the terminal's of this day."""
    day, account = today(), ask.scope.account
    key = hashlib.sha256(f"{account}/{day}".encode()).hexdigest()
    batch_id, is_new = batches.of_day(
        conn, source=SOURCE, name=f"{account} {day}", account=account, key=key, now_s=int(time())
    )
    if is_new:
        place = trail.place_of(ask.scope)
        trail.note(conn, ask.scope, Act.IMPORT, f"batch:{batch_id}", station_id=place)
    request = Request(ask, Path(SOURCE), file, ImportOptions(), SaleKeyKind.RECEIPT, quiet)
    return Work(request, batch_id, stations.ids(conn), ask.db.writing)


def close_days(db: Database) -> None:
    """Close what tills sold on days that are over: figures rest on all of it from now on."""
    day = str(today())
    with db.reading() as conn:
        if not batches.grow(conn, source=SOURCE, day=day):
            return
    with db.writing() as conn:
        batches.close_days(conn, source=SOURCE, day=day, now_s=int(time()))


def rows_of(receipt: Receipt, station: Station, number: str) -> Sequence[dict[str, str]]:
    """Return the lines by our names of fields, as a file's cells would say them.

    `number` is what files call the terminal: the key of a line is then the same both ways.
    """
    at = datetime.fromtimestamp(receipt.sold_at, UTC)
    minor = minor_per_major(station.currency)
    shared = {
        "sold_at": at.strftime("%Y-%m-%d %H:%M:%S+00:00"),
        "business_date": receipt.business_day,
        "terminal": number,
        "plate": receipt.plate,
        "card_no": receipt.card_no,
        "receipt_no": receipt.receipt_no,
        "original_no": receipt.original_receipt_no,
    }
    return [
        shared
        | {
            "line_no": line.line_no,
            "nozzle": line.nozzle,
            "product": line.product,
            "unit": VOLUMES[line.unit],
            "litres": decimal(line.quantity_milli, MILLI),
            "amount": decimal(line.amount_minor, minor),
        }
        for line in receipt.lines
    ]


def decimal(number: int, parts: int) -> str:
    """Return a whole number of parts as a decimal of the whole: 20037 of 100 are 200.37."""
    whole, rest = divmod(abs(number), parts)
    places = len(str(parts)) - 1
    sign = "-" if number < 0 else ""
    return f"{sign}{whole}.{rest:0{places}d}" if places else f"{sign}{whole}"

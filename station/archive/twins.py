"""Which lines came in before by the other way: from a till itself, or in a file of its sales?

Both ways name a line by the same natural key where they say the same of it. Where one leaves out
terminal or line, or means another business day, the receipt is still the same.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, select

from station.archive.tables import batches, sales, terminals
from station.model import DAY_S

APART_S = 3_600
"""How far apart the two may date one receipt: at its pump, and when it was paid."""
SLACK_S = 7_200
"""By how much more a station's clock may jump meanwhile."""
OF_TILLS = "till:%"
"""The accounts of terminals; no person's has a colon."""

Line = Mapping[str, int | str | None]
"""A line by its columns, read or about to be written."""

_SHOWN = [
    sales.c[name]
    for name in (
        *("natural_key", "product_id", "quantity_milli", "amount_minor"),
        *("sold_at", "has_time", "receipt_no"),
    )
]


def with_tills(conn: Connection, station_ids: Collection[int]) -> bool:
    """Return whether at one of these stations lines may come in by both ways."""
    mine = select(terminals.c.id).where(terminals.c.station_id.in_(station_ids))
    return conn.execute(mine.limit(1)).first() is not None


def found(conn: Connection, batch_id: int, lines: Sequence[Line]) -> dict[int, Line]:
    """Return by its place in `lines` the standing line that each repeats in other words.

    One that stands under its own key is not among them, nor does it stand for another.
    """
    by_till = bool(
        conn.execute(select(_sent(by_till=True)).where(batches.c.id == batch_id)).scalar()
    )
    here: dict[int, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        here[_number(line, "station_id")].append(place)
    told: dict[int, Line] = {}
    for station_id, places in here.items():
        some = [lines[place] for place in places]
        others = _others(conn, station_id, some, by_till=not by_till)
        told |= {places[n]: twin for n, twin in _paired(some, others)}
    return told


def _sent(*, by_till: bool) -> ColumnElement[bool]:
    """Tell the batches that tills filled, or all others."""
    of_tills = batches.c.account.like(OF_TILLS)
    return of_tills if by_till else ~of_tills


def _others(
    conn: Connection, station_id: int, lines: Sequence[Line], *, by_till: bool
) -> list[Line]:
    """Return what came the other way around these lines' time."""
    times = [_number(line, "local_at") for line in lines]
    around = max(_apart(line) for line in lines) + SLACK_S
    query = (
        select(*_SHOWN)
        .join(batches, batches.c.id == sales.c.batch_id)
        .where(
            sales.c.station_id == station_id,
            sales.c.voided == 0,
            sales.c.local_at.between(min(times) - around, max(times) + around),
            _sent(by_till=by_till),
        )
    )
    return [dict(row) for row in conn.execute(query.order_by(sales.c.id)).mappings()]


def _paired(lines: Sequence[Line], others: Iterable[Line]) -> Iterator[tuple[int, Line]]:
    """Yield the place of each line that has a twin, and the twin, one of its content if any."""
    own, keys = {line["natural_key"] for line in lines}, set()
    shelves: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for other in others:
        keys.add(other["natural_key"])
        if other["natural_key"] not in own:
            for shelf in _shelves(other):
                shelves[shelf].append(other)
    for place, line in enumerate(lines):
        if line["natural_key"] in keys:
            continue
        near = (one for shelf in _shelves(line) for one in shelves.get(shelf, ()))
        twins = [one for one in near if _is_twin(line, one)]
        if twins:
            yield place, next((one for one in twins if content(one) == content(line)), twins[0])


def _shelves(line: Line) -> Iterator[tuple[object, ...]]:
    """Yield where a twin of a line lies: with those of its receipt, and of its moment."""
    if _receipt(line):
        yield line["product_id"], _receipt(line)
    yield line["sold_at"], *content(line)


def _is_twin(line: Line, other: Line) -> bool:
    """Return whether two lines of one product are one; without a receipt only the very same is."""
    if (_number(line, "quantity_milli") < 0) != (_number(other, "quantity_milli") < 0):
        return False
    apart = abs(_number(line, "sold_at") - _number(other, "sold_at"))
    receipt, its = _receipt(line), _receipt(other)
    if not (receipt and its):
        return apart == 0 and content(line) == content(other)
    here, there = _terminal(line), _terminal(other)
    one_till = here == there or not (here and there)
    return receipt == its and one_till and apart <= max(_apart(line), _apart(other))


def content(line: Line) -> tuple[object, ...]:
    """Return what two lines of one sale have in common."""
    return line["product_id"], line["quantity_milli"], line["amount_minor"]


def _apart(line: Line) -> int:
    return APART_S if line["has_time"] else DAY_S


def _receipt(line: Line) -> str:
    return str(line["receipt_no"]).lstrip("0")


def _terminal(line: Line) -> str:
    """Return the terminal that a key by receipt names, empty where it names none."""
    kind, _, rest = str(line["natural_key"]).partition("|")
    return rest.partition("|")[0] if kind == "r" else ""


def _number(line: Line, name: str) -> int:
    return int(line[name] or 0)

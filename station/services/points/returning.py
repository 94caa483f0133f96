"""What a sale earned goes back with it, and comes again where its reversal is undone."""

from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction

from station.archive.customers import book
from station.archive.database import Connection
from station.archive.points import awards, chain, lots
from station.archive.points.awards import Given, Rest, Sold
from station.loyalty import earning
from station.loyalty.earning import Award
from station.loyalty.ledger import Earning
from station.services.ask import Ask
from station.services.points import crediting, referring, rules
from station.services.points.awarding import line_of
from station.services.points.crediting import EARN, REFUND, Credit, Taking
from station.services.points.rules import Rules

IN_ONE_PIECE = 5_000
"""Sales that are settled at once: so many purses are in memory."""


def take_back_of(conn: Connection, ask: Ask, reversal_ids: Sequence[int]) -> int:
    """Return how many points these reversals took back; call it in the write that brings them."""
    return -settle(conn, ask, awards.reversed_by(conn, reversal_ids))


def undo(conn: Connection, ask: Ask, batch_id: int) -> int:
    """Return by how many points members have more since an import counts no more.

    What its sales earned goes back, and what its reversals took back comes again.
    """
    return settle(conn, ask, awards.touched_by(conn, batch_id), undone=batch_id)


def settle(conn: Connection, ask: Ask, sale_ids: Collection[int], *, undone: int = 0) -> int:
    """Return by how many points members have more, now that these sales earn what is left of them.

    What they earn is told by the rules by which they earned first; doing it twice changes nothing.
    `undone` is the import whose undoing made it so.
    """
    change, order = 0, sorted(sale_ids)
    for start in range(0, len(order), IN_ONE_PIECE):
        change += _settle(conn, ask, order[start : start + IN_ONE_PIECE], undone)
    return change


def _settle(conn: Connection, ask: Ask, sale_ids: Sequence[int], undone: int) -> int:
    known = awards.of_sales(conn, sale_ids)
    if not known:
        return 0
    rests, held = awards.rests(conn, known), rules.read(conn, ask)
    whole = {line.sale_id: line for line in awards.as_sold(conn, sorted(known))}
    left = {n: _left(given, rests[n], whole[n], held) for n, given in known.items()}
    changed = {n: left[n].points - given.points for n, given in known.items()}
    awards.put_left(conn, [now for n, now in left.items() if now != known[n]])
    taken = (
        one for n, more in changed.items() if more < 0 for one in _taken(conn, rests[n], -more)
    )
    crediting.take_back(conn, ask, list(taken))
    up = {n: more for n, more in changed.items() if more > 0}
    gone = book.erased(conn, {known[n].customer_id for n in up})
    again = [
        _again(conn, known[n], whole[n], more, undone)
        for n, more in up.items()
        if known[n].customer_id not in gone
    ]
    crediting.credit(conn, ask, [one for one in again if one is not None])
    members = {given.customer_id for given in known.values()}
    referring.take_back(conn, ask, members, whole.values())
    referring.reward(conn, ask, {known[n].customer_id for n in up})
    return sum(changed.values())


def _taken(conn: Connection, rest: Rest, points: int) -> Iterator[Taking]:
    """Yield from which earnings of a sale points go back: what came again goes first."""
    cause = f"undo:{rest.sale_id}" if rest.voided else str(rest.reversal_id)
    if not rest.undone:
        yield Taking(cause, str(rest.sale_id), points)
        return
    causes = _causes(conn, rest.sale_id)
    earned = chain.of_keys(conn, [EARN + of for of in causes])
    standing = lots.standing(conn, [one.id for one in earned.values()])
    for of in causes:
        booked = earned.get(EARN + of)
        part = min(points, standing[booked.id]) if booked else 0
        if part:
            yield Taking(cause, of, part)
            cause, points = f"{cause}:", points - part


def _causes(conn: Connection, sale_id: int) -> list[str]:
    """Return by which causes a sale may have earned: what came again, the newest first, and it."""
    again = [f"{sale_id}:{batch}" for batch in awards.undone_batches(conn, sale_id)]
    return [*again, str(sale_id)]


def _again(conn: Connection, given: Given, whole: Sold, points: int, undone: int) -> Credit | None:
    """Return what comes again, with the last day that it had; none where nothing does.

    Never more comes than reversals took: what somebody took back by hand stays away.
    """
    earned = chain.of_keys(conn, [EARN + of for of in _causes(conn, given.sale_id)])
    first = earned.pop(f"{EARN}{given.sale_id}", None)
    if first is None:
        return None
    before = [one.id for one in earned.values()]
    missing = lots.taken_by(conn, [first.id, *before], REFUND) - lots.yielded(conn, before)
    points = min(points, missing)
    if points <= 0:
        return None
    cause = f"{given.sale_id}:{undone}"
    again = Earning(points, lots.last_day_of(conn, first.id), cause)
    return Credit(given.customer_id, whole.station_id, again)


def _left(given: Given, rest: Rest, whole: Sold, held: Rules) -> Given:
    """Return what an award is of what is left of its line."""
    if rest.voided or rest.amount_minor <= 0:
        return given._replace(counted=0, base_points=0, points=0)
    version = held.named(given.version)
    line = whole._replace(quantity_milli=rest.quantity_milli, amount_minor=rest.amount_minor)
    if version is None:  # points were switched off: no rule tells what the rest would have earned
        return _in_proportion(given, line, whole)
    first = Award(
        given.sale_id,
        given.reason,
        points=given.first_points,
        base_points=given.first_base,
        rule=given.rule,
        multipliers=awards.names(given.multipliers),
        times=Fraction(given.times_num, given.times_den),
        before=given.before,
    )
    now = earning.remaining(first, line_of(line), version)
    return given._replace(counted=now.counted, base_points=now.base_points, points=now.points)


def _in_proportion(given: Given, line: Sold, whole: Sold) -> Given:
    def part(points: int) -> int:
        return points * line.amount_minor // whole.amount_minor

    return given._replace(base_points=part(given.first_base), points=part(given.first_points))

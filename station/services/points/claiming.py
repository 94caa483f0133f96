"""A purchase of which nobody was known is claimed later, by its receipt and once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from time import time

from station.archive.customers import book, buyers
from station.archive.database import Connection
from station.archive.points import awards, claims
from station.archive.points.awards import Given, Sold
from station.archive.points.claims import Claim
from station.errors import LimitReachedError, NotAllowedError, NotFoundError, PointsError
from station.loyalty.expiry import day_at
from station.model import Act, day_date, day_number
from station.services import guessing, trail
from station.services.access import LOCAL_ACCOUNT, acting, right
from station.services.ask import Ask
from station.services.points import awarding, booking, members, returning, rules
from station.services.points.members import Named


@dataclass(frozen=True, slots=True)
class Slip:
    """What a receipt says: station, number, day, and what was paid for all its lines."""

    station: str
    number: str
    day: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """To whom how many points came of how many lines; it is not new where he had them before."""

    customer_id: int
    points: int
    lines: int
    is_new: bool


@right("customers.edit")
def claim(ask: Ask, *, member: Named, slip: Slip) -> Claimed:
    """Return what a purchase of nobody gives the member who has its receipt; once, by whomever.

    A receipt of the member's own that earned already gives nothing more, and that is told.

    Raises:
        NotFoundError: member or receipt are not there, or not in sight; both answer alike.
        PointsError: it is another's, it was claimed before, too old, or no rules held.
        LimitReachedError: too many receipts or members were none today, or the member or the
            account that asks claimed as many as a day allows.
    """
    if "points.read" not in ask.scope.rights:
        raise NotAllowedError("error.not_allowed", right="points.read")
    with acting(ask) as conn:
        guessing.refuse(conn, ask)
        station_id = booking.desk_of(conn, ask).station(slip.station)
        customer_id = members.found(conn, ask, member)
        lines = awards.of_receipt(conn, station_id, slip.number.strip(), day_number(slip.day))
        if lines and sum(line.amount_minor for line in lines) == slip.amount_minor:
            return _claimed(conn, ask, customer_id, lines, slip)
    guessing.missed(ask, f"receipt/{slip}")
    raise NotFoundError("points.no_receipt")


def _claimed(
    conn: Connection, ask: Ask, customer_id: int, lines: list[Sold], slip: Slip
) -> Claimed:
    rows = set(book.same(conn, customer_id))
    before = awards.of_sales(conn, [line.sale_id for line in lines])
    bought = buyers.of_lines(conn, lines)
    if any(buyer.customer_id not in rows for buyer in bought.values()):
        raise PointsError("points.claim_of_other")
    if any(one.customer_id not in rows for one in before.values()):
        raise PointsError("points.claimed_before")
    new = [line for line in lines if line.sale_id not in before]
    if not new:
        points = sum(one.points for one in before.values())
        return Claimed(customer_id, points, len(before), is_new=False)
    today = day_at(int(time()), ask.settings.programme.zone)
    _refuse_late(ask, slip.day, today)
    _refuse_many(conn, ask, rows, today)
    _note(conn, ask, customer_id, new, today)
    given = _give(conn, ask, customer_id, new)
    told = f"customer:{customer_id}:claimed"
    where = lines[0].station_id
    points = sum(one.points for one in given)
    trail.note(conn, ask.scope, Act.CHANGE, told, station_id=where, count=points)
    return Claimed(customer_id, points, len(given), is_new=True)


def _refuse_late(ask: Ask, day: date, today: int) -> None:
    """Refuse a receipt that is too old."""
    days = ask.settings.programme.claim_days
    if today - day_number(day) > days:
        raise PointsError("points.claim_late", days=days)


def _refuse_many(conn: Connection, ask: Ask, rows: Collection[int], today: int) -> None:
    """Refuse one receipt more than a day allows a member, or whoever claims for members."""
    programme, account = ask.settings.programme, ask.scope.account
    if claims.of_member(conn, rows, today) >= programme.claims_member_day:
        raise LimitReachedError("points.claims_member", most=programme.claims_member_day)
    if account == LOCAL_ACCOUNT:
        return
    if claims.by_account(conn, account, today) >= programme.claims_account_day:
        raise LimitReachedError("points.claims_account", most=programme.claims_account_day)


def _note(conn: Connection, ask: Ask, customer_id: int, lines: Sequence[Sold], today: int) -> None:
    """Write down that these lines earn by their receipt; before they do, as it counts otherwise."""
    account, receipt = ask.scope.account, min(line.sale_id for line in lines)
    told = [Claim(line.sale_id, receipt, customer_id, account, today) for line in lines]
    claims.add(conn, told)


def _give(conn: Connection, ask: Ask, customer_id: int, lines: list[Sold]) -> list[Given]:
    """Return the awards of a receipt; what was taken back of it meanwhile earns nothing."""
    held = rules.keep(conn, ask)
    if held.on(lines[0].day) is None:
        raise PointsError("points.no_rules", day=str(day_date(lines[0].day)))
    who = buyers.known(conn, [customer_id])[customer_id]
    given = awarding.give(conn, ask, held, lines, {line.sale_id: who for line in lines})
    returning.settle(conn, ask, [one.sale_id for one in given])
    return list(awards.of_sales(conn, [one.sale_id for one in given]).values())

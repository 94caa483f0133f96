"""Sales earn within the write that brings them in; reversals and an undo take back."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from station.archive.customers import buyers
from station.archive.customers.buyers import Buyer
from station.archive.database import Connection
from station.archive.points import awards
from station.archive.points.awards import Given, Sold
from station.loyalty import earning
from station.loyalty.conditions import When
from station.loyalty.earning import Award, Line, Member
from station.loyalty.expiry import day_at
from station.loyalty.ledger import Earning
from station.loyalty.programme import Over, Version
from station.model import Fuel, Unit, day_date, day_number
from station.services.ask import Ask
from station.services.points import crediting, grading, referring, rules
from station.services.points.crediting import Credit
from station.services.points.grading import Graded
from station.services.points.rules import Rules

MEMBER_FACTS = ("levels", "grades", "birthday")
"""Conditions for which a member must be graded first."""
LONGEST_MONTH = 31


@dataclass(frozen=True, slots=True)
class Awarded:
    """Of how many lines a member was known, how many points they earned, and how many are nobody's.

    Lines of days without rules are in none of them.
    """

    lines: int = 0
    points: int = 0
    unclaimed: int = 0


def award(conn: Connection, ask: Ask, sale_ids: Sequence[int]) -> Awarded:
    """Return what these sales earn, now booked to the members whose they were on their day.

    Call it in the write that brings them in. What earned before earns no more.

    Raises:
        PointsError: what the rules of points said while they held was changed.
    """
    lines, held = _able(conn, ask, sale_ids)
    if not lines:
        return Awarded()
    found = buyers.of_lines(conn, lines)
    theirs = {one: buyer for one, buyer in found.items() if buyer.erased_at is None}
    given = give(conn, ask, held, [line for line in lines if line.sale_id in theirs], theirs)
    points = sum(row.points for row in given)
    return Awarded(len(given), points, len(lines) - len(found))


def _able(conn: Connection, ask: Ask, sale_ids: Sequence[int]) -> tuple[list[Sold], Rules]:
    """Return the lines that can earn, and the rules by which they do."""
    held = rules.keep(conn, ask)
    if held.since_day is None or not sale_ids:
        return [], held
    return awards.lines(conn, sale_ids, held.since_day), held


def give(
    conn: Connection, ask: Ask, held: Rules, lines: Sequence[Sold], whose: Mapping[int, Buyer]
) -> list[Given]:
    """Return the awards of these lines to the buyers named, now written down and booked."""
    if not lines:
        return []
    given, credits_ = list[Given](), list[Credit]()
    sums = _sums_of(conn, held, lines, whose)
    graded = _graded(conn, ask, held, lines, whose)
    versions = {day: held.on(day) for day in {line.day for line in lines}}
    for receipt in _receipts(lines, whose):
        first, buyer = receipt[0], whose[receipt[0].sale_id]
        version = versions[first.day]
        if version is None:
            continue
        before = graded.get((buyer.customer_id, first.day), Graded())
        member = sums.member(buyer, first.day, before, _joined(ask, buyer))
        earlier = _earlier(conn, receipt, version)
        told = earning.earn([line_of(one) for one in receipt], member, version, earlier)
        for one in told:
            row = _row(one, buyer.customer_id, first.day, version)
            sums.add(row)
            given.append(row)
            if one.points:
                credits_.append(_credit(one, buyer.customer_id, first.station_id))
    awards.add(conn, given)
    crediting.credit(conn, ask, credits_, are_new=True)
    referring.reward(conn, ask, {row.customer_id for row in given if row.points})
    return given


def _receipts(lines: Sequence[Sold], whose: Mapping[int, Buyer]) -> Iterator[list[Sold]]:
    """Yield the lines receipt by receipt; a line without a receipt's number is one of its own."""
    receipts: dict[tuple[object, ...], list[Sold]] = defaultdict(list)
    for line in lines:
        own = line.receipt_no or line.sale_id
        receipts[whose[line.sale_id].customer_id, line.station_id, own, line.day].append(line)
    yield from receipts.values()


def _earlier(conn: Connection, receipt: Sequence[Sold], version: Version) -> list[Line]:
    """Return what came in before of a receipt, where rules add up over it."""
    first = receipt[0]
    if not first.receipt_no or all(r.over is not Over.RECEIPT for r in version.earning.rules):
        return []
    here = {line.sale_id for line in receipt}
    others = awards.of_receipt(conn, first.station_id, first.receipt_no, first.day)
    known = awards.of_sales(conn, [one.sale_id for one in others if one.sale_id not in here])
    return [line_of(one) for one in others if one.sale_id in known]


def line_of(sold: Sold) -> Line:
    """Return a line of the archive as the rules see it."""
    return Line(
        sale_id=sold.sale_id,
        day=sold.day,
        product=sold.product,
        fuel=Fuel(sold.fuel),
        unit=Unit(sold.unit),
        quantity_milli=sold.quantity_milli,
        amount_minor=sold.amount_minor,
        currency=sold.currency,
        station=sold.station,
        card=sold.card,
        hour=sold.hour,
    )


def _joined(ask: Ask, buyer: Buyer) -> int:
    """Return the day on which a member joined: the one on which his record was made."""
    if buyer.made_at is None:
        return buyer.since_day or 0
    return day_at(buyer.made_at, ask.settings.programme.zone)


def _row(one: Award, customer_id: int, day: int, version: Version) -> Given:
    return Given(
        sale_id=one.sale_id,
        customer_id=customer_id,
        day=day,
        version=version.name,
        rule=one.rule,
        reason=one.reason,
        multipliers=json.dumps(one.multipliers, ensure_ascii=False) if one.multipliers else "[]",
        times_num=one.times.numerator,
        times_den=one.times.denominator,
        before=one.before,
        counted=one.counted,
        base_points=one.base_points,
        points=one.points,
        lost=one.lost,
        first_base=one.base_points,
        first_points=one.points,
    )


def _credit(one: Award, customer_id: int, station_id: int) -> Credit:
    cause = str(one.sale_id)
    return Credit(customer_id, station_id, Earning(one.points, one.expires_day, cause))


# --- what members have earned so far --------------------------------------------------------------


@dataclass(slots=True)
class _Sums:
    """What members have earned by day and by month, and what rules have counted of them."""

    days: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    months: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    counted: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    def member(self, buyer: Buyer, day: int, graded: Graded, joined_day: int) -> Member:
        """Return what the rules must know of a member before a sale of a day."""
        return Member(
            joined_day=joined_day,
            level=graded.level,
            grade=graded.grade,
            birthday=graded.birthday,
            earned_day=self.days[buyer.customer_id, day],
            earned_month=self.months[buyer.customer_id, _month(day)],
            counted=self.counted[buyer.customer_id],
        )

    def add(self, row: Given) -> None:
        """Count an award of whoever stands for himself."""
        self.points(row.customer_id, row.day, row.points)
        self.count(row.customer_id, row.rule, row.counted)

    def points(self, customer_id: int, day: int, points: int) -> None:
        """Count points of a day."""
        self.days[customer_id, day] += points
        self.months[customer_id, _month(day)] += points

    def count(self, customer_id: int, rule: str, amount: int) -> None:
        """Count what a rule counted."""
        mine = self.counted[customer_id]
        mine[rule] = mine.get(rule, 0) + amount


def _sums_of(
    conn: Connection, held: Rules, lines: Sequence[Sold], whose: Mapping[int, Buyer]
) -> _Sums:
    """Return the sums before these lines, as far as a rule of their days asks for them."""
    sums, versions = _Sums(), _versions(held, lines)
    is_capped = any(v.earning.caps.day or v.earning.caps.month for v in versions)
    adding = {rule.name for v in versions for rule in v.earning.rules if rule.over is Over.MEMBER}
    if not is_capped and not adding:
        return sums
    people = crediting.people_of(conn, {whose[line.sale_id].customer_id for line in lines})
    owner = {row: person for person, some in people.items() for row in some}
    days = [line.day for line in lines]
    if is_capped:
        first, last = _month(min(days)), _month(max(days)) + LONGEST_MONTH
        for (row, day), points in awards.earned(conn, owner, first, last).items():
            sums.points(owner[row], day, points)
    if adding:
        for (row, rule), amount in awards.counted(conn, owner, adding).items():
            sums.count(owner[row], rule, amount)
    return sums


def _graded(
    conn: Connection, ask: Ask, held: Rules, lines: Sequence[Sold], whose: Mapping[int, Buyer]
) -> Mapping[tuple[int, int], Graded]:
    """Return the levels, grades and birthdays of the buyers, where a rule asks for them."""
    asked = any(
        getattr(when, name)
        for version in _versions(held, lines)
        for when in _conditions(version)
        for name in MEMBER_FACTS
    )
    members = {(whose[line.sale_id].customer_id, line.day) for line in lines}
    return grading.graded(conn, ask, members) if asked else {}


def _versions(held: Rules, lines: Iterable[Sold]) -> list[Version]:
    found = (held.on(day) for day in {line.day for line in lines})
    return list({version.name: version for version in found if version is not None}.values())


def _conditions(version: Version) -> Iterator[When]:
    rules_ = version.earning
    yield from rules_.exclude
    yield from (rule.when for rule in rules_.rules)
    yield from (multiplier.when for multiplier in rules_.multipliers)


@lru_cache(maxsize=1_000)
def _month(day: int) -> int:
    return day_number(day_date(day).replace(day=1))

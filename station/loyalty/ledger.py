"""How do points move? Drafts of entries that sum to nothing, drawn from what somebody holds.

An *entry* moves points on one account of one *lot*; a lot is one earning with its last day. What a
member holds, what is set apart, what he owes and what ran out are sums over entries, lot by lot.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from station.errors import PointsError
from station.model import (
    Lot,
    LotOpening,
    LotPart,
    PointAccount,
    PointDraft,
    PointEntry,
    PointMove,
)

NEVER = 10_000_000
"""A day after every other: the last one of points that do not run out."""


@dataclass(frozen=True, slots=True)
class LedgerRules:
    """What is allowed at the counter, and how much one person may ask to correct in a day."""

    hold_min: int = 15
    reverse_days: int = 90
    most_points: int = 1_000_000
    corrected_day: int = 5_000
    clock_slack_days: int = 2


@dataclass(frozen=True, slots=True)
class Earning:
    """Points that something yields; `expires_day` is the last on which they count, if any."""

    points: int
    expires_day: int | None
    cause: str


@dataclass(frozen=True, slots=True)
class Purse:
    """What somebody holds on a day: the lots of all his records, however many they are."""

    customer_id: int
    day: int
    lots: tuple[Lot, ...] = ()
    is_frozen: bool = False
    _by_id: dict[int, Lot] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        order = sorted(self.lots, key=lambda lot: (last_day(lot), lot.id))
        object.__setattr__(self, "lots", tuple(order))
        object.__setattr__(self, "_by_id", {lot.id: lot for lot in order})

    @property
    def balance(self) -> int:
        """What may be spent: points that count today, less what is owed; never below 0."""
        return max(0, sum(part.points for part in self.left()) - self.debt)

    @property
    def held(self) -> int:
        """What is set apart for redemptions under way."""
        return sum(lot.held for lot in self.lots)

    @property
    def debt(self) -> int:
        """What was taken back beyond what was there."""
        return sum(lot.owed for lot in self.lots)

    def of(self, customer_id: int) -> "Purse":
        """Return the same purse, filled from now on by way of another record of its owner."""
        return replace(self, customer_id=customer_id)

    def has(self, lot_id: int) -> bool:
        """Return whether a lot is his."""
        return lot_id in self._by_id

    def lot(self, lot_id: int) -> Lot:
        """Return one of the lots.

        Raises:
            PointsError: it is not his.
        """
        if not self.has(lot_id):
            raise PointsError("points.no_lot")
        return self._by_id[lot_id]

    def left(self, *, without: int = 0) -> list[LotPart]:
        """Return what counts today, the first to run out first."""
        return [
            LotPart(lot.id, lot.left)
            for lot in self.lots
            if lot.left and lot.counts(self.day) and lot.id != without
        ]

    def owed(self) -> list[LotPart]:
        """Return what is owed, the oldest first."""
        owing = sorted((lot for lot in self.lots if lot.owed), key=lambda lot: lot.id)
        return [LotPart(lot.id, lot.owed) for lot in owing]

    def after(self, draft: PointDraft, *, first_id: int = -1) -> "Purse":
        """Return the purse as a draft leaves it; lots that it opens are numbered from `first_id`.

        Lots of others stay out of it. Until they are booked they keep the numbers -1, -2, ...
        """
        step = 1 if first_id > 0 else -1
        numbers = {-1 - at: first_id + at * step for at in range(len(draft.opened))}
        lots = dict(self._by_id) | {
            number: Lot(number, opening.customer_id, opening.points, opening.expires_day)
            for number, opening in zip(numbers.values(), draft.opened, strict=True)
        }
        for entry in draft.entries:
            number = numbers.get(entry.lot_id, entry.lot_id)
            if number in lots:
                lots[number] = lots[number].after(entry)
        return replace(self, lots=tuple(lots.values()))


def last_day(lot: Lot | LotOpening) -> int:
    """Return the last day on which a lot's points count."""
    return NEVER if lot.expires_day is None else lot.expires_day


def endings(purse: Purse) -> list[tuple[int | None, int]]:
    """Return how many of a member's points count up to which day, the nearest first."""
    return list(_by_day(purse, purse.left()).items())


def _by_day(purse: Purse, parts: Iterable[LotPart]) -> dict[int | None, int]:
    """Return how many points of these parts count up to which day."""
    days: dict[int | None, int] = {}
    for part in parts:
        day = purse.lot(part.lot_id).expires_day
        days[day] = days.get(day, 0) + part.points
    return days


def earn(purse: Purse, earning: Earning) -> PointDraft:
    """Return how an earning is booked: what is owed is paid first, the rest is a new lot."""
    _refuse_odd(earning.points)
    return _opened(purse, PointMove.EARN, PointAccount.ISSUED, earning.points, earning.expires_day)


def adjust(purse: Purse, points: int, expires_day: int | None = None) -> PointDraft:
    """Return a correction by hand: points given like an earning, or (below 0) taken away.

    Raises:
        PointsError: more would be taken than is there.
    """
    _refuse_odd(abs(points))
    if points > 0:
        return _opened(purse, PointMove.ADJUST, PointAccount.ADJUSTED, points, expires_day)
    return _moved(
        PointMove.ADJUST, _spent(purse, -points), PointAccount.MEMBER, PointAccount.ADJUSTED
    )


def redeem(purse: Purse, points: int) -> PointDraft:
    """Return a redemption; it takes first what runs out first.

    Raises:
        PointsError: there are not so many, or the member is frozen.
    """
    _refuse_frozen(purse)
    return _moved(
        PointMove.REDEEM, _spent(purse, points), PointAccount.MEMBER, PointAccount.REDEEMED
    )


def hold(purse: Purse, points: int) -> PointDraft:
    """Return how points are set apart; from now on nobody else can spend them.

    Raises:
        PointsError: there are not so many, or the member is frozen.
    """
    _refuse_frozen(purse)
    return _moved(PointMove.HOLD, _spent(purse, points), PointAccount.MEMBER, PointAccount.HELD)


def confirm(purses: Sequence[Purse], parts: Sequence[LotPart], points: int) -> PointDraft:
    """Return the redemption of what was set apart, or of less: the rest goes back.

    Points that ran out while they were set apart are still good for it. The parts may be of
    several purses, where records that were one person then are two now.

    Raises:
        PointsError: it is more than was set apart, or the member is frozen.
    """
    for purse in purses:
        _refuse_frozen(purse)
    _refuse_odd(points)
    if points > _sum(parts):
        raise PointsError("points.over_hold", wanted=points, held=_sum(parts))
    used = list(_parts(points, parts))
    return PointDraft(
        PointMove.CONFIRM,
        points,
        (
            *(PointEntry(PointAccount.HELD, part.lot_id, -part.points) for part in parts),
            *(PointEntry(PointAccount.REDEEMED, part.lot_id, part.points) for part in used),
            *_returned(purses, _less(parts, used)),
        ),
    )


def release(purses: Sequence[Purse], parts: Sequence[LotPart]) -> PointDraft:
    """Return how what was set apart goes back to the lots it came from."""
    entries = (*_out(PointAccount.HELD, parts), *_returned(purses, parts))
    return PointDraft(PointMove.RELEASE, _sum(parts), entries)


def reverse(purses: Sequence[Purse], parts: Sequence[LotPart]) -> PointDraft:
    """Return how a redemption is undone: to the same lots, each with the last day it had."""
    entries = (*_out(PointAccount.REDEEMED, parts), *_returned(purses, parts))
    return PointDraft(PointMove.REVERSE, _sum(parts), entries)


def refund(purse: Purse, lot_id: int, points: int) -> PointDraft:
    """Return how points of an earning are taken back: of its lot, of other lots, then as a debt.

    What ran out of the lot unspent was no gain, and is never asked for again.

    Raises:
        PointsError: more would be taken back than it yielded.
    """
    _refuse_odd(points)
    lot = purse.lot(lot_id)
    if points > lot.points - lot.taken:
        raise PointsError("points.over_refund", wanted=points, left=lot.points - lot.taken)
    own = min(points, lot.left)
    lapsed = min(points - own, lot.lapsed)
    others = list(_parts(points - own - lapsed, purse.left(without=lot_id)))
    entries = (
        PointEntry(PointAccount.ISSUED, lot_id, points),
        PointEntry(PointAccount.MEMBER, lot_id, -own),
        PointEntry(PointAccount.EXPIRED, lot_id, -lapsed),
        *(PointEntry(PointAccount.MEMBER, part.lot_id, -part.points) for part in others),
        PointEntry(PointAccount.DEBT, lot_id, own + lapsed + _sum(others) - points),
    )
    return PointDraft(PointMove.REFUND, points, tuple(entry for entry in entries if entry.points))


def expire(purse: Purse) -> PointDraft | None:
    """Return how points that count no more are booked out, none where there are none."""
    over = [
        LotPart(lot.id, lot.left) for lot in purse.lots if lot.left and not lot.counts(purse.day)
    ]
    return (
        _moved(PointMove.EXPIRE, over, PointAccount.MEMBER, PointAccount.EXPIRED) if over else None
    )


def close(purse: Purse) -> PointDraft | None:
    """Return how all of a member who leaves is booked out, none where there is nothing.

    What he had set apart must have gone back before.
    """
    left = [LotPart(lot.id, lot.left) for lot in purse.lots if lot.left]
    lapsed = _moved(PointMove.CLOSE, left, PointAccount.MEMBER, PointAccount.EXPIRED)
    waived = _moved(PointMove.CLOSE, purse.owed(), PointAccount.ADJUSTED, PointAccount.DEBT)
    if not lapsed.entries and not waived.entries:
        return None
    return PointDraft(PointMove.CLOSE, lapsed.points, (*lapsed.entries, *waived.entries))


def transfer(giver: Purse, taker: Purse, points: int) -> PointDraft:
    """Return how points go to another member, each keeping its last day.

    Raises:
        PointsError: there are not so many, the giver is frozen, or both are one.
    """
    _refuse_frozen(giver)
    if {lot.id for lot in giver.lots} & {lot.id for lot in taker.lots} or (
        giver.customer_id == taker.customer_id
    ):
        raise PointsError("points.same_member")
    parts = _spent(giver, points)
    opened = tuple(
        LotOpening(taker.customer_id, number, day) for day, number in _by_day(giver, parts).items()
    )
    new = [LotPart(-at, opening.points) for at, opening in enumerate(opened, start=1)]
    return PointDraft(
        PointMove.TRANSFER,
        points,
        (*_out(PointAccount.MEMBER, parts), *_given(taker, new, live=new)),
        opened,
    )


def freeze(purse: Purse) -> PointDraft:
    """Return the word that nothing may be spent until a `thaw`.

    Raises:
        PointsError: it was said before.
    """
    _refuse_frozen(purse)
    return PointDraft(PointMove.FREEZE, 0)


def thaw(purse: Purse) -> PointDraft:
    """Return the word that points may be spent again.

    Raises:
        PointsError: nobody said otherwise.
    """
    if not purse.is_frozen:
        raise PointsError("points.not_frozen")
    return PointDraft(PointMove.THAW, 0)


# --- what all of them are made of ---------------------------------------------------------------


def _opened(
    purse: Purse, move: PointMove, source: PointAccount, points: int, expires_day: int | None
) -> PointDraft:
    """Return how a new lot is filled, out of which what is owed is paid."""
    opening = LotOpening(purse.customer_id, points, expires_day)
    new, is_late = [LotPart(-1, points)], last_day(opening) < purse.day
    entries = (PointEntry(source, -1, -points), *_given(purse, new, live=[] if is_late else new))
    return PointDraft(move, points, entries, (opening,))


def _moved(
    move: PointMove, parts: Sequence[LotPart], source: PointAccount, target: PointAccount
) -> PointDraft:
    """Return how parts of lots go from one account to another."""
    into = [PointEntry(target, part.lot_id, part.points) for part in parts]
    return PointDraft(move, _sum(parts), (*_out(source, parts), *into))


def _returned(purses: Sequence[Purse], parts: Sequence[LotPart]) -> Iterator[PointEntry]:
    """Yield how parts come back to their lots, whosever they are."""
    for purse in purses:
        own = [part for part in parts if purse.has(part.lot_id)]
        live = [part for part in own if purse.lot(part.lot_id).counts(purse.day)]
        yield from _given(purse, own, live)


def _given(purse: Purse, parts: Sequence[LotPart], live: Sequence[LotPart]) -> Iterator[PointEntry]:
    """Yield how parts reach a member: those that count today pay what he owes first."""
    paying = list(_parts(purse.debt, live))
    for part in _parts(_sum(paying), purse.owed()):
        yield PointEntry(PointAccount.DEBT, part.lot_id, part.points)
    for part in _less(parts, paying):
        yield PointEntry(PointAccount.MEMBER, part.lot_id, part.points)


def _spent(purse: Purse, points: int) -> list[LotPart]:
    """Return which parts of which lots are spent."""
    _refuse_odd(points)
    if points > purse.balance:
        raise PointsError("points.not_enough", wanted=points, balance=purse.balance)
    return list(_parts(points, purse.left()))


def _out(source: PointAccount, parts: Iterable[LotPart]) -> Iterator[PointEntry]:
    return (PointEntry(source, part.lot_id, -part.points) for part in parts)


def _parts(wanted: int, there: Iterable[LotPart]) -> Iterator[LotPart]:
    """Yield what is taken of what is there, in its order, until there is as much as wanted."""
    for part in there:
        taken = min(wanted, part.points)
        if taken <= 0:
            return
        yield replace(part, points=taken)
        wanted -= taken


def _less(parts: Iterable[LotPart], taken: Iterable[LotPart]) -> list[LotPart]:
    """Return what is left of parts of which some were taken."""
    gone = {part.lot_id: part.points for part in taken}
    left = (replace(part, points=part.points - gone.get(part.lot_id, 0)) for part in parts)
    return [part for part in left if part.points]


def _sum(parts: Iterable[LotPart]) -> int:
    return sum(part.points for part in parts)


def _refuse_odd(points: int) -> None:
    if points <= 0:
        raise PointsError("points.not_positive")


def _refuse_frozen(purse: Purse) -> None:
    if purse.is_frozen:
        raise PointsError("points.frozen")

"""Who makes which call of a day, and at what time? Loads stay in proportion to minutes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from station.contact.plan_items import Item
from station.contact.plan_parts import Planned, Shift
from station.contact.rules import Span, common


@dataclass(frozen=True, slots=True)
class Unit:
    """What one person does in one go: a call, or a trip to an area with all its visits."""

    items: tuple[Item, ...]
    lead_min: int

    @property
    def minutes(self) -> int:
        """Return how long it takes, with the way."""
        return self.lead_min + self.body_min

    @property
    def body_min(self) -> int:
        """Return how long it takes without the way."""
        return sum(item.need.minutes for item in self.items)

    @property
    def area(self) -> str | None:
        """Return where a trip goes, nothing of a telephone call."""
        return self.items[0].candidate.area if self.items[0].is_visit else None

    def hours(self, day: int) -> tuple[Span, ...]:
        """Return the times of a day that suit everybody in it."""
        allowed = self.items[0].hours.get(day, ())
        for item in self.items[1:]:
            allowed = common(allowed, item.hours.get(day, ()))
        return allowed

    def more(self, item: Item) -> "Unit":
        """Return the trip with one more visit."""
        return Unit((*self.items, item), self.lead_min)


Timed = tuple[Unit, int]
"""A unit and the minute at which its first call begins."""


@dataclass(slots=True)
class Desk:
    """What somebody does on a day."""

    shift: Shift
    busy: tuple[Span, ...]
    kept_min: int
    units: list[Unit]

    @property
    def load_min(self) -> int:
        """Return how many minutes of calls he has."""
        return self.kept_min + sum(unit.minutes for unit in self.units)

    @property
    def spare_min(self) -> int:
        """Return how many minutes he has left."""
        return self.shift.minutes - self.load_min

    def fits(self, unit: Unit, instead: Unit | None = None) -> bool:
        """Return whether he could do it as well, maybe instead of something else of his."""
        freed = instead.minutes if instead is not None else 0
        if unit.minutes > self.spare_min + freed:
            return False
        units = [one for one in self.units if one is not instead]
        return self.timetable([*units, unit]) is not None

    def timetable(self, units: Sequence[Unit]) -> list[Timed] | None:
        """Return when he does each of these, nothing if there is not time for all."""
        day = self.shift.day
        busy = list(self.busy)
        timed: list[Timed] = []
        for unit in sorted(units, key=lambda one: _pressing(one, day)):
            start = _earliest(unit, day, self.shift, busy)
            if start is None:
                return None
            busy.append((start - unit.lead_min, start + unit.body_min))
            timed.append((unit, start))
        return timed


def _pressing(unit: Unit, day: int) -> tuple[int, bool, int, int]:
    """Return the order in which a day is filled: whose time ends first, then the promised."""
    last = max((end for _, end in unit.hours(day)), default=0)
    first = unit.items[0]
    return last, not first.need.is_promised, -first.need.value, first.place


def _earliest(unit: Unit, day: int, shift: Shift, busy: Sequence[Span]) -> int | None:
    """Return the first minute at which a unit's first call can begin, nothing if there is none."""
    for first, last in unit.hours(day):
        start = max(first, shift.from_min + unit.lead_min)
        for begun, ended in sorted(busy):
            if start - unit.lead_min < ended and begun < start + unit.body_min:
                start = ended + unit.lead_min
        if start + unit.body_min <= min(last, shift.to_min):
            return start
    return None


class Office:
    """All desks of a day."""

    def __init__(self, day: int, desks: Iterable[Desk]) -> None:
        self.day = day
        self.desks = sorted(desks, key=lambda desk: desk.shift.account_id)

    def put(self, unit: Unit, carried: dict[int, float]) -> bool:
        """Give a unit to its keeper, else to who has least to do; return whether anybody has time.

        `carried` is what each did beyond his share on the days before.
        """
        keepers = {item.candidate.keeper_id for item in unit.items}

        def order(desk: Desk) -> tuple[bool, float, float, int]:
            account_id = desk.shift.account_id
            share = (desk.load_min + unit.minutes) / max(desk.shift.minutes, 1)
            return account_id not in keepers, share, carried.get(account_id, 0.0), account_id

        desks = sorted(self.desks, key=order)
        for desk in desks:
            if desk.fits(unit):
                desk.units.append(unit)
                return True
        return self._make_room(unit, desks)

    def _make_room(self, unit: Unit, desks: Sequence[Desk]) -> bool:
        """Put a unit where another makes room for it that somebody else can do."""
        spare = max((desk.spare_min for desk in desks), default=0)
        if all(other.minutes > spare for desk in desks for other in desk.units):
            return False
        for desk in desks:
            for other in [one for one in desk.units if desk.fits(unit, instead=one)]:
                taker = next((one for one in desks if one is not desk and one.fits(other)), None)
                if taker is not None:
                    desk.units.remove(other)
                    taker.units.append(other)
                    desk.units.append(unit)
                    return True
        return False

    def push_out(self, unit: Unit, weigh: Callable[[Unit, int], float]) -> Unit | None:
        """Return what a unit took the place of, the lightest that is lighter than itself."""
        found = [
            (weigh(other, self.day), other.items[0].place, desk, other)
            for desk in self.desks
            for other in desk.units
            if weigh(other, self.day) < weigh(unit, self.day) and desk.fits(unit, instead=other)
        ]
        if not found:
            return None
        _, _, desk, other = min(found, key=lambda one: one[:2])
        desk.units.remove(other)
        desk.units.append(unit)
        return other

    def extend(self, item: Item) -> bool:
        """Add a visit to the trip that goes to its area already; return whether one takes it."""
        for desk in self.desks:
            for place, unit in enumerate(desk.units):
                longer = unit.more(item)
                if unit.area == item.candidate.area and desk.fits(longer, instead=unit):
                    desk.units[place] = longer
                    return True
        return False

    def visits(self, area: str) -> bool:
        """Return whether a trip goes to this area."""
        return any(unit.area == area for desk in self.desks for unit in desk.units)

    def beyond(self) -> dict[int, float]:
        """Return how many minutes each has beyond his share of the day's load."""
        minutes = sum(desk.shift.minutes for desk in self.desks)
        load = sum(desk.load_min for desk in self.desks) / max(minutes, 1)
        return {d.shift.account_id: d.load_min - load * d.shift.minutes for d in self.desks}

    def balance(self) -> None:
        """Move units until no move to somebody who could do it would make the loads fairer.

        Each move lessens the sum of squares of what lies beyond the shares, so this ends. Where all
        can do all, everybody ends within one call of his share.
        """
        while self._move():
            pass

    def _move(self) -> bool:
        beyond = self.beyond()
        full = sorted(
            self.desks, key=lambda desk: (-beyond[desk.shift.account_id], desk.shift.account_id)
        )
        for giver in full:
            for taker in reversed(full):
                spare = beyond[giver.shift.account_id] - beyond[taker.shift.account_id]
                for unit in _movable(giver, taker):
                    if unit.minutes < spare - _DUST and taker.fits(unit):
                        giver.units.remove(unit)
                        taker.units.append(unit)
                        return True
        return False

    def calls(self) -> Iterator[Planned]:
        """Yield the calls of the day."""
        for desk in self.desks:
            for unit, start in desk.timetable(desk.units) or ():
                at_min = start
                for item in unit.items:
                    yield _planned(item, desk.shift.account_id, self.day, at_min)
                    at_min += item.need.minutes


_DUST = 1e-9


def _movable(giver: Desk, taker: Desk) -> list[Unit]:
    """Return what might go from one to the other, first whom the taker looks after."""

    def order(unit: Unit) -> tuple[bool, bool, int, int]:
        keepers = {item.candidate.keeper_id for item in unit.items}
        return (
            taker.shift.account_id not in keepers,
            giver.shift.account_id in keepers,
            -unit.minutes,
            unit.items[0].place,
        )

    return sorted(giver.units, key=order)


def _planned(item: Item, account_id: int, day: int, at_min: int) -> Planned:
    return Planned(
        customer_id=item.person.customer_id,
        account_id=account_id,
        day=day,
        at_min=at_min,
        minutes=item.need.minutes,
        purpose=item.need.purpose,
        channel=item.need.channel,
        area=item.candidate.area if item.is_visit else "",
        need=item.number,
    )

"""Whom does a station call in a month, who calls, and when?

First the days are chosen, so that the calls bring most within all minutes together (`plan_days`);
then each day's calls are given to those who work (`plan_loads`); what then does not fit is tried
again on every other day. The relaxed plan of the first step is a bound that no plan exceeds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from station.contact import plan_days
from station.contact.plan_days import Relief
from station.contact.plan_items import EITHER, Item, items_of, touched
from station.contact.plan_loads import Desk, Office, Unit
from station.contact.plan_parts import Missed, Plan, Planned, Price, Shift, Task, Unfit
from station.contact.plan_sheet import Relaxed, Sheet, sheet_of, trips_of
from station.contact.rules import Refusal, When, refusals

PRICED = 4
"""Of so many rules of contact the price is told, of those that keep most from being called."""
PRICEABLE = frozenset(
    {
        *(Refusal.NO_CONSENT, Refusal.UNREACHABLE, Refusal.OPEN_COMPLAINT, Refusal.HELD_OUT),
        *(Refusal.RESTING, Refusal.UNREACHED, Refusal.COOLING, Refusal.CAP),
    }
)
"""What a station can do something about; a customer's no and his wishes have no price."""
OTHER_DAYS = 3
"""How many other days of a call are looked at when a rule is priced."""


def plan(task: Task, *, with_prices: bool = True) -> Plan:
    """Return the plan of a task; the same task always has the same plan."""
    items = items_of(task)
    sheet = sheet_of(task, items)
    relief = plan_days.relief_of(sheet)
    table = _Table(task, items, sheet)
    chosen = plan_days.choose(sheet, relief)
    table.fill(chosen)
    table.fill_up(chosen)
    value = table.sum(sheet.worth)
    missing = max(0.0, relief.weight - table.sum(sheet.weight))
    return Plan(
        calls=table.calls(),
        unfit=table.unfit(),
        late=tuple(sorted({item.person.customer_id for item in items if item.is_late})),
        value=round(value),
        bound=round(value + missing),
        prices=_prices(task, items, sheet, relief) if with_prices else {},
    )


class _Table:
    """The month as it fills: the offices of all days, and who is called when."""

    def __init__(self, task: Task, items: Sequence[Item], sheet: Sheet) -> None:
        self.task, self.items, self.weight = task, items, sheet.weight
        self.columns = {
            (int(item), int(day)): column
            for column, (item, day) in enumerate(zip(sheet.item, sheet.day, strict=True))
        }
        self.offices = _offices(task)
        self.day_of: dict[int, int] = {}
        self.calls_of: dict[int, list[Item]] = defaultdict(list)
        self.left_min = sheet.left_min
        self.carried: dict[int, float] = defaultdict(float)

    def fill(self, chosen: dict[int, int]) -> None:
        """Give the chosen calls of each day to those who work."""
        for day, office in sorted(self.offices.items()):
            todays = [self.items[place] for place, when in sorted(chosen.items()) if when == day]
            for unit in self._units(todays, day):
                self._put(unit, office)
            office.balance()
            for account_id, beyond in office.beyond().items():
                self.carried[account_id] += beyond

    def fill_up(self, chosen: dict[int, int]) -> None:
        """Try what is left on every day that is open to it, the dearest by the minute first.

        What was chosen, or promised, may push out what weighs less; that is tried elsewhere then.
        """
        left = sorted(self._left(), key=_dearest)
        changed = {self._try(item) for item in left}
        for item in left:
            is_first = item.place in chosen or item.need.is_promised
            if item.place not in self.day_of and is_first and not item.is_visit:
                changed |= self._push(item)
        for day in sorted(day for day in changed if day is not None):
            self.offices[day].balance()

    def _left(self) -> list[Item]:
        return [item for item in self.items if item.place not in self.day_of and item.halves]

    def _push(self, item: Item) -> set[int | None]:
        """Return the days on which something changed so that an item came in."""
        for day in sorted(item.halves, key=lambda one: (-self._weight(item, one), one)):
            if self._is_reserved(item) or not self._is_apart(item, day):
                continue
            unit = Unit((item,), 0)
            out = self.offices[day].push_out(unit, self._weight_of)
            if out is not None:
                for gone in out.items:
                    self._forget(gone)
                self._note(item, day)
                return {day, *(self._try(gone) for gone in out.items)}
        return set()

    def _weight(self, item: Item, day: int) -> float:
        return float(self.weight[self.columns[item.place, day]])

    def _weight_of(self, unit: Unit, day: int) -> float:
        """Return what a unit counts for on a day."""
        return sum(self._weight(item, day) for item in unit.items)

    def _forget(self, item: Item) -> None:
        del self.day_of[item.place]
        self.calls_of[item.person.customer_id].remove(item)
        if not item.is_prospect:
            self.left_min += item.need.minutes

    def _try(self, item: Item) -> int | None:
        """Return the day on which a call was put after all, none if there is none."""
        if self._is_reserved(item):
            return None
        worth = {day: item.worth(day, self.task.rules.delay_share) for day in item.halves}
        for day in sorted(worth, key=lambda one: (-worth[one], one)):
            office = self.offices[day]
            if not self._is_apart(item, day):
                continue
            if item.is_visit and office.visits(item.candidate.area):
                if office.extend(item):
                    self._note(item, day)
                    return day
            elif office.put(Unit((item,), self._lead(item)), self.carried):
                self._note(item, day)
                return day
        return None

    def _units(self, items: Iterable[Item], day: int) -> list[Unit]:
        """Return what is done in one go, the hardest to place first."""
        trips: dict[str, list[Item]] = defaultdict(list)
        units = []
        for item in items:
            if item.is_visit:
                trips[item.candidate.area].append(item)
            else:
                units.append(Unit((item,), 0))
        way = self.task.rules.trip_min
        units += [Unit(tuple(sorted(visits, key=_dearest)), way) for visits in trips.values()]
        return sorted(units, key=lambda unit: _hardest(unit, day))

    def _put(self, unit: Unit, office: Office) -> None:
        """Put a unit into a day; of a trip that is too long the last visits are left."""
        kept = tuple(
            item
            for item in unit.items
            if not self._is_reserved(item) and self._is_apart(item, office.day)
        )
        while kept and not office.put(Unit(kept, unit.lead_min), self.carried):
            kept = kept[:-1]
        for item in kept:
            self._note(item, office.day)

    def _note(self, item: Item, day: int) -> None:
        self.day_of[item.place] = day
        self.calls_of[item.person.customer_id].append(item)
        if not item.is_prospect:
            self.left_min -= item.need.minutes

    def _is_reserved(self, item: Item) -> bool:
        """Return whether only prospects' minutes are left for it."""
        return not item.is_prospect and item.need.minutes > self.left_min

    def _is_apart(self, item: Item, day: int) -> bool:
        """Return whether he may be called on a day beside all that is planned to him already."""
        mine = [(one, self.day_of[one.place]) for one in self.calls_of[item.person.customer_id]]
        return not mine or (
            all(when != day for _, when in mine) and _all_stand(self.task, [*mine, (item, day)])
        )

    def _lead(self, item: Item) -> int:
        return self.task.rules.trip_min if item.is_visit else 0

    def sum(self, of_what: np.ndarray) -> float:
        """Return the sum of a column of the sheet over all calls that are planned."""
        told = [self.columns[place, day] for place, day in sorted(self.day_of.items())]
        return float(of_what[told].sum()) if told else 0.0

    def calls(self) -> tuple[Planned, ...]:
        """Return the calls by day, person and time."""
        found = [call for _, office in sorted(self.offices.items()) for call in office.calls()]
        return tuple(sorted(found, key=lambda one: (one.day, one.account_id, one.at_min)))

    def unfit(self) -> tuple[Unfit, ...]:
        """Return what is not planned, and why."""
        return tuple(
            Unfit(item.person.customer_id, item.number, self._reason(item))
            for item in self.items
            if item.place not in self.day_of
        )

    def _reason(self, item: Item) -> Refusal | Missed:
        if not item.halves:
            return _gravest(item)
        if not any(self._is_apart(item, day) for day in item.halves):
            return Missed.TOO_NEAR
        if self._is_reserved(item) and self._has_room(item):
            return Missed.RESERVED
        return Missed.NO_TIME

    def _has_room(self, item: Item) -> bool:
        unit = Unit((item,), self._lead(item))
        return any(
            desk.fits(unit)
            for day in item.halves
            if self._is_apart(item, day)
            for desk in self.offices[day].desks
        )


def _offices(task: Task) -> dict[int, Office]:
    """Return the desks of each day, with the calls on them that stay."""
    trips = trips_of(task.agreed)
    desks: dict[int, list[Desk]] = defaultdict(list)
    for shift in task.shifts:
        if shift.day in task.days:
            desks[shift.day].append(_desk(shift, trips, task.rules.trip_min))
    return {day: Office(day, desks[day]) for day in task.days}


def _desk(shift: Shift, trips: dict[tuple[int, int, str], list[Planned]], trip_min: int) -> Desk:
    busy = []
    for (account_id, day, area), calls in trips.items():
        if (account_id, day) == (shift.account_id, shift.day):
            busy += [(call.at_min, call.at_min + call.minutes) for call in calls]
            busy += [(calls[0].at_min - trip_min, calls[0].at_min)] if area else []
    return Desk(shift, tuple(busy), sum(last - first for first, last in busy), [])


def _all_stand(task: Task, planned: Sequence[tuple[Item, int]]) -> bool:
    """Return whether each of a customer's calls may be made beside the others."""
    calls = [_sketch(item, day) for item, day in planned]
    for place, (item, day) in enumerate(planned):
        person = touched(item.person, calls[:place] + calls[place + 1 :])
        need = item.need
        when = When(day, None, max(need.minutes, 1))
        if refusals(person, when, need.purpose, need.channel, rules=task.contact, law=task.law):
            return False
    return True


def _sketch(item: Item, day: int) -> Planned:
    need = item.need
    return Planned(item.person.customer_id, 0, day, 0, need.minutes, need.purpose, need.channel)


def _dearest(item: Item) -> tuple[bool, float, int]:
    return (
        not item.need.is_promised,
        -item.need.value / max(item.need.minutes, 1),
        item.place,
    )


def _hardest(unit: Unit, day: int) -> tuple[bool, int, tuple[bool, float, int]]:
    first = unit.items[0]
    return first.halves[day] == EITHER, -unit.minutes, _dearest(first)


def _gravest(item: Item) -> Refusal | Missed:
    """Return what closes most days of a call, the gravest of equals."""
    order: list[Refusal | Missed] = [*Refusal, *Missed]
    counts = Counter(item.closed.values())
    return max(counts, key=lambda one: (counts[one], -order.index(one)), default=Missed.NO_SHIFT)


def _prices(task: Task, items: Sequence[Item], sheet: Sheet, relief: Relief) -> dict[str, int]:
    """Return what the plan would bring more if one rule were looked away from, by rule."""
    near = plan_days.near(sheet, relief, OTHER_DAYS)
    found = {}
    for name, relaxed in _relaxed(task, items):
        other = sheet_of(task, items, relaxed, near)
        found[name] = max(0, round(plan_days.relief_of(other).worth - relief.worth))
    return found


def _relaxed(task: Task, items: Sequence[Item]) -> list[tuple[str, Relaxed]]:
    rules: list[tuple[str, Relaxed]] = [
        (Price.MINUTES.value, Relaxed(more_min=task.rules.more_min))
    ]
    if any(item.need.before_min is not None for item in items):
        rules.append((Price.MORNING.value, Relaxed(is_any_hour=True)))
    if task.prospect_share:
        rules.append((Price.PROSPECTS.value, Relaxed(is_unreserved=True)))
    lost: Counter[Refusal] = Counter()
    for item in items:
        for refusal in PRICEABLE.intersection(item.relaxed):
            lost[refusal] += item.need.value + 1
    dearest = sorted(lost, key=lambda one: (-lost[one], list(Refusal).index(one)))
    return rules + [(one.value, Relaxed(refusal=one)) for one in dearest[:PRICED]]

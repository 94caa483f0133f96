"""What can be chosen for a month, what does each choice bring, and within which limits?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from station.contact.plan_items import AFTERNOON, MORNING, Item
from station.contact.plan_parts import Planned, Shift, Task
from station.contact.rules import WISH_DAYS, Refusal

FIRST = 2.0
"""How much more than the best of the others a promised call counts, by the minute."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """Which rule is looked away from, to see what it costs."""

    more_min: int = 0
    is_any_hour: bool = False
    is_unreserved: bool = False
    refusal: Refusal | None = None


STRICT = Relaxed()


@dataclass(frozen=True, slots=True)
class Room:
    """How many minutes somebody has for calls on a day: in all, before noon, after it."""

    account_id: int
    day: int
    minutes: int
    morning: int
    afternoon: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """What can be chosen and within which limits.

    Each column is an item on a day, after them come trips: `opens` is the (day, area) of each.
    `weight` is what the choice counts for, `worth` what it brings; no row's sum exceeds `most`.
    `left_min` are the minutes that are not reserved for prospects.
    """

    item: np.ndarray
    day: np.ndarray
    opens: tuple[tuple[int, str], ...]
    weight: np.ndarray
    worth: np.ndarray
    rows: sp.csr_array
    most: np.ndarray
    left_min: int


def rooms_of(task: Task, more_min: int = 0) -> list[Room]:
    """Return what every shift of the open days has left beside the calls that stay."""
    taken: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for (account_id, day, _), calls in trips_of(task.agreed).items():
        way = task.rules.trip_min if calls[0].area else 0
        taken[account_id, day][calls[0].at_min >= task.rules.noon_min] += way
        for call in calls:
            taken[account_id, day][call.at_min >= task.rules.noon_min] += call.minutes
    return [
        _room(shift, taken[shift.account_id, shift.day], task.rules.noon_min, more_min)
        for shift in sorted(task.shifts, key=lambda one: (one.day, one.account_id))
        if shift.day in task.days
    ]


def trips_of(calls: Sequence[Planned]) -> dict[tuple[int, int, str], list[Planned]]:
    """Return calls by who makes them, day and area; those by telephone have none."""
    found: dict[tuple[int, int, str], list[Planned]] = defaultdict(list)
    for call in sorted(calls, key=lambda one: (one.day, one.account_id, one.at_min)):
        found[call.account_id, call.day, call.area].append(call)
    return found


def _room(shift: Shift, taken: Sequence[int], noon_min: int, more_min: int) -> Room:
    free = max(0, shift.minutes + more_min - sum(taken))
    early = max(0, min(shift.to_min, noon_min) - shift.from_min - taken[0])
    late = max(0, shift.to_min - max(shift.from_min, noon_min) - taken[1])
    return Room(shift.account_id, shift.day, free, min(free, early), min(free, late))


def sheet_of(
    task: Task,
    items: Sequence[Item],
    relaxed: Relaxed = STRICT,
    near: Mapping[int, frozenset[int]] | None = None,
) -> Sheet:
    """Return the choices and limits of a task; of each item only days that are `near`, if told."""
    maker = _Maker(task, items, relaxed, near)
    maker.limit_items()
    maker.limit_days()
    maker.reserve()
    maker.limit_trips()
    maker.keep_apart()
    return maker.sheet()


class _Maker:
    """Makes a sheet, limit by limit."""

    def __init__(
        self,
        task: Task,
        items: Sequence[Item],
        relaxed: Relaxed,
        near: Mapping[int, frozenset[int]] | None,
    ) -> None:
        self.task, self.items, self.relaxed = task, items, relaxed
        opened = [
            (place, day, half)
            for place, item in enumerate(items)
            for day, half in sorted(_halves(item, relaxed).items())
            if near is None or day in near.get(place, ()) or day not in item.halves
        ]
        table = np.array(opened, dtype="int64").reshape(-1, 3)
        self.item, self.day, self.half = table[:, 0], table[:, 1], table[:, 2]
        self.minutes = np.array([one.need.minutes for one in items], dtype="int64")
        self.is_prospect = np.array([one.is_prospect for one in items], dtype=bool)
        self.trips: dict[tuple[int, str], list[int]] = defaultdict(list)
        for column, (place, day, _) in enumerate(opened):
            if items[place].is_visit:
                self.trips[day, items[place].candidate.area].append(column)
        self.opens = tuple(sorted(self.trips))
        self.rooms = rooms_of(task, relaxed.more_min)
        self.first_day = min(task.days, default=0)
        self.last_day = max(task.days, default=0)
        self.row: list[np.ndarray] = []
        self.column: list[np.ndarray] = []
        self.factor: list[np.ndarray] = []
        self.most: list[float] = []
        self.left_min = 0

    def add(self, columns: np.ndarray, factors: np.ndarray, most: float) -> None:
        """Let the sum of these columns, each times its factor, be at most so much."""
        if len(columns) and factors[factors > 0].sum() > most:
            self.row.append(np.full(len(columns), len(self.most)))
            self.column.append(columns)
            self.factor.append(factors)
            self.most.append(most)

    def limit_items(self) -> None:
        """Make no call twice."""
        for columns in grouped(self.item):
            self.add(columns, np.ones(len(columns)), 1)

    def limit_days(self) -> None:
        """Keep each day within the minutes of those who work, also before and after noon.

        A limit also holds counted in calls of one length, parts of one dropped on either side:
        seven calls of eight minutes fit into an hour, not seven and a half.
        """
        lengths = self._lengths()
        trips: dict[int, list[int]] = defaultdict(list)
        for place, (day, _) in enumerate(self.opens, start=len(self.item)):
            trips[day].append(place)
        rooms: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for room in self.rooms:
            rooms[room.day].append((room.minutes, room.morning, room.afternoon))
        for columns in grouped(self.day):
            day = int(self.day[columns[0]])
            for length in lengths:
                self._limit_day(columns, trips[day], rooms[day], length)

    def _limit_day(
        self,
        columns: np.ndarray,
        trips: Sequence[int],
        rooms: Sequence[tuple[int, int, int]],
        length: int,
    ) -> None:
        parts = self.minutes[self.item[columns]] // length
        way = self.task.rules.trip_min // length
        most, early, late = np.sum(np.array(rooms) // length, axis=0).tolist()
        both = np.append(columns, np.array(trips, dtype="int64"))
        self.add(both, np.append(parts, np.full(len(trips), way)), most)
        for half, limit in ((MORNING, early), (AFTERNOON, late)):
            in_half = self.half[columns] == half
            self.add(columns[in_half], parts[in_half], limit)

    def reserve(self) -> None:
        """Leave prospects their share of the minutes, as far as they can use it."""
        minutes = sum(room.minutes for room in self.rooms)
        usable = int(self.minutes[self.is_prospect][_has_day(self)].sum())
        kept = min(round(self.task.prospect_share * minutes), usable)
        others = np.flatnonzero(~self.is_prospect[self.item])
        self.left_min = minutes - kept
        if self.relaxed.is_unreserved or not kept:
            return
        for length in self._lengths():
            parts = self.minutes[self.item[others]] // length
            self.add(others, parts, self.left_min // length)

    def _lengths(self) -> list[int]:
        """Return one minute, and how long calls last."""
        return [1, *sorted({int(minutes) for minutes in self.minutes if minutes > 1})]

    def limit_trips(self) -> None:
        """Visit an area on a day by one trip of one person."""
        longest: dict[int, int] = defaultdict(int)
        for room in self.rooms:
            longest[room.day] = max(longest[room.day], room.minutes)
        for place, (day, area) in enumerate(self.opens, start=len(self.item)):
            visits = np.array(self.trips[day, area], dtype="int64")
            left = max(0, longest[day] - self.task.rules.trip_min)
            minutes = self.minutes[self.item[visits]]
            self.add(np.append(visits, place), np.append(minutes, -left), 0)
            for visit in visits:
                self.add(np.array([visit, place]), np.array([1, -1]), 0)

    def keep_apart(self) -> None:
        """Keep the calls to one customer apart, and within what is allowed in a month."""
        several: dict[int, list[int]] = defaultdict(list)
        for place, item in enumerate(self.items):
            several[item.person.customer_id].append(place)
        columns: dict[int, list[int]] = defaultdict(list)
        for column, place in enumerate(self.item.tolist()):
            columns[place].append(column)
        for places in several.values():
            mine = np.array([c for place in places for c in columns[place]], dtype="int64")
            if len(places) > 1 and len(mine):
                for todays in grouped(self.day[mine]):
                    self.add(mine[todays], np.ones(len(todays)), 1)
                self._keep_distance(mine, places)
                self._keep_limits(mine, places)

    def _keep_distance(self, mine: np.ndarray, places: Sequence[int]) -> None:
        """Keep calls some days apart; of several service calls none minds the others."""
        service = [place for place in places if self.items[place].is_service]
        near = mine if len(service) <= 1 else mine[~np.isin(self.item[mine], service)]
        is_free = self.relaxed.refusal is Refusal.COOLING
        cool_days = 1 if is_free else self.task.contact.cool_days
        for day in np.unique(self.day[near]):
            within = near[(self.day[near] >= day) & (self.day[near] < day + cool_days)]
            self.add(within, np.ones(len(within)), 1)

    def _keep_limits(self, mine: np.ndarray, places: Sequence[int]) -> None:
        """Keep calls that are no service within what chain, law and customer allow."""
        selling = [place for place in places if not self.items[place].is_service]
        mine = mine[np.isin(self.item[mine], selling)]
        touched = np.array([touch.day for touch in self.items[places[0]].person.touches])
        for most, within_days in self._limits(self.items[places[0]]):
            if len(selling) + len(touched) <= most:
                continue
            for first in range(self.first_day - within_days + 1, self.last_day + 1):
                end = first + within_days
                made = int(np.sum((touched >= first) & (touched < end)))
                within = mine[(self.day[mine] >= first) & (self.day[mine] < end)]
                self.add(within, np.ones(len(within)), max(0, most - made))

    def _limits(self, item: Item) -> list[tuple[int, int]]:
        """Return how many contacts with a customer there may be in how many days."""
        contact, law = self.task.contact, self.task.law
        if self.relaxed.refusal in {Refusal.CAP, Refusal.WISHED_CAP}:
            return []
        limits = [(contact.most, contact.most_days)]
        if law.most and not law.frees_who_agreed:
            limits.append((law.most, law.most_days))
        wishes = item.person.wishes
        return limits + [
            (wish.most, WISH_DAYS)
            for wish in wishes
            if wish.most is not None and wish.channel is None
        ]

    def sheet(self) -> Sheet:
        """Return what was made."""
        count = len(self.item) + len(self.opens)
        rows = np.concatenate(self.row) if self.row else np.array([], dtype="int64")
        columns = np.concatenate(self.column) if self.column else np.array([], dtype="int64")
        factors = np.concatenate(self.factor) if self.factor else np.array([])
        matrix = sp.csr_array(
            (factors.astype("float64"), (rows, columns)), shape=(len(self.most), count)
        )
        weight, worth = self._weigh()
        blank = np.zeros(len(self.opens))
        return Sheet(
            item=self.item,
            day=self.day,
            opens=self.opens,
            weight=np.append(weight, blank),
            worth=np.append(worth, blank),
            rows=matrix,
            most=np.array(self.most, dtype="float64"),
            left_min=self.left_min,
        )

    def _weigh(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what each choice counts for and brings; what is promised outweighs the rest."""
        share = self.task.rules.delay_share
        value = np.array([one.need.value for one in self.items], dtype="float64")
        best = [one.need.best_day for one in self.items]
        first = bonus_of(self.items)
        best_day = np.array([-1 if day is None else day for day in best], dtype="int64")[self.item]
        off = np.where(best_day < 0, 0, np.abs(self.day - best_day))
        kept = np.maximum(0.0, 1 - share * off)
        return (value + 1 + first)[self.item] * kept, value[self.item] * kept


def bonus_of(items: Sequence[Item]) -> np.ndarray:
    """Return what each promised call counts for beyond what it brings, so that it comes first."""
    open_minutes = [
        (one.need.value + 1) / max(one.need.minutes, 1) for one in items if not one.need.is_promised
    ]
    density = FIRST * max(open_minutes, default=1.0)
    return np.array([density * one.need.minutes * one.need.is_promised for one in items])


def _has_day(maker: _Maker) -> np.ndarray:
    """Return which prospects have a day at all."""
    opened = np.isin(np.arange(len(maker.items)), maker.item)
    return np.asarray(opened[maker.is_prospect])


def _halves(item: Item, relaxed: Relaxed) -> Mapping[int, int]:
    halves = item.anytime if relaxed.is_any_hour else item.halves
    if relaxed.refusal is None:
        return halves
    return {**halves, **item.relaxed.get(relaxed.refusal, {})}


def grouped(keys: np.ndarray) -> list[np.ndarray]:
    """Return the places of each value, by value."""
    if not len(keys):
        return []
    order = np.argsort(keys, kind="stable")
    cuts = np.flatnonzero(np.diff(keys[order])) + 1
    return np.split(order, cuts)

"""On which days did every vehicle come, and what was known of it at the end of any past day?

A diary keeps the visit-days of all vehicles in one sorted column, so a past day is a mask and
every figure of every vehicle a sum over runs of it: no vehicle is looked at by itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

COLUMNS = ("vehicle_id", "station_id", "local_day")
BITS = (30, 16, 17)
"""Of vehicle, station and day in one sortable number; larger ones are sorted apart."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps between visit-days: whose (its place in the past), how long, from which day on."""

    owner: Ints
    days: Ints
    from_day: Ints


@dataclass(frozen=True, slots=True)
class Past:
    """What was known at the end of `day`, one entry a vehicle and station seen by then.

    `row` is the place in the diary's keys, `x` repeat visit-days, `t_x` days from first to last,
    `silent` days since the last on `last_day` that count, `usual` the median gap (NaN without one).
    """

    day: int
    row: Ints
    x: Floats
    t_x: Floats
    last_day: Floats
    silent: Floats
    log_gaps: Floats
    usual: Floats
    gaps: Gaps

    def chosen(self, place: Ints) -> "Past":
        """Return the entries at `place`, an ascending list of places."""
        new = np.full(len(self.x), -1)
        new[place] = np.arange(len(place))
        owner = new[self.gaps.owner]
        kept = owner >= 0
        gaps = Gaps(owner[kept], self.gaps.days[kept], self.gaps.from_day[kept])
        names = ("row", "x", "t_x", "last_day", "silent", "log_gaps", "usual")
        columns = {name: getattr(self, name)[place] for name in names}
        return Past(day=self.day, gaps=gaps, **columns)


@dataclass(frozen=True, slots=True)
class Diary:
    """The visit-days of vehicles, by place in `keys` and then by day."""

    keys: pd.DataFrame
    row: npt.NDArray[np.int32]
    day: npt.NDArray[np.int32]

    def known(self, day: int) -> Ints:
        """Return the places in `keys` of who was seen by the end of `day`."""
        starts = np.flatnonzero(_starts(self.row))
        return self.row[starts[self.day[starts] <= day]].astype(np.int64)

    def only(self, rows: Ints) -> "Diary":
        """Return the visit-days of these places in `keys`; the places stay what they are."""
        if len(rows) == len(self.keys):
            return self
        wanted = np.zeros(len(self.keys), dtype=bool)
        wanted[rows] = True
        chosen = wanted[self.row]
        return Diary(self.keys, self.row[chosen], self.day[chosen])

    def until(self, day: int) -> Past:
        """Return what was known at the end of `day`."""
        known = self.day <= day
        rows, days = self.row[known], self.day[known]
        opens = _starts(rows)
        starts = np.flatnonzero(opens)
        visits = np.diff(np.append(starts, len(rows)))
        gaps = _gaps(days, opens)
        first, last = days[starts], days[starts + visits - 1]
        return Past(
            day=day,
            row=rows[starts].astype(np.int64),
            x=(visits - 1).astype(np.float64),
            t_x=(last - first).astype(np.float64),
            last_day=last.astype(np.float64),
            silent=(day - last).astype(np.float64),
            log_gaps=log_sum(gaps, len(starts)),
            usual=median(gaps, visits - 1),
            gaps=gaps,
        )

    def came_within(self, past: Past, days: int) -> Flags:
        """Return which vehicles of `past` came in the `days` after it."""
        later = (self.day > past.day) & (self.day <= past.day + days)
        came = np.zeros(len(self.keys), dtype=bool)
        came[self.row[later]] = True
        return np.asarray(came[past.row])


def evenly(places: Ints, most: int) -> Ints:
    """Return at most `most` of the places, evenly chosen: every second, say."""
    every = -(-len(places) // most)
    return places[::every] if every > 1 else places


def read(visit_days: pd.DataFrame) -> Diary:
    """Return the diary of (vehicle_id, station_id, local_day); order and repeats do not matter."""
    vehicle, station, day = _sorted(visit_days)
    opens, is_new = _starts(vehicle, station), _starts(vehicle, station, day)
    keys = pd.DataFrame({"vehicle_id": vehicle[opens], "station_id": station[opens]})
    row = (np.cumsum(opens) - 1).astype(np.int32)
    return Diary(keys.astype("int64"), row[is_new], day[is_new].astype(np.int32))


def _sorted(visit_days: pd.DataFrame) -> tuple[Ints, ...]:
    """Return vehicle, station and day in their order: as one number where they fit into it."""
    columns = [visit_days[name].to_numpy(dtype="int64") for name in COLUMNS]
    fits = all(
        not column.size or (column.min() >= 0 and column.max() < 1 << bits)
        for column, bits in zip(columns, BITS, strict=True)
    )
    if not fits:
        order = np.lexsort(columns[::-1])
        return tuple(column[order] for column in columns)
    vehicle, station, day = columns
    packed = np.sort(((vehicle << BITS[1]) | station) << BITS[2] | day)
    where = packed >> BITS[2]
    return where >> BITS[1], where & ((1 << BITS[1]) - 1), packed & ((1 << BITS[2]) - 1)


def _starts(*columns: npt.NDArray[np.integer]) -> Flags:
    """Return where a value differs from the one before, in any of the sorted columns."""
    starts = np.zeros(len(columns[0]), dtype=bool)
    starts[:1] = True
    for column in columns:
        starts[1:] |= column[1:] != column[:-1]
    return starts


def _gaps(days: npt.NDArray[np.int32], opens: Flags) -> Gaps:
    """Return the gaps between neighbouring days, but not across two vehicles."""
    owner = np.cumsum(opens) - 1
    after = np.flatnonzero(~opens)
    length = (days[after] - days[after - 1]).astype(np.int64)
    return Gaps(owner[after], length, days[after - 1].astype(np.int64))


def log_sum(gaps: Gaps, vehicles: int) -> Floats:
    """Return the sum of ln(gap) of each vehicle."""
    logs = np.log(np.maximum(gaps.days, 1).astype(np.float64))
    return np.asarray(np.bincount(gaps.owner, logs, vehicles), dtype=np.float64)


def median(gaps: Gaps, counts: npt.NDArray[np.integer]) -> Floats:
    """Return the median gap of each vehicle, which has `counts` of them; NaN for none."""
    longest = int(gaps.days.max(initial=0)) + 1
    ordered = np.sort(gaps.owner * longest + gaps.days) % longest
    starts = np.cumsum(counts) - counts
    low, high = starts + (counts - 1) // 2, starts + counts // 2
    both = np.append(ordered, 0)  # a vehicle without gaps may start behind the last
    return np.where(counts > 0, (both[low] + both[high]) / 2, np.nan)

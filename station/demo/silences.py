"""Which customers of a demo stay away for longer than they use to, and who comes again."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

FEWEST_DAYS, GAPS = 6, 8
"""Of fewer days nothing is usual; the usual gap is the median of so many last ones."""
LATE, LOST = 3.0, 4.5
"""After so many usual gaps without a visit somebody is late, after so many he is lost."""
LONGEST_GAPS = 8
"""So many gaps or more are told as so many."""
SHORTEST_DAYS, FRESH_DAYS = 8, 60
"""Nobody is late before, nor worth a call so many days after he was."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A customer who stays away on a day: since when, and how often he used to come."""

    customer_id: int
    last_day: int
    silent_days: int
    gap_days: float

    @property
    def gaps(self) -> float:
        """How many of his usual gaps he has stayed away."""
        return self.silent_days / self.gap_days

    @property
    def is_lost(self) -> bool:
        """Whether he has stayed away for too long to be merely late."""
        return self.gaps > LOST


def silent(came: Mapping[int, Sequence[int]], day: int) -> list[Silence]:
    """Return who stays away on the morning of a day; `came` are everybody's days in order."""
    found = []
    for customer_id, days in came.items():
        known = days[: bisect_right(days, day - 1)]
        if len(known) < FEWEST_DAYS:
            continue
        last = known[-GAPS - 1 :]
        gap = max(1.0, float(median(b - a for a, b in pairwise(last))))
        one = Silence(customer_id, known[-1], day - known[-1], gap)
        limit = max(SHORTEST_DAYS, LATE * gap)
        if limit < one.silent_days <= limit + FRESH_DAYS:
            found.append(one)
    return found


def came_in(days: Sequence[int], day: int, within: int) -> int | None:
    """Return after how many days somebody came after a day, none if not within so many."""
    place = bisect_right(days, day)
    wait = days[place] - day if place < len(days) else within + 1
    return wait if wait <= within else None


def chances(
    silences: Sequence[tuple[int, Silence]], came: Mapping[int, Sequence[int]], within: int
) -> dict[int, float]:
    """Return by whole gaps of silence which part came again within so many days of a day."""
    told: dict[int, list[bool]] = {}
    for day, one in silences:
        back = came_in(came[one.customer_id], day, within) is not None
        told.setdefault(stretch(one), []).append(back)
    return {key: (sum(some) + 1) / (len(some) + 2) for key, some in told.items()}


def stretch(one: Silence) -> int:
    """Return how many whole gaps somebody has stayed away, long ones together."""
    return min(int(one.gaps), LONGEST_GAPS)

"""How long does a month's plan of calls take, and how far is it from the best?

    python -m benchmarks.planning [--staff 20] [--customers 2000] [--minutes 60] [--seeds 3]

Invented stations: staff of three kinds of shifts, of whom one in fourteen is away on a day;
customers of grades A, B, C, prospects (one in five visited) and overdue regulars, of whom one in
seven never agreed, one in twenty is left out by lot, one in ten wishes other hours, and most were
contacted lately. Measured is the whole plan with the price of each rule; the gap is against the
relaxed plan that none can exceed.
"""

import argparse
import sys
from datetime import date
from time import perf_counter

import numpy as np

from station.contact.plan import plan
from station.contact.plan_parts import Candidate, Need, Shift, Task
from station.contact.rules import LAWS, Hours, Person, Touch, Wish
from station.model import CallPurpose, Channel, Purpose, day_date, day_number

FIRST = day_number(date(2026, 3, 1))
DAYS = tuple(day for day in range(FIRST, FIRST + 31) if day_date(day).isoweekday() < 6)
AGREED = frozenset((purpose, channel) for purpose in Purpose for channel in Channel)
SHIFTS = ((540, 1080), (480, 960), (720, 1200))
KINDS = {"A": 0.05, "B": 0.2, "C": 0.3, "prospect": 0.2, "overdue": 0.25}
AREAS = "ABCDEF"


def person(draw: np.random.Generator, number: int) -> Person:
    late = Wish(hours=(Hours(from_min=900, to_min=1080),))
    return Person(
        number,
        agreed=AGREED if draw.random() < 0.85 else frozenset(),
        reached_by=frozenset(Channel),
        wishes=(late,) if draw.random() < 0.1 else (),
        touches=tuple(Touch(FIRST - int(draw.integers(1, 60))) for _ in range(draw.integers(0, 3))),
        is_held_out=bool(draw.random() < 0.05),
        has_open_complaint=bool(draw.random() < 0.02),
    )


def needs(draw: np.random.Generator, complains: bool) -> tuple[Need, ...]:
    value = int(draw.lognormal(7, 1))
    found = {
        "A": [
            Need(
                CallPurpose.KEEP,
                value=3 * value,
                is_promised=True,
                before_min=720,
                best_day=FIRST + day,
            )
            for day in (8, 23)
        ],
        "B": [Need(CallPurpose.KEEP, value=value)],
        "C": [Need(CallPurpose.KEEP, value=value // 4)] if draw.random() < 1 / 3 else [],
        "prospect": [
            Need(CallPurpose.PROSPECT, Channel.VISIT, 30, value=2 * value)
            if draw.random() < 0.2
            else Need(CallPurpose.PROSPECT, value=value // 2)
        ],
        "overdue": [Need(CallPurpose.WIN_BACK, value=value, best_day=FIRST)],
    }[str(draw.choice(list(KINDS), p=list(KINDS.values())))]
    if complains:
        found.append(Need(CallPurpose.AFTERCARE, is_promised=True, best_day=FIRST + 3))
    return tuple(found)


def station(seed: int, staff: int, customers: int, minutes: int) -> Task:
    """Return an invented station."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, len(SHIFTS), staff)
    shifts = tuple(
        Shift(one + 1, day, minutes, *SHIFTS[kinds[one]])
        for one in range(staff)
        for day in DAYS
        if draw.random() > 1 / 14
    )
    people = [person(draw, number) for number in range(1, customers + 1)]
    candidates = tuple(
        Candidate(
            one,
            needs(draw, one.has_open_complaint),
            keeper_id=int(draw.integers(1, staff + 1)) if draw.random() < 0.7 else None,
            area=AREAS[draw.integers(len(AREAS))],
        )
        for one in people
    )
    return Task(candidates, shifts, DAYS, LAWS["CN"], prospect_share=0.1)


def main() -> None:
    """Print a line a station."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--staff", type=int, default=20)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--minutes", type=int, nargs="+", default=[60, 30])
    parser.add_argument("--seeds", type=int, default=3)
    told = parser.parse_args()
    for minutes in told.minutes:
        for seed in range(1, told.seeds + 1):
            asked = station(seed, told.staff, told.customers, minutes)
            start = perf_counter()
            made = plan(asked)
            seconds = perf_counter() - start
            sys.stdout.write(
                f"{told.staff} staff, {minutes} min, {told.customers} customers: {seconds:.1f} s, "
                f"{len(made.calls)} calls, {len(made.unfit)} unfit, gap {made.gap:.2%}\n"
            )


if __name__ == "__main__":
    main()

"""Who falls due for a win-back call is drawn once a quarter, within the planner's own write."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from time import time

from station.analysis import holdout
from station.analysis.holdout import Draw, HoldoutRules
from station.archive.calls import holdouts
from station.archive.calls.holdouts import HoldOut
from station.archive.database import Connection
from station.model import Arm, day_number

TOP_GRADE = "A"


@dataclass(frozen=True, slots=True)
class Due:
    """A customer who stands and falls due, and what is known of him on that day.

    `p_return` is the chance that he comes back within the days that are looked at if nobody calls.
    """

    customer_id: int
    station_id: int
    p_return: float
    grade: str
    gap_days: float
    worth: float
    is_at_risk: bool
    is_complaining: bool = False


def draw(
    conn: Connection, rules: HoldoutRules, due: Sequence[Due], *, on_day: date
) -> dict[int, Arm]:
    """Return of each whether he is to be called in the quarter of a day; new ones are drawn now.

    Whom the lot left uncalled stays so for the quarter, unless he has a complaint by now.
    """
    quarter = holdout.quarter_of(on_day)
    known = holdouts.arms(conn, [one.customer_id for one in due], quarter)
    held_a = Counter(holdouts.held_a(conn, quarter))
    drawn = []
    for one in due:
        if one.customer_id in known:
            continue
        told = _drawn(one, quarter, rules, held_a[one.station_id])
        known[one.customer_id] = told.arm
        held_a[one.station_id] += one.grade == TOP_GRADE and told.arm is Arm.HOLD
        drawn.append(_row(one, quarter, told, day_number(on_day)))
    holdouts.add(conn, drawn)
    heard = {one.customer_id for one in due if one.is_complaining}
    return {one: Arm.CALL if one in heard else arm for one, arm in known.items()}


def first_broken(conn: Connection) -> str:
    """Return the first customer and quarter of whom something else is kept than the lot said."""
    for customer_id, quarter, share, arm in holdouts.under_lot(conn):
        if (holdout.lot(customer_id, quarter) < share) != (arm is Arm.HOLD):
            return f"{customer_id} {quarter}"
    return ""


def _drawn(one: Due, quarter: str, rules: HoldoutRules, held_a: int) -> Draw:
    return holdout.draw(
        one.customer_id,
        quarter,
        rules,
        is_complaining=one.is_complaining,
        is_a_at_risk=one.is_at_risk and one.grade == TOP_GRADE,
        held_a=held_a,
    )


def _row(one: Due, quarter: str, told: Draw, day: int) -> HoldOut:
    return HoldOut(
        customer_id=one.customer_id,
        quarter=quarter,
        station_id=one.station_id,
        due_day=day,
        arm=told.arm,
        p_return=one.p_return,
        grade=one.grade,
        gap_days=one.gap_days,
        worth=one.worth,
        share=told.share,
        is_capped=told.is_capped,
        made_at=int(time()),
    )

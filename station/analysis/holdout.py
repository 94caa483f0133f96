"""Who is left uncalled for a quarter, by lot, so that it shows what calls do?"""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from station.model import Arm

QUARTER_MONTHS = 3
LOTS = 2**64


@dataclass(frozen=True, slots=True)
class HoldoutRules:
    """How many of those due are left uncalled.

    `most_a` is how many A customers at risk a station leaves uncalled in a quarter.
    """

    share: float = 0.1
    most_a: int = 1


@dataclass(frozen=True, slots=True)
class Draw:
    """What the lot said; `share` is with which chance he was left uncalled.

    Who is capped was not subject to the lot any more: he is called and says nothing of calls.
    """

    arm: Arm
    share: float
    is_capped: bool = False


def quarter_of(day: date) -> str:
    """Return the quarter of a day, such as 2026-Q3."""
    return f"{day.year:04d}-Q{(day.month - 1) // QUARTER_MONTHS + 1}"


def lot(customer_id: int, quarter: str) -> float:
    """Return a customer's lot of a quarter, in [0, 1): the same whoever asks, however often."""
    told = f"{quarter}:{customer_id}".encode()
    return int.from_bytes(sha256(told).digest()[:8], "big") / LOTS


def draw(
    customer_id: int,
    quarter: str,
    rules: HoldoutRules,
    *,
    is_complaining: bool = False,
    is_a_at_risk: bool = False,
    held_a: int = 0,
) -> Draw:
    """Return whether a customer who falls due is called in this quarter.

    Whoever has an open complaint is called. So is an A customer at risk once his station has left
    `held_a`, as many as it may, uncalled in the quarter; whatever his own lot would have said, he
    is no longer compared with anybody.
    """
    if is_complaining or (is_a_at_risk and held_a >= rules.most_a):
        return Draw(Arm.CALL, 0.0, is_capped=True)
    is_held = lot(customer_id, quarter) < rules.share
    return Draw(Arm.HOLD if is_held else Arm.CALL, rules.share)

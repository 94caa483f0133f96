"""A date with a customer has passed: who is to be told of it by now?"""

from dataclasses import dataclass
from enum import IntEnum


class Told(IntEnum):
    """Who is told of a date that has passed; each after the one before."""

    NOBODY = 0
    STAFF = 1
    MANAGER = 2
    REASSIGN = 3  # the manager is offered to give it to somebody else


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """After how many days staff are told, then the manager, and when another may have it."""

    staff_days: int = 2
    manager_days: int = 4
    reassign_days: int = 7


def told_after(late_days: int, rules: ReminderRules) -> Told:
    """Return who is told of a date that passed so many days ago."""
    steps = {
        Told.REASSIGN: rules.reassign_days,
        Told.MANAGER: rules.manager_days,
        Told.STAFF: rules.staff_days,
    }
    return next((who for who, days in steps.items() if late_days >= days), Told.NOBODY)

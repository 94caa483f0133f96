"""What stood in a field at an instant?"""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def stood(now: T, steps: Sequence[tuple[int, T]], at_s: int) -> T:
    """Return what stood in a field at the end of a second.

    Args:
        now: what stands there now.
        steps: its changes in the order in which they were made: when, and what stood there before.
        at_s: the second.
    """
    return next((old for changed_s, old in steps if changed_s > at_s), now)

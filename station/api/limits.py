"""How often may a till ask, and how often may somebody try keys?"""

from collections import OrderedDict
from math import ceil
from threading import Lock
from time import monotonic

MOST_KNOWN = 10_000
"""Buckets that are remembered; of more the longest unused are forgotten, which is a full one."""


class Buckets:
    """Lets everybody take `burst` at once, and as many as drop in afterwards: `per_s` a second.

    Whoever takes many at a time may do so once, and waits until he has made up for it.
    """

    def __init__(self, *, burst: float, per_s: float) -> None:
        self.burst = burst
        self.per_s = per_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._turn = Lock()

    def take(self, who: str, number: int = 1) -> int:
        """Return 0 if he may, else after how many seconds he may; then nothing was taken."""
        with self._turn:
            left, now = self._now(who)
            if left < 1:
                return ceil((1 - left) / self.per_s)
            self._keep(who, left - number, now)
        return 0

    def _now(self, who: str) -> tuple[float, float]:
        now = monotonic()
        left, at = self._left.get(who, (self.burst, now))
        return min(left + (now - at) * self.per_s, self.burst), now

    def _keep(self, who: str, left: float, now: float) -> None:
        self._left[who] = (left, now)
        self._left.move_to_end(who)
        while len(self._left) > MOST_KNOWN:
            self._left.popitem(last=False)

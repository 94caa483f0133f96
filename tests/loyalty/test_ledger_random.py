"""Random moves by the ten thousand: the ledger answers as an oracle does that counts coins."""

import os
import random
from collections import Counter

import pytest
from loyalty.points_oracle import SPENT
from loyalty.points_play import PEOPLE, PLANS, Memory, Play

from station.model import PointAccount, PointMove

IS_LONG = bool(os.environ.get("STATION_TEST_LONG"))
MOVES, A_WORLD = (1_000_000 if IS_LONG else 50_000), 150
LEAST = MOVES // 10_000
"""How often everything must be seen: a hundred times in a million."""
REFUSALS = {
    *(f"{kind}: points.not_positive" for kind in ("earn", "redeem", "hold", "confirm", "refund")),
    *(f"{kind}: points.not_enough" for kind in ("redeem", "hold", "take", "transfer")),
    *(f"{kind}: points.frozen" for kind in ("redeem", "hold", "confirm", "transfer", "freeze")),
    *("confirm: points.over_hold", "refund: points.over_refund", "transfer: points.same_member"),
    *("thaw: points.not_frozen", "expire: nothing", "close: nothing"),
}
EMPTYING = {PointMove.CLOSE, PointMove.EXPIRE}
LATER = {PointMove.CONFIRM, PointMove.RELEASE, PointMove.REVERSE, PointMove.REFUND}
"""What can still come to a lot that was emptied."""
ON_LOTS = set(PointMove) - {PointMove.FREEZE, PointMove.THAW, PointMove.EARN}
PAIRS = {
    f"{first} then {second}"
    for first in ON_LOTS
    for second in (LATER if first in EMPTYING else ON_LOTS)
}


@pytest.mark.slow
def test_fifty_thousand_random_moves_end_where_the_oracle_says() -> None:
    marks: Counter[str] = Counter()
    for world in range(MOVES // A_WORLD):
        play = Play(random.Random(world), Memory(), marks=marks)  # noqa: S311 - chance
        for _ in range(A_WORLD):
            play.step()
        _sums_agree(play)
    done = {f"{kind}: done" for kind in PLANS} | {"merge", "part", "tomorrow"}
    wanted = REFUSALS | PAIRS | done
    assert {mark: marks[mark] for mark in wanted if marks[mark] < LEAST} == {}


def _sums_agree(play: Play) -> None:
    """Compare the sums over everybody, and let every account's points be somewhere."""
    assert isinstance(play.store, Memory)
    entries = [entry for _, draft in play.store.drafts for entry in draft.entries]
    total = {
        account: sum(e.points for e in entries if e.account is account) for account in PointAccount
    }
    assert sum(total.values()) == 0
    assert total[PointAccount.REDEEMED] == play.oracle.in_state(SPENT)
    assert total[PointAccount.DEBT] == -play.oracle.debt(PEOPLE)

"""Whether members come more often is told against others, and not told where nobody knows."""

import numpy as np
import pandas as pd
import pytest

from station.analysis import uptake
from station.analysis.uptake import UptakeRules, Verdict

RULES = UptakeRules(window_days=60)
DAYS, JOINED = 300, 150


def seen(factor: float, members: int = 60, others: int = 200) -> tuple[pd.DataFrame, ...]:
    """Return visits, first days and others; from joining on, members come so many times as often.

    Everybody comes on the day of joining.
    """
    draw = np.random.default_rng(7)
    usual = draw.random((members + others, DAYS)) < 0.1
    more = draw.random((members, DAYS - JOINED)) < 0.1 * factor
    usual[:members, JOINED:] = more
    usual[:, JOINED] = True
    vehicle, day = np.nonzero(usual)
    visits = pd.DataFrame({"vehicle_id": vehicle, "local_day": day})
    firsts = pd.DataFrame({"vehicle_id": range(members), "first_day": JOINED})
    return visits, firsts, pd.Series(range(members, members + others))


@pytest.mark.parametrize(
    ("factor", "verdict"), [(2, Verdict.MORE), (1, Verdict.UNSURE), (0.3, Verdict.LESS)]
)
def test_a_change_is_told_if_it_is_no_chance(factor: float, verdict: Verdict) -> None:
    told = uptake.compare(*seen(factor), RULES, as_of_day=DAYS - 1)

    assert told.verdict is verdict
    assert told.low <= told.extra <= told.high
    assert told.extra == pytest.approx(3 * (factor - 1), abs=0.7)


def test_what_befalls_everybody_is_no_effect() -> None:
    visits, firsts, others = seen(1)
    rare = visits[(visits["local_day"] <= JOINED) | (visits["local_day"] % 3 == 0)]

    told = uptake.compare(rare, firsts, others, RULES, as_of_day=DAYS - 1)

    assert told.after < told.before / 2
    assert told.verdict is Verdict.UNSURE


def test_newcomers_say_nothing_of_what_they_would_have_done() -> None:
    visits, firsts, others = seen(1)
    is_early = visits["vehicle_id"].isin(firsts["vehicle_id"]) & (visits["local_day"] < JOINED)

    told = uptake.compare(visits[~is_early], firsts, others, RULES, as_of_day=DAYS - 1)

    assert told.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("case", ["few members", "nobody to compare with", "too soon", "nothing"])
def test_too_little_says_nothing(case: str) -> None:
    visits, firsts, others = seen(2)
    as_of_day = JOINED + 10 if case == "too soon" else DAYS - 1
    if case == "few members":
        firsts = firsts.head(RULES.least_members - 1)
    if case == "nobody to compare with":
        others = others.head(RULES.least_others - 1)
    if case == "nothing":
        visits = visits.head(0)

    told = uptake.compare(visits, firsts, others, RULES, as_of_day=as_of_day)

    assert told.verdict is Verdict.UNKNOWN

"""Every rule is replayed on the archive's own past."""

from dataclasses import replace

import pytest

from station.analysis.backtest import METHODS
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.services import backtests
from station.services.ask import Ask
from station.services.backtests import Replay


@pytest.mark.slow
def test_a_replay_says_of_every_rule_how_it_did(demo_ask: Ask) -> None:
    found = backtests.replay(demo_ask, asked=Replay(horizon=14, cutoffs=2))
    rows = backtests.table(found)

    assert rows["method"].tolist() == list(METHODS)
    assert found["cutoffs"] == sorted(found["cutoffs"])
    assert rows["auc"].dropna().between(0, 1).all()
    assert found["calls_per_week"] == 20
    assert found["methods"]["model"]["at_capacity"]["flagged"] <= 40


@pytest.mark.parametrize(
    "asked",
    [
        Replay(horizon=0),
        Replay(cutoffs=0),
        Replay(cutoffs=99),
        Replay(min_visits=0),
        Replay(calls=-1),
        Replay(calls=1001),
    ],
)
def test_numbers_that_cannot_be_are_refused(demo_ask: Ask, asked: Replay) -> None:
    with pytest.raises(BadValueError):
        backtests.replay(demo_ask, asked=asked)


def test_a_past_that_is_too_short_is_said_to_be(demo_ask: Ask) -> None:
    with pytest.raises(BadValueError) as caught:
        backtests.replay(demo_ask, asked=Replay(horizon=90))

    assert caught.value.key == "backtest.too_short"


def test_another_station_is_not_found_and_nobody_replays_without_the_right(demo_ask: Ask) -> None:
    with pytest.raises(NotFoundError):
        backtests.replay(demo_ask, stations=["NONE"])
    with pytest.raises(NotAllowedError):
        backtests.replay(replace(demo_ask, scope=replace(demo_ask.scope, rights={})))

"""Where a vehicle stands once all that is known of it is put together."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis.base import AS_OF, PACE, facts, make_profiles

from station import text
from station.analysis import guards
from station.analysis.lapse import has_returned, judge
from station.analysis.pace import Pace
from station.analysis.pauses import Onset, Pauses, Rhythm
from station.analysis.rhythm import Fit
from station.analysis.states import settle
from station.model import State

KNOWN: dict[str, Any] = {
    "stability": "regular", "halves": False, "share_moves": False, "has_returned": False,
    "is_ended": False, "heard": "", "heard_day": np.nan, "customer_id": np.nan,
    "organisation_name": "", "quantity_before": 40.0, "quantity_late": 25.0, "share_before": 0.9,
    "share_now": 0.2, "visits_elsewhere": 9, "changed_day": AS_OF - 60.0, "p_slower": 0.7,
    "gap_before_days": 7.0, "gap_now_days": 15.0,
}  # fmt: skip


def judged(*silences: int, signs: list[str] | None = None, **changes: Any) -> pd.DataFrame:
    rows = [
        {"first_day": AS_OF - days - 63, "last_day": AS_OF - days, "vehicle_id": number}
        for number, days in enumerate(silences, start=1)
    ]
    frame = judge(make_profiles(*rows), PACE).assign(**(KNOWN | changes))
    return frame.assign(signs=[signs or [] for _ in silences])


def state(*silences: int, **changes: Any) -> list[str]:
    return settle(judged(*silences, **changes))["state"].tolist()


def test_nothing_more_known_leaves_what_the_rhythm_says() -> None:
    assert state(3, 40, 300) == ["active", "overdue", "lost"]


def test_a_slowing_vehicle_that_still_comes_is_slowing() -> None:
    assert state(3, 300, signs=["slowing"]) == ["slowing", "lost"]


def test_slowing_with_smaller_fills_is_a_falling_share() -> None:
    assert state(3, signs=["slowing", "smaller_fills"]) == ["share_falling"]


def test_who_comes_half_as_often_has_a_falling_share() -> None:
    assert state(3, 300, signs=["slowing"], halves=True) == ["share_falling", "lost"]


def test_visits_that_move_to_a_sister_station_are_a_falling_share() -> None:
    assert state(3, share_moves=True) == ["share_falling"]


def test_who_came_again_has_returned() -> None:
    assert state(3, has_returned=True) == ["returned"]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("vehicle_sold", "sold"), ("electric", "sold"), ("away", "paused"),
     ("contract", "fleet_left"), ("price", "overdue")],
)  # fmt: skip
def test_what_was_heard_since_the_last_visit_explains_silence(reason: str, expected: str) -> None:
    assert state(40, heard=reason, heard_day=AS_OF - 10.0) == [expected]


def test_what_was_heard_before_the_last_visit_explains_nothing() -> None:
    assert state(40, heard="vehicle_sold", heard_day=AS_OF - 50.0) == ["overdue"]


def test_what_was_heard_of_who_still_comes_changes_nothing() -> None:
    assert state(3, heard="vehicle_sold", heard_day=AS_OF - 1.0) == ["active"]


def test_nobodys_vehicle_is_gone() -> None:
    assert state(40, is_ended=True) == ["sold"]


def others(silences: int) -> pd.DataFrame:
    """Return many regulars of nobody, of whom few are silent."""
    return judged(*([3] * 95 + [300] * silences))


def test_a_fleet_that_fell_silent_together_has_left() -> None:
    fleet = judged(120, 121, 125, 119, 3, customer_id=7.0, organisation_name="甲示物流")

    states = settle(pd.concat([others(5), fleet], ignore_index=True))["state"].tail(5).tolist()

    assert states == ["fleet_left"] * 4 + ["active"]


def test_single_losses_of_a_large_fleet_over_a_year_are_losses() -> None:
    fleet = judged(60, 150, 240, 330, 3, 3, 3, 3, customer_id=7.0, organisation_name="甲示物流")

    states = settle(pd.concat([others(5), fleet], ignore_index=True))["state"]

    assert "fleet_left" not in set(states)


def shut(first: int, last: int) -> guards.Guard:
    """Return a guard that holds the days from `first` to `last` days ago."""
    days = np.arange(AS_OF - 400, AS_OF + 1)
    is_held = (days >= AS_OF - first) & (days <= AS_OF - last)
    places = pd.MultiIndex.from_tuples([(1, 1)], names=["station_id", "product_group"])
    windows = pd.DataFrame(
        [(1, 1, guards.CLOSURE, AS_OF - first, AS_OF - last, 0.0)], columns=guards.COLUMNS
    )
    return guards.Guard(AS_OF - 400, places, np.cumsum(is_held)[None].astype("float64"), windows)


def test_an_alarm_that_a_closure_explains_is_held_and_says_so() -> None:
    rows = make_profiles({"first_day": AS_OF - 103, "last_day": AS_OF - 40})
    rows = rows.assign(product_group=1)

    row = judge(rows, PACE, guard=shut(35, 6)).iloc[0]
    bare = judge(rows, PACE).iloc[0]

    assert (bare.state, row.state, row.held_by, row.held_days) == (
        "overdue",
        "paused",
        "closure",
        30,
    )
    assert row.alarm_day == bare.alarm_day + 30
    assert row.sentence == "lapse.paused_closure"


def pausing(quiet_days: tuple[int, ...]) -> Pace:
    fit = Fit(k=2.6, r=1.3, alpha=18.0, a=0.6, b=4.0)
    often = Onset(0.04, tuple(np.exp(-np.arange(60) / 14).tolist()), 1 / 14)
    return Pace(Rhythm(fit, fit, Pauses(replace(often, rate=0.004), often, 0.05, 99), quiet_days))


def test_days_that_are_both_held_and_quiet_would_be_excused_twice() -> None:
    """So no day is both: the rhythm is learnt without the feasts that the guard holds."""
    rows = make_profiles({"first_day": AS_OF - 103, "last_day": AS_OF - 40}).assign(product_group=1)
    other = make_profiles({"first_day": AS_OF - 73, "last_day": AS_OF - 10})
    held, quiet = shut(38, 9), tuple(range(AS_OF - 38, AS_OF - 8))

    once = judge(rows, pausing(()), guard=held)["p_alive"][0]

    assert once == pytest.approx(judge(other, pausing(()))["p_alive"][0])
    assert judge(rows, pausing(quiet), guard=held)["p_alive"][0] > once + 0.01


def test_a_closure_long_before_the_silence_holds_nothing() -> None:
    rows = make_profiles({"first_day": AS_OF - 103, "last_day": AS_OF - 40})

    row = judge(rows.assign(product_group=1), PACE, guard=shut(90, 60)).iloc[0]

    assert (row.state, row.held_days) == ("overdue", 0)


def test_a_return_is_a_visit_of_late_after_a_silence_beyond_the_alarm() -> None:
    code = 100_000
    rows = make_profiles({"last_day": AS_OF - 3}, {"last_day": AS_OF - 3}).assign(
        gap_and_day=[60 * code + AS_OF - 3, 8 * code + AS_OF - 3],
        gap_and_number=[60 * code + 10, 8 * code + 10],
    )

    assert has_returned(rows, PACE, guards.NOTHING).tolist() == [True, False]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_state_and_every_held_alarm_has_its_sentence(lang: str) -> None:
    row = facts(settle(judged(3)).iloc[0])
    known = row | {"moved_last_day": AS_OF - 2, "organisation_name": "甲示物流"}
    kinds = [s.value for s in State if s is not State.PAUSED]
    kinds += [f"paused_{cause}" for cause in (*guards.CAUSES, "word")]
    kinds += ["share_falling_seen", "share_falling_less"]

    assert all(text.say(lang, f"lapse.{kind}", **known) for kind in kinds)

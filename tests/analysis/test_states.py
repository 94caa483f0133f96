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


def test_who_came_again_has_returned_unless_it_comes_less_often_now() -> None:
    assert state(3, has_returned=True) == ["returned"]
    assert state(3, has_returned=True, signs=["slowing"]) == ["slowing"]


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


# --- the day before and the day after -------------------------------------------------------------


@pytest.mark.parametrize(("days_after_the_visit", "expected"), [(-1, "overdue"), (0, "paused")])
def test_a_word_counts_from_the_day_of_the_last_visit(
    days_after_the_visit: int, expected: str
) -> None:
    heard_day = AS_OF - 40.0 + days_after_the_visit

    assert state(40, heard="away", heard_day=heard_day) == [expected]


@pytest.mark.parametrize(("days_ago", "expected"), [(120, "sold"), (121, "lost")])
def test_a_word_explains_silence_for_its_days(days_ago: int, expected: str) -> None:
    assert state(300, heard="vehicle_sold", heard_day=AS_OF - float(days_ago)) == [expected]


@pytest.mark.parametrize("reason", ["away", "season", "vehicle_idle"])
def test_a_word_that_it_is_away_pauses_who_stays_away_and_says_so(reason: str) -> None:
    row = settle(judged(40, heard=reason, heard_day=AS_OF - 10.0)).iloc[0]

    assert (row.state, row.held_by, row.sentence) == ("paused", "word", "lapse.paused_word")


def test_of_who_moved_only_the_end_of_the_vehicle_is_told() -> None:
    sister = pd.DataFrame({"vehicle_id": [1], "station_id": [2], "last_day": [AS_OF - 5]})
    rows = make_profiles({"first_day": AS_OF - 123, "last_day": AS_OF - 60, "vehicle_id": 1})
    moved = judge(rows, PACE, elsewhere=sister).assign(**KNOWN)
    moved = moved.assign(signs=[[]])

    away = moved.assign(heard="away", heard_day=AS_OF - 1.0)
    gone = moved.assign(heard="vehicle_sold", heard_day=AS_OF - 1.0)

    assert [settle(f)["state"][0] for f in (moved, away, gone)] == ["moved", "moved", "sold"]


@pytest.mark.parametrize(("ago", "expected"), [(60, "moved"), (61, "lost")])
def test_a_visit_at_a_sister_station_counts_for_two_months(ago: int, expected: str) -> None:
    sister = pd.DataFrame({"vehicle_id": [1], "station_id": [2], "last_day": [AS_OF - ago]})
    rows = make_profiles({"first_day": AS_OF - 363, "last_day": AS_OF - 300, "vehicle_id": 1})

    assert judge(rows, PACE, elsewhere=sister)["state"][0] == expected


def test_each_state_of_silence_begins_on_its_day() -> None:
    first = judged(3).iloc[0]
    alarm, lost = (int(first[name]) - (AS_OF - 3) for name in ("alarm_day", "lost_day"))

    found = state(alarm - 1, alarm, lost - 1, lost)

    assert found == ["active", "overdue", "overdue", "lost"]


def test_an_alarm_is_held_until_the_days_that_count_reach_it() -> None:
    """Ten days of closure move the alarm by ten days, and not by one more."""
    alarm = int(judged(3)["alarm_day"][0]) - (AS_OF - 3)
    silences = (alarm - 1, alarm, alarm + 9, alarm + 10)
    rows = [
        judge(
            make_profiles({"first_day": AS_OF - n - 63, "last_day": AS_OF - n}).assign(
                product_group=1
            ),
            PACE,
            guard=shut(n - 2, n - 11),
        )
        for n in silences
    ]

    assert [row["state"][0] for row in rows] == ["active", "paused", "paused", "overdue"]


@pytest.mark.parametrize(("shorter", "expected"), [(0, True), (1, False)])
def test_a_return_ends_a_silence_that_had_reached_the_alarm(shorter: int, expected: bool) -> None:
    alarm = int(judged(3)["alarm_day"][0]) - (AS_OF - 3)
    gap, code = alarm - shorter, 100_000
    before = {"first_day": AS_OF - 3 - gap - 63, "last_day": AS_OF - 3, "visit_days": 11}
    rows = make_profiles(before).assign(
        gap_and_day=gap * code + AS_OF - 3, gap_and_number=gap * code + 11
    )

    assert has_returned(rows, PACE, guards.NOTHING).tolist() == [expected]


def test_a_return_of_who_was_no_regular_is_none() -> None:
    code = 100_000
    rows = make_profiles({"last_day": AS_OF - 3}).assign(
        gap_and_day=200 * code + AS_OF - 3, gap_and_number=200 * code + 4
    )

    assert not has_returned(rows, PACE, guards.NOTHING)[0]


def fleet(*silences: int) -> list[str]:
    rows = judged(*silences, customer_id=7.0, organisation_name="甲示物流")
    settled = settle(pd.concat([others(5), rows], ignore_index=True))["state"]
    return settled.tail(len(silences)).tolist()


def test_a_fleet_is_three_vehicles_or_more() -> None:
    assert fleet(120, 121) == ["lost"] * 2
    assert fleet(120, 121, 122) == ["fleet_left"] * 3


def test_a_fleet_has_left_when_six_in_ten_have() -> None:
    assert fleet(*[120] * 6, *[3] * 4) == ["fleet_left"] * 6 + ["active"] * 4
    assert fleet(*[120] * 6, *[3] * 5) == ["lost"] * 6 + ["active"] * 5


def test_a_fleet_left_within_weeks_of_each_other() -> None:
    assert fleet(*[120] * 4, 165) == ["fleet_left"] * 5
    assert fleet(*[120] * 4, 166) == ["fleet_left"] * 4 + ["lost"]


def test_where_everybody_stays_away_no_fleet_has_left() -> None:
    """Eight in ten regulars are silent: five of one organisation are no wonder."""
    rows = judged(*[120] * 5, customer_id=7.0, organisation_name="甲示物流")
    frame = pd.concat([rows, judged(*[120] * 80, *[3] * 20)], ignore_index=True)

    assert set(settle(frame)["state"]) == {"lost", "active"}


def test_two_organisations_are_not_one_fleet() -> None:
    rows = judged(120, 121, 122, 123, organisation_name="甲示物流").assign(
        customer_id=[7.0, 7.0, 8.0, 8.0]
    )

    assert settle(pd.concat([others(5), rows]))["state"].tail(4).tolist() == ["lost"] * 4


def test_a_word_on_one_vehicle_of_a_fleet_is_about_that_vehicle() -> None:
    rows = judged(120, 121, 122, customer_id=7.0, organisation_name="甲示物流")
    rows = rows.assign(heard=["vehicle_sold", "", "away"], heard_day=AS_OF - 10.0)

    found = settle(pd.concat([others(5), rows], ignore_index=True))["state"].tail(3).tolist()

    assert found == ["sold", "fleet_left", "paused"]

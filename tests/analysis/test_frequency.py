"""How often, when, and when next."""

import numpy as np
import pytest
from analysis.base import AS_OF, PACE, facts, make_profiles, once, simulated

from station import text
from station.analysis import pace
from station.analysis.frequency import WEEKDAYS, describe

NO_DAYS = dict.fromkeys(WEEKDAYS, 0)


def test_the_usual_weekday_and_hours_stand_out() -> None:
    row = describe(make_profiles({}), PACE).iloc[0]

    assert (row.usual_weekday, row.second_weekday, row.usual_slot) == (0, 5, 3)


def test_visits_spread_over_the_week_have_no_usual_weekday() -> None:
    spread = NO_DAYS | {"weekday_1": 2, "weekday_2": 2, "weekday_3": 2, "weekday_4": 2}

    row = describe(make_profiles(spread | {"weekday_6": 2, "slot_3": 3}), PACE).iloc[0]

    assert (row.usual_weekday, row.second_weekday, row.usual_slot) == (-1, -1, -1)


def test_few_visits_have_no_usual_weekday() -> None:
    row = describe(make_profiles({"visits": 4, "visits_timed": 4}), PACE).iloc[0]

    assert (row.usual_weekday, row.usual_slot) == (-1, -1)


@pytest.mark.parametrize("trend", ["steady", "slowing", "speeding"])
def test_a_change_of_pace_is_told_in_the_sentence(trend: str) -> None:
    row = describe(make_profiles({}).assign(trend=trend), PACE).iloc[0]

    assert (row.trend, row.sentence) == (trend, f"frequency.{trend}")


def test_the_window_of_the_next_visit_lies_ahead() -> None:
    frame = describe(simulated(200), PACE)

    told = frame[frame.visit_days >= 3]
    assert (told.next_from_day >= AS_OF).all()
    assert (told.next_to_day > told.next_from_day).all()


def test_one_gap_or_none_says_nothing_of_the_next() -> None:
    frame = describe(simulated(200), PACE)

    rare = frame[frame.visit_days < 3]
    assert len(rare)
    assert rare.next_to_day.isna().all()


def test_the_window_holds_four_in_five_of_the_next_gaps() -> None:
    """Each regular's next gap is drawn from the gamma that made its history."""
    base = simulated(1_500)
    came = base[(base.visit_days >= 6) & base.lost_day.isna()]
    just_now = came.assign(days_silent=0)

    frame = describe(just_now, pace.learn(base, pace.PaceRules(k=None)))

    rng = np.random.default_rng(6)
    gap = np.maximum(np.round(rng.gamma(2.0, came.mean_gap_days / 2)), 1)
    inside = (gap >= frame.next_in_from_days) & (gap <= frame.next_in_to_days)
    assert 0.75 < inside.mean() < 0.9


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_history_has_its_sentence(lang: str) -> None:
    two = {"visit_days": 2, "first_day": AS_OF - 9, "last_day": AS_OF, "gap_square_sum": 81}
    changed = {"changed_day": AS_OF - 40.0, "gap_before_days": 7.0, "gap_now_days": 15.0}
    frame = make_profiles(once(5), two, {}, {}, {}).assign(
        trend=["steady"] * 3 + ["slowing", "speeding"], p_slower=0.7, p_faster=0.8, **changed
    )
    frame = describe(frame, PACE)

    assert frame.sentence.is_unique
    for _, row in frame.iterrows():
        assert text.say(lang, row.sentence, **facts(row))

"""Who has stopped coming."""

import numpy as np
import pandas as pd
import pytest
from analysis.base import AS_OF, PACE, facts, make_profiles, simulated

from station import text
from station.analysis import pace, score
from station.analysis.lapse import (
    LapseRules,
    find_lapsed,
    judge,
    silent_beyond_rhythm,
    silent_longer,
)
from station.analysis.stability import classify


def silent(days: int, **changes: object) -> dict[str, object]:
    return {"first_day": AS_OF - days - 63, "last_day": AS_OF - days} | changes


def elsewhere(days_ago: int) -> pd.DataFrame:
    return pd.DataFrame({"vehicle_id": [1], "station_id": [2], "last_day": [AS_OF - days_ago]})


def test_a_weekly_customer_is_active_overdue_and_lost_in_turn() -> None:
    frame = judge(make_profiles(silent(3), silent(40), silent(300)), PACE)

    assert frame.state.tolist() == ["active", "overdue", "lost"]


def test_the_alarm_day_is_the_first_day_of_being_overdue() -> None:
    alarm = int(judge(make_profiles(silent(3)), PACE).alarm_day[0]) - (AS_OF - 3)

    frame = judge(make_profiles(silent(alarm - 1), silent(alarm)), PACE)

    assert frame.state.tolist() == ["active", "overdue"]


def test_a_lapsed_vehicle_seen_at_a_sister_station_has_moved() -> None:
    row = judge(make_profiles(silent(60)), PACE, elsewhere=elsewhere(5)).iloc[0]

    assert (row.state, row.moved_to) == ("moved", 2)


def test_who_still_comes_here_has_not_moved() -> None:
    assert judge(make_profiles(silent(3)), PACE, elsewhere=elsewhere(1)).state[0] == "active"


def test_a_visit_elsewhere_before_the_last_one_here_is_no_move() -> None:
    row = judge(make_profiles(silent(60)), PACE, elsewhere=elsewhere(61)).iloc[0]

    assert row.state == "lost"
    assert np.isnan(row.moved_to)


def test_a_move_long_ago_is_a_loss() -> None:
    gone = judge(make_profiles(silent(300)), PACE, elsewhere=elsewhere(200))

    assert gone.state[0] == "lost"


def test_only_regulars_are_listed_and_the_most_worth_a_call_comes_first() -> None:
    profiles = classify(
        make_profiles(
            silent(40, vehicle_id=1),
            silent(40, vehicle_id=2, amount_minor=900_000),
            silent(40, vehicle_id=3, visit_days=3),
            silent(3, vehicle_id=4),
        ),
        PACE,
    )

    assert find_lapsed(profiles, PACE).vehicle_id.tolist() == [2, 1]


def test_the_monthly_amount_is_what_was_spent_while_it_came() -> None:
    frame = judge(make_profiles(silent(3), silent(300)), PACE)

    assert frame.monthly_amount.tolist() == [pytest.approx(2_600 / 70 * 30.4375)] * 2


def test_who_returns_by_himself_is_worth_less_of_a_call() -> None:
    frame = judge(make_profiles(silent(3), silent(40), silent(300)), PACE)

    assert frame.value_at_risk.idxmax() == 1


def test_the_rules_move_the_limits() -> None:
    strict = LapseRules(overdue_below=0.9)

    assert judge(make_profiles(silent(20)), PACE, rules=strict).state[0] == "overdue"


def test_fixed_rules_and_the_rule_of_thumb_count_days() -> None:
    profiles = make_profiles(silent(30), silent(31), silent(21), silent(22))

    assert silent_longer(profiles, 30).tolist() == [False, True, False, False]
    assert silent_beyond_rhythm(profiles).tolist() == [True, True, False, True]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_state_has_its_sentence(lang: str) -> None:
    rows = make_profiles(silent(3, vehicle_id=2), silent(40, vehicle_id=3), silent(60),
                         silent(300, vehicle_id=4))  # fmt: skip
    frame = judge(rows, PACE, elsewhere=elsewhere(5))

    assert set(frame.state) == {"active", "overdue", "moved", "lost"}
    for _, row in frame.iterrows():
        assert text.say(lang, row.sentence, **facts(row))


def test_the_rhythm_finds_the_lost_better_than_a_fixed_rule_of_equal_length() -> None:
    base = simulated(1_500)
    learnt = pace.learn(base, pace.PaceRules(k=None))
    profiles = classify(base, learnt)
    regulars = judge(profiles[profiles.stability == "regular"], learnt)

    table = score.score(regulars, base[["vehicle_id", "station_id", "lost_day"]])

    best = table.set_index("rule")["precision_at_equal"]
    assert best["rhythm"] > best["fixed_30"]
    assert table.listed_at_equal.max() == table.listed[0]


def test_a_rule_without_a_list_has_no_precision() -> None:
    judged = judge(make_profiles(silent(3)), PACE)
    truth = pd.DataFrame({"vehicle_id": [1], "station_id": [1], "lost_day": [np.nan]})

    table = score.score(judged, truth)

    assert table.listed.tolist() == [0] * 5
    assert np.isnan(table.precision).all()
    assert np.isnan(table.recall).all()

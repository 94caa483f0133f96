"""Who belongs to the station."""

import numpy as np
import pytest
from analysis.base import AS_OF, PACE, facts, make_profiles, once, simulated

from station import text
from station.analysis import pace
from station.analysis.stability import StabilityRules, burstiness, classify, regularity
from station.model import Stability


def test_a_weekly_visitor_of_two_months_is_a_regular() -> None:
    assert classify(make_profiles({}), PACE).stability[0] == "regular"


def test_silence_alone_never_unmakes_a_regular() -> None:
    gone = {"first_day": AS_OF - 1_063, "last_day": AS_OF - 1_000}

    row = classify(make_profiles(gone), PACE).iloc[0]

    assert row.stability == "regular"
    assert row.p_alive < 0.01


def test_three_visit_days_are_no_regular() -> None:
    assert classify(make_profiles({"visit_days": 3}), PACE).stability[0] == "new"


def test_four_visits_within_a_fortnight_are_no_regular_yet() -> None:
    short = {"visit_days": 4, "first_day": AS_OF - 13, "last_day": AS_OF}

    assert classify(make_profiles(short), PACE).stability[0] == "new"


def test_a_few_visits_over_a_year_are_occasional() -> None:
    rare = {"visit_days": 3, "first_day": AS_OF - 300, "last_day": AS_OF - 20}

    assert classify(make_profiles(rare), PACE).stability[0] == "occasional"


def test_who_came_once_turns_from_new_to_passing_as_time_goes_by() -> None:
    frame = classify(make_profiles(*(once(days) for days in (0, 30, 150, 400))), PACE)

    assert frame.stability.tolist()[0] == "new"
    assert frame.stability.tolist()[-1] == "passing"
    changes = [a != b for a, b in zip(frame.stability, frame.stability[1:], strict=False)]
    assert sum(changes) in {1, 2}


def test_every_vehicle_has_exactly_one_class() -> None:
    base = simulated(300)

    counts = classify(base, pace.learn(base)).stability.value_counts()

    assert counts.sum() == len(base)
    assert set(counts.index) <= set(Stability)


def test_most_passers_by_and_most_regulars_are_recognised() -> None:
    base = simulated(600)

    frame = classify(base, pace.learn(base))

    regulars = frame[frame.vehicle_id <= 600].stability == "regular"
    passers = frame[(frame.vehicle_id > 600) & (frame.days_silent > 180)].stability == "passing"
    assert regulars.mean() > 0.9
    assert passers.mean() > 0.9


@pytest.mark.parametrize(
    ("square_sum", "expected"),
    [(10 * 49, "clockwork"), (10 * 98, "random"), (10 * 330, "bursty")],
)
def test_regularity_follows_the_spread_of_the_gaps(square_sum: int, expected: str) -> None:
    profiles = make_profiles(
        {"visit_days": 11, "first_day": AS_OF - 70, "last_day": AS_OF, "gap_square_sum": square_sum}
    )

    assert regularity(profiles)[0] == expected


def test_few_gaps_tell_no_regularity() -> None:
    assert regularity(make_profiles({"visit_days": 6}), StabilityRules())[0] == "unknown"


def test_burstiness_runs_from_a_clock_to_bursts() -> None:
    n = np.array([10.0, 10.0, 1.0])
    largest_cv = np.sqrt(10)  # all gaps but one are nothing

    clock, bursts, one_gap = burstiness(np.array([0.0, largest_cv, 0.0]), n)

    assert clock == -1
    assert bursts == pytest.approx(1)
    assert np.isnan(one_gap)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_class_has_its_sentence(lang: str) -> None:
    base = simulated(200)
    frame = classify(base, pace.learn(base))
    old = classify(
        make_profiles(once(100)), pace.Pace(PACE.pooled, {}), StabilityRules(passing_p_visit=0.0)
    )

    for row in [*(g.iloc[0] for _, g in frame.groupby("sentence")), old.iloc[0]]:
        assert text.say(lang, row.sentence, **facts(row))

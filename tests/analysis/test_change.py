"""Has a vehicle's pace changed, since when, how far, and how sure is that?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from analysis.base import AS_OF, make_profiles

from station.analysis import change, diary, guards, pace
from station.analysis.change import ChangeRules
from station.analysis.diary import Diary
from station.analysis.pauses import Rhythm
from station.analysis.rhythm import Fit

REGULAR = pace.Pace(Rhythm.without_pauses(Fit(k=3.0, r=1.2, alpha=14.0, a=0.6, b=4.0)))
SHARED = 3.0  # the regularity of the gaps drawn here


def book_of(*gaps: Sequence[float], silent: int = 2) -> Diary:
    """Return vehicles that came at these gaps, the last time `silent` days ago."""
    days = [np.concatenate([[0], np.cumsum(own)]) for own in gaps]
    parts = [
        pd.DataFrame({"vehicle_id": n, "local_day": np.floor(own - own[-1]) + AS_OF - silent})
        for n, own in enumerate(days, start=1)
    ]
    return diary.read(pd.concat(parts).assign(station_id=1).astype({"local_day": "int64"}))


def profiles_of(book: Diary, day: int = AS_OF) -> pd.DataFrame:
    """Return what is needed of the profiles of a diary's vehicles on a day."""
    past = book.until(day)
    keys = book.keys.iloc[past.row].reset_index(drop=True)
    base = make_profiles(*[{"vehicle_id": int(n)} for n in keys["vehicle_id"]])
    return base.assign(
        visit_days=past.x.astype("int64") + 1, last_day=past.last_day, product_group=1,
        first_day=past.last_day - past.t_x.astype("int64"), days_silent=past.silent.astype("int64"),
        gap_median_days=past.usual, gap_log_sum=past.log_gaps,
    )  # fmt: skip


def found(book: Diary, day: int = AS_OF, **more: object) -> pd.DataFrame:
    return change.find(profiles_of(book, day), book, day, REGULAR, **more)  # type: ignore[arg-type]


def draw(mean: float, count: int, seed: int) -> list[float]:
    """Return gaps of one pace, as a driver with a rhythm has them."""
    rng = np.random.default_rng(seed)
    return list(np.maximum(rng.gamma(SHARED, mean / SHARED, count), 1))


def test_who_keeps_his_pace_has_no_trend() -> None:
    rows = found(book_of(*[draw(6, 60, seed) for seed in range(40)]))

    assert (rows["trend"] == "steady").all()
    assert rows[["p_slower", "p_halved", "p_faster"]].to_numpy().max() < 0.5
    assert rows["changed_day"].isna().all()


def test_who_comes_half_as_often_is_named_with_the_day_and_both_paces() -> None:
    rows = found(book_of(draw(4, 60, 1) + draw(9, 12, 2)))

    row = rows.iloc[0]
    assert (row["trend"], row["halves"]) == ("slowing", True)
    assert row["p_slower"] > 0.9
    assert 80 < AS_OF - row["changed_day"] < 140
    assert row["gap_before_days"] == pytest.approx(4, abs=1)
    assert row["gap_now_days"] == pytest.approx(9, abs=2.5)


def test_who_comes_twice_as_often_is_speeding() -> None:
    row = found(book_of(draw(12, 30, 1) + draw(5, 16, 2))).iloc[0]

    assert (row["trend"], row["halves"]) == ("speeding", False)
    assert row["gap_now_days"] < row["gap_before_days"]


@pytest.mark.parametrize("silent", [15, 40, 300])
def test_who_stays_away_altogether_is_not_slowing(silent: int) -> None:
    rows = found(book_of(*[draw(6, 60, seed) for seed in range(20)], silent=silent))

    assert (rows["trend"] != "slowing").all()


@pytest.mark.parametrize("pause", [30.0, 120.0])
def test_one_pause_is_no_slowing(pause: float) -> None:
    gaps = [[*draw(5, 60, seed), pause, 5, 4, 6] for seed in range(20)]

    rows = found(book_of(*gaps))

    assert (rows["trend"] != "slowing").all()


def test_few_gaps_say_nothing() -> None:
    rows = found(book_of([7, 7, 7, 30], [7, 7, 7, 7, 30]))

    assert rows["trend"].tolist() == ["steady", "steady"]
    assert rows["p_slower"].tolist() == [0, pytest.approx(0.01, abs=0.01)]


@pytest.mark.parametrize(("days_ago", "expected"), [(120, "slowing"), (420, "steady")])
def test_a_change_is_news_for_half_a_year(days_ago: int, expected: str) -> None:
    row = found(book_of(draw(4, 90, 1) + draw(9, days_ago // 9, 2))).iloc[0]

    assert row["trend"] == expected


def held(first: int, last: int) -> guards.Guard:
    """Return a guard that holds every second day between so many days ago."""
    days = np.arange(AS_OF - 600, AS_OF + 1)
    ago = AS_OF - days
    counted = np.cumsum((ago <= first) & (ago >= last) & (days % 2 == 0))
    places = pd.MultiIndex.from_tuples([(1, 1)], names=["station_id", "product_group"])
    windows = pd.DataFrame([(1, 1, guards.CAMERA, 0, 0, 0.5)], columns=guards.COLUMNS)
    return guards.Guard(AS_OF - 600, places, counted[None].astype("float64"), windows)


def test_days_that_are_held_do_not_slow_anybody() -> None:
    """Half of the visits of a quarter went unseen, for half of its days were our own fault."""
    book = book_of(draw(4, 60, 1) + draw(8, 12, 2))

    assert found(book)["trend"][0] == "slowing"
    assert found(book, guard=held(100, 0))["trend"][0] == "steady"


def test_later_visits_change_no_earlier_answer() -> None:
    book = book_of(draw(4, 60, 1) + draw(9, 12, 2) + draw(3, 30, 3))
    day = int(book.day[72])
    known = diary.read(book.keys.iloc[book.row].assign(local_day=book.day).iloc[:73])

    pd.testing.assert_frame_equal(found(book, day), found(known, day))


def test_a_vehicle_alone_has_the_numbers_that_it_has_among_all() -> None:
    book = book_of(draw(6, 60, 7), draw(4, 60, 1) + draw(9, 12, 2), [5, 9], draw(20, 9, 4))
    profiles = profiles_of(book)

    alone = change.find(profiles.iloc[[1]], book, AS_OF, REGULAR)

    pd.testing.assert_frame_equal(alone, change.find(profiles, book, AS_OF, REGULAR).iloc[[1]])


def test_nobody_has_no_change() -> None:
    book = book_of([7, 7])
    nobody = profiles_of(book).iloc[:0]

    assert change.find(nobody, book, AS_OF, REGULAR).empty


def test_a_vehicle_of_many_visits_has_finite_chances() -> None:
    rows = found(book_of([1.0] * 1_500, [1.0] * 500 + [400.0], [1.0, 300.0] * 8))

    assert rows[["p_slower", "p_faster"]].apply(np.isfinite).all(axis=None)
    assert rows[["p_slower", "p_faster"]].sum(axis=1).between(0, 1).all()


@pytest.mark.parametrize("certainty", [0.3, 0.9])
def test_the_certainty_asked_for_names_more_or_fewer(certainty: float) -> None:
    book = book_of(*[draw(5, 50, seed) + draw(8, 5, seed) for seed in range(60)])

    few = found(book, rules=ChangeRules(named_from=certainty))

    assert ((few["p_slower"] >= certainty) == (few["trend"] == "slowing")).all()


@pytest.mark.slow
def test_what_is_named_is_mostly_right() -> None:
    """Of 3,000 vehicles six in a hundred come half as often since a day of the last half year."""
    rng = np.random.default_rng(3)
    fell = rng.random(3_000) < 0.06
    mean = rng.lognormal(np.log(8), 0.6, 3_000)
    gaps = []
    for is_fallen, own in zip(fell, mean, strict=True):
        days = np.cumsum(rng.gamma(1.6, own / 1.6, int(700 / own) + 40))
        turn = 545 - rng.uniform(0, 180) if is_fallen else 10_000
        days = np.unique(np.floor(np.where(days > turn, turn + 2 * (days - turn), days)))
        gaps.append(days[days <= 545])
    rows = pd.concat(
        [pd.DataFrame({"vehicle_id": n, "local_day": own}) for n, own in enumerate(gaps)]
    )
    rows["local_day"] = rows["local_day"].astype("int64") + AS_OF - 545
    book = diary.read(rows.assign(station_id=1))

    named = found(book)["trend"].to_numpy() == "slowing"

    assert fell[named].mean() > 0.6
    assert named[fell & (mean < 4)].mean() > 0.4
    assert named[~fell].mean() < 0.01

"""The frequency page: its lists hold whom their pills count, in the order they promise."""

import pytest
from opened import desk_of, open_page, words_of

from station.model import day_number
from station.pages.frequency import changed, expected, regulars_of
from station.services.ask import Ask


def test_every_regular_falls_into_one_bar(demo_ask: Ask) -> None:
    regulars = regulars_of(desk_of(demo_ask).vehicles())

    assert regulars["gap_bin"].notna().all()


def test_the_expected_are_listed_the_soonest_first(demo_ask: Ask) -> None:
    coming = expected(regulars_of(desk_of(demo_ask).vehicles()), day_number(demo_ask.as_of))

    assert coming["next_to_day"].is_monotonic_increasing
    assert (coming["next_to_day"] >= day_number(demo_ask.as_of)).all()
    assert (coming["next_from_day"] <= coming["next_to_day"]).all()


@pytest.mark.parametrize("trend", ["slowing", "speeding"])
def test_a_changed_pace_is_told_by_its_two_numbers(demo_ask: Ask, trend: str) -> None:
    kept = changed(regulars_of(desk_of(demo_ask).vehicles()), trend)

    slower = kept["recent_gap_days"] > kept["earlier_gap_median_days"]
    assert (slower == (trend == "slowing")).all()


@pytest.mark.parametrize(
    ("choice", "word"), [("slowing", "变慢"), ("speeding", "变勤"), ("expected", "预计再来")]
)
def test_a_pill_opens_as_many_names_as_it_says(demo_ask: Ask, choice: str, word: str) -> None:
    page = open_page("frequency", desk_of(demo_ask))

    page.pills(key="frequency_list").set_value(choice).run()

    pill = next(p for p in page.pills(key="frequency_list").options if p.startswith(word))
    assert f"{word}的常客：{pill.removeprefix(word).strip()} 辆" in words_of(page)

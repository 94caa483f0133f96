"""The use page: where the uses come from, and one tap that confirms one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from copying import copy_archive
from opened import desk_of, open_page, words_of
from sqlalchemy import make_url

from station.pages.use import fuels
from station.services import board, keeping
from station.services.ask import Ask


@pytest.fixture
def own_ask(demo_ask: Ask, demo_archive: str, tmp_path: Path) -> Iterator[Ask]:
    """Yield the question on a copy of the demo archive that a test may change."""
    folder = Path(str(make_url(demo_archive).database)).parent
    db = keeping.open_archive(demo_ask.settings, copy_archive(folder, tmp_path / "copy"))
    yield replace(demo_ask, db=db)
    db.close()


def test_the_sources_add_up_to_all_vehicles(demo_ask: Ask) -> None:
    desk = desk_of(demo_ask)
    came = desk.vehicles().query("period_visits > 0")
    unknown = int((came["use"] == "unknown").sum())
    on_file = int(((came["use"] != "unknown") & (came["use_source"] == "card")).sum())

    words = words_of(open_page("use", desk))

    assert f"档案 {on_file:,} 辆" in words
    assert f"推断 {len(came) - on_file - unknown:,} 辆，未知 {unknown:,} 辆" in words


def test_the_fuels_of_a_use_make_a_whole(demo_ask: Ask) -> None:
    table = fuels(desk_of(demo_ask).vehicles()).set_index("use")

    shares = table[table.columns.intersection(["petrol", "diesel", "gas", "electric"])]
    assert shares.sum(axis=1).between(0.98, 1.02).all()


@pytest.mark.slow
def test_one_tap_confirms_the_use_of_one_vehicle(own_ask: Ask) -> None:
    page = open_page("use", desk_of(own_ask))
    yes = next(button for button in page.button if str(button.key).startswith("use_yes_"))
    vehicle_id = int(str(yes.key).removeprefix("use_yes_"))

    yes.click().run()

    assert not page.exception
    frame = board.vehicles(own_ask).set_index("vehicle_id")
    assert set(frame.loc[[vehicle_id], "use_source"]) == {"confirmed"}
    assert f"use_yes_{vehicle_id}" not in [button.key for button in page.button]


@pytest.mark.slow
def test_another_use_than_the_inferred_one_can_be_chosen(own_ask: Ask) -> None:
    page = open_page("use", desk_of(own_ask))
    other = next(p for p in page.pills if str(p.key).startswith("use_other_"))
    vehicle_id = int(str(other.key).removeprefix("use_other_"))

    other.set_value("farm").run()

    frame = board.vehicles(own_ask).set_index("vehicle_id")
    assert set(frame.loc[[vehicle_id], "use"]) == {"farm"}

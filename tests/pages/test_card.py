"""The card: found by the end of a plate, it tells what the board knows of the vehicle."""

from collections.abc import Callable

import pandas as pd
import pytest
from nights import each_lang
from opened import PAGES, desk_of
from streamlit.testing.v1 import AppTest

from station.pages.parts import vehicle
from station.services import board
from station.services.ask import Ask

OpenPage = Callable[..., AppTest]

DAY_S = 86_400


def lines_of(*lines: tuple[int, str, int, int | None]) -> pd.DataFrame:
    """Return lines of (day, fuel, quantity, id that it takes back), numbered from 1."""
    frame = pd.DataFrame(lines, columns=["day", "fuel", "quantity_milli", "reverses"])
    return frame.assign(
        id=range(1, len(frame) + 1),
        station="S1",
        local_at=frame["day"] * DAY_S + 3600,
        reverses=frame["reverses"].astype("float64"),
    )


@pytest.mark.parametrize("number", ["-1", "1e9", "٣x", "9" * 5000])
def test_an_address_without_a_vehicle_opens_an_empty_card(demo_ask: Ask, number: str) -> None:
    page = AppTest.from_file(PAGES / "card.py", default_timeout=60)
    page.session_state["desk"] = desk_of(demo_ask)
    page.query_params["vehicle"] = number

    assert not page.run().exception


def test_a_wash_or_a_reversed_sale_is_no_visit() -> None:
    lines = lines_of(
        (10, "petrol", 30_000, None),
        (12, "none", 1_000, None),
        (14, "petrol", 20_000, None),
        (15, "petrol", -20_000, 3),
        (16, "petrol", 20_000, None),
        (16, "petrol", -5_000, 5),
    )

    assert vehicle.visit_days(lines, "S1").tolist() == [10, 16]
    assert vehicle.visit_days(lines, "S2").empty


def busiest(frame: pd.DataFrame, **only: str) -> pd.Series:
    """Return the row with the most visits among those whose columns have these values."""
    for column, value in only.items():
        frame = frame[frame[column] == value]
    return frame.sort_values("visits").iloc[-1]


@pytest.mark.slow
@each_lang
@pytest.mark.parametrize("stability", ["regular", "new"])
def test_a_card_shows_the_numbers_of_the_board(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask, lang: str, stability: str
) -> None:
    row = busiest(board.vehicles(demo_ask), stability=stability)

    page = open_page(demo_archive, "card", lang, vehicle=str(row["vehicle_id"]))

    assert not page.exception
    assert page.main.header[0].value == row["label"]
    assert page.main.metric[0].value == f"{row['visits']:,}"


@pytest.mark.slow
def test_the_last_four_characters_find_a_vehicle(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask
) -> None:
    row = busiest(board.vehicles(demo_ask), stability="regular", key_kind="plate")
    page = open_page(demo_archive, "card")

    page.text_input(key="card_search").set_value(row["label"][-4:]).run()
    page.button(key=f"card_open_vehicle_{row['vehicle_id']}").click().run()

    assert not page.exception
    assert page.main.header[0].value == row["label"]
    assert page.text_input(key="card_search").value == ""


@pytest.mark.slow
def test_nothing_found_says_what_to_try(open_page: OpenPage, demo_archive: str) -> None:
    page = open_page(demo_archive, "card")

    page.text_input(key="card_search").set_value("粤Z99999").run()

    assert not page.exception
    assert "粤Z99999" in page.main.markdown[0].value
    assert page.button(key="card_enrol").label == "新建客户"


@pytest.mark.slow
@pytest.mark.parametrize("vehicle", ["999999999", "abc"])
def test_an_unknown_vehicle_leaves_the_search_open(
    open_page: OpenPage, demo_archive: str, vehicle: str
) -> None:
    page = open_page(demo_archive, "card", vehicle=vehicle)

    assert not page.exception
    assert page.text_input(key="card_search").value == ""
    assert not page.main.header


@pytest.mark.slow
def test_an_inferred_use_is_confirmed_with_one_tap(
    open_page: OpenPage, own_archive: str, own_ask: Ask
) -> None:
    frame = board.vehicles(own_ask)
    row = busiest(frame[frame["use"] != "unknown"], use_source="inferred")
    vehicle_id = row["vehicle_id"]
    page = open_page(own_archive, "card", vehicle=str(vehicle_id))

    page.button(key=f"card_use_right_{vehicle_id}").click().run()

    assert not page.exception
    again = board.vehicles(own_ask).set_index("vehicle_id").loc[[vehicle_id]]
    assert again["use"].unique().tolist() == [row["use"]]
    assert again["use_source"].unique().tolist() == ["confirmed"]


@pytest.mark.slow
def test_one_sure_hit_opens_at_once(open_page: OpenPage, demo_archive: str, demo_ask: Ask) -> None:
    row = busiest(board.vehicles(demo_ask), stability="regular", key_kind="plate")
    page = open_page(demo_archive, "card")

    page.text_input(key="card_search").set_value(row["label"]).run()

    assert not page.exception
    assert page.main.header[0].value == row["label"]


@pytest.mark.slow
@each_lang
def test_an_organisation_is_found_by_a_part_of_its_name(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask, lang: str
) -> None:
    names = board.vehicles(demo_ask)["organisation_name"]
    name = names[names != ""].value_counts().index[0]
    page = open_page(demo_archive, "card", lang)

    page.text_input(key="card_search").set_value(name[1:]).run()

    assert not page.exception
    hits = [button for button in page.main.button if str(button.key).startswith("card_open_cust")]
    shown = "".join(str(button.label) for button in hits) + str(page.main.header)
    assert name in shown.replace("\\", "")

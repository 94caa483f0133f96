"""A card shows one vehicle, found however it is typed, and never one out of sight."""

from dataclasses import replace

import pytest

from station.errors import NotFoundError
from station.model import day_number
from station.services import access, board
from station.services.ask import Ask
from station.services.customers import cards


@pytest.fixture(scope="module")
def plate(demo_ask: Ask) -> tuple[int, str]:
    """Return id and number of the plate with the most visits."""
    frame = board.vehicles(demo_ask)
    row = frame[frame["key_kind"] == "plate"].sort_values("visits").iloc[-1]
    return int(row["vehicle_id"]), str(row["label"]).split("/")[0]


def test_a_plate_is_found_however_it_is_typed(demo_ask: Ask, plate: tuple[int, str]) -> None:
    vehicle_id, text = plate

    for words in (text, f"{text[:2]}·{text[2:]}", text.lower(), f" {text} ", text[-4:]):
        assert vehicle_id in cards.find(demo_ask, words=words)["id"].tolist(), words


def test_nothing_is_found_by_nothing(demo_ask: Ask) -> None:
    assert cards.find(demo_ask, words="no such vehicle").empty
    assert cards.find(demo_ask, words="%").empty


def test_a_card_agrees_with_the_board_and_its_own_lines(
    demo_ask: Ask, plate: tuple[int, str]
) -> None:
    card = cards.card(demo_ask, vehicle_id=plate[0])

    frame = board.vehicles(demo_ask)
    assert card.rows["visits"].sum() == frame[frame["vehicle_id"] == plate[0]]["visits"].sum()
    assert set(card.lines["station"]) <= set(card.rows["station"])
    assert plate[1] in card.keys["text"].tolist()


def test_a_card_ends_at_its_as_of(demo_ask: Ask, plate: tuple[int, str]) -> None:
    last = int(cards.card(demo_ask, vehicle_id=plate[0]).rows["last_day"].max())
    earlier = replace(demo_ask, as_of=demo_ask.as_of.fromordinal(demo_ask.as_of.toordinal() - 60))

    card = cards.card(earlier, vehicle_id=plate[0])

    assert card.rows["last_day"].max() <= day_number(earlier.as_of) < last


def test_a_vehicle_out_of_sight_is_not_found(demo_ask: Ask) -> None:
    frame = board.vehicles(demo_ask)
    here = set(frame.loc[frame["station"] == "A0001", "vehicle_id"])
    (vehicle, *_) = sorted(here - set(frame.loc[frame["station"] == "A0002", "vehicle_id"]))
    ids = access.stations_in_sight(demo_ask, ["A0002"])
    narrow = replace(demo_ask, scope=replace(demo_ask.scope, station_ids=ids))

    label = str(frame.loc[frame["vehicle_id"] == vehicle, "label"].iloc[0])
    assert int(vehicle) not in cards.find(narrow, words=label)["id"].tolist()
    with pytest.raises(NotFoundError):
        cards.card(narrow, vehicle_id=int(vehicle))

"""The board holds every analysis of every vehicle in sight, and nothing out of sight."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from town import Person, ask_of, sell, settle, visit

from station.archive.database import Database
from station.config import Settings
from station.errors import NotAllowedError, NotFoundError
from station.frames import BOARD, require
from station.ingest.mapping import mapping_of
from station.model import State
from station.services import access, board, keeping
from station.services.ask import Ask
from station.services.incoming import intake

CHARGING = {
    "columns": {
        "sold_at": "at",
        "vehicle_ref": "car",
        "station": "site",
        "litres": "energy",
        "amount": "paid",
        "receipt_no": "session",
    },
    "identity": "vehicle_ref",
    "units": {"volume": "kwh"},
    "defaults": {"currency": "USD"},
    "unknown_stations": "create",
}


KEYS = ["vehicle_id", "station_id"]


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    left, right = (frame.sort_values(KEYS, ignore_index=True) for frame in (one, other))
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-9)


@pytest.fixture(scope="module")
def everything(demo_ask: Ask) -> pd.DataFrame:
    return board.vehicles(demo_ask)


def test_a_row_is_a_vehicle_at_a_station(everything: pd.DataFrame) -> None:
    require(everything, BOARD)

    assert not everything.duplicated(["vehicle_id", "station_id"]).any()


def test_one_station_shows_the_rows_that_the_whole_board_shows_for_it(
    demo_ask: Ask, everything: pd.DataFrame
) -> None:
    alone = board.vehicles(demo_ask, stations=["A0001"])

    same = everything[everything["station"] == "A0001"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, same)


def test_a_later_day_does_not_change_an_earlier_board(demo_ask: Ask) -> None:
    earlier = replace(demo_ask, as_of=demo_ask.as_of - timedelta(days=40))

    frame = board.vehicles(earlier)

    assert (frame["days_silent"] >= 0).all()
    assert len(frame) < len(board.vehicles(demo_ask))


def test_nobody_comes_back_more_surely_than_he_still_comes(everything: pd.DataFrame) -> None:
    judged = everything[everything["p_alive"].notna()]

    assert len(judged) > 100
    assert (judged["p_return"] <= judged["p_alive"]).all()


def test_a_period_counts_only_its_own_visits(demo_ask: Ask, everything: pd.DataFrame) -> None:
    month = board.vehicles(demo_ask, days=30)
    daily = board.daily(demo_ask, days=30)

    assert month["period_visits"].sum() == daily["visits"].sum()
    assert (month["period_visits"] <= everything["visits"]).all()


def test_a_station_out_of_sight_is_not_found(demo_ask: Ask) -> None:
    first = board.stations_known(demo_ask)["station_id"].min()
    narrow = replace(demo_ask, scope=replace(demo_ask.scope, station_ids=frozenset({int(first)})))

    with pytest.raises(NotFoundError):
        board.vehicles(narrow, stations=["A0002"])
    assert set(board.vehicles(narrow)["station"]) == {"A0001"}


def test_nobody_reads_without_the_right(demo_ask: Ask) -> None:
    stranger = replace(demo_ask, scope=replace(demo_ask.scope, rights={}))

    with pytest.raises(NotAllowedError):
        board.vehicles(stranger)


def test_the_months_hold_every_visit(demo_ask: Ask, everything: pd.DataFrame) -> None:
    months = board.months(demo_ask, by="use")

    assert months["visits"].sum() == everything["visits"].sum()


def test_every_vehicle_moves_from_one_class_to_one(demo_ask: Ask, everything: pd.DataFrame) -> None:
    moves = board.movement(demo_ask, days_ago=60)

    assert moves["vehicles"].sum() == len(everything)


def test_the_hours_of_one_use_are_part_of_all_hours(demo_ask: Ask) -> None:
    everyone, private = board.traffic(demo_ask), board.traffic(demo_ask, use="private")

    assert everyone.shape == private.shape == (7, 24)
    assert 0 < private.to_numpy().sum() < everyone.to_numpy().sum()
    assert (private <= everyone).to_numpy().all()


def test_a_charging_site_counts_what_it_sells(tmp_path: Path) -> None:
    """Its kilowatt hours are the quantity of a day and a month; litres it has none."""
    db = keeping.create(Settings(), f"sqlite:///{tmp_path / 'station.db'}")
    path = tmp_path / "charging.csv"
    rows = [f"2026-03-0{day} 08:00:00,C{day % 2},P1,{day}.5,2,S{day}" for day in range(1, 7)]
    path.write_text("\n".join(["at,car,site,energy,paid,session", *rows]), encoding="utf-8")
    mapping = mapping_of(CHARGING, name="charging")
    ask = Ask(db, Settings(), access.local_operator(db), date(2026, 3, 31))
    intake.import_sales(ask, path=path, options=intake.ImportOptions(mapping=mapping))
    ask = replace(ask, scope=access.local_operator(db))

    assert board.main_unit(ask) == "kwh"
    assert board.daily(ask)["quantity"].sum() == 24
    assert board.months(ask)["quantity"].sum() == 24


def test_every_vehicle_has_the_row_of_the_whole_board(
    demo_ask: Ask, everything: pd.DataFrame
) -> None:
    ids = [int(number) for number in everything["vehicle_id"].unique()]
    for start in range(0, len(ids), 2000):
        some = tuple(ids[start : start + 2000])
        told = board.some(demo_ask, vehicle_ids=some)
        same(told, everything[everything["vehicle_id"].isin(some)])


@pytest.mark.slow
def test_alone_a_vehicle_is_what_it_is_among_all(demo_ask: Ask, everything: pd.DataFrame) -> None:
    shared = everything.loc[everything["label"].str.contains("/"), "vehicle_id"].unique()[:8]
    of_state = [rows["vehicle_id"].unique()[:4] for _, rows in everything.groupby("state")]

    for number in {*everything["vehicle_id"].unique()[::1000], *shared, *np.concatenate(of_state)}:
        alone = board.vehicle(demo_ask, vehicle_id=int(number))
        same(alone, everything[everything["vehicle_id"] == number])


def test_one_of_a_fleet_is_judged_by_its_fleet(demo_ask: Ask, everything: pd.DataFrame) -> None:
    left = everything[everything["state"] == State.FLEET_LEFT.value]
    assert len(left)

    for number in left["vehicle_id"].unique()[:5]:
        alone = board.vehicle(demo_ask, vehicle_id=int(number))
        same(alone, everything[everything["vehicle_id"] == number])


def test_a_narrower_sight_shows_only_its_rows(demo_ask: Ask) -> None:
    station = int(board.stations_known(demo_ask)["station_id"].min())
    narrow = replace(demo_ask, scope=replace(demo_ask.scope, station_ids=frozenset({station})))
    whole = board.vehicles(narrow)
    ids = tuple(int(number) for number in whole["vehicle_id"].unique()[:500])

    same(board.some(narrow, vehicle_ids=ids), whole[whole["vehicle_id"].isin(ids)])


def test_a_vehicle_that_is_not_there_is_not_found(db: Database) -> None:
    people = [Person(number) for number in range(1, 6)]
    settle(db, people)
    sell(db, [visit(p, days) for p in people for days in range(0, 40, 4 + p.number)])
    ask = ask_of(db)

    with pytest.raises(NotFoundError):
        board.vehicle(ask, vehicle_id=10**12)
    assert board.some(ask, vehicle_ids=()).empty

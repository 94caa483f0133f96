"""What the archive knows of owners and fleets decides where a silent vehicle stands."""

from collections.abc import Sequence

import pytest
from archive.shop import Shop
from makers import make_key
from sqlalchemy import update
from town import TODAY, Person, ask_of, sell, settle, visit

from station.archive import stations
from station.archive import vehicles as garage
from station.archive.customers import records
from station.archive.database import Database
from station.archive.tables import vehicle_owners
from station.model import CustomerRecord, OwnerKind, State, VehicleRecord
from station.services import board
from station.services.ask import Ask
from station.services.customers import merging

OTHERS = [Person(number) for number in range(1, 31)]
SILENT_DAYS = 90


def ended(ask: Ask, day: int) -> dict[int, float]:
    with ask.db.reading() as conn:
        return {int(v): float(d) for v, d in garage.without_owner(conn, day).items()}


def end(ask: Ask, to_day: int, customer_id: int = 1) -> None:
    """Let the links of a customer's vehicles end; `to_day` is the first day no more."""
    with ask.db.writing() as conn:
        his = vehicle_owners.c.customer_id == customer_id
        conn.execute(update(vehicle_owners).where(his).values(from_day=0, to_day=to_day))


@pytest.fixture
def two(db: Database) -> Ask:
    """Return the question on two persons with a vehicle each."""
    settle(db, OTHERS[:2])
    return ask_of(db)


def vehicle_of(ask: Ask, person: Person) -> int:
    with ask.db.reading() as conn:
        known = garage.vehicles_frame(conn)
    return int(known.loc[known["text"] == person.plate, "vehicle_id"].iloc[0])


@pytest.mark.parametrize(("day", "is_known"), [(-1, False), (0, True), (1, True)])
def test_an_owner_is_gone_from_the_first_day_no_more(two: Ask, day: int, is_known: bool) -> None:
    end(two, TODAY)

    expected = {vehicle_of(two, OTHERS[0]): TODAY} if is_known else {}

    assert ended(two, TODAY + day) == expected


def test_a_vehicle_with_another_owner_is_somebodys(two: Ask) -> None:
    end(two, TODAY - 5)
    with two.db.writing() as conn:
        keys = Shop(conn).keys
        told = VehicleRecord(
            make_key(OTHERS[0].plate), owner_code=OTHERS[1].code, since_day=TODAY - 5
        )
        records.put_vehicles(conn, [told], keys=keys)

    assert ended(two, TODAY) == {}


@pytest.mark.parametrize(("kept", "gone"), [(1, 2), (2, 1)])
def test_a_merge_ends_nobodys_ownership_and_takes_no_end_back(
    two: Ask, kept: int, gone: int
) -> None:
    end(two, TODAY - 5)
    before = ended(two, TODAY)

    merging.merge(two, kept_id=kept, gone_id=gone, reason="one telephone")

    assert ended(two, TODAY) == before == {vehicle_of(two, OTHERS[0]): TODAY - 5}


def fleet_of(db: Database, names: Sequence[str], members: Sequence[Person]) -> None:
    """Let organisations of these names own the vehicles in turn."""
    with db.writing() as conn:
        told = [
            CustomerRecord(
                f"ORG-{number}", is_organisation=True, owner_kind=OwnerKind.COMPANY,
                organisation_name=name, station="S1",
            )
            for number, name in enumerate(names)
        ]  # fmt: skip
        keys = Shop(conn).keys
        records.put_customers(conn, told, station_ids=stations.ids(conn))
        vehicles = [
            VehicleRecord(make_key(one.plate), owner_code=f"ORG-{place % len(names)}", since_day=1)
            for place, one in enumerate(members)
        ]
        records.put_vehicles(conn, vehicles, keys=keys)


def drive(db: Database, still: Sequence[Person], silent: Sequence[Person]) -> None:
    """Let everybody come every five or six days; some came last three months ago."""
    sell(db, [visit(p, days) for p in still for days in range(p.number % 4, 200, 5 + p.number % 2)])
    last = range(SILENT_DAYS, 250, 5)
    sell(db, [visit(p, days) for p in silent for days in last])


def states(ask: Ask, people: Sequence[Person]) -> list[str]:
    frame = board.vehicles(ask).set_index("vehicle_id")["state"]
    return [str(frame[vehicle_of(ask, person)]) for person in people]


AWAY = {State.OVERDUE.value, State.LOST.value}


def test_an_ended_owner_explains_silence_from_then_on_only(db: Database) -> None:
    silent = [Person(number) for number in range(31, 34)]
    settle(db, [*OTHERS, *silent], since_day=1)
    drive(db, OTHERS, silent)
    ask = ask_of(db)
    last_day = TODAY - SILENT_DAYS
    for person, to_day in zip(silent, (last_day, last_day + 1, TODAY + 1), strict=True):
        end(ask, to_day, customer_id=person.number)

    before, gone, ahead = states(ask, silent)

    assert gone == State.SOLD.value
    assert {before, ahead} <= AWAY  # it came once more after that; its owner has not left yet


def test_a_fleet_is_one_fleet_once_its_records_were_merged(db: Database) -> None:
    silent = [Person(number) for number in range(31, 35)]
    settle(db, OTHERS)
    drive(db, OTHERS, silent)
    fleet_of(db, ["甲示物流", "甲示物流公司"], silent)
    ask = ask_of(db)
    assert set(states(ask, silent)) <= AWAY  # two of each are no fleet

    first, second = (len(OTHERS) + 1, len(OTHERS) + 2)
    merging.merge(ask, kept_id=first, gone_id=second, reason="one company")

    assert states(ask, silent) == [State.FLEET_LEFT.value] * 4
    assert board.vehicle(ask, vehicle_id=vehicle_of(ask, silent[0]))["state"].tolist() == [
        State.FLEET_LEFT.value
    ]

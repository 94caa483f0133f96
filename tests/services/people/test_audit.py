"""Whoever watches sees all that is his to see, and none of it is cut off unseen."""

from datetime import UTC, date, datetime, timedelta
from time import time
from typing import Any

import pytest
from makers import make_station
from people import scope_for

from station.archive import stations
from station.archive.database import Database
from station.archive.people import audit as log
from station.archive.people.audit import Event
from station.config import Settings
from station.model import Act, Grant, Role
from station.services import access, sheets
from station.services.ask import Ask
from station.services.people import audit

TODAY = access.today()


@pytest.fixture
def ids(db: Database) -> dict[str, int]:
    """Two stations by code."""
    with db.writing() as conn:
        return {code: stations.add(conn, make_station(code)) for code in ("S1", "S2")}


def ask_as(db: Database, name: str, given: Grant) -> Ask:
    return Ask(db, Settings(), scope_for(db, name, given), TODAY)


def tell(db: Database, *events: dict[str, Any]) -> None:
    usual = {"at": int(time()), "account": "sven", "person": "S", "address": ""}
    usual |= {"act": Act.CARD_OPENED, "object": "vehicle:1"}
    with db.writing(changes_figures=False) as conn:
        for event in events:
            log.append(conn, Event(**usual | event))


def seen(ask: Ask) -> set[str]:
    return set(audit.events(ask, from_on=TODAY, to_on=TODAY)["object"])


def test_each_sees_the_events_of_his_own_reach(db: Database, ids: dict[str, int]) -> None:
    tell(
        db,
        {"object": "vehicle:1", "station_id": ids["S1"]},
        {"object": "vehicle:2", "station_id": ids["S2"]},
        {"object": "vehicle:3"},
    )
    every = {f"vehicle:{n}" for n in (1, 2, 3)}

    manager = ask_as(db, "mona", Grant(Role.MANAGER, station_id=ids["S1"]))
    assert seen(manager) == {"vehicle:1"}
    auditor = ask_as(db, "otto", Grant(Role.AUDITOR))
    assert every <= seen(auditor)
    administrator = ask_as(db, "anna", Grant(Role.ADMINISTRATOR))
    assert every <= seen(administrator)


def test_two_roles_do_not_lend_each_other_their_reach(db: Database, ids: dict[str, int]) -> None:
    tell(db, {"object": "vehicle:2", "station_id": ids["S2"]})
    grants = (Grant(Role.MANAGER, station_id=ids["S1"]), Grant(Role.STAFF, station_id=ids["S2"]))

    both = Ask(db, Settings(), scope_for(db, "both", *grants), TODAY)

    assert seen(both) == set()


def test_a_day_ends_at_its_midnight_here(db: Database, ids: dict[str, int]) -> None:
    day = date(2026, 3, 5)
    begins = access.start_of(day)
    ends = access.start_of(day + timedelta(days=1))
    tell(
        db, *({"at": at, "object": f"vehicle:{at}"} for at in (begins - 1, begins, ends - 1, ends))
    )
    auditor = ask_as(db, "otto", Grant(Role.AUDITOR))

    told = audit.events(auditor, from_on=day, to_on=day)

    assert set(told["at"]) == {begins, ends - 1}
    assert ids


def test_a_busy_month_is_judged_whole(
    db: Database, ids: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_EVENTS", 3)
    noon = int(datetime(TODAY.year, TODAY.month, 1, 12, tzinfo=UTC).timestamp())
    tell(
        db,
        *({"at": noon, "object": f"vehicle:{n}", "station_id": ids["S1"]} for n in range(40)),
        *({"at": noon + 1, "account": "mona", "object": f"vehicle:{n}"} for n in range(5)),
    )
    auditor = ask_as(db, "otto", Grant(Role.AUDITOR))

    odd = audit.unusual(auditor, month=TODAY)

    assert odd[["account", "looks", "why"]].to_numpy().tolist() == [["sven", 40, "much"]]
    assert len(audit.events(auditor, from_on=TODAY.replace(day=1), to_on=TODAY)) == 3


def test_the_limit_counts_today_only(db: Database) -> None:
    most = Settings().looks.reveals_per_day
    reveal = {"act": Act.REVEAL, "object": "customer:1"}
    yesterday = access.start_of_today() - 1
    tell(
        db,
        {**reveal, "count": most},
        {**reveal, "account": "mona", "count": most - 1},
        {**reveal, "account": "mona", "at": yesterday, "count": 9},
    )
    auditor = ask_as(db, "otto", Grant(Role.AUDITOR))

    assert audit.limits_reached(auditor) == ["sven"]


def test_nothing_is_unusual_in_an_empty_archive(db: Database) -> None:
    auditor = ask_as(db, "otto", Grant(Role.AUDITOR))

    assert audit.unusual(auditor, month=date(2020, 1, 31)).empty
    assert audit.limits_reached(auditor) == []
    assert audit.sums(auditor, from_on=TODAY, to_on=date(2020, 1, 1)).empty


def test_an_export_at_one_station_is_told_to_its_manager(db: Database, ids: dict[str, int]) -> None:
    manager = ask_as(db, "mona", Grant(Role.MANAGER, station_id=ids["S1"]))

    sheets.count(manager, name="lapsed_list", rows=12, reason="for the\nmeeting \u202e")

    told = audit.events(manager, from_on=TODAY, to_on=TODAY, acts=("export",)).iloc[0]
    assert (told["count"], told["reason"], told["station"]) == (12, "for the meeting", "S1")


@pytest.mark.parametrize("reason", ["a\0b", "\ud800", "x" * 5000])
def test_no_reason_breaks_the_log(db: Database, ids: dict[str, int], reason: str) -> None:
    manager = ask_as(db, "mona", Grant(Role.MANAGER, station_id=ids["S1"]))

    sheets.count(manager, name="lapsed_list", rows=1, reason=f"why {reason}")

    with db.reading() as conn:
        assert log.first_broken(conn) == ""

"""A station's settings change on their day, with a reason, and what they were is kept."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import make_station
from people import enter, make_account, scope_for

from station.archive import stations
from station.archive.database import Database
from station.archive.people import accounts, requests
from station.archive.verify import verify
from station.config import Settings
from station.errors import BadValueError, NotAllowedError, NotFoundError, RightsChangedError
from station.guard.rules import SignInRules
from station.model import Grant, Role, StationKind
from station.services import access, keeping, sites
from station.services.ask import Ask
from station.services.incoming import records
from station.services.incoming.files import FileOptions
from station.services.people import approvals, audit
from station.services.sites import Came

TODAY = access.today()
NORTH, SOUTH = "North", "South"
ADMIN = Grant(Role.ADMINISTRATOR)


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return an administrator's question on a chain of two stations."""
    with db.writing() as conn:
        stations.add(conn, make_station("S1", region=NORTH))
        stations.add(conn, make_station("S2", region=SOUTH))
    return Ask(db, Settings(), scope_for(db, "admin", ADMIN), TODAY)


def renewed(ask: Ask, name: str = "admin") -> Ask:
    """Return the question with the rights that the account has now."""
    rules = SignInRules()
    return replace(ask, scope=access.scope_of(ask.db, enter(ask.db, name), rules))


def change(ask: Ask, field: str, new: str, *, days: int = 0, station: str = "S1") -> Came:
    return sites.change(
        ask, station=station, field=field, new=new, from_on=day(days), reason="as agreed"
    )


def agree(ask: Ask, field: str, new: str, *, days: int = 0) -> None:
    """Change what takes two people: a second administrator approves it."""
    assert change(ask, field, new, days=days) is Came.ASKED
    with ask.db.reading() as conn:
        (request, *_) = requests.listing(conn, status=requests.OPEN)["id"]
        is_known = accounts.find(conn, name="second") is not None
    second = "second" if is_known else scope_for(ask.db, "second", ADMIN).account
    approvals.decide(renewed(ask, second), request_id=int(request), approve=True)


def row(ask: Ask, station: str = "S1") -> dict[str, Any]:
    listed = sites.listing(ask).set_index("code").loc[station]
    return {str(name): value for name, value in listed.items()}


@pytest.mark.parametrize(
    ("field", "new", "stored"),
    [
        ("name", "Harbour", "Harbour"),
        ("kind", StationKind.MOTORWAY.value, "motorway"),
        ("province", "京", "京"),
        ("province", "", ""),
        ("day_starts_at_min", "360", 360),
        ("night_ends_at_min", "0", 0),
    ],
)
def test_a_change_from_today_holds_at_once(ask: Ask, field: str, new: str, stored: object) -> None:
    assert change(ask, field, new) is Came.HOLDS

    assert row(ask)[field] == stored
    told = sites.history(ask).iloc[0]
    assert (told["station"], told["field"], told["new"]) == ("S1", field, new)
    assert (told["account"], told["reason"]) == ("admin", "as agreed")


def test_a_change_ahead_waits_for_its_day(ask: Ask) -> None:
    assert change(ask, "name", "Harbour", days=7) is Came.WAITS

    assert row(ask)["name"] == "Station S1"
    assert row(ask)["waiting"] == 1
    assert sites.history(ask)["applied_at"].isna().all()


def test_the_nightly_work_lets_it_hold_on_its_day(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(ask, "name", "Harbour", days=7)
    operator = replace(ask, scope=access.local_operator(ask.db))

    keeping.nightly(operator)
    assert row(ask)["name"] == "Station S1"
    monkeypatch.setattr(sites, "today", lambda: day(7))
    keeping.nightly(operator)
    keeping.nightly(operator)

    assert row(ask)["name"] == "Harbour"
    assert row(ask)["waiting"] == 0


def test_two_changes_ahead_come_in_the_order_of_their_days(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(ask, "name", "Later", days=9)
    change(ask, "name", "Sooner", days=3)
    monkeypatch.setattr(sites, "today", lambda: day(20))

    with ask.db.writing() as conn:
        assert sites.apply_due(conn) == 2
        assert sites.apply_due(conn) == 0

    assert row(ask)["name"] == "Later"


def test_the_setting_of_a_past_day_is_answered(ask: Ask) -> None:
    change(ask, "name", "Ten", days=-10)
    change(ask, "name", "Five", days=-5)
    change(ask, "name", "Ahead", days=5)
    change(ask, "name", "Seven", days=-7)  # told late, and Five stands since

    def named(days: int) -> str:
        return sites.setting_on(ask, station="S1", field="name", day=day(days))

    assert [named(d) for d in (-11, -10, -7, -5, 0, 5)] == [
        *("Station S1", "Ten", "Seven", "Five", "Five", "Ahead")
    ]
    assert row(ask)["name"] == "Five"


def test_without_a_change_it_was_always_so(ask: Ask) -> None:
    asked = {"station": "S1", "field": "night_ends_at_min"}

    assert sites.setting_on(ask, day=day(-5000), **asked) == "480"


@pytest.mark.parametrize(
    ("field", "new"),
    [
        ("name", " "),
        ("name", "x" * 81),
        ("name", "a\u202eb"),
        ("region", "a\0b"),
        ("kind", "palace"),
        ("province", "XX"),
        ("province", "a"),
        ("day_starts_at_min", "-1"),
        ("day_starts_at_min", "1440"),
        ("day_starts_at_min", "06:30"),
        ("day_starts_at_min", "0000000005000"),
        ("day_starts_at_min", ""),
        ("night_ends_at_min", "１２"),
        ("name", "Station S1"),
        ("code", "S9"),
        ("zone", "UTC"),
        ("archivist_id", "1"),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_nothing_changes(
    ask: Ask, field: str, new: str
) -> None:
    before = row(ask)

    with pytest.raises(BadValueError):
        change(ask, field, new)

    assert row(ask) == before
    assert sites.history(ask).empty


@pytest.mark.parametrize("days", [-20_000, 4_000])
def test_a_day_out_of_reach_is_refused(ask: Ask, days: int) -> None:
    with pytest.raises(BadValueError):
        change(ask, "name", "Harbour", days=days)


def test_without_a_reason_nothing_is_changed(ask: Ask) -> None:
    with pytest.raises(BadValueError):
        sites.change(ask, station="S1", field="name", new="X", from_on=TODAY, reason=" \n")


@pytest.mark.parametrize("station", ["S9", "", "S2' --"])
def test_a_station_that_is_not_there_is_refused(ask: Ask, station: str) -> None:
    with pytest.raises(NotFoundError):
        change(ask, "name", "Harbour", station=station)


def test_a_change_is_in_the_audit_log_with_its_reason(ask: Ask) -> None:
    agree(ask, "region", SOUTH)

    told = audit.events(renewed(ask), from_on=TODAY, to_on=TODAY, acts=("change",))
    newest = told.iloc[0]
    assert newest["object"] == f"station:{row(renewed(ask))['id']}:region"
    assert (newest["station"], newest["reason"]) == ("S1", "as agreed")


def test_whoever_managed_the_region_sees_the_station_no_more(ask: Ask) -> None:
    region = replace(ask, scope=scope_for(ask.db, "north", Grant(Role.REGIONAL, region=NORTH)))
    assert len(region.scope.station_ids) == 1

    agree(renewed(ask), "region", SOUTH)

    with pytest.raises(RightsChangedError):
        audit.events(region, from_on=TODAY, to_on=TODAY)
    assert not renewed(region, "north").scope.station_ids


def test_a_region_that_changes_later_takes_nobodys_rights_before(ask: Ask) -> None:
    scope_for(ask.db, "second", ADMIN)
    ask = renewed(ask)
    version = ask.scope.version

    agree(ask, "region", SOUTH, days=3)
    change(ask, "name", "Harbour")

    with ask.db.reading() as conn:
        assert accounts.rights_version(conn) == version


def station_id(ask: Ask, code: str) -> int:
    with ask.db.reading() as conn:
        return stations.ids(conn)[code]


def test_whoever_has_a_role_at_a_station_may_keep_its_archive(ask: Ask) -> None:
    make_account(ask.db, "clerk", Grant(Role.STAFF, station_id=station_id(ask, "S1")))
    make_account(ask.db, "other", Grant(Role.STAFF, station_id=station_id(ask, "S2")))
    ask = renewed(ask)

    assert sites.candidates(ask, station="S1") == ["admin", "clerk"]
    agree(ask, "archivist", "clerk")

    ask = renewed(ask)
    assert row(ask)["archivist"] == "clerk"
    kept = sites.archivists(ask).set_index("code")["archivist"]
    assert kept["S1"] == "clerk"
    assert sites.history(ask).iloc[0][["old", "new"]].tolist() == ["", "clerk"]
    assert "rows.export" in renewed(ask, "clerk").scope.rights
    change(ask, "archivist", "")
    assert "rows.export" not in renewed(ask, "clerk").scope.rights


def test_what_gives_somebody_more_rights_takes_two_people(ask: Ask) -> None:
    clerk = Grant(Role.STAFF, station_id=station_id(ask, "S1"))
    make_account(ask.db, "clerk", clerk, ADMIN)
    ask = renewed(ask)

    for field, new in (("region", SOUTH), ("archivist", "clerk")):
        assert change(ask, field, new) is Came.ASKED
        assert row(ask)[field] != new
    for request, who in ((1, "admin"), (2, "admin"), (2, "clerk")):
        with pytest.raises(NotAllowedError):
            approvals.decide(renewed(ask, who), request_id=request, approve=True)

    assert change(operator(ask), "region", SOUTH) is Came.HOLDS


def test_a_file_moves_no_station_to_another_region(ask: Ask, tmp_path: Path) -> None:
    import_stations(ask, tmp_path, f"code,name,region\nS1,Harbour,{SOUTH}\nS2,Hill,{SOUTH}\n")

    assert row(ask)["region"] == NORTH
    assert row(ask, "S2")["name"] == "Hill"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("other", BadValueError),
        ("locked", BadValueError),
        ("nobody", NotFoundError),
        ("admin", NotAllowedError),
        ("admin.two", NotAllowedError),
    ],
)
def test_others_may_not_keep_it(ask: Ask, name: str, error: type[Exception]) -> None:
    make_account(ask.db, "other", Grant(Role.STAFF, station_id=station_id(ask, "S2")))
    make_account(ask.db, "admin.two", ADMIN, person="admin")
    locked = make_account(ask.db, "locked", Grant(Role.STAFF, station_id=station_id(ask, "S1")))
    with ask.db.writing() as conn:
        accounts.change(conn, locked, disabled_at=1)

    with pytest.raises(error):
        change(renewed(ask), "archivist", name)


def operator(ask: Ask) -> Ask:
    """Return the question of whoever keeps the archive's files, who needs no second person."""
    return replace(ask, scope=access.local_operator(ask.db))


def import_stations(ask: Ask, folder: Path, text: str, *, dry_run: bool = False) -> None:
    path = folder / "stations.csv"
    path.write_text(text, encoding="utf-8")
    options = FileOptions(dry_run=dry_run)
    records.import_records(ask, kind="stations", path=path, options=options)


def test_a_file_that_changes_a_station_leaves_a_history(ask: Ask, tmp_path: Path) -> None:
    text = f"code,name,region,kind\nS1,Harbour,{SOUTH},city\nS3,New,{NORTH},city\n"

    import_stations(operator(ask), tmp_path, text)

    ask = renewed(ask)
    told = sites.history(ask)
    changed = dict(zip(told["field"], told["new"], strict=True))
    assert changed == {"name": "Harbour", "region": SOUTH, "kind": "city"}
    assert set(told["station"]) == {"S1"}
    assert told["applied_at"].notna().all()
    assert told["reason"].str.startswith(sites.BY_FILE).all()
    assert sites.setting_on(ask, station="S1", field="name", day=day(-1)) == "Station S1"


def test_a_file_that_changes_a_region_makes_rights_be_asked_anew(ask: Ask, tmp_path: Path) -> None:
    import_stations(operator(ask), tmp_path, f"code,name,region\nS1,Station S1,{SOUTH}\n")

    with pytest.raises(RightsChangedError):
        sites.listing(ask)


def test_a_dry_run_and_a_file_without_news_leave_none(ask: Ask, tmp_path: Path) -> None:
    import_stations(ask, tmp_path, f"code,name,region\nS1,Other,{SOUTH}\n", dry_run=True)
    import_stations(ask, tmp_path, f"code,name,region\nS1,Station S1,{NORTH}\n")

    assert sites.history(ask).empty
    assert verify(ask.db).ok


names = st.sampled_from(["A", "B", "C"])
dated = st.lists(st.tuples(st.integers(-6, 6), names), max_size=6)


@pytest.mark.slow
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=dated, asked=st.integers(-8, 8))
def test_a_day_has_the_last_name_told_for_it_or_before(
    sqlite_ask: Callable[[], Ask], told: list[tuple[int, str]], asked: int
) -> None:
    ask = sqlite_ask()
    known = {-99: "Station S1"}
    for days, name in told:
        standing = known[max(d for d in known if d <= days)]
        if standing != name:
            change(ask, "name", name, days=days)
            known[days] = name

    def expected(days: int) -> str:
        return known[max(d for d in known if d <= days)]

    assert sites.setting_on(ask, station="S1", field="name", day=day(asked)) == expected(asked)
    assert row(ask)["name"] == expected(0)


@pytest.fixture
def sqlite_ask(tmp_path: Path) -> Callable[[], Ask]:
    """Return a maker of archives with one station, for laws that need one after another."""
    made: list[Database] = []

    def make() -> Ask:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        db = keeping.create(Settings(), f"sqlite:///{folder}/station.db")
        made.append(db)
        with db.writing() as conn:
            stations.add(conn, make_station("S1"))
        return Ask(db, Settings(), access.local_operator(db), TODAY)

    return make

"""Two stations that must know nothing of each other, and people of every role at the first."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from copying import copy_archive
from people import enter, make_account
from town import tell

from station.archive import tables
from station.archive.database import Database
from station.config import Settings
from station.loyalty.programme import Offer, Programme, Version
from station.model import AgreementKind, ContactRole, Grant, LapseReason, Role
from station.services import access, board, keeping
from station.services.ask import Ask
from station.services.customers import agreements, contacts, lapses, persons
from station.services.incoming import intake, records
from station.services.incoming.files import FileOptions

OWN, OTHER = "A0001", "B0001"
REGIONS = {OWN: "North", OTHER: "South"}
FIRST, DAYS = date(2026, 5, 1), 120
VEHICLES = 8
ROLES = {
    "staff": lambda ids: Grant(Role.STAFF, ids[OWN]),
    "manager": lambda ids: Grant(Role.MANAGER, ids[OWN]),
    "regional": lambda _: Grant(Role.REGIONAL, region=REGIONS[OWN]),
    "administrator": lambda _: Grant(Role.ADMINISTRATOR),
    "auditor": lambda _: Grant(Role.AUDITOR),
}
"""The five roles, all but the last two held for the first station only."""
NOTES = {OWN: "says the queue is long", OTHER: "OTHERNOTE prefers the ferry"}


def plate(station: str, number: int) -> str:
    """Return the plate of a station's vehicle: the first station's begin with 粤B1."""
    return f"粤B{'1' if station == OWN else '9'}{number}K{number}{number}"


def person(station: str, number: int) -> tuple[str, str]:
    """Return the invented name and telephone of a vehicle's owner."""
    if station == OWN:
        return f"甲{'丁戊己庚辛壬癸子'[number]}", f"1001357{number:04d}"
    return f"乙{'丁戊己庚辛壬癸子'[number]}", f"1009753{number:04d}"


def card(station: str, number: int) -> str:
    """Return the number of the card of a vehicle's owner."""
    return f"100011000000000{station == OWN:d}{number:03d}"


def price(station: str, number: int) -> float:
    """Return what a fill of a vehicle costs, of which no sum looks like another station's."""
    return (200 if station == OWN else 7000) + number + 0.37


def markers() -> list[str]:
    """Return the words by which the other station's customers would be known."""
    people = [person(OTHER, n) for n in range(VEHICLES)]
    plates = [plate(OTHER, n) for n in range(VEHICLES)]
    words = [*plates, *(w for pair in people for w in pair), *contact(OTHER)]
    return [*words, "OTHERFLEET", "OTHERNOTE", "OTHERNAME", "OTHERTERMS"]


def secrets() -> list[str]:
    """Return every name and telephone in the archive."""
    owners = [word for code in (OWN, OTHER) for n in range(VEHICLES) for word in person(code, n)]
    return [*owners, *contact(OWN), *contact(OTHER)]


@dataclass(frozen=True, slots=True)
class World:
    """A folder with such an archive; `ids` of stations by code."""

    folder: Path
    ids: dict[str, int]

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'station.db'}"

    @contextmanager
    def copied(self, to: Path) -> Iterator["World"]:
        """Yield a copy that a test may change."""
        copy_archive(self.folder, to, without=("*.csv",))
        try:
            yield replace(self, folder=to)
        finally:
            shutil.rmtree(to)


def build(folder: Path) -> World:
    """Return the world, brought in like anybody's files."""
    url = f"sqlite:///{folder / 'station.db'}"
    db = keeping.create(Settings(), url)
    ask = Ask(db, Settings(), access.local_operator(db), date.max)
    for kind, text in _files().items():
        path = folder / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        ask = replace(ask, scope=access.local_operator(db))
        if kind.startswith("sales"):
            report = intake.import_sales(ask, path=path, options=intake.ImportOptions())
        else:
            report = records.import_records(ask, kind=kind, path=path, options=FileOptions())
        assert report.counts.accepted == report.counts.rows
    ask = replace(ask, as_of=board.last_day(ask))
    _notes(ask)
    _trade(ask)
    ids = dict(zip(*board.stations_known(ask)[["code", "station_id"]].T.to_numpy(), strict=True))
    ids = {str(code): int(station_id) for code, station_id in ids.items()}
    for name, given in ROLES.items():
        make_account(db, name, given(ids))
    make_account(db, "nobody")
    _keep(db)
    db.close()
    return World(folder, ids)


def _files() -> dict[str, str]:
    every = [(code, n) for code in (OWN, OTHER) for n in range(VEHICLES)]
    customers = [_customer(code, n) for code, n in every]
    vehicles = [f"{plate(code, n)},{code}-{n}" for code, n in every]
    cards = [f"\t{card(code, n)},{code}-{n},{plate(code, n)}" for code, n in every]
    stations = [f"{OWN},甲站,{REGIONS[OWN]}", f"{OTHER},OTHERNAME,{REGIONS[OTHER]}"]
    return {
        "stations": "\n".join(["站点编码,站点名称,片区", *stations]),
        "customers": "\n".join(["客户编号,客户类型,单位名称,姓名,手机号,登记站点", *customers]),
        "vehicles": "\n".join(["车牌号,客户编号", *vehicles]),
        "cards": "\n".join(["卡号,客户编号,限车号", *cards]),
    } | {
        f"sales-{code}": "\n".join(
            [
                "时间,车牌,油品,升数,金额,流水号,站点",
                *_sales([pair for pair in every if pair[0] == code]),
            ]
        )
        for code in (OWN, OTHER)
    }


def _customer(code: str, n: int) -> str:
    name, phone = person(code, n)
    fleet = "" if code == OWN else "OTHERFLEET"
    kind = "单位" if n == 0 else "个人"
    return f"{code}-{n},{kind},{fleet if n == 0 else ''},{name},{phone},{code}"


def _sales(every: list[tuple[str, int]]) -> list[str]:
    """Return fills every few days; two vehicles of each station have stopped coming."""
    lines = []
    for code, n in every:
        last = DAYS // 2 if n < 2 else DAYS
        for at in range(n % 4, last, 4 + n % 3):
            day = FIRST + timedelta(days=at)
            lines.append(
                f"{day} 10:{n:02d}:00,{plate(code, n)},92#,30,{price(code, n)},{code}{n}{at},{code}"
            )
    return lines


def _notes(ask: Ask) -> None:
    for code, note in NOTES.items():
        vehicle_id = vehicle(ask, code, 0)
        lapses.record(ask, vehicle_id=vehicle_id, station=code, reason=LapseReason.QUEUE, note=note)


def _trade(ask: Ask) -> None:
    """Give each station's organisation a contact person, a contract and a day of settlement."""
    for code in (OWN, OTHER):
        customer_id = contacts.by_code(ask, code=f"{code}-0")
        name, phone = contact(code)
        role = ContactRole.FLEET_MANAGER
        persons.add(ask, customer_id=customer_id, role=role, name=name, phone=phone)
        terms = "prices as displayed" if code == OWN else "OTHERTERMS"
        kind, until = AgreementKind.CREDIT, FIRST + timedelta(days=DAYS + 20)
        agreements.add(
            ask, customer_id=customer_id, kind=kind, terms=terms, since=FIRST, until=until
        )
        with ask.db.writing(changes_figures=False) as conn:
            tell(conn, customer_id, settle_day="31", term_days="5")


def contact(station: str) -> tuple[str, str]:
    """Return the invented name and telephone of the contact person of a station's organisation."""
    return ("丁演", "10013580000") if station == OWN else ("丁岳川", "10097540000")


def vehicle(ask: Ask, code: str, number: int) -> int:
    """Return the id of a station's vehicle, for whoever sees it."""
    known = board.vehicles(ask)
    return int(known.loc[known["label"] == plate(code, number), "vehicle_id"].iloc[0])


def _keep(db: Database) -> None:
    """Make the first station's staff keeper of its first customer."""
    with db.writing() as conn:
        table = tables.customers
        conn.execute(table.update().where(table.c.code == f"{OWN}-1").values(keeper_id=1))


COUPON = Offer("coupon", off_minor=100, most_member=9)
REWARD = Offer("reward", most_member=9)
RULES = Settings(
    programme=Programme(versions=(Version("first", date(2020, 1, 1), offers=(COUPON, REWARD)),))
)
"""How everybody asks who was let in: some offers are free."""


def ask_of(world: World, name: str) -> Ask:
    """Return the question of an account of the world, on an archive that the caller closes."""
    db = keeping.open_archive(RULES, world.url)
    scope = access.scope_of(db, enter(db, name), RULES.sign_in)
    return Ask(db, RULES, scope, FIRST + timedelta(days=DAYS - 1))


def operator_of(world: World) -> Ask:
    """Return the question of whoever keeps the files."""
    db = keeping.open_archive(RULES, world.url)
    return Ask(db, RULES, access.local_operator(db), FIRST + timedelta(days=DAYS - 1))

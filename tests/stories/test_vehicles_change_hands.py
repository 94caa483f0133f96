"""What a station's manager sees when a vehicle, a fleet or a plate changes hands.

Every story begins with files that are imported as in any station, and asks only what the pages ask.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from people import scope_for

from station.archive.database import Database
from station.config import Settings
from station.errors import BadValueError, NotAllowedError
from station.model import Grant, LapseReason, PlateColour, Purpose, Role
from station.services import access, board, keeping
from station.services.ask import Ask
from station.services.customers import cards, contacts, holding, lapses
from station.services.incoming import intake, records
from station.services.incoming.files import FileOptions
from station.services.personal import privacy

pytestmark = pytest.mark.slow
FIRST = date(2026, 3, 1)
SOLD, LAST = date(2026, 5, 1), date(2026, 6, 30)
SELLER, BUYER = "10012340001", "10012340002"
CUSTOMERS = f"""客户编号,客户类型,单位名称,姓名,手机号,登记站点
WANG,个人,,甲示川,{SELLER},S1
LI,个人,,乙示江,{BUYER},S1
FLEET,单位,甲示物流有限公司,丙示海,10012340003,S1
FAR,个人,,丁示河,10012340004,S2
"""
VEHICLES = """车牌号,客户编号
粤B11111,WANG
粤B22222,FLEET
粤B33333,FLEET
粤B44444,FLEET
粤B99999,FAR
"""
CARDS = "卡号,客户编号,限车号\n\t1000110000000001,WANG,粤B11111\n"


@dataclass
class Site:
    """A station's archive, and the manager who sits before it."""

    db: Database
    folder: Path
    scope: access.Scope
    files: int = 0

    @property
    def operator(self) -> Ask:
        return Ask(self.db, Settings(), access.local_operator(self.db), LAST)

    @property
    def manager(self) -> Ask:
        return Ask(self.db, Settings(), replace(self.scope, version=None), LAST)

    def bring(self, kind: str, words: str) -> None:
        """Import a file."""
        self.files += 1
        path = self.folder / f"{kind}-{self.files}.csv"
        path.write_text(words, encoding="utf-8")
        if kind == "sales":
            report = intake.import_sales(self.operator, path=path, options=intake.ImportOptions())
        else:
            report = records.import_records(
                self.operator, kind=kind, path=path, options=FileOptions()
            )
        assert report.counts.accepted == report.counts.rows, report

    def visits(
        self, plate: str, *days: date, fuel: str = "92#", station: str = "S1", colour: str = ""
    ) -> None:
        """Import the visits of a plate."""
        head = "时间,车牌,车牌颜色,油品,升数,金额,流水号,站点\n"
        lines = [
            f"{day} 08:00:00,{plate},{colour},{fuel},30,200,{plate}{day:%m%d}{colour},{station}"
            for day in days
        ]
        self.bring("sales", head + "\n".join(lines) + "\n")

    def vehicles(self, plate: str) -> list[int]:
        """Return what the search finds under a plate."""
        found = cards.find(self.manager, words=plate)
        meant = (found["kind"] == "vehicle") & (found["why"] != "similar")
        return found.loc[meant, "id"].tolist()

    def vehicle(self, plate: str) -> int:
        (vehicle_id,) = self.vehicles(plate)
        return vehicle_id

    def customer(self, code: str) -> int:
        return contacts.by_code(self.operator, code=code)

    def owner(self, vehicle_id: int) -> list[str]:
        """Return whose a vehicle is, as its card says."""
        found = contacts.of_vehicle(self.manager, vehicle_id=vehicle_id)
        return [contact.organisation_name or contact.name for contact in found]

    def days(self, vehicle_id: int) -> list[date]:
        """Return the days of a vehicle's visits, as its card lists them."""
        lines = cards.card(self.manager, vehicle_id=vehicle_id).lines
        return sorted(date(1970, 1, 1) + timedelta(int(at) // 86_400) for at in lines["local_at"])

    def row(self, vehicle_id: int) -> "pd.Series[object]":
        """Return what every list says of a vehicle."""
        return board.vehicles(self.manager).set_index("vehicle_id").loc[vehicle_id]


def weekly(first: date, last: date) -> list[date]:
    return [first + timedelta(days) for days in range(0, (last - first).days + 1, 7)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Yield two stations with four customers, and the manager of the first."""
    db = keeping.create(Settings(), f"sqlite:///{tmp_path}/station.db")
    made = Site(db, tmp_path, access.local_operator(db))
    made.bring("stations", "站点编码,站点名称\nS1,甲站\nS2,乙站\n")
    made.bring("customers", CUSTOMERS)
    made.bring("vehicles", VEHICLES)
    made.bring("cards", CARDS)
    made.scope = scope_for(db, "mona", Grant(Role.MANAGER, station_id=1))
    yield made
    db.close()


# --- a sold car -----------------------------------------------------------------------------------


def test_a_sold_car_keeps_its_plate_and_visits_and_takes_nothing_of_its_old_owner(
    site: Site,
) -> None:
    """Mr Wang drives 粤B11111 until May; then Mr Li does."""
    site.visits("粤B11111", *weekly(FIRST, LAST))
    car = site.vehicle("粤B11111")
    lapses.record(
        site.manager, vehicle_id=car, station="S1", reason=LapseReason.AWAY, note="to his village"
    )
    assert site.owner(car) == ["甲**"]

    holding.sell(site.manager, vehicle_id=car, on=SOLD, to_customer_id=site.customer("LI"))

    # The plate finds the same car with all its visits, and it is Mr Li's.
    assert site.vehicle("粤B11111") == car
    assert site.days(car) == weekly(FIRST, LAST)
    assert site.owner(car) == ["乙**"]
    # The card of the car tells both owners with their days.
    told = holding.of_vehicle(site.manager, vehicle_id=car)
    assert [(owner.name, owner.to_day) for owner in told.owners] == [
        ("乙**", None),
        ("甲**", (SOLD - date(1970, 1, 1)).days),
    ]
    # Mr Wang's telephone and fuel card stay his: neither leads to the car any more.
    assert site.vehicles(SELLER) == []
    assert site.vehicles(BUYER) == [car]
    assert [card.to_day is None for card in told.cards] == [False]
    wang = person(site, "WANG")
    assert [card["to"] for card in wang["cards"]] == [SOLD.isoformat(), None]
    # Each has the visits of his own time, and Mr Wang alone the note.
    li = person(site, "LI")
    assert [line["at"][:10] for line in wang["lines"]] == [f"{d}" for d in weekly(FIRST, LAST)
                                                           if d < SOLD]  # fmt: skip
    assert [line["at"][:10] for line in li["lines"]] == [f"{d}" for d in weekly(FIRST, LAST)
                                                         if d >= SOLD]  # fmt: skip
    assert li["cards"] == []
    shown = contacts.reveal(
        site.operator, customer_id=site.customer("LI"), purpose=Purpose.SERVICE, reason="lights on"
    )
    assert shown.phone == f"+86{BUYER}"


def person(site: Site, code: str) -> dict[str, list[dict[str, str]]]:
    return privacy.person_file(
        site.operator, customer_id=site.customer(code), identity="card", reason="asked"
    )


def test_a_car_sold_to_nobody_known_is_told_as_sold(site: Site) -> None:
    """Mr Wang sold his car to somebody nobody here knows."""
    site.visits("粤B11111", *weekly(FIRST, SOLD))
    car = site.vehicle("粤B11111")

    holding.sell(site.manager, vehicle_id=car, on=SOLD)

    assert site.owner(car) == []
    newest = lapses.newest(site.manager)
    assert newest["reason"].tolist() == [LapseReason.VEHICLE_SOLD.value]


@pytest.mark.parametrize("on", [date(1970, 1, 1), date.max])
def test_a_sale_lies_in_the_time_of_its_owner(site: Site, on: date) -> None:
    site.visits("粤B11111", *weekly(FIRST, SOLD))

    with pytest.raises(BadValueError):
        holding.sell(site.manager, vehicle_id=site.vehicle("粤B11111"), on=on)


def test_nobody_sells_the_car_of_another_stations_customer(site: Site) -> None:
    """粤B99999 is a customer's of the other station, and was seen here before he owned it."""
    site.visits("粤B99999", *weekly(FIRST, SOLD), station="S2")
    site.visits("粤B99999", SOLD)
    site.bring("vehicles", f"车牌号,客户编号,登记日期\n粤B99999,FAR,{SOLD + timedelta(1)}\n")

    with pytest.raises(NotAllowedError):
        holding.sell(site.manager, vehicle_id=site.vehicle("粤B99999"), on=LAST)


# --- a company leaves with its fleet --------------------------------------------------------------


def test_a_company_that_leaves_takes_its_whole_fleet(site: Site) -> None:
    """甲示物流 goes to another chain with all three trucks, for the price."""
    fleet = ("粤B22222", "粤B33333", "粤B44444")
    for plate in fleet:
        site.visits(plate, *weekly(FIRST, SOLD), fuel="0#")
    trucks = [site.vehicle(plate) for plate in fleet]
    assert [site.owner(truck) for truck in trucks] == [["甲示物流有限公司"]] * 3

    left = holding.leave(
        site.manager, customer_id=site.customer("FLEET"), on=SOLD, reason=LapseReason.CARD_DEAL
    )

    assert left == 3
    # No truck is the company's any more, in no list and on no card; what they bought stays theirs.
    assert [site.owner(truck) for truck in trucks] == [[], [], []]
    assert {site.row(truck)["organisation_name"] for truck in trucks} == {""}
    assert [site.days(truck) for truck in trucks] == [weekly(FIRST, SOLD)] * 3
    # The list of lost regulars says of each why it stays away.
    why = lapses.newest(site.manager).set_index("vehicle_id")["reason"]
    assert why.loc[trucks].tolist() == [LapseReason.CARD_DEAL.value] * 3
    # The company itself is still known, with the days on which the trucks were its own.
    assert contacts.of_customer(site.manager, customer_id=site.customer("FLEET")).organisation_name
    told = holding.of_vehicle(site.manager, vehicle_id=trucks[0])
    assert [owner.to_day for owner in told.owners] == [(SOLD - date(1970, 1, 1)).days]
    with pytest.raises(BadValueError):
        holding.leave(
            site.manager, customer_id=site.customer("FLEET"), on=LAST, reason=LapseReason.PRICE
        )


# --- a plate kept for the next car ----------------------------------------------------------------


def test_a_plate_kept_for_the_next_car_tells_the_old_car_from_the_new(site: Site) -> None:
    """Mr Wang buys a new car in May and keeps 粤B11111; nobody tells the station until June."""
    before, after = weekly(FIRST, SOLD - timedelta(1)), weekly(SOLD, date(2026, 5, 31))
    site.visits("粤B11111", *before, *after)
    old = site.vehicle("粤B11111")

    new = holding.move_plate(site.manager, vehicle_id=old, plate="粤B·11111", on=SOLD)

    # The plate now finds both cars, each with the visits of its own time.
    assert set(site.vehicles("粤B11111")) == {old, new}
    assert (site.days(old), site.days(new)) == (before, after)
    assert int(str(site.row(old)["visits"])) == len(before)
    assert int(str(site.row(new)["visits"])) == len(after)
    assert site.row(new)["label"] == "粤B11111"
    assert site.row(old)["label"] == f"粤B11111 (→{SOLD})"
    # What comes in later goes by the day of the sale, not by the day of the import.
    site.visits("粤B11111", date(2026, 6, 7))
    site.visits("粤B11111", date(2026, 4, 2))
    assert site.days(new) == [*after, date(2026, 6, 7)]
    assert site.days(old) == sorted([*before, date(2026, 4, 2)])
    # The new car is Mr Wang's, and his card goes with the plate.
    assert site.owner(new) == ["甲**"]
    told = holding.of_vehicle(site.manager, vehicle_id=new)
    assert [(card.what, card.to_day) for card in told.cards] == [("1000110000000001", None)]
    # He may sell the old one: the new one stays his.
    holding.sell(site.manager, vehicle_id=old, on=SOLD, to_customer_id=site.customer("LI"))
    assert (site.owner(old), site.owner(new)) == (["乙**"], ["甲**"])
    # A list of vehicles that comes in now means the car that bears the plate now.
    site.bring("vehicles", "车牌号,客户编号,用途\n粤B11111,WANG,出租\n")
    assert site.row(new)["use"] == "taxi"
    assert site.row(old)["use"] != "taxi"


def test_a_plate_can_be_moved_to_a_car_that_is_known_and_once_only(site: Site) -> None:
    site.visits("粤B22222", *weekly(FIRST, LAST))
    site.visits("粤B33333", *weekly(FIRST, LAST))
    first, second = site.vehicle("粤B22222"), site.vehicle("粤B33333")

    holding.move_plate(
        site.manager, vehicle_id=first, plate="粤B22222", on=SOLD, to_vehicle_id=second
    )

    assert len(site.days(second)) == len(weekly(FIRST, LAST)) + sum(
        day >= SOLD for day in weekly(FIRST, LAST)
    )
    with pytest.raises(BadValueError):
        holding.move_plate(site.manager, vehicle_id=first, plate="粤B22222", on=LAST)


# --- two vehicles with one number and two colours -------------------------------------------------


def test_one_number_in_two_colours_is_two_vehicles_with_an_owner_each(site: Site) -> None:
    """粤B55555 is a blue car of Mr Li's and a yellow truck of 甲示物流's."""
    site.bring("vehicles", "车牌号,车牌颜色,客户编号\n粤B55555,蓝,LI\n粤B55555,黄,FLEET\n")
    site.visits("粤B55555", *weekly(FIRST, LAST), colour="蓝")
    site.visits("粤B55555", *weekly(FIRST, SOLD), colour="黄", fuel="0#")

    labels = {str(site.row(one)["label"]): one for one in site.vehicles("粤B55555")}

    assert set(labels) == {
        f"粤B55555/{PlateColour.BLUE}",
        f"粤B55555/{PlateColour.YELLOW}",
    }
    car, truck = labels["粤B55555/blue"], labels["粤B55555/yellow"]
    assert (site.owner(car), site.owner(truck)) == (["乙**"], ["甲示物流有限公司"])
    # Selling the car leaves the truck alone, and moving the car's plate moves the blue one only.
    holding.sell(site.manager, vehicle_id=car, on=SOLD, to_customer_id=site.customer("WANG"))
    assert (site.owner(car), site.owner(truck)) == (["甲**"], ["甲示物流有限公司"])
    next_car = holding.move_plate(site.manager, vehicle_id=car, plate="粤B55555", on=LAST)
    site.visits("粤B55555", LAST, colour="黄", fuel="0#")
    assert site.days(truck) == [*weekly(FIRST, SOLD), LAST]
    assert next_car not in {car, truck}


# --- cards ----------------------------------------------------------------------------------------


def test_a_card_is_bound_to_another_car_and_stays_its_holders(site: Site) -> None:
    site.bring("vehicles", "车牌号,客户编号\n粤B66666,WANG\n")
    for plate in ("粤B11111", "粤B66666"):
        site.visits(plate, *weekly(FIRST, LAST))
    first, second = site.vehicle("粤B11111"), site.vehicle("粤B66666")

    holding.bind_card(site.manager, vehicle_id=second, number="1000 1100 0000 0001", on=SOLD)

    told = [holding.of_vehicle(site.manager, vehicle_id=one).cards for one in (first, second)]
    assert [[(card.name, card.to_day is None) for card in one] for one in told] == [
        [("甲**", False)],
        [("甲**", True)],
    ]
    holding.bind_card(
        site.manager, vehicle_id=second, number="1000110000000001", on=LAST, bound=False
    )
    assert holding.of_vehicle(site.manager, vehicle_id=second).cards[0].to_day is not None

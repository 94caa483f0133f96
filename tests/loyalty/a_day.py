"""A day at the desk and one at the counter, in which a wrong ledger shows itself."""

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

from loyalty.points_play import Memory, Play
from sqlalchemy import insert

from station.archive import stations
from station.archive.points import chain
from station.archive.tables import customers
from station.archive.verify import verify
from station.config import Settings
from station.errors import PointsError
from station.loyalty.ledger import Earning
from station.model import DAY_S, Station
from station.services import access, keeping
from station.services.ask import Ask
from station.services.points import balances, booking, correcting, crediting, lapsing, spending
from station.services.points.members import By, Named

WORLDS, MOVES = 100, 150
NOON = 1_788_235_200  # 2026-09-01 12:00 in Shanghai
TODAY = 20_697
HOUR_S = 3600
ANNA, BERT = Named(By.CUSTOMER, "1"), Named(By.CUSTOMER, "2")


def at_the_desk() -> None:
    """Make random moves beside the oracle."""
    for world in range(WORLDS):
        play = Play(random.Random(world), Memory())  # noqa: S311 - chance
        for _ in range(MOVES):
            play.step()


class Counter:
    """A counter with two members, and a clock."""

    def __init__(self, folder: Path) -> None:
        db = keeping.create(Settings(), f"sqlite:///{folder}/station.db")
        row = {"is_organisation": 0, "owner_kind": "private", "organisation_name": ""}
        with db.writing() as conn:
            station_id = stations.add(conn, Station("S1", province="粤"))
            conn.execute(
                insert(customers),
                [row | {"id": n, "code": f"C{n}", "station_id": station_id} for n in (1, 2)],
            )
        self.ask = Ask(db, Settings(), access.local_operator(db), date.max)
        self.now = NOON
        booking.time = lambda: self.now

    def earn(self, who: int, points: int, cause: str, days: int = 100) -> None:
        earning = Earning(points, TODAY + days, cause)
        with self.ask.db.writing(changes_figures=False) as conn:
            crediting.credit(conn, self.ask, [crediting.Credit(who, None, earning)])

    def redeem(self, who: Named, points: int, key: str) -> booking.Receipt:
        return spending.redeem(self.ask, key=key, member=who, points=points, station="S1")

    def holds(self, who: Named, points: int) -> None:
        assert balances.balance(self.ask, member=who).balance == points


def refused(key: str, act: Callable[[], object]) -> None:
    """Let an act be refused for this reason."""
    try:
        act()
    except PointsError as error:
        said = error.key
    else:
        said = ""
    assert said == key


def at_the_counter(folder: Path) -> None:
    """Serve two members for a few days."""
    counter = Counter(folder)
    try:
        _once(counter)
        _in_time(counter)
        _sound(counter)
    finally:
        counter.ask.db.close()


def _once(counter: Counter) -> None:
    for _ in range(2):
        counter.earn(1, 100, "sale 1")
    counter.holds(ANNA, 100)
    first = counter.redeem(ANNA, 30, "form-0001")
    assert counter.redeem(ANNA, 30, "form-0001") == first
    refused("points.key_reused", lambda: counter.redeem(ANNA, 31, "form-0001"))
    undo = {"number": first.number, "reason": "mistake"}
    correcting.reverse(counter.ask, key="reverse-1", **undo)
    refused("points.closed", lambda: correcting.reverse(counter.ask, key="reverse-2", **undo))
    counter.holds(ANNA, 100)


def _in_time(counter: Counter) -> None:
    counter.earn(2, 10, "sale 2", days=0)
    held = spending.hold(counter.ask, key="hold-0001", member=ANNA, points=60, station="S1")
    counter.now += HOUR_S
    counter.holds(ANNA, 100)
    late = {"key": "confirm-1", "number": held.number, "points": 60}
    refused("points.hold_over", lambda: spending.confirm(counter.ask, **late))
    counter.now = NOON + 12 * HOUR_S - 1
    counter.holds(BERT, 10)
    counter.now += 1
    counter.holds(BERT, 0)
    counter.redeem(ANNA, 100, "form-0002")
    counter.now -= HOUR_S
    refused("points.not_enough", lambda: counter.redeem(BERT, 1, "form-0003"))
    counter.now += DAY_S
    assert lapsing.expire(counter.ask, now_s=counter.now).points == 10


def _sound(counter: Counter) -> None:
    db = counter.ask.db
    assert verify(db).ok
    counter.earn(1, 5, "sale 3")
    with db.writing() as conn:
        chain.mark(conn, is_sound=False)
    refused("points.unsound", lambda: counter.redeem(ANNA, 1, "form-0004"))
    with db.writing() as conn:
        chain.mark(conn, is_sound=True)
        conn.exec_driver_sql("DROP TRIGGER point_entries_fixed")
        conn.exec_driver_sql(
            "UPDATE point_entries SET account = 'adjusted' WHERE account = 'redeemed'"
        )
    assert "points_chain" in {check.name for check in verify(db).checks if check.first_bad}

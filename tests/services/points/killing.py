"""Kills whoever redeems, earns, runs out and copies; tells as JSON what became of it all.

Run: python killing.py FOLDER KILLS. Each child says what it will do before, and that it is done
after; the parent kills it, does again what was not said to be done, and counts.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path

from sqlalchemy import insert

from station.archive import stations
from station.archive.points import chain
from station.archive.tables import customers
from station.archive.verify import verify
from station.config import Settings
from station.loyalty.ledger import Earning
from station.model import Station
from station.services import access, keeping
from station.services.ask import Ask
from station.services.points import balances, crediting, lapsing, spending
from station.services.points.members import By, Named

START, EARNED, SPENT = 900_000, 7, 10
MEMBER = Named(By.CUSTOMER, "1")
KINDS = ("redeem", "earn", "expire", "backup")
LONGEST_S, MOST_DONE, PIPE_BYTES = 0.03, 4, 4096
VERIFY_EVERY = 50


def opened(folder: Path) -> Ask:
    db = keeping.open_archive(Settings(), f"sqlite:///{folder}/station.db")
    return Ask(db, Settings(), access.local_operator(db), date.max)


def begin(folder: Path) -> None:
    """Make an archive with one member who has plenty."""
    db = keeping.create(Settings(), f"sqlite:///{folder}/station.db")
    row = {"id": 1, "code": "C1", "is_organisation": 0, "owner_kind": "private"}
    with db.writing() as conn:
        station_id = stations.add(conn, Station("S1", province="粤"))
        conn.execute(insert(customers), row | {"organisation_name": "", "station_id": station_id})
    ask = Ask(db, Settings(), access.local_operator(db), date.max)
    earn(ask, "start", START)
    for kind in KINDS:  # so that no child has to prepare its statements
        do(ask, f"{kind} warm-up-1")
    db.close()


def earn(ask: Ask, cause: str, points: int = EARNED) -> None:
    with ask.db.writing(changes_figures=False) as conn:
        crediting.credit(conn, ask, [crediting.Credit(1, None, Earning(points, None, cause))])


def redeem(ask: Ask, key: str, points: int = SPENT) -> None:
    spending.redeem(ask, key=key, member=MEMBER, points=points, station="S1")


def held(ask: Ask) -> int:
    return balances.balance(ask, member=MEMBER).balance


def do(ask: Ask, what: str) -> None:
    """Do what a line says, for the first time or again."""
    kind, key = what.split()
    if kind == "redeem":
        redeem(ask, key)
    elif kind == "earn":
        earn(ask, key)
    elif kind == "expire":
        lapsing.expire(ask)
    else:
        keeping.backup(ask, path=ask.db.folder / f"{key}.copy")


def work(folder: Path, said: int, chance: random.Random, turn: int) -> None:
    """Work until somebody ends it."""
    ask = opened(folder)
    for number in count():
        kind = chance.choices(KINDS, (20, 12, 1, 1))[0]
        what = f"{kind} t{turn:06d}-{number:06d}"
        os.write(said, f"begin {what}\n".encode())
        do(ask, what)
        os.write(said, f"done {what}\n".encode())


@dataclass
class Account:
    """What must have become of it."""

    folder: Path
    seen: Counter[str] = field(default_factory=Counter)
    moved: int = 0

    def settle(self, lines: list[str]) -> None:
        """Do again what was begun and not said to be done, and count it all."""
        done = {line.removeprefix("done ") for line in lines if line.startswith("done ")}
        begun = [line.removeprefix("begin ") for line in lines if line.startswith("begin ")]
        ask = opened(self.folder)
        for what in begun:
            kind, key = what.split()
            is_there = self._is_there(ask, kind, key)
            self.seen["acknowledged"] += what in done
            if what in done and not is_there:
                self.seen["lost"] += 1
            if what not in done:
                self.seen["committed and not acknowledged"] += is_there and kind != "backup"
                do(ask, what)
            self.moved += {"redeem": -SPENT, "earn": EARNED}.get(kind, 0)
        for path in self.folder.glob("*.copy*"):
            path.unlink()
        self.seen["wrong balance"] += held(ask) != START + self.moved
        if self.seen["kills"] % VERIFY_EVERY == 0:
            self.seen["unsound"] += not verify(ask.db).ok
        ask.db.close()

    def _is_there(self, ask: Ask, kind: str, key: str) -> bool:
        stored = {"redeem": f"key:{key}", "earn": f"earn:{key}"}.get(kind)
        if stored is None:
            return True
        with ask.db.reading() as conn:
            return chain.by_key(conn, stored) is not None


def killed(folder: Path, chance: random.Random, turn: int) -> list[str]:
    """Return what a child said before it was killed, some time after having done a few things."""
    heard, said = os.pipe()
    number = os.fork()
    if number == 0:
        os.close(heard)
        work(folder, said, chance, turn)
        os._exit(0)
    os.close(said)
    words, wanted = b"", chance.randint(0, MOST_DONE)
    while words.count(b"done") < wanted:
        words += os.read(heard, PIPE_BYTES)
    time.sleep(chance.uniform(0, LONGEST_S))
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)
    with os.fdopen(heard, "rb") as rest:
        words += rest.read()
    lines = words.decode().splitlines()
    return [line for line in lines if len(line.split()) == len(["begin", "kind", "key"])]


def main(folder: str, kills: str) -> None:
    place = Path(folder)
    begin(place)
    account = Account(place, moved=EARNED - SPENT)
    for turn in range(int(kills)):
        lines = killed(place, random.Random(turn), turn)  # noqa: S311 - moments, not secrets
        account.seen["kills"] += 1
        account.settle(lines)
    sys.stdout.write(json.dumps(account.seen) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

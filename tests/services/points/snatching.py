"""Kills whoever takes and uses coupons; tells as JSON what became of it all.

Run: python snatching.py FOLDER KILLS. A child says what it will do before and that it is done
after; the parent kills it, does again what was not said to be done, and counts.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path

import killing

from station.archive.points import offers
from station.loyalty.programme import Offer, Programme, Version
from station.services.ask import Ask
from station.services.points import offering
from station.services.points.offering import Purchase

PRICE, OFF, LONGEST_S, MOST_DONE, PIPE_BYTES = 3, 100, 0.02, 4, 4096
OFFER = Offer("ten", points=PRICE, off_minor=OFF, stock=100_000, budget_station_minor=10**8)
RULES = Programme(versions=(Version("first", date(2020, 1, 1), offers=(OFFER,)),))


def opened(folder: Path) -> Ask:
    ask = killing.opened(folder)
    return replace(ask, settings=replace(ask.settings, programme=RULES))


def do(ask: Ask, key: str) -> None:
    """Take a coupon and use it, for the first time or again."""
    slip = offering.take(ask, key=f"take-{key}", member=killing.MEMBER, offer="ten", station="S1")
    bought = Purchase(1_000, receipt=key)
    offering.use(ask, key=f"use-{key}", code=slip.code, station="S1", purchase=bought)


def work(folder: Path, said: int, turn: int) -> None:
    """Work until somebody ends it."""
    ask = opened(folder)
    for number in count():
        key = f"t{turn:06d}-{number:06d}"
        os.write(said, f"begin {key}\n".encode())
        do(ask, key)
        os.write(said, f"done {key}\n".encode())


def killed(folder: Path, chance: random.Random, turn: int) -> list[str]:
    """Return what a child said before it was killed, some time after having done a few things."""
    heard, said = os.pipe()
    number = os.fork()
    if number == 0:
        os.close(heard)
        work(folder, said, turn)
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
    return [line for line in words.decode().splitlines() if len(line.split()) == len("ab")]


def settle(folder: Path, lines: list[str], seen: "Counter[str]") -> int:
    """Return how many were begun; what was not said to be done is done again."""
    done = {line.removeprefix("done ") for line in lines if line.startswith("done ")}
    begun = [line.removeprefix("begin ") for line in lines if line.startswith("begin ")]
    ask = opened(folder)
    for key in begun:
        with ask.db.reading() as conn:
            steps = [offers.act_by_key(conn, f"key:{deed}-{key}") for deed in ("take", "use")]
        seen["acknowledged"] += key in done
        seen["lost"] += key in done and None in steps
        seen["half done"] += key not in done and steps[0] is not None
        do(ask, key)
    ask.db.close()
    return len(begun)


def main(folder: str, kills: str) -> None:
    place, seen, begun = Path(folder), Counter[str](), 0
    killing.begin(place)
    ask = opened(place)
    before = killing.held(ask)
    ask.db.close()
    for turn in range(int(kills)):
        lines = killed(place, random.Random(turn), turn)  # noqa: S311 - moments, not secrets
        begun += settle(place, lines, seen)
    ask = opened(place)
    seen["wrong balance"] = killing.held(ask) - (before - PRICE * begun)
    with ask.db.reading() as conn:
        gone = offers.gone(conn, "first", 1)["ten"]
    seen["wrong count"] = gone.taken - begun
    seen["wrong budget"] = gone.spent_here_minor - OFF * begun
    seen["unsound"] = not killing.verify(ask.db).ok
    ask.db.close()
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

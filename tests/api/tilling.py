"""A till for tests: a real server on a real archive, and somebody who rings at it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import httpx2 as httpx
import uvicorn
from services.points.counter import ANNA, BERT, Counter, opened
from serving import free_port
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp
from town import Person

from station import api
from station.archive.database import Database
from station.config import Settings
from station.guard.rules import TillRules
from station.services.people import terminals

LOOSE = TillRules(per_minute=1_000_000, burst=100_000, wait_s=1, answer_s=3, receipt_days=3_650)
SETTINGS = replace(Settings(), till=LOOSE)
SOLD_AT = 1_788_235_200
"""2026-09-01 12:00 in Shanghai."""
__all__ = ["ANNA", "BERT"]


@dataclass
class Till:
    """Rings at a terminal; every request has a new key unless one is named."""

    url: str
    key: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Language": "en"}
        self.client = httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=30)

    def send(self, path: str, body: Any, key: str = "", **headers: str) -> httpx.Response:
        key = key or f"request-{next(self.numbers):06d}"
        return self.client.post(path, json=body, headers={"Idempotency-Key": key} | headers)

    def ok(self, path: str, body: Any, key: str = "") -> dict[str, Any]:
        answer = self.send(path, body, key)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def hold(self, person: Person, points: int, key: str = "") -> dict[str, Any]:
        return self.ok("/holds", {"member": by_plate(person), "points": points}, key)

    def redeem(self, person: Person, points: int) -> dict[str, Any]:
        number = self.hold(person, points)["number"]
        return self.ok("/holds/confirm", {"of": number, "points": points})

    def balance(self, person: Person) -> int:
        return int(self.ok("/members/find", {"member": by_plate(person)})["balance"])


@dataclass
class Place:
    """A server with its archive, and its tills."""

    url: str
    counter: Counter
    tills: list[Till] = field(default_factory=list)

    @property
    def db(self) -> Database:
        return self.counter.ask.db

    def till(self, name: str = "a1", station: str = "S1", number: str = "") -> Till:
        """Return a new till at a station, that its files call by a number."""
        made = terminals.add(self.counter.ask, name=name, station=station, number=number)
        return self.with_key(made.key)

    def with_key(self, key: str) -> Till:
        """Return a till that shows a key."""
        self.tills.append(Till(self.url, key))
        return self.tills[-1]


def by_plate(person: Person) -> dict[str, str]:
    return {"by": "plate", "text": person.plate}


def receipt(number: str = "R1", **changes: Any) -> dict[str, Any]:
    return {"receipt_no": number, "sold_at": SOLD_AT, "lines": [line()], **changes}


def line(amount_minor: int = 23_940, line_no: str = "1", **changes: Any) -> dict[str, Any]:
    return {
        "product": "92#",
        "quantity_milli": 30_000,
        "unit": "l",
        "amount_minor": amount_minor,
        "line_no": line_no,
        **changes,
    }


@contextmanager
def place(db: Database, settings: Settings = SETTINGS) -> Iterator[Place]:
    """Yield a server in a thread, Anna having 1,000 points and Bert none."""
    counter = opened(db)
    counter.ask = replace(counter.ask, settings=settings)
    counter.earn(ANNA, 1_000, sale="gift")
    with listening(api.build(db, settings)) as url:
        made = Place(url, counter)
        try:
            yield made
        finally:
            for till in made.tills:
                till.client.close()


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """Yield the address of a server of the till's app, as the dashboard mounts it."""
    port = free_port()
    mounted = Starlette(routes=[Mount("/api", app)])
    config = uvicorn.Config(mounted, port=port, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()

"""Whatever happens to archive or server, a till is told in time, and nothing is doubled or lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx2 as httpx
import pytest
from api.tilling import (
    ANNA,
    LOOSE,
    SETTINGS,
    Place,
    Till,
    by_plate,
    line,
    place,
    receipt,
)
from conftest import cluster
from services.points.counter import opened
from serving import free_port
from sqlalchemy import create_engine, func, select
from town import one

from station.archive.database import WRITERS_QUEUE, Database, create_or_upgrade
from station.services.people import terminals

BOUND_S = LOOSE.answer_s + 1
HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "r+")
fcntl.flock(file, fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""
SERVERS = """
import os, signal, sys
import uvicorn
from pathlib import Path
from starlette.applications import Starlette
from starlette.routing import Mount
from station import api
from station.archive.database import open_database
from station.config import Settings

def serve(url, folder, port, dies):
    app = api.build(open_database(url, Path(folder)), Settings())

    async def dying(scope, receive, send):
        async def last(message):
            if message["type"] == "http.response.start" and scope["method"] == "POST":
                os.kill(os.getpid(), signal.SIGKILL)  # all is done but the answer
            await send(message)
        await app(scope, receive, last if dies == "dies" else send)

    mounted = Starlette(routes=[Mount("/api", dying)])
    uvicorn.run(mounted, port=int(port), log_level="error")

print(flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        serve(*line.split())
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print(flush=True)
"""
"""Starts servers, each in a process forked from one that has done its imports."""


@contextmanager
def held_by_another(made: Place) -> Iterator[None]:
    """Let another process (SQLite) or another session (PostgreSQL) have the turn to write."""
    if made.db.path is None:
        engine = create_engine(made.db.url)
        with engine.begin() as conn:
            conn.execute(select(func.pg_advisory_xact_lock(WRITERS_QUEUE)))
            yield
        engine.dispose()
        return
    lock = f"{made.db.path}.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield


def test_a_till_does_not_wait_for_ever_for_its_turn_to_write(anywhere: Place) -> None:
    till = anywhere.till()
    begin = time.monotonic()
    with held_by_another(anywhere):
        answer = till.send("/holds", {"member": by_plate(ANNA), "points": 10}, key="a1-000001")

        assert time.monotonic() - begin < BOUND_S
        assert (answer.status_code, answer.json()["code"]) == (503, "archive.busy")
        assert answer.json()["action"] == "retry"
        assert int(answer.headers["Retry-After"]) > 0
        assert till.client.get("/health").status_code == 200
        assert till.balance(ANNA) == 1_000  # who only looks needs no turn
        many = [{"do": "release", "key": f"q-{n:06d}", "made_at": 10**9, "of": 1} for n in range(9)]
        told = till.ok("/queue", {"requests": many})["answers"]
        assert {one["status"] for one in told} == {503}
        assert time.monotonic() - begin < 2 * BOUND_S

    assert till.hold(ANNA, 10, key="a1-000001")["balance"] == 990


@pytest.mark.postgres
@pytest.mark.slow
def test_a_till_is_told_that_the_archives_server_is_gone_and_goes_on_when_it_is_back(
    tmp_path: Path,
) -> None:
    with cluster() as (url, control):
        db = create_or_upgrade(url, tmp_path)
        with place(db) as made:
            till = made.till()
            first = till.hold(ANNA, 10, key="a1-000001")
            control("stop")

            begin = time.monotonic()
            for answer in (
                till.send("/holds", {"member": by_plate(ANNA), "points": 10}, key="a1-000001"),
                till.send("/members/find", {"member": by_plate(ANNA)}),
                till.client.get("/health"),
            ):
                assert (answer.status_code, answer.json()["action"]) == (503, "retry")
                assert int(answer.headers["Retry-After"]) > 0
                assert str(made.db.url.port) not in answer.text
            assert time.monotonic() - begin < 3 * BOUND_S

            control("start")
            assert till.hold(ANNA, 10, key="a1-000001") == first
        db.close()


@pytest.fixture(scope="module")
def servers() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVERS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process


def test_a_server_that_dies_between_commit_and_answer_has_done_it_once(
    db: Database, tmp_path: Path, servers: "subprocess.Popen[str]"
) -> None:
    counter = opened(db)
    counter.earn(ANNA, 1_000, sale="gift")
    key = terminals.add(counter.ask, name="a1", station="S1", number="").key
    where = f"{db.url.render_as_string(hide_password=False)} {tmp_path}"
    bodies = {
        "/holds": {"member": by_plate(ANNA), "points": 100},
        "/receipts": receipt(plate=ANNA.plate, sold_at=int(time.time()) - 60),
    }
    for path, body in bodies.items():
        dying = serving_alone(servers, where, "dies", key)
        with dying as till, pytest.raises(httpx.TransportError):
            till.send(path, body, key="a1-000001")

    with serving_alone(servers, where, "lives", key) as till:
        held, sold = (till.ok(path, body, key="a1-000001") for path, body in bodies.items())

    assert held["balance"] == 900
    assert (sold["accepted"], sold["duplicates"]) == (1, 0)
    assert one(counter.ask, "SELECT count(*) FROM point_transactions WHERE move = 'hold'") == 1
    assert one(counter.ask, "SELECT count(*) FROM sales") == 1


@contextmanager
def serving_alone(
    servers: "subprocess.Popen[str]", where: str, dies: str, key: str
) -> Iterator[Till]:
    """Yield a till at a server in a process of its own."""
    given, taken, port = servers.stdin, servers.stdout, free_port()
    assert given is not None
    assert taken is not None
    given.write(f"{where} {port} {dies}\n")
    given.flush()
    child = int(taken.readline())
    till = Till(f"http://127.0.0.1:{port}", key)
    try:
        _wait(till.client)
        yield till
    finally:
        till.client.close()
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        taken.readline()


def _wait(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            if client.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the server did not begin")


def test_a_till_that_asks_too_often_is_told_to_wait_and_others_are_not(
    anywhere_calm: Place,
) -> None:
    one_till, other = anywhere_calm.till(), anywhere_calm.till("a2")

    answers = [one_till.send("/members/find", {"member": by_plate(ANNA)}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].json()["code"] == "till.too_often"
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert other.send("/members/find", {"member": by_plate(ANNA)}).status_code == 200


def test_whoever_tries_keys_is_stopped_and_right_keys_never_are(anywhere_calm: Place) -> None:
    good = anywhere_calm.till()  # it asks for the first time when others have tried many
    guesser = anywhere_calm.with_key("till_guess")

    answers = [guesser.send("/holds/release", {"of": 1}).status_code for _ in range(6)]

    assert answers == [401] * 3 + [429] * 3
    assert good.balance(ANNA) == 1_000


@pytest.fixture
def anywhere_calm(db: Database) -> Iterator[Place]:
    rules = replace(LOOSE, per_minute=1, burst=5, failed_keys=3, failed_min=60)
    with place(db, replace(SETTINGS, till=rules)) as made:
        yield made


def test_who_asks_for_too_many_in_vain_is_stopped(db: Database) -> None:
    settings = replace(SETTINGS, till=replace(LOOSE, misses_per_day=2))
    with place(db, settings) as made:
        till = made.till()
        wrong = [{"by": "phone", "text": f"1001357990{n}"} for n in range(4)]

        paths = ("/members/find", "/holds")
        bodies = [{"member": one} for one in wrong]
        codes = [
            till.send(paths[n % 2], body | ({"points": 1} if n % 2 else {})).status_code
            for n, body in enumerate(bodies)
        ]

        assert codes == [404, 404, 429, 429]
        right = {"member": {"by": "phone", "text": ANNA.phone}}
        assert till.send("/members/find", right).status_code == 429
        assert till.balance(ANNA) == 1_000  # plates are counted by themselves


def test_nothing_personal_is_told_of_a_fault_or_logged(
    anywhere: Place, caplog: pytest.LogCaptureFixture
) -> None:
    till = anywhere.till()
    with anywhere.db.writing() as conn:
        conn.exec_driver_sql("ALTER TABLE vehicle_keys RENAME TO lost")

    answer = till.send("/members/find", {"member": by_plate(ANNA)})

    assert answer.json()["code"] in {"till.broken", "till.archive_away"}
    assert answer.status_code in {500, 503}
    assert answer.status_code == 503 or "ProgrammingError at /" in caplog.text
    said = caplog.text + answer.text
    assert [word for word in (ANNA.plate, till.key, ANNA.phone[-8:]) if word in said] == []


def test_what_is_wrong_with_a_request_is_told_by_its_place_and_never_repeated(shop: Place) -> None:
    till = shop.till()
    bad = receipt(plate=ANNA.plate + "\x07", lines=[line(unit="gallon")], extra=ANNA.phone)

    answer = till.send("/receipts", bad)

    assert answer.status_code == 422
    places = {fault["place"] for fault in answer.json()["faults"]}
    assert places == {"body.plate", "body.lines.0.unit", "body.extra"}
    assert ANNA.plate not in answer.text
    assert ANNA.phone not in answer.text


def test_points_are_whole_numbers_and_nothing_else(shop: Place) -> None:
    till = shop.till()
    for points in (10.5, "10", True, 0, -5, None, 10**10):
        answer = till.send("/holds", {"member": by_plate(ANNA), "points": points})

        assert answer.status_code == 422, points


def test_a_change_without_a_key_and_a_body_too_large_are_refused(shop: Place) -> None:
    till = shop.till()
    body = {"member": by_plate(ANNA), "points": 1}

    keyless = till.client.post("/holds", json=body)
    short = till.send("/holds", body, key="short")
    large = till.client.post("/holds", content=b" " * (LOOSE.body_kilobytes * 1024 + 1))
    chunked = till.client.post("/holds", content=iter([b" " * 2**17] * 3))

    assert [keyless.status_code, short.status_code] == [400, 400]
    assert keyless.json()["code"] == "till.key_needed"
    assert [large.status_code, chunked.status_code] == [413, 413]


def test_a_browser_of_another_site_is_refused(shop: Place) -> None:
    answer = shop.till().send(
        "/members/find", {"member": by_plate(ANNA)}, **{"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers

"""Real archives for tests: SQLite always, PostgreSQL where its programs are."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from copying import copy_archive, guard_against_opening
from hypothesis import settings as hypothesis_settings
from nights import by_night
from playwright.sync_api import Browser, sync_playwright
from serving import free_port
from sharing import made_once
from sqlalchemy import Connection, create_engine, make_url

from station.archive.database import Database, create_or_upgrade
from station.config import Settings
from station.guard import passwords
from station.services import access, board, demo, keeping
from station.services.ask import Ask

SYSTEM_USER = "postgres"
MEMORY, ROOM_BYTES = Path("/dev/shm"), 2 * 1024**3  # noqa: S108 - databases come and go by the file
THROWN_AWAY = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off"
"""Nothing of these databases outlives the tests, so the server need not care for its disk."""
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

DEAR = {"demo_archive", "own_demo", "world"}
"""Archives that take seconds to make: whatever looks at one is slow."""
LONGEST_FIRST = (
    *("security/test_inert.py", "browser/test_every_page.py", "ingest/hostile/test_hostile.py"),
    *("security/test_matrix.py", "security/test_other_station.py"),
    *("services/personal/test_erasure.py", "security/test_forged_messages.py", "test_cli.py"),
    *("services/customers/test_merge_sequences.py", "services/incoming/test_intake.py"),
)
"""Files that begin first, so that no worker is left alone with one at the end."""
# `make check` tries fewer examples of each law than CI, and CI half of Hypothesis' own hundred.
# A law is no stopwatch: on a busy machine an example may take longer than Hypothesis' 200 ms.
hypothesis_settings.register_profile("steady", deadline=None, max_examples=by_night(100, by_day=50))
hypothesis_settings.register_profile("quick", deadline=None, max_examples=20)
hypothesis_settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what looks at an archive that is dear to make, and let the longest files begin."""
    for item in items:
        if DEAR.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    turns = {Path(__file__).parent / name: turn for turn, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: turns.get(item.path, len(turns)))


def as_postgres(command: list[str | Path], home: Path) -> None:
    """Run a program of PostgreSQL; it refuses to run as root."""
    root = {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []}
    subprocess.run(
        [str(part) for part in command],
        check=True,
        capture_output=True,
        cwd=home,
        **(root if os.geteuid() == 0 else {}),
    )


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return found[-1] if found else None


def roomy() -> Path:
    """Return where a server's files are made and deleted fastest; its user must get in there."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return MEMORY if has_room else Path("/tmp")  # noqa: S108


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Yield the URL of a server of our own, started for these tests and stopped after them."""
    with cluster() as (url, _):
        yield url


@contextmanager
def cluster() -> Iterator[tuple[str, Callable[[str], None]]]:
    """Yield the URL of a new server, and what stops it (`stop`) and starts it again (`start`)."""
    bin_folder = programs()
    if bin_folder is None:
        if os.environ.get("STATION_TEST_STRICT") == "1":
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    home = roomy() / f"station-postgres-{uuid.uuid4().hex}"
    home.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(home, SYSTEM_USER, SYSTEM_USER)
    port, folder = free_port(), home / "cluster"
    as_postgres(
        [bin_folder / "initdb", "-D", folder, "-U", "station", "-A", "trust", "-E", "UTF8",
         "--locale=C", "--no-sync"],
        home,
    )  # fmt: skip
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 {THROWN_AWAY}"
    told = {"start": ["-o", options], "stop": ["-m", "fast"]}
    command = [bin_folder / "pg_ctl", "-D", folder, "-w", "-l", home / "log"]

    def control(verb: str) -> None:
        as_postgres([*command, *told[verb], verb], home)

    control("start")
    try:
        yield f"postgresql://station@127.0.0.1:{port}/postgres", control
    finally:
        as_postgres([*command, "-m", "immediate", "stop"], home)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: str) -> Iterator[Connection]:
    """Yield the connection that makes and drops databases."""
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        yield conn
    admin.dispose()


@contextmanager
def database(admin: Connection, server: str, template: str = "template1") -> Iterator[str]:
    """Yield the URL of a database of its own, as another one is."""
    name = f"station_{uuid.uuid4().hex}"
    admin.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield make_url(server).set(database=name).render_as_string()
    admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def empty_database(
    postgres_admin: Connection, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Yield the name of a database with an empty archive, made once to be copied."""
    with database(postgres_admin, postgres_server) as url:
        create_or_upgrade(url, tmp_path_factory.mktemp("empty")).close()
        yield str(make_url(url).database)


@pytest.fixture
def postgres_url(
    postgres_admin: Connection, postgres_server: str, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Yield the URL of an empty database; of an empty archive where the test asks for `db`."""
    is_archive = "db" in request.fixturenames
    template = request.getfixturevalue("empty_database") if is_archive else "template1"
    with database(postgres_admin, postgres_server, template) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the URL of a SQLite archive that does not exist yet."""
    return f"sqlite:///{tmp_path}/station.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty place for an archive, on both engines in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of an empty archive, made once to be copied."""
    folder = tmp_path_factory.mktemp("empty")
    create_or_upgrade(f"sqlite:///{folder}/station.db", folder).close()
    return folder / "station.db"


@pytest.fixture
def db(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Yield an empty archive, on both engines in turn."""
    if url.startswith("sqlite"):
        shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "station.db")
    made = create_or_upgrade(url, tmp_path)
    yield made
    made.close()


def fill_demo(folder: Path) -> None:
    """Make an archive with a small demo network, and the files that it came from."""
    settings = Settings()
    db = keeping.create(settings, f"sqlite:///{folder / 'station.db'}")
    ask = Ask(db, settings, access.local_operator(db), date.max)
    network = demo.Network(stations=2, days=120, seed=7, calls=False)
    demo.fill(ask, network=network, out=folder / "files")
    db.close()


@pytest.fixture(scope="session")
def demo_archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of an archive with a small demo network; no test of the worker changes it."""
    made = made_once(tmp_path_factory, "demo-network", fill_demo)
    url = copy_archive(made, tmp_path_factory.mktemp("demo") / "copy")
    guard_against_opening(Path(str(make_url(url).database)))
    return url


@pytest.fixture(scope="session")
def demo_ask(demo_archive: str) -> Ask:
    """Return the local operator's question on the small demo network, as of its last day."""
    return asked(demo_archive)


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """The same on a copy that only this file's tests know, and that they may change."""
    made = made_once(tmp_path_factory, "demo-network", fill_demo)
    ask = asked(copy_archive(made, tmp_path_factory.mktemp("own") / "copy"))
    yield ask
    ask.db.close()


def asked(archive: str) -> Ask:
    """Return the local operator's question on an archive, as of its last day."""
    settings = Settings()
    db = keeping.open_archive(settings, archive)
    ask = Ask(db, settings, access.local_operator(db), date.max)
    return replace(ask, as_of=board.last_day(ask))


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a password be looked at in no time; what a look must cost is tested in tests/guard."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", quick)
    monkeypatch.setattr(passwords, "NOBODYS_HASH", quick.hash("nobody's"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; where there is none the tests skip, or fail when they must run."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("STATION_TEST_STRICT"):
            pytest.fail("Chromium is missing and STATION_TEST_STRICT is set")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()

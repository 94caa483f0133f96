"""Real archives for tests: SQLite always, PostgreSQL where its programs are."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from copying import guard_against_opening
from playwright.sync_api import Browser, sync_playwright
from serving import free_port
from sqlalchemy import create_engine, make_url

from station.archive.database import Database, create_or_upgrade
from station.config import Settings
from station.services import access, board, demo, keeping
from station.services.ask import Ask

SYSTEM_USER = "postgres"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Yield the URL of a server of our own, started for these tests and stopped after them."""
    bin_folder = programs()
    if bin_folder is None:
        if os.environ.get("STATION_TEST_STRICT") == "1":
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    home = Path(f"/tmp/station-postgres-{uuid.uuid4().hex}")  # noqa: S108 - its user must get in
    home.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(home, SYSTEM_USER, SYSTEM_USER)
    port, cluster = free_port(), home / "cluster"
    as_postgres(
        [bin_folder / "initdb", "-D", cluster, "-U", "station", "-A", "trust", "-E", "UTF8",
         "--locale=C", "--no-sync"],
        home,
    )  # fmt: skip
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [bin_folder / "pg_ctl", "-D", cluster, "-w", "-l", home / "log"]
    as_postgres([*control, "-o", options, "start"], home)
    try:
        yield f"postgresql://station@127.0.0.1:{port}/postgres"
    finally:
        as_postgres([*control, "-m", "immediate", "stop"], home)
        shutil.rmtree(home)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Yield the URL of an empty database."""
    name = f"station_{uuid.uuid4().hex}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.exec_driver_sql(f"CREATE DATABASE {name}")
    yield make_url(postgres_server).set(database=name).render_as_string()
    with admin.connect() as conn:
        conn.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


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


@pytest.fixture(scope="session")
def empty_database(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the name of a database with an empty archive, made once to be copied."""
    name = f"empty_{uuid.uuid4().hex}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    url = make_url(postgres_server).set(database=name).render_as_string()
    create_or_upgrade(url, tmp_path_factory.mktemp("empty")).close()
    return name


def copy_database(url: str, template: str, server: str) -> None:
    """Put a copy of another database in the place of an empty one."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    name = make_url(url).database
    with admin.connect() as conn:
        conn.exec_driver_sql(f"DROP DATABASE {name}")
        conn.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    admin.dispose()


@pytest.fixture
def db(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Yield an empty archive, on both engines in turn."""
    if url.startswith("sqlite"):
        shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "station.db")
    else:
        given = [request.getfixturevalue(name) for name in ("empty_database", "postgres_server")]
        copy_database(url, *given)
    made = create_or_upgrade(url, tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def demo_archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of an archive with a small demo network, made once; nobody changes it."""
    folder = tmp_path_factory.mktemp("demo")
    url = f"sqlite:///{folder / 'station.db'}"
    settings = Settings()
    db = keeping.create(settings, url)
    ask = Ask(db, settings, access.local_operator(db), date.max)
    demo.fill(ask, network=demo.Network(stations=2, days=120, seed=7), out=folder / "files")
    db.close()
    guard_against_opening(folder / "station.db")
    return url


@pytest.fixture(scope="session")
def demo_ask(demo_archive: str) -> Ask:
    """Return the local operator's question on the small demo network, as of its last day."""
    settings = Settings()
    db = keeping.open_archive(settings, demo_archive)
    ask = Ask(db, settings, access.local_operator(db), date.max)
    return replace(ask, as_of=board.last_day(ask))


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

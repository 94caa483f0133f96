"""A demo network: its files are written, then imported like anybody's."""

from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from time import time
from typing import Any

from station.archive import stations
from station.archive.calls import homes
from station.archive.customers import book as customers
from station.archive.customers import consents
from station.archive.people import accounts
from station.archive.points import awards
from station.config import read_yaml
from station.demo.generate import DemoFiles, write_network
from station.model import (
    Act,
    Channel,
    Grant,
    Progress,
    Purpose,
    Role,
    day_number,
    quiet,
)
from station.services import access, demo_calls, trail
from station.services.access import right
from station.services.ask import Ask
from station.services.calls import samples
from station.services.customers import told
from station.services.incoming import intake, records
from station.services.incoming.files import FileOptions

POINTS_DAYS = 365
"""Of a demo only the last year's sales earn: older points would have run out."""
PURPOSES, CHANNELS = (Purpose.MARKETING, Purpose.CARE), (Channel.PHONE, Channel.VISIT)
"""What most agreed to be called for, and how."""
AGREED_SHARE = 5
"""All but each so many-th customer of a demo agreed to be called."""
STAFF_SHARE = 3
"""Each so many-th customer of the first station is in the care of its member of staff."""


@dataclass(frozen=True, slots=True)
class Network:
    """How large a demo network is, and whether its stations call; one seed gives the same bytes."""

    stations: int = 5
    days: int = 540
    seed: int = 1
    calls: bool = True


@right("archive.keep")
def fill(ask: Ask, *, network: Network, out: Path, progress: Progress = quiet) -> int:
    """Return how many lines of a new demo network came in; its files stay in `out`.

    An archive that was empty becomes a demo archive, with accounts that need no password.
    """
    with ask.db.reading() as conn:
        is_new = accounts.count(conn) == 0 and not stations.ids(conn)
    files, in_sight = write(network=network, out=out), ask
    if is_new:
        _start_points(ask, network)
    for kind, path in (
        ("stations", files.stations_file),
        ("customers", files.customers_file),
        ("vehicles", files.vehicles_file),
        ("cards", files.cards_file),
    ):
        records.import_records(in_sight, kind=kind, path=path, options=FileOptions())
        in_sight = replace(ask, scope=access.local_operator(ask.db))  # with the new stations
    told.bring(in_sight, files.fields_file, files.persons_file, files.agreements_file)
    lines = 0
    for number, path in enumerate(files.sales_files, start=1):
        options = intake.ImportOptions(more_follow=number < len(files.sales_files))
        report = intake.import_sales(in_sight, path=path, options=options)
        lines += report.counts.accepted
        progress(number, len(files.sales_files))
    told.settle_most(in_sight)
    if is_new:
        _settle(in_sight, network, files.truth_file)
    return lines


def _settle(ask: Ask, network: Network, truth: Path) -> None:
    """Let a new demo have accounts, agreements, days to think of and, if wanted, calls."""
    last_day = day_number(_parameters()["defaults"]["last_day"])
    agreed_day = demo_calls.first_day(last_day) if network.calls else last_day
    _people(ask)
    agree(ask, agreed_day)
    samples.bring(ask, last_day, agreed_day, has_calls=network.calls)
    if network.calls:
        demo_calls.bring(ask, truth=truth, seed=network.seed, last_day=last_day)


def _start_points(ask: Ask, network: Network) -> None:
    """Let the sales of the demo's last year earn points, whatever the day of the rules."""
    last_day = day_number(_parameters()["defaults"]["last_day"])
    with ask.db.writing(changes_figures=False) as conn:
        awards.start_demo(conn, last_day - min(network.days, POINTS_DAYS) + 1)


def agree(ask: Ask, day: int) -> None:
    """Let most customers have agreed on a day to be called, each at the counter."""
    with ask.db.writing(changes_figures=False) as conn:
        ids = [one.customer_id for one in homes.people(conn) if one.customer_id % AGREED_SHARE]
        words = samples.agreed(ids, day, PURPOSES, CHANNELS)
        consents.add(conn, words)


def _people(ask: Ask) -> None:
    """Make an account of every role; those of one station at the first."""
    with ask.db.writing(changes_figures=False) as conn:
        accounts.mark_demo(conn)
        ids = stations.ids(conn)
        first = next(iter(stations.everything(conn).values()))
        for role, reach in (
            (Role.MANAGER, {"station_id": ids[first.code]}),
            (Role.STAFF, {"station_id": ids[first.code]}),
            (Role.REGIONAL, {"region": first.region}),
            (Role.ADMINISTRATOR, {}),
            (Role.AUDITOR, {}),
        ):
            name = f"demo.{role}"
            account_id = accounts.add(conn, name=name, person=name, now_s=int(time()), is_demo=True)
            made = {"made_by": access.LOCAL_ACCOUNT, "approved_by": access.LOCAL_ACCOUNT}
            grant_id = accounts.grant(conn, account_id, Grant(role, **reach), **made)
            if role is Role.STAFF:
                customers.share(conn, ids[first.code], account_id, every=STAFF_SHARE)
            for what in ("made", f"grant:{grant_id}"):
                trail.note(conn, ask.scope, Act.CHANGE, f"account:{account_id}:{what}")


def write(*, network: Network, out: Path) -> DemoFiles:
    """Write the files of a demo network with their truth, and return where they are."""
    parameters = _parameters()
    return write_network(
        parameters,
        stations=network.stations,
        days=network.days,
        seed=network.seed,
        out=out,
        last_day=parameters["defaults"]["last_day"],
    )


@cache
def _parameters() -> dict[str, Any]:
    source = resources.files("station.demo").joinpath("network.yaml")
    return read_yaml(source.read_text(encoding="utf-8"), name="network.yaml")

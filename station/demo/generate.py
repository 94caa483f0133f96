"""Writes a whole demo network: same arguments, same bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from station.demo.archive_files import write_archives
from station.demo.fuelling import DAY_SECONDS, fuel_lines
from station.demo.journal_files import write_journal
from station.demo.lines import more_lines, post, without_camera
from station.demo.organisation_files import write_organisations
from station.demo.parameters import Network, read_network
from station.demo.seasons import Calendar, Window, make_calendar
from station.demo.sites import Site, make_sites
from station.demo.truth_files import CAMERA, CLOSURE, write_events, write_truth
from station.demo.vehicles import populate
from station.demo.visits import make_visits, without_closure
from station.errors import ConfigError

FEWEST_DAYS = 30
Mishaps = dict[str, tuple[int, int | None, Window]]
"""Station, nozzle (None: all of them) and days of each mishap."""


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The files of a demo network, by kind."""

    stations_file: Path
    customers_file: Path
    vehicles_file: Path
    cards_file: Path
    sales_files: tuple[Path, ...]
    truth_file: Path
    events_file: Path
    fields_file: Path
    persons_file: Path
    agreements_file: Path


def write_network(
    parameters: Mapping[str, Any],
    *,
    stations: int = 5,
    days: int = 540,
    seed: int = 1,
    out: Path,
    last_day: date,
) -> DemoFiles:
    """Return the files of a network of `stations` whose last of `days` is `last_day`.

    Args:
        parameters: network.yaml as parsed.
        stations: how many, one of each type in turn.
        days: length of the period, at least 30.
        seed: same seed, same bytes.
        out: the folder to write to; made if missing.
        last_day: the last day with sales.

    Raises:
        ConfigError: a parameter is wrong, or the network is too small.
    """
    if stations < 1 or days < FEWEST_DAYS:
        raise ConfigError("demo.bad_size", days=FEWEST_DAYS)
    network, rng = read_network(parameters), np.random.default_rng(seed)
    sites = make_sites(network, stations)
    calendar = make_calendar(network, last_day - timedelta(days=days - 1), days, rng)
    mishaps = _mishaps(network, sites, days)
    vehicles = populate(network, sites, calendar, rng)
    shut, _, closure = mishaps[CLOSURE]
    visits = without_closure(make_visits(network, vehicles, calendar, rng), shut, closure)
    journal = _journal(network, sites, vehicles, visits, calendar, rng, mishaps)
    out.mkdir(parents=True, exist_ok=True)
    archives = write_archives(network, sites, vehicles, calendar, out)
    fields, persons, agreements = write_organisations(vehicles, calendar, out)
    overlap = network.lines.overlap_lines
    return DemoFiles(
        *archives,
        sales_files=write_journal(journal, sites, calendar, overlap, out / "sales"),
        truth_file=write_truth(network, sites, vehicles, visits, calendar, out / "truth.csv"),
        events_file=write_events(sites, calendar, mishaps, out / "events.csv"),
        fields_file=fields,
        persons_file=persons,
        agreements_file=agreements,
    )


def _mishaps(network: Network, sites: tuple[Site, ...], days: int) -> Mishaps:
    rules = network.events
    camera = int(rules.camera_start * days)
    closure = int(rules.closure_start * days)
    return {
        CAMERA: (
            rules.camera_station % len(sites),
            rules.camera_nozzle,
            Window(camera, min(camera + rules.camera_days, days) - 1),
        ),
        CLOSURE: (
            rules.closure_station % len(sites),
            None,
            Window(closure, min(closure + rules.closure_days, days) - 1),
        ),
    }


def _journal(
    network: Network,
    sites: tuple[Site, ...],
    vehicles: pd.DataFrame,
    visits: pd.DataFrame,
    calendar: Calendar,
    rng: np.random.Generator,
    mishaps: Mishaps,
) -> pd.DataFrame:
    """Return the journal of all tills, with the mishaps."""
    fuel = fuel_lines(network, sites, vehicles, visits, calendar, rng)
    lines = more_lines(network, sites, fuel, vehicles, calendar, rng)
    shut, _, closure = mishaps[CLOSURE]
    days = lines["second"] // DAY_SECONDS
    closed = (lines["station"] == shut) & days.between(closure.start, closure.end)
    dead, nozzle, outage = mishaps[CAMERA]
    seen = without_camera(lines[~closed].reset_index(drop=True), dead, nozzle or 0, outage)
    return post(network, seen, calendar, rng)

"""A demo network: its files are written, then imported like anybody's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path

from station.config import read_yaml
from station.demo.generate import DemoFiles, write_network
from station.model import ImportCounts, Progress
from station.services import intake, records
from station.services.access import right
from station.services.ask import Ask


@dataclass(frozen=True, slots=True)
class Network:
    """How large a demo network is; the same seed gives the same bytes."""

    stations: int = 5
    days: int = 540
    seed: int = 1


@right("sales.import")
def fill(ask: Ask, *, network: Network, out: Path, progress: Progress = intake.quiet) -> int:
    """Return how many lines of a new demo network came in; its files stay in `out`."""
    files = write(network=network, out=out)
    for kind, path in (
        ("stations", files.stations_file),
        ("customers", files.customers_file),
        ("vehicles", files.vehicles_file),
        ("cards", files.cards_file),
    ):
        records.import_records(ask, kind=kind, path=path, options=records.RecordOptions())
    return _import_all(ask, files.sales_files, progress).rows


def write(*, network: Network, out: Path) -> DemoFiles:
    """Write the files of a demo network with their truth, and return where they are."""
    parameters = resources.files("station.demo").joinpath("network.yaml")
    return write_network(
        read_yaml(parameters.read_text(encoding="utf-8"), name="network.yaml"),
        stations=network.stations,
        days=network.days,
        seed=network.seed,
        out=out,
    )

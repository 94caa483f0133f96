"""The truth beside the data: what every vehicle did, and what befell the network."""

from pathlib import Path

import numpy as np
import pandas as pd

from station.demo.archive_files import write_table
from station.demo.parameters import Network
from station.demo.regulars import FLEET_LEFT, LOST, NOBODY, NONE
from station.demo.seasons import Calendar, Window
from station.demo.sites import Site

CAMERA, CLOSURE = "dead_camera", "closure"
PRICE_RISE, PRICE_CUT, FESTIVAL = "price_rise", "price_cut", "spring_festival"
DECIMALS = 4


def write_truth(
    network: Network,
    sites: tuple[Site, ...],
    vehicles: pd.DataFrame,
    visits: pd.DataFrame,
    calendar: Calendar,
    path: Path,
) -> Path:
    """Return `path` after writing one row per plate there."""
    codes = {site.index: site.code for site in sites} | {NOBODY: ""}
    gone = vehicles["change"].isin([LOST, FLEET_LEFT])
    changed = vehicles["change"] != NONE
    customers = vehicles["customer"].map("C{:06d}".format)
    came = visits["vehicle"].value_counts().reindex(vehicles.index, fill_value=0)
    table = pd.DataFrame(
        {
            "plate": vehicles["plate"],
            "colour": vehicles["colour"],
            "kind": vehicles["kind"],
            "use": vehicles["kind"].map({name: kind.use for name, kind in network.kinds.items()}),
            "owner_kind": vehicles["owner"],
            "customer": customers.where(vehicles["customer"] != NOBODY, ""),
            "home_station": vehicles["station"].map(codes),
            "sister_station": vehicles["sister"].map(codes),
            **{name: vehicles[name].astype("float64").round(DECIMALS) for name in _NUMBERS},
            "mean_gap_days": vehicles["gap_days"].astype("float64").round(DECIMALS),
            "first_day": _dates(vehicles["first_day"], calendar),
            "change": vehicles["change"],
            "changed_on": _dates(vehicles["changed_day"], calendar).where(changed, ""),
            "lost_on": _dates(vehicles["changed_day"], calendar).where(gone, ""),
            "reason": vehicles["reason"],
            "new_plate": vehicles["new_plate"],
            "passing": vehicles["passing"].astype("int64"),
            "visits": came,
        }
    )
    return write_table(table, path)


_NUMBERS = ("share_before", "share_after", "sister_before", "sister_after")


def write_events(
    sites: tuple[Site, ...],
    calendar: Calendar,
    mishaps: dict[str, tuple[int, int | None, Window]],
    path: Path,
) -> Path:
    """Return `path` after writing kind, station, nozzle, first and last day of each event."""
    rows = [
        (kind, sites[station].code, "" if nozzle is None else nozzle, *_span(window, calendar))
        for kind, (station, nozzle, window) in mishaps.items()
    ]
    rows += [(FESTIVAL, "", "", *_span(window, calendar)) for window in calendar.festivals]
    rows += [
        (PRICE_RISE if step > 0 else PRICE_CUT, "", "", *_span(Window(day, day), calendar))
        for day, step in calendar.price_moves
    ]
    names = ["event", "station", "nozzle", "from", "to"]
    return write_table(pd.DataFrame(rows, columns=names), path)


def _span(window: Window, calendar: Calendar) -> tuple[str, str]:
    return calendar.day(window.start).isoformat(), calendar.day(window.end).isoformat()


def _dates(days: pd.Series, calendar: Calendar) -> pd.Series:
    texts = np.asarray([calendar.day(n).isoformat() for n in range(calendar.days + 1)], object)
    return pd.Series(texts[days.to_numpy(dtype=np.int64)], index=days.index)

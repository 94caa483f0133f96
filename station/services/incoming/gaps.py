"""Is anything missing? Running numbers, meters and tills' own totals against the sales held."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from station.analysis import gaps
from station.analysis.gaps import Gap, Gaps
from station.archive import controls
from station.archive import stations as sites
from station.model import MILLI, day_number, minor_per_major
from station.services.access import right, stations_in_sight
from station.services.ask import Ask

PREFIX = "gaps"
EVEN = "even"


@dataclass(frozen=True, slots=True)
class Days:
    """The stations and business days that are asked about; `to_day` is the last of them."""

    station_ids: frozenset[int]
    from_day: int
    to_day: int


def _days(ask: Ask, stations: Sequence[str], days: int) -> Days:
    most = ask.settings.gaps.most_days
    wanted = min(days, most) if days else most
    last = day_number(ask.as_of)
    return Days(stations_in_sight(ask, stations), last - wanted + 1, last)


@right("batches.read")
def find(ask: Ask, *, stations: Sequence[str] = (), days: int = 7) -> Gaps:
    """Return what is missing or edited among the sales of the last business days.

    Each finding has a sentence (`sentence`, a key that the row's own columns fill). The cost is
    that of the days asked for, at most `gaps.most_days`, however many sales the archive holds.
    """
    asked = _days(ask, stations, days)
    with ask.db.reading() as conn:
        lines = controls.lines(conn, asked.station_ids, asked.from_day, asked.to_day)
    found = gaps.find_gaps(lines, ask.settings.gaps)
    return replace(
        found,
        findings=_named(ask, _told(found.findings)),
        basis=_named(ask, found.basis),
        nozzles=_named(ask, found.nozzles),
    )


def _told(findings: pd.DataFrame) -> pd.DataFrame:
    is_single = (findings["kind"] == Gap.SERIAL.value) & (findings["count"] == 1)
    return findings.assign(
        litres=findings["quantity_milli"].astype("float64") / MILLI,
        from_time=_clock(findings["from_at"]),
        to_time=_clock(findings["to_at"]),
        sentence=PREFIX + "." + findings["kind"].astype(str).mask(is_single, "serial_one"),
    )


def _clock(local_at: pd.Series) -> pd.Series:
    """Return moments of the station's clock as text."""
    moments = pd.to_datetime(pd.to_numeric(local_at), unit="s")
    return moments.dt.strftime("%Y-%m-%d %H:%M").astype(object).where(moments.notna(), "")


def _named(ask: Ask, frame: pd.DataFrame) -> pd.DataFrame:
    with ask.db.reading() as conn:
        known = sites.everything(conn)
    return frame.assign(
        station=frame["station_id"].map({i: site.code for i, site in known.items()}),
        station_name=frame["station_id"].map({i: site.name for i, site in known.items()}),
        currency=frame["station_id"].map({i: site.currency for i, site in known.items()}),
    )


@right("batches.read")
def compare(ask: Ask, *, stations: Sequence[str] = (), days: int = 7) -> pd.DataFrame:
    """Return for each day and grade what a till says it sold, what is held, and the difference."""
    asked = _days(ask, stations, days)
    with ask.db.reading() as conn:
        totals = controls.newest(conn, asked.station_ids, asked.from_day, asked.to_day)
        told = frozenset(int(i) for i in totals["station_id"].unique())
        sold = controls.sold(conn, told, asked.from_day, asked.to_day)
    rows = _named(ask, gaps.compare_totals(totals, sold, ask.settings.gaps))
    per_major = rows["currency"].map(minor_per_major).astype("float64")
    return rows.assign(
        litres=rows["difference_milli"].astype("float64") / MILLI,
        told_litres=rows["told_milli"].astype("float64") / MILLI,
        held_litres=rows["held_milli"].astype("float64") / MILLI,
        test_litres=rows["test_milli"].astype("float64") / MILLI,
        amount=rows["difference_minor"].astype("float64") / per_major,
        sentence=PREFIX + ".total_" + rows["verdict"].astype(str),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """The sentence (a key and its facts) that answers, and what it is drawn from."""

    key: str
    facts: dict[str, float]
    findings: pd.DataFrame
    totals: pd.DataFrame


@right("batches.read")
def tell(ask: Ask, *, stations: Sequence[str] = (), days: int = 7) -> Told:
    """Return whether anything is missing, in a sentence, with everything that is."""
    found = find(ask, stations=stations, days=days)
    totals = compare(ask, stations=stations, days=days)
    facts = _facts(found, totals) | {"days": days}
    can_say = (found.basis["scope"] != "none").any() or found.basis["metered"].sum() or len(totals)
    if not facts["lines"]:
        key = "no_lines"
    elif not can_say:
        key = "unknown"
    else:
        is_missing = any(facts[name] for name in ("numbers", "litres", "edited", "totals"))
        key = "missing" if is_missing else "complete"
    return Told(f"{PREFIX}.answer_{key}", facts, found.findings, totals)


def _facts(found: Gaps, totals: pd.DataFrame) -> dict[str, float]:
    findings = found.findings
    kinds = findings["kind"]
    return {
        "lines": int(found.basis["lines"].sum()),
        "numbers": int(findings.loc[kinds == "serial", "count"].sum()),
        "litres": float(findings.loc[kinds == "meter", "litres"].sum()),
        "edited": int((kinds == "edited").sum()),
        "totals": int((~totals["verdict"].isin([EVEN, "tests"])).sum()),
    }

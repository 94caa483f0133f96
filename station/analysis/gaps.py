"""Is anything missing? What running numbers, meters and a till's own totals say of the sales held.

Nothing is claimed where the numbers do not allow it: a numbering that starts anew, a meter that was
replaced or ran over its last digit, and readings that leap are told apart from what is missing.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from station.model import DAY_S, MILLI

DATE_LENGTHS = {8: "%Y%m%d", 6: "%y%m%d"}
"""Digits of a date that running numbers may begin with, and how it is written."""
MOSTLY = 0.9
"""As large a share of the numbers must begin with their day to be read so."""
TWICE_AT_MOST = 0.1
"""As large a share of numbers may be used twice where they are to count one place's sales."""
FINDINGS = (
    *("station_id", "business_day", "kind", "nozzle", "from_at", "to_at"),
    *("first", "last", "count", "quantity_milli", "receipt_no", "sale_id"),
)
"""Columns of what is found: numbers `first` to `last` are not held, or so much fuel."""


class Scope(StrEnum):
    """What a running number counts: the finest that the numbers themselves show."""

    NOZZLE = "nozzle"
    TERMINAL = "terminal"
    STATION = "station"
    NONE = "none"


class Gap(StrEnum):
    """What may be wrong."""

    SERIAL = "serial"  # running numbers that are not held
    METER = "meter"  # fuel flowed between two sales
    EDITED = "edited"  # the quantity is not what the meter moved
    OVERLAP = "overlap"  # two sales claim the same fuel
    JUMP = "jump"  # numbers or a meter leap: nothing can be said


@dataclass(frozen=True, slots=True)
class GapRules:
    """What is taken for missing, edited or only rounded.

    A meter may differ by `meter_tolerance_milli`, a day's total by `total_tolerance_milli`. Running
    numbers count where at least `serial_cover` of them are held. Leaps of more than `serial_jump`
    numbers or `meter_jump_milli` are told, and not taken for missing sales. A number that falls by
    more than `serial_restart`, or a meter by `meter_restart_milli`, has started anew. No more than
    `most_days` are looked at in one go.
    """

    meter_tolerance_milli: int = 20
    total_tolerance_milli: int = 1_000
    most_days: int = 92
    serial_cover: float = 0.5
    serial_jump: int = 500
    serial_restart: int = 50
    meter_jump_milli: int = 100_000_000
    meter_restart_milli: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Gaps:
    """What was found, on what each station can be judged, and how far each nozzle is complete."""

    findings: pd.DataFrame
    basis: pd.DataFrame
    nozzles: pd.DataFrame


def find_gaps(lines: pd.DataFrame, rules: GapRules) -> Gaps:
    """Return what is missing or edited among the lines of some days (`archive.controls.lines`)."""
    lines = _typed(lines)
    found, basis = [], []
    for station_id, own in lines.groupby("station_id"):
        scope, numbered = _numbered(own, rules)
        basis.append(
            {
                "station_id": station_id,
                "lines": len(own),
                "numbered": int(own["serial_no"].notna().sum()),
                "scope": scope.value,
                "fuel_lines": int(own["is_fuel"].sum()),
                "metered": int(_metered(own).shape[0]),
            }
        )
        found += [_missing_numbers(numbered, rules), *_meter_findings(_metered(own), rules)]
    frames = [frame[list(FINDINGS)] for frame in found if len(frame)]
    findings = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=FINDINGS)
    columns = ["station_id", "lines", "numbered", "scope", "fuel_lines", "metered"]
    return Gaps(
        findings.sort_values(["station_id", "business_day", "from_at"], ignore_index=True),
        pd.DataFrame(basis, columns=columns),
        _nozzles(lines, findings),
    )


def _typed(lines: pd.DataFrame) -> pd.DataFrame:
    numbers = ["serial_no", "meter_from_milli", "meter_to_milli"]
    typed = lines.assign(
        **{name: pd.to_numeric(lines[name]).astype("Int64") for name in numbers},
        is_fuel=lines["is_fuel"].astype(bool),
    )
    return typed.rename(columns={"id": "sale_id"})


# --- running numbers ------------------------------------------------------------------------------


def _numbered(own: pd.DataFrame, rules: GapRules) -> tuple[Scope, pd.DataFrame]:
    """Return what a station's numbers count, and its numbered lines with a `place` for each."""
    numbered = own[own["serial_no"].notna()].copy()
    numbered["serial"] = numbered["serial_no"].astype("int64")
    numbered["day_part"] = _day_part(numbered)
    terminal = numbered["natural_key"].str.split("|").str[1]
    places = {
        Scope.NOZZLE: numbered["nozzle"].where(numbered["is_fuel"]),
        Scope.TERMINAL: terminal.where(numbered["key_kind"] == "receipt").replace("", None),
        Scope.STATION: pd.Series("", index=numbered.index),
    }
    best, best_cover = Scope.NONE, rules.serial_cover
    for scope, place in places.items():
        part = numbered.assign(place=place).dropna(subset="place")
        if len(part) * 2 > len(numbered) and _used_twice(part) <= TWICE_AT_MOST:
            cover = _cover(_runs(part, rules))
            if cover > best_cover:
                best, best_cover = scope, cover
    if best is Scope.NONE:
        return best, numbered.assign(place="").iloc[:0]
    return best, numbered.assign(place=places[best]).dropna(subset="place")


def _day_part(numbered: pd.DataFrame) -> pd.Series:
    """Return the date with which numbers begin, nothing where they do not."""
    texts = numbered["serial"].astype(str)
    clock = pd.to_datetime(numbered["local_at"], unit="s")
    business = pd.to_datetime(numbered["business_day"].astype("int64") * DAY_S, unit="s")
    for length, form in DATE_LENGTHS.items():
        head = texts.str[:length]
        is_day = (head == clock.dt.strftime(form)) | (head == business.dt.strftime(form))
        if len(texts) and is_day.mean() >= MOSTLY and (texts.str.len() > length).all():
            return head
    return pd.Series("", index=numbered.index)


def _used_twice(part: pd.DataFrame) -> float:
    """Return the share of numbers that sales of several moments of a day carry."""
    moments = part.groupby(["place", "business_day", "serial"])["sold_at"].nunique()
    return float((moments > 1).mean()) if len(moments) else 1.0


def _runs(part: pd.DataFrame, rules: GapRules) -> pd.DataFrame:
    """Return the numbers in their order, each with the `run` it belongs to.

    A run ends where numbers start anew: by a date in front, at midnight, or at the last digit.
    """
    part = part.sort_values(["place", "sold_at", "serial"], kind="stable")
    place = part.groupby("place")
    fell = place["serial"].shift() - part["serial"] > rules.serial_restart
    anew = fell | (part["day_part"] != place["day_part"].shift())
    part = part.assign(run=anew.cumsum())
    part = part.sort_values(["place", "run", "serial", "sold_at"], kind="stable")
    return part.drop_duplicates(["place", "run", "serial"])


def _cover(runs: pd.DataFrame) -> float:
    """Return the share of the numbers between first and last that are held."""
    spans = runs.groupby(["place", "run"])["serial"].agg(["min", "max", "size"])
    return float(spans["size"].sum() / (spans["max"] - spans["min"] + 1).sum()) if len(runs) else 0


def _missing_numbers(numbered: pd.DataFrame, rules: GapRules) -> pd.DataFrame:
    if numbered.empty:
        return pd.DataFrame(columns=FINDINGS)
    runs = _runs(numbered, rules)
    before = runs.groupby(["place", "run"])[["serial", "local_at"]].shift()
    holes = runs.assign(
        first=before["serial"] + 1,
        last=runs["serial"] - 1,
        from_at=before["local_at"],
        to_at=runs["local_at"],
    )
    holes = holes[holes["last"] >= holes["first"]]
    count = holes["last"] - holes["first"] + 1
    is_jump = count > rules.serial_jump
    return holes.assign(
        kind=np.where(is_jump, Gap.JUMP.value, Gap.SERIAL.value),
        nozzle=np.where(holes["place"] == holes["nozzle"], holes["nozzle"], ""),
        count=count.where(~is_jump, 0).astype("int64"),
        quantity_milli=0,
    )


# --- meters ---------------------------------------------------------------------------------------


def _metered(own: pd.DataFrame) -> pd.DataFrame:
    """Return the fuel lines with two readings; one sale rung again is the same fuel."""
    has_both = own["meter_from_milli"].notna() & own["meter_to_milli"].notna()
    lines = own[has_both & own["is_fuel"] & (own["nozzle"] != "")]
    lines = lines.drop_duplicates(["nozzle", "meter_from_milli", "meter_to_milli"], keep="last")
    start, end = (lines[f"meter_{name}_milli"].astype("int64") for name in ("from", "to"))
    over = _last_digit(start)
    ran_over = (end < start) & (end + over - start <= start)
    return lines.assign(start=start, end=end.where(~ran_over, end + over), over=over)


def _last_digit(reading: pd.Series) -> pd.Series:
    """Return where a meter of so many whole digits begins at nought again."""
    digits = (reading // MILLI).astype(str).str.len()
    return (10**digits * MILLI).astype("int64")


def _meter_findings(lines: pd.DataFrame, rules: GapRules) -> list[pd.DataFrame]:
    if lines.empty:
        return []
    moved = lines["end"] - lines["start"]
    off = lines["quantity_milli"].astype("int64") - moved
    edited = lines.assign(from_at=lines["local_at"], to_at=lines["local_at"], quantity_milli=off)
    edited = edited[off.abs() > rules.meter_tolerance_milli]
    edited = edited.assign(kind=Gap.EDITED.value, first=None, last=None, count=1)
    return [edited, _meter_holes(lines, rules)]


def _meter_holes(lines: pd.DataFrame, rules: GapRules) -> pd.DataFrame:
    """Return where a sale does not begin at the reading at which the one before ended."""
    lines = lines.sort_values(["nozzle", "sold_at", "start"], kind="stable")
    before = lines.groupby("nozzle")[["start", "end", "over"]].shift()
    fell = before["start"] - lines["start"] > rules.meter_restart_milli
    # Over the last digit the meter goes on; anything else that falls so far was reset.
    goes_on = fell & (before["over"] - before["end"] + lines["start"] <= rules.meter_restart_milli)
    turns = goes_on.groupby(lines["nozzle"]).cumsum()
    over = lines.groupby("nozzle")["over"].transform("max")
    lines = lines.assign(
        run=(fell & ~goes_on).cumsum(),
        start=lines["start"] + turns * over,
        end=lines["end"] + turns * over,
    ).sort_values(["nozzle", "run", "start"], kind="stable")
    group = [lines["nozzle"], lines["run"]]
    reached = lines["end"].groupby(group).cummax().groupby(group).shift()
    off = lines["start"] - reached
    holes = lines.assign(
        from_at=lines["local_at"].groupby(group).shift(), to_at=lines["local_at"], off=off
    )
    holes = holes[off.abs() > rules.meter_tolerance_milli]
    is_jump = holes["off"].abs() > rules.meter_jump_milli
    kind = np.where(holes["off"] > 0, Gap.METER.value, Gap.OVERLAP.value)
    return holes.assign(
        kind=np.where(is_jump, Gap.JUMP.value, kind),
        first=None,
        last=None,
        count=0,
        quantity_milli=holes["off"].where(~is_jump, 0).astype("int64"),
    )


def _nozzles(lines: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Return for each nozzle and day its fuel lines and how much of it is missing or edited."""
    by = ["station_id", "nozzle", "business_day"]
    fuel = lines[lines["is_fuel"] & (lines["nozzle"] != "")]
    held = fuel.groupby(by).agg(lines=("sale_id", "size"), held_milli=("quantity_milli", "sum"))
    known = findings[findings["nozzle"].astype(str) != ""]
    sums = {
        "missing_numbers": known["count"].where(known["kind"] == Gap.SERIAL, 0),
        "missing_milli": known["quantity_milli"].where(known["kind"] == Gap.METER, 0),
        "edited": (known["kind"] == Gap.EDITED).astype(int),
    }
    found = known.assign(**sums).groupby(by)[list(sums)].sum() if len(known) else None
    if found is None:
        return held.assign(missing_numbers=0, missing_milli=0, edited=0).reset_index()
    return held.join(found).fillna(dict.fromkeys(sums, 0)).reset_index()


# --- totals ---------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """What the sales held of a grade and day are against the till's own total."""

    EVEN = "even"
    TESTS = "tests"
    MISSING = "missing"
    MORE = "more"


def compare_totals(totals: pd.DataFrame, sold: pd.DataFrame, rules: GapRules) -> pd.DataFrame:
    """Return a row for each grade and day of which a till told its total.

    `difference_milli` is what is held less what the till sold. A till may count pump tests as
    sold: where they are the difference, the verdict says so.
    """
    by = ["station_id", "business_day", "name"]
    told = {
        kind: part.set_index(by)[["quantity_milli", "amount_minor"]]
        for kind, part in totals.groupby("kind")
    }
    if "grade" not in told:
        return pd.DataFrame(columns=[*by, *_COMPARED])
    held = sold.assign(name=sold["code"].str.split(" ").str[0])
    sums = held.groupby(by)[["quantity_milli", "amount_minor"]].sum()
    rows = told["grade"].join(sums.add_prefix("held_"), how="left")
    tests = told.get("test")
    rows["test_milli"] = tests["quantity_milli"] if tests is not None else 0
    rows = (
        rows.fillna(0)
        .astype("int64")
        .rename(columns={"quantity_milli": "told_milli", "amount_minor": "told_minor"})
        .rename(columns={"held_quantity_milli": "held_milli", "held_amount_minor": "held_minor"})
    )
    rows["difference_milli"] = rows["held_milli"] - rows["told_milli"]
    rows["difference_minor"] = rows["held_minor"] - rows["told_minor"]
    rows["verdict"] = _verdicts(rows, rules.total_tolerance_milli)
    return rows.reset_index()[[*by, *_COMPARED]]


_COMPARED = (
    *("told_milli", "held_milli", "test_milli", "difference_milli"),
    *("told_minor", "held_minor", "difference_minor", "verdict"),
)


def _verdicts(rows: pd.DataFrame, tolerance: int) -> pd.Series:
    off, tested = rows["difference_milli"], rows["test_milli"]
    verdict = np.select(
        [off.abs() <= tolerance, (off + tested).abs() <= tolerance, off < 0],
        [Verdict.EVEN.value, Verdict.TESTS.value, Verdict.MISSING.value],
        Verdict.MORE.value,
    )
    return pd.Series(verdict, index=rows.index)

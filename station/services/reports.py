"""Any analysis as a plain table, for programs and for print (docs/en/commands.md)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from station import text
from station.analysis import profile
from station.archive import lake
from station.archive import vehicles as garage
from station.errors import NotFoundError
from station.model import COMING, STAYING_AWAY, Stability, currency_name, day_date, day_number
from station.output import sheets as files
from station.services import backtests, board, sheets
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.customers import completeness, fields, fleets, grades, stages
from station.services.incoming import gaps


@dataclass(frozen=True, slots=True)
class Question:
    """What a report covers; `days` 0 is everything, `horizon_days` is that of p_return.

    `reason` is why it is taken out of the house.
    """

    stations: tuple[str, ...] = ()
    region: str = ""
    days: int = 0
    horizon_days: int = 30
    network: bool = False
    lang: str = "zh"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A table with its heading, and the sums that make sense over all its rows."""

    name: str
    as_of: date
    scope: tuple[str, ...]
    rows: pd.DataFrame
    totals: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the report as plain data; what is not known is null."""
        return {
            "report": self.name,
            "as_of": self.as_of.isoformat(),
            "scope": list(self.scope),
            "rows": plain_rows(self.rows),
            "totals": dict(self.totals),
        }


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as plain data; what is not known is none."""
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


Builder = Callable[[Ask, Question, tuple[str, ...]], pd.DataFrame]
NONE_OF = {"station": "", "moved_to": "", "usual_weekday": -1, "usual_slot": -1}
"""What stands for nothing in a column of the board; programs get null."""
COUNTED = ("visits", "vehicles")
SUMMED = {"litres": "unit", "amount": "currency", "monthly_amount": "currency"}
"""Columns of which totals are given, each with the column whose kinds are never summed together."""


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return value
    if value is None or value is pd.NaT or pd.isna(value):
        return None
    if isinstance(value, date):
        return value.isoformat()
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


@right("rows.export")
def report(ask: Ask, *, name: str, question: Question) -> Report:
    """Return the report `name` for the stations asked for; its rows count as taken out.

    Raises:
        NotFoundError: there is no such report, station or region in sight.
        BadValueError: somebody other than the keeper of the files gives no reason.
        LimitReachedError: it is more than one account may take out in a day.
    """
    if name not in REPORTS:
        raise NotFoundError("error.report_unknown", name=name, known=", ".join(sorted(REPORTS)))
    codes = _codes(ask, question)
    rules = replace(ask.settings.lapse, horizon_days=question.horizon_days)
    ask = replace(ask, settings=replace(ask.settings, lapse=rules))
    rows = REPORTS[name](ask, question, codes)
    sheets.count(ask, name=name, rows=len(rows), reason=question.reason)
    return Report(name, ask.as_of, codes, rows, _totals(rows))


@right("rows.export")
def as_csv(ask: Ask, *, told: Report, question: Question) -> bytes:
    """Return a report as a CSV file, with a first row that says why it was taken if it was told."""
    headings = {str(name): str(name) for name in told.rows.columns}
    mark = sheets.mark(ask, question.lang, len(told.rows), question.reason)
    return files.to_csv(told.rows, headings, mark=mark)


def _totals(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the sums; where several units or currencies meet, one of each and no single figure."""
    totals: dict[str, Any] = {"rows": len(rows)}
    totals |= {name: int(rows[name].sum()) for name in COUNTED if name in rows}
    for name, kind in SUMMED.items():
        if name in rows and kind not in rows:  # of one kind throughout
            totals[name] = _sum(rows[name])
        elif name in rows:
            sums = {str(key): _sum(part[name]) for key, part in rows.groupby(kind)}
            totals |= {name: _only(sums), f"{name}_by_{kind}": sums}
    return totals


def _sum(values: pd.Series) -> float:
    """Return a sum of decimals without the dust of binary fractions."""
    return round(math.fsum(values.dropna()), len("000"))


def _only(sums: Mapping[str, float]) -> float | None:
    return None if len(sums) > 1 else sum(sums.values())


def _codes(ask: Ask, question: Question) -> tuple[str, ...]:
    """Return the codes of the stations that the question names, of all in sight without one."""
    known = board.stations_known(ask)
    if question.region:
        known = known[known["region"] == question.region]
        if known.empty:
            raise NotFoundError("error.region_not_found", region=question.region)
    if not question.stations:
        return tuple(known["code"])
    ids = stations_in_sight(ask, question.stations)
    return tuple(known.loc[known["station_id"].isin(ids), "code"])


def _profiles(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
    as_of_day = day_number(ask.as_of)
    wanted = stations_in_sight(ask, codes)

    def reduced(station_ids: frozenset[int] | None, *, network: bool) -> pd.DataFrame:
        return lake.reduce(
            ask.db,
            station_ids=station_ids,
            as_of_day=as_of_day,
            from_day=ask.from_day(question.days),
            network=network,
            rules=ask.settings.lake,
        )

    mine = reduced(wanted, network=question.network)
    everywhere = reduced(None, network=False)
    frame = profile.profiles(mine, as_of_day=as_of_day, network=everywhere)
    known = board.station_codes(ask)
    return _shown(
        _labelled(ask, frame).assign(station=frame["station_id"].map(known).fillna("")),
        _PROFILE_COLUMNS,
    )


def _labelled(ask: Ask, frame: pd.DataFrame) -> pd.DataFrame:
    with ask.db.reading() as conn:
        labels = garage.vehicles_frame(conn).set_index("vehicle_id")["label"]
    return frame.assign(label=frame["vehicle_id"].map(labels))


def _shown(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return `columns` (ours: theirs), day numbers as dates, sorted by vehicle and station."""
    shown = pd.DataFrame({theirs: _values(frame[ours], ours) for ours, theirs in columns.items()})
    return shown.sort_values(["vehicle", "station"], ignore_index=True)


def _values(values: pd.Series, name: str) -> pd.Series:
    if name.endswith("_day"):
        return values.map(lambda day: day_date(int(day)), na_action="ignore").astype(object)
    if name == "currency":
        return values.map(currency_name)
    if name in NONE_OF:
        return values.astype(object).where(values != NONE_OF[name], None)
    return values


_WHO = {"label": "vehicle", "station": "station"}
_PROFILE_COLUMNS = _WHO | {
    "visits": "visits",
    "first_day": "first_on",
    "last_day": "last_on",
    "days_silent": "days_silent",
    "quantity": "litres",
    "amount": "amount",
    "mean_gap_days": "mean_gap_days",
    "gap_median_days": "median_gap_days",
    "gap_cv": "gap_cv",
    "quantity_per_visit": "litres_per_visit",
    "share_of_visits": "share_of_visits",
    "visit_days": "visit_days",
    "unit": "unit",
    "currency": "currency",
}
_STABILITY_COLUMNS = _WHO | {
    "stability": "stability",
    "regularity": "regularity",
    "p_alive": "p_alive",
    "visits": "visits",
    "stability_sentence": "sentence",
}
_USE_COLUMNS = {
    "label": "vehicle",
    "use": "use",
    "use_source": "source",
    "use_probability": "probability",
    "use_sentence": "sentence",
    "station": "station",
}
_OWNER_COLUMNS = {
    "label": "vehicle",
    "owner_kind": "owner_kind",
    "owner_source": "source",
    "owner_probability": "probability",
    "owner_sentence": "sentence",
    "station": "station",
}
_FREQUENCY_COLUMNS = _WHO | {
    "visits": "visits",
    "usual_gap_days": "usual_gap_days",
    "gap_spread_days": "gap_spread_days",
    "regularity": "regularity",
    "usual_weekday": "usual_weekday",
    "usual_slot": "usual_slot",
    "next_from_day": "next_from",
    "next_to_day": "next_to",
    "trend": "trend",
    "frequency_sentence": "sentence",
}
_LAPSED_COLUMNS = _WHO | {
    "last_day": "last_on",
    "days_silent": "days_silent",
    "usual_gap_days": "usual_gap_days",
    "p_alive": "p_alive",
    "alarm_day": "alarm_on",
    "p_return": "p_return",
    "monthly_amount": "monthly_amount",
    "state": "state",
    "lapse_sentence": "sentence",
    "moved_to": "moved_to",
    "currency": "currency",
}


_WARNING_COLUMNS = _WHO | {
    "sign": "sign",
    "last_day": "last_on",
    "monthly_amount": "monthly_amount",
    "state": "state",
    "sign_sentence": "sentence",
    "currency": "currency",
}


def _of_board(columns: Mapping[str, str]) -> Builder:
    def build(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
        frame = board.vehicles(ask, stations=codes, days=question.days)
        return _told(frame[frame["period_visits"] > 0], columns, question.lang)

    return build


def _of_vehicle(columns: Mapping[str, str]) -> Builder:
    """Return one row a vehicle, said of the station where it comes most."""

    def build(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
        frame = board.vehicles(ask, stations=codes, days=question.days)
        frame = frame[frame["period_visits"] > 0].sort_values("visits", ascending=False)
        return _told(frame.drop_duplicates("vehicle_id"), columns, question.lang)

    return build


def _lapsed(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
    frame = board.vehicles(ask, stations=codes)
    is_lapsed = (frame["stability"] == Stability.REGULAR) & frame["state"].isin(STAYING_AWAY)
    return _told(frame[is_lapsed], _LAPSED_COLUMNS, question.lang)


def _told(frame: pd.DataFrame, columns: Mapping[str, str], lang: str) -> pd.DataFrame:
    """Return the columns with the sentence of each row said in `lang`."""
    key = next(name for name in columns if name.endswith("_sentence"))
    said = [text.say_row(lang, row, key) for row in frame.to_dict("records")]
    return _shown(frame.assign(**{key: said}), columns)


def _compare(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
    frame = board.compare(ask, days=question.days)
    frame = frame[frame["station"].isin(codes)]
    said = [text.say_row(question.lang, row, "sentence") for row in frame.to_dict("records")]
    frame = frame.round({"amount": 2, "period_amount": 2, "period_quantity": 3})
    shown = ["station", *(c for c in frame.columns if c not in {"station", "station_id"})]
    return frame.assign(sentence=said)[shown].sort_values("station", ignore_index=True)


_CARD_COLUMNS = {
    "who": "customer",
    "station": "station",
    "keeper": "keeper",
    "made_by": "made_by",
    "made_day": "made_on",
    "score": "score",
    "missing": "missing",
}


def _completeness(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
    frame = completeness.cards(ask, stations=codes)
    frame = frame.assign(
        made_day=frame["made_day"].where(frame["made_day"] != completeness.NO_DAY),
        missing=[_labels(ask, question.lang, names) for names in frame["missing"]],
    )
    columns = {theirs: _values(frame[ours], ours) for ours, theirs in _CARD_COLUMNS.items()}
    return pd.DataFrame(columns)


def _labels(ask: Ask, lang: str, names: list[str]) -> str:
    known = fields.known_fields(ask.settings)
    return "; ".join(fields.label(lang, known[name]) for name in names)


_FLEET_COLUMNS = {
    "code": "customer",
    "organisation_name": "organisation",
    "vehicles": "vehicles",
    "active": "active",
    "slowing": "slowing",
    "moved": "moved",
    "overdue": "overdue",
    "lost": "lost",
    "irregular": "irregular",
    "unseen": "unseen",
    "seen_share": "seen_share",
    "declared": "declared",
    "declared_share": "declared_share",
    "regular": "regular",
    "troubled": "troubled",
    "troubled_share": "troubled_share",
    "base_share": "base_share",
    "is_alarmed": "alarm",
    "monthly_quantity": "monthly_quantity",
    "unit": "unit",
    "monthly_amount": "monthly_amount",
    "currency": "currency",
    "volume_change": "volume_change",
    "volume_trend": "trend",
    "relationship": "relationship",
    "credit_class": "credit_class",
    "sentence": "sentence",
}


def _fleets(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
    """Return one row an organisation, in the order of the page."""
    frame = fleets.fleets(ask, stations=codes)
    said = [text.say_row(question.lang, row, "sentence") for row in frame.to_dict("records")]
    frame = frame.assign(sentence=said).round({"monthly_amount": 2, "monthly_quantity": 3})
    return frame[list(_FLEET_COLUMNS)].rename(columns=_FLEET_COLUMNS)


_VALUE_COLUMNS = {
    "code": "customer",
    "organisation_name": "organisation",
    "station": "station",
    "keeper": "keeper",
    "grade": "grade",
    "grade_was": "grade_before",
    "grade_day": "grade_on",
    "reason": "reason",
    "months": "months",
    "amount": "amount",
    "gain": "gain",
    "discount": "discount",
    "points": "points_cost",
    "calls": "calls_cost",
    "years": "years",
    "is_influential": "influence",
    "currency_code": "currency",
    "sentence": "sentence",
}
_LIFE_COLUMNS = {
    "code": "customer",
    "organisation_name": "organisation",
    "station": "station",
    "keeper": "keeper",
    "stage": "stage",
    "stage_was": "stage_before",
    "stage_day": "stage_on",
    "days": "days",
    "trigger": "trigger",
    "is_stalled": "stalled",
    "grade": "grade",
    "sentence": "sentence",
}


def _of_customers(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return the columns of customers in their order; days as dates."""
    told = {theirs: _values(frame[ours], ours) for ours, theirs in columns.items()}
    return pd.DataFrame(told)


def _value(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
    """Return one row a customer in sight: his grade, and what counts for it at these stations."""
    frame = grades.listing(ask, stations=codes).round({"years": 1, "gain": 2, "points": 2})
    said = [_why(question.lang, "grade_why", word) for word in frame["reason"]]
    return _of_customers(frame.assign(sentence=said), _VALUE_COLUMNS)


def _lifecycle(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
    """Return one row a customer in sight: his stage, since when and by what."""
    frame = stages.listing(ask, stations=codes)
    said = [_why(question.lang, "stage_by", word) for word in frame["trigger"]]
    return _of_customers(frame.assign(sentence=said), _LIFE_COLUMNS)


def _why(lang: str, table: str, word: str) -> str:
    return text.say(lang, f"word.{table}.{word}") if word else ""


_GAP_COLUMNS = (
    *("station", "business_on", "kind", "nozzle", "first", "last", "count", "litres"),
    *("from_time", "to_time", "receipt_no", "sentence"),
)


def _gaps(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
    """Return what is missing or edited, and the days of which the till's total says otherwise."""
    found = gaps.find(ask, stations=codes, days=question.days).findings
    totals = gaps.compare(ask, stations=codes, days=question.days)
    off = totals[totals["verdict"] != gaps.EVEN].assign(kind="total", nozzle="", receipt_no="")
    off = off.assign(**dict.fromkeys(("first", "last", "count"), None), from_time="", to_time="")
    both = [frame for frame in (found, off) if len(frame)]
    rows = pd.concat(both, ignore_index=True) if both else found
    said = [text.say_row(question.lang, row, "sentence") for row in rows.to_dict("records")]
    days = rows["business_day"].map(lambda day: day_date(int(day))).astype(object)
    numbers = {name: rows[name].astype(object) for name in ("first", "last", "count")}
    shown = rows.assign(sentence=said, business_on=days, litres=rows["litres"].round(3), **numbers)
    return shown[list(_GAP_COLUMNS)]


def _backtest(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
    asked = backtests.Replay(horizon=question.horizon_days)
    if board.is_empty(ask):
        return backtests.table({"methods": {}})
    return backtests.table(backtests.replay(ask, stations=codes, asked=asked))


def _warnings(ask: Ask, question: Question, codes: tuple[str, ...]) -> pd.DataFrame:
    frame = board.vehicles(ask, stations=codes)
    told = (frame["stability"] == Stability.REGULAR) & (frame["sign"] != "")
    told &= frame["state"].isin(COMING)
    return _told(frame[told], _WARNING_COLUMNS, question.lang)


REPORTS: dict[str, Builder] = {
    "fleets": _fleets,
    "profiles": _profiles,
    "stability": _of_board(_STABILITY_COLUMNS),
    "use": _of_vehicle(_USE_COLUMNS),
    "ownership": _of_vehicle(_OWNER_COLUMNS),
    "frequency": _of_board(_FREQUENCY_COLUMNS),
    "lapsed": _lapsed,
    "gaps": _gaps,
    "warnings": _warnings,
    "backtest": _backtest,
    "compare": _compare,
    "completeness": _completeness,
    "value": _value,
    "lifecycle": _lifecycle,
}
"""The reports by name."""

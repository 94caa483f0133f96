"""The journal as the files a station's till exports, one a quarter."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from station.demo.fuelling import CENTI, DAY_SECONDS, HOUR_SECONDS
from station.demo.lines import NO_NOZZLE
from station.demo.seasons import Calendar
from station.demo.sites import Site

HEADINGS = (
    "序号", "流水号", "班次", "交易时间", "枪号", "油品名称", "单价(元/升)", "数量(升)",
    "应收金额", "优惠金额", "实收金额", "支付方式", "卡号", "车牌号", "车牌颜色", "加油员",
    "起泵码", "止泵码", "交易类型", "备注",
)  # fmt: skip
TITLE, TOTAL = "加油交易明细表", "合计"
SUMMED = {"数量(升)": "centi", "应收金额": "due", "优惠金额": "discount", "实收金额": "paid"}
AMOUNTS = {"单价(元/升)", *SUMMED, "起泵码", "止泵码"}
DAY_SHIFT_HOURS = (8, 20)
EXPORTED_AT = time(9, 12, 33)
STAFF = (("03李", "05赵"), ("07孙", "09周"))
"""Who works: the day shift, the night shift."""
NOZZLE_FORMS = {"plain": "{}", "padded": "{:02d}", "worded": "{}号枪"}
TIME_FORMS: dict[str, Callable[[datetime], str]] = {
    "dashes": lambda t: t.isoformat(sep=" "),
    "slashes": lambda t: f"{t.year}/{t.month}/{t.day} {t.hour}:{t.minute:02d}",
    "digits": lambda t: f"{t:%Y%m%d%H%M%S}",
}
NAME_CHOICE_MODULUS, TIME_CHOICE_MODULUS = 7, 11
"""Every seventh line takes the next spelling of its grade, every eleventh of its time."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One exported file: its place among the quarters, its heading lines and its rows."""

    stem: str
    parameters: str
    rows: list[tuple[str, ...]]
    total: tuple[str, ...]


def write_journal(
    journal: pd.DataFrame, sites: tuple[Site, ...], calendar: Calendar, overlap: int, out: Path
) -> tuple[Path, ...]:
    """Return the sales files written under `out`, by station and quarter."""
    out.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for site in sites:
        own = journal[journal["station"] == site.index]
        sheets = [*_sheets(own, site, calendar, overlap)]
        for sheet in sheets:
            in_excel = site.template.last_file_xlsx and sheet is sheets[-1]
            paths.append((_write_xlsx if in_excel else _write_csv)(sheet, site, out))
    return tuple(paths)


def _sheets(own: pd.DataFrame, site: Site, calendar: Calendar, overlap: int) -> Iterator[Sheet]:
    """Yield a station's quarters; each begins with the last lines of the one before."""
    columns = _columns(own, site, calendar)
    rows = [*zip(*columns, strict=True)]
    quarters = _quarters(own, calendar)
    for quarter in sorted(set(quarters.tolist())):
        first = int(np.searchsorted(quarters, quarter))
        last = int(np.searchsorted(quarters, quarter, side="right"))
        begin = max(first - overlap, 0)
        year, number = divmod(quarter, 4)
        exported = min(_next_quarter(year, number), calendar.day(calendar.days))
        at = datetime.combine(exported, EXPORTED_AT)
        yield Sheet(
            f"{site.code}_{year}Q{number + 1}",
            f"加油站:{site.name}({site.code}),,导出时间:{at}",
            rows[begin:last],
            _total(own.iloc[begin:last], thousands=site.template.thousands),
        )


def _quarters(own: pd.DataFrame, calendar: Calendar) -> np.ndarray[Any, np.dtype[np.int64]]:
    days = pd.date_range(calendar.first_day, periods=calendar.days)
    of_day = (days.year * 4 + days.quarter - 1).to_numpy(dtype=np.int64)
    return np.asarray(of_day[own["posted"].to_numpy(dtype=np.int64) // DAY_SECONDS])


def _next_quarter(year: int, number: int) -> date:
    return date(year + (number + 1) // 4, (number + 1) % 4 * 3 + 1, 1)


def _total(rows: pd.DataFrame, *, thousands: bool) -> tuple[str, ...]:
    sums = {
        heading: _decimals(rows[[name]].sum(), thousands=thousands)[0]
        for heading, name in SUMMED.items()
    }
    return (TOTAL, *(sums.get(heading, "") for heading in HEADINGS[1:]))


def _columns(own: pd.DataFrame, site: Site, calendar: Calendar) -> list[list[str]]:
    """Return the cells of a station's whole journal, a list for each heading after the first."""
    thousands = site.template.thousands
    seconds = own["second"].to_numpy(dtype=np.int64)
    day_shift = (seconds % DAY_SECONDS // HOUR_SECONDS >= DAY_SHIFT_HOURS[0]) & (
        seconds % DAY_SECONDS // HOUR_SECONDS < DAY_SHIFT_HOURS[1]
    )
    cells = {name: own[name].tolist() for name in ("serial", "pay", "plate", "colour", "type")}
    amounts = {name: _decimals(own[name], thousands=thousands) for name in ("fen", *_SUMS)}
    meters = [_meters(own, name) for name in ("meter_start", "meter_end")]
    return [
        cells["serial"],
        np.where(day_shift, "1", "2").tolist(),
        _times(seconds, site, calendar),
        _nozzles(own, site),
        _product_names(own, site),
        *(amounts[name] for name in ("fen", *_SUMS)),
        cells["pay"],
        [f"\t{card}" if card else "" for card in own["card"].tolist()],
        cells["plate"],
        cells["colour"],
        _staff(day_shift.tolist(), own["nozzle"].tolist()),
        *meters,
        cells["type"],
        own["note"].tolist(),
    ]


_SUMS = tuple(SUMMED.values())


def _decimals(hundredths: pd.Series, *, thousands: bool) -> list[str]:
    """Return numbers of hundredths as decimals, as in -1971.64."""
    form = "{}{:,}.{:02d}" if thousands else "{}{}.{:02d}"
    return [
        form.format("-" if n < 0 else "", abs(n) // CENTI, abs(n) % CENTI)
        for n in hundredths.tolist()
    ]


def _meters(own: pd.DataFrame, name: str) -> list[str]:
    readings = _decimals(own[name].astype("int64"), thousands=False)
    return [text if on else "" for text, on in zip(readings, own["pumped"].tolist(), strict=True)]


def _times(
    seconds: np.ndarray[Any, np.dtype[np.int64]], site: Site, calendar: Calendar
) -> list[str]:
    midnight = datetime.combine(calendar.first_day, time())
    forms = [TIME_FORMS[name] for name in site.template.time_forms]
    return [
        forms[(n % TIME_CHOICE_MODULUS == 0) * (len(forms) - 1)](midnight + timedelta(seconds=s))
        for n, s in enumerate(seconds.tolist())
    ]


def _nozzles(own: pd.DataFrame, site: Site) -> list[str]:
    form = NOZZLE_FORMS[site.template.nozzle_form]
    return ["" if n == NO_NOZZLE else form.format(n) for n in own["nozzle"].tolist()]


def _product_names(own: pd.DataFrame, site: Site) -> list[str]:
    """Return what the till calls each product; some grades go by two names."""
    names = {grade: (*spelt, spelt[0])[:2] for grade, spelt in site.template.names.items()}
    return [
        names[grade][n % NAME_CHOICE_MODULUS == 0] if grade else item
        for n, (grade, item) in enumerate(
            zip(own["grade"].tolist(), own["item"].tolist(), strict=True)
        )
    ]


def _staff(day_shift: list[bool], nozzles: list[int]) -> list[str]:
    return [STAFF[not day][n % 2] for day, n in zip(day_shift, nozzles, strict=True)]


def _write_csv(sheet: Sheet, site: Site, out: Path) -> Path:
    quoted = site.template.thousands
    lines = [TITLE, sheet.parameters, ",".join(HEADINGS)]
    for number, row in enumerate(sheet.rows, 1):
        lines.append(f"{number},{','.join(_quote(row) if quoted else row)}")
    lines.append(",".join(_quote(sheet.total) if quoted else sheet.total))
    path = out / f"{sheet.stem}.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(site.template.encoding))
    return path


def _quote(row: tuple[str, ...]) -> list[str]:
    return [f'"{cell}"' if "," in cell else cell for cell in row]


def _write_xlsx(sheet: Sheet, _: Site, out: Path) -> Path:
    """Return the written workbook; amounts are numbers there, all else is text."""
    path = out / f"{sheet.stem}.xlsx"
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - equal bytes each time
    page = book.add_worksheet()
    page.write_row(0, 0, [TITLE])
    page.write_row(1, 0, sheet.parameters.split(","))
    page.write_row(2, 0, HEADINGS)
    rows = [(str(number), *row) for number, row in enumerate(sheet.rows, 1)]
    for place, row in enumerate([*rows, sheet.total], 3):
        page.write_row(place, 0, [_typed(*pair) for pair in zip(HEADINGS, row, strict=True)])
    book.close()
    return path


def _typed(heading: str, cell: str) -> str | float | None:
    """Return a number for an amount, else the text without the tab that guards it in CSV."""
    if heading in AMOUNTS and cell:
        return float(cell.replace(",", ""))
    return cell.strip() or None

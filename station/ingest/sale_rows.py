"""What does one row of a sales table say: a sale, nothing sold, or something wrong?"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from station.errors import BadValueError
from station.ingest import numbers, products, times, vehicle_keys
from station.ingest.headings import Columns
from station.ingest.mapping import VOLUMES, Mapping
from station.ingest.row_words import is_total, kind_of, reversed_number, shift_number
from station.ingest.rules import IngestRules
from station.ingest.sale_keys import KeyParts, natural_key, nozzle_name, short_text
from station.ingest.sites import Sites
from station.model import (
    DAY_S,
    IgnoredRow,
    Product,
    ReadRow,
    RejectedRow,
    Sale,
    SaleKeyKind,
    SaleRow,
    Station,
    VehicleKey,
    minor_per_major,
)

YEAR_S = 31_557_600
"""Seconds of a year of 365.25 days."""
MINUTE_S = 60
LONGEST_SERIAL = 18
MOST_METER = 10**15
"""What the archive keeps in a whole number of 64 bits, with room to add."""
PLACES = {1: 0, 10: 1, 100: 2, 1000: 3}
"""Decimal places of a currency, by its minor units in a major one."""


class Fields(NamedTuple):
    """The cells of a row by our names; a column that the file lacks is empty."""

    sold_at: str
    sold_date: str
    business_date: str
    shift: str
    station: str
    terminal: str
    nozzle: str
    product: str
    fuel: str
    litres: str
    paid: str
    amount: str
    due: str
    card_no: str
    plate: str
    plate_colour: str
    vehicle_ref: str
    receipt_no: str
    line_no: str
    serial_no: str
    totaliser_start: str
    totaliser_end: str
    txn_type: str
    note: str
    original_no: str
    currency: str
    grade: str
    unit: str
    ignored: str


class Moment(NamedTuple):
    """When a line was sold: the instant, the station's clock, and the business day."""

    sold_at: int
    local_at: int
    has_time: bool
    business_day: int


@dataclass(frozen=True, slots=True)
class Context:
    """All that reading a row needs beside its cells; `now_s` is the instant of the import."""

    columns: Columns
    mapping: Mapping
    sites: Sites
    rules: IngestRules
    now_s: int
    key_kind: SaleKeyKind
    last_line: int


def reader(context: Context) -> Callable[[int, list[str], str], ReadRow]:
    """Return a function from line number, cells and raw text to what the row says."""
    return _Reader(context).read


class _Reader:
    """Reads the rows of one table; what the whole table shares is worked out once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.mapping = context.mapping
        self.width = context.columns.width
        self.pick = itemgetter(*(context.columns.place(name) for name in Fields._fields))
        self.has = frozenset(context.columns.places)
        self.oldest = context.now_s - context.rules.horizon_years * YEAR_S
        self.newest = context.now_s + context.rules.future_tolerance_s
        self.most_milli = context.rules.max_quantity * 10**numbers.MILLI_PLACES

    def read(self, line_no: int, cells: list[str], raw: str) -> ReadRow:
        """Return the sale of a row, or why there is none."""
        try:
            fields = Fields._make(self.pick(self._squared(line_no, cells)))
            if reason := _not_sold(fields, cells):
                return IgnoredRow(line_no, reason)
            return SaleRow(line_no, raw, self._sale(fields))
        except BadValueError as error:
            facts = {name: str(value)[:80] for name, value in error.facts.items()}
            return RejectedRow(line_no, error.key, raw, facts)

    def _squared(self, line_no: int, cells: list[str]) -> list[str]:
        """Return the cells as wide as the heading, and one empty cell for absent columns."""
        missing = self.width - len(cells)
        if missing == 0:
            return [*cells, ""]
        facts = {"cells": len(cells), "headings": self.width}
        if missing < 0:
            if any(map(str.strip, cells[self.width :])):
                raise BadValueError("too_many_cells", **facts)
            return [*cells[: self.width], ""]
        if line_no == self.context.last_line and not is_total(cells):
            raise BadValueError("truncated_row", **facts)
        return cells + [""] * (missing + 1)

    def _sale(self, fields: Fields) -> Sale:
        site = self._site(fields.station)
        moment = self._moment(fields, site)
        product = self._product(fields)
        currency = _currency(fields.currency, self.mapping.currency or site.currency)
        quantity, money = self._amounts(fields, currency)
        card_no = vehicle_keys.card_number(fields.card_no) if fields.card_no else ""
        vehicle = self._vehicle(fields, card_no, site)
        parts = _key_parts(fields, moment, vehicle, product, (quantity, money))
        kind, key = natural_key(self.context.key_kind, parts)
        return Sale(
            station=site.code,
            key_kind=kind,
            natural_key=key,
            vehicle=vehicle,
            card_no=card_no,
            sold_at=moment.sold_at,
            local_at=moment.local_at,
            has_time=moment.has_time,
            business_day=moment.business_day,
            product=product.code,
            fuel=product.fuel,
            quantity_milli=quantity,
            unit=product.unit,
            amount_minor=money,
            currency=currency,
            receipt_no=parts.receipt_no,
            nozzle=parts.nozzle,
            reverses_hint=_hint(fields, parts) if parts.is_negative else "",
            serial_no=running_number(fields.serial_no.strip() or parts.receipt_no),
            meter_from_milli=meter(fields.totaliser_start.strip()),
            meter_to_milli=meter(fields.totaliser_end.strip()),
        )

    def _site(self, text: str) -> Station:
        sites = self.context.sites
        site = sites.by_text.get(text) if text.strip() else sites.default
        if site is None:
            raise BadValueError("unknown_station", station=text.strip() or sites.title)
        return site

    def _moment(self, fields: Fields, site: Station) -> Moment:
        try:
            written = self._written(fields)
            business_date = fields.business_date.strip()
            day = times.read(business_date).day if business_date else None
            sold_at, local_at = self._instant(written, site)
        except (ValueError, OverflowError) as error:
            raise BadValueError("bad_time", value=fields.sold_at or fields.sold_date) from error
        if sold_at > self.newest:
            raise BadValueError("future", value=fields.sold_at or fields.sold_date)
        if sold_at < self.oldest:
            raise BadValueError("too_old", value=fields.sold_at or fields.sold_date)
        if day is None:
            day = business_day(local_at, written.has_time, fields.shift, site)
        return Moment(sold_at, local_at, written.has_time, day)

    def _written(self, fields: Fields) -> times.Written:
        text = fields.sold_at.strip()
        if fields.sold_date and (not text or times.looks_like_clock(text)):
            date = fields.sold_date.strip()
            if text and not self.mapping.formats:
                date = date.split(" ")[0]
            text = f"{date} {text}".strip()
        return (
            times.read_as(text, self.mapping.formats) if self.mapping.formats else times.read(text)
        )

    def _instant(self, written: times.Written, site: Station) -> tuple[int, int]:
        """Return the instant in UTC and what the station's clock showed."""
        seconds = written.day * DAY_S + written.second
        zone = self.mapping.zone or site.zone
        if written.offset_s is not None or (self.mapping.utc and written.has_time):
            instant = seconds - (written.offset_s or 0)
            return instant, times.to_local(instant, site.zone)
        instant = times.to_utc(seconds, zone)
        if zone == site.zone or not written.has_time:
            return instant, seconds
        return instant, times.to_local(instant, site.zone)

    def _product(self, fields: Fields) -> Product:
        if "product" not in self.has:
            return products.product_of_unit(self.mapping.volume)
        is_fuel = fields.fuel.strip() in self.mapping.fuel_true if "fuel" in self.has else None
        if not fields.product.strip():
            raise BadValueError("no_product")
        volume = fields.unit or self.mapping.volume
        product = products.product_of(fields.product, volume, is_fuel)
        return products.of_grade(product, fields.grade) if fields.grade else product

    def _amounts(self, fields: Fields, currency: str) -> tuple[int, int]:
        """Return quantity and money, both negative if the row takes a sale back."""
        quantity = self._quantity(fields.litres, fields.unit or self.mapping.volume)
        money = self._money(fields, currency)
        is_positive = quantity > 0 or money > 0
        if is_positive and fields.txn_type and kind_of(fields.txn_type) == "reversal":
            return -abs(quantity), -abs(money)
        return quantity, money

    def _quantity(self, text: str, volume: str) -> int:
        if volume and volume not in VOLUMES:
            raise BadValueError("bad_unit", value=volume)
        try:
            if volume == "us_gallon":
                quantity = numbers.gallons_as_millilitres(text.strip())
            else:
                quantity = numbers.fixed(text.strip(), numbers.MILLI_PLACES)
        except ValueError as error:
            raise BadValueError("bad_quantity", value=text) from error
        if abs(quantity) > self.most_milli:
            raise BadValueError("absurd_quantity", value=text)
        return quantity

    def _money(self, fields: Fields, currency: str) -> int:
        """Return what was paid, else what was asked; 0 if the mapping names no amount."""
        text = fields.paid.strip() or fields.amount.strip() or fields.due.strip()
        if not text and not self.has & {"paid", "amount", "due"}:
            return 0
        minor = minor_per_major(currency)
        try:
            money = numbers.fixed(text, PLACES[minor])
        except ValueError as error:
            raise BadValueError("bad_amount", value=text) from error
        if abs(money) > self.context.rules.max_amount * minor:
            raise BadValueError("absurd_amount", value=text)
        return money

    def _vehicle(self, fields: Fields, card_no: str, site: Station) -> VehicleKey | None:
        """Return by what the row names its vehicle: as the mapping says, else by its card."""
        if vehicle_keys.is_container(fields.plate, fields.txn_type):
            return None
        key = None
        if self.mapping.identity == "vehicle_ref":
            key = vehicle_keys.ref_key(fields.vehicle_ref)
        elif self.mapping.identity == "plate" and fields.plate:
            key = vehicle_keys.plate_key(
                fields.plate, fields.plate_colour, self.mapping.plates, site.province
            )
        return key or (vehicle_keys.card_key(card_no) if card_no else None)


def _key_parts(
    fields: Fields,
    moment: Moment,
    vehicle: VehicleKey | None,
    product: Product,
    amounts: tuple[int, int],
) -> KeyParts:
    quantity, money = amounts
    return KeyParts(
        nozzle=nozzle_name(fields.nozzle),
        terminal=short_text("terminal", fields.terminal),
        receipt_no=short_text("receipt_no", fields.receipt_no),
        line_no=short_text("line_no", fields.line_no),
        totaliser_start=fields.totaliser_start.strip(),
        totaliser_end=fields.totaliser_end.strip(),
        business_day=moment.business_day,
        local_at=moment.local_at,
        vehicle=vehicle.text if vehicle else "",
        product=product.code,
        quantity_milli=quantity,
        amount_minor=money,
        is_negative=quantity < 0 or (quantity == 0 and money < 0),
    )


def _hint(fields: Fields, parts: KeyParts) -> str:
    return reversed_number(fields.original_no, fields.note, parts.receipt_no)


def _not_sold(fields: Fields, cells: list[str]) -> str:
    """Return why nothing was sold, empty if something was."""
    if fields.ignored:
        return fields.ignored
    if not (fields.sold_at.strip() or fields.sold_date.strip()) and is_total(cells):
        return "total_line"
    if not fields.txn_type:
        return ""
    kind = kind_of(fields.txn_type)
    return "" if kind == "reversal" else kind


def running_number(text: str) -> int | None:
    """Return a till's running number, none where the text is more than digits."""
    is_number = text.isascii() and text.isdigit() and len(text) <= LONGEST_SERIAL
    return int(text) if is_number else None


def meter(text: str) -> int | None:
    """Return a totaliser's reading in thousandths, none where there is no sound one.

    A sale is not dropped for it: its own quantity says what was sold.
    """
    if not text:
        return None
    try:
        reading = numbers.fixed(text, numbers.MILLI_PLACES)
    except ValueError:
        return None
    return reading if 0 <= reading < MOST_METER else None


@lru_cache(maxsize=1_000)
def _currency(text: str, otherwise: str) -> str:
    code = text.strip().upper() or otherwise
    code = {"人民币": "CNY", "RMB": "CNY"}.get(code, code)
    if len(code) != len("CNY") or not (code.isascii() and code.isalpha()):
        raise BadValueError("bad_currency", value=text)
    return code


def business_day(local_at: int, has_time: bool, shift: str, site: Station) -> int:
    """Return the business day of a line, from the line alone.

    A later shift than the first that sells before the night ends belongs to the day before; without
    a shift the station's day begins at its own hour.
    """
    day, second = divmod(local_at, DAY_S)
    if not has_time:
        return day
    if shift and (number := shift_number(shift)):
        return day - (number > 1 and second < site.night_ends_at_min * MINUTE_S)
    return day - (second < site.day_starts_at_min * MINUTE_S)

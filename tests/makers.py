"""Records for tests: each maker names only what a test does not care about."""

from dataclasses import replace

from station.model import Fuel, KeyKind, Sale, SaleKeyKind, Station, Unit, VehicleKey

NOON = 1_788_235_200  # 2026-09-01 12:00 in Shanghai
SHANGHAI_S = 8 * 3600


def make_key(text: str = "粤B12345", **changes: object) -> VehicleKey:
    """Return a plate without a colour, but for `changes`."""
    return replace(VehicleKey(KeyKind.PLATE, text), **changes)


def make_station(code: str = "S1", **changes: object) -> Station:
    """Return a station, but for `changes`."""
    return replace(Station(code, name=f"Station {code}", province="粤"), **changes)


def make_sale(**changes: object) -> Sale:
    """Return 30 litres of G92 at noon; the natural key follows from `receipt_no`."""
    sale = Sale(
        station="S1",
        key_kind=SaleKeyKind.RECEIPT,
        natural_key="",
        vehicle=make_key(),
        card_no="",
        sold_at=NOON,
        local_at=0,
        has_time=True,
        business_day=0,
        product="G92",
        fuel=Fuel.PETROL,
        quantity_milli=30_000,
        unit=Unit.LITRE,
        amount_minor=22_500,
        currency="CNY",
        receipt_no="R1",
        nozzle="3",
    )
    sale = replace(sale, **changes)
    local_at = sale.local_at or sale.sold_at + SHANGHAI_S
    return replace(
        sale,
        natural_key=sale.natural_key or sale.receipt_no,
        local_at=local_at,
        business_day=sale.business_day or local_at // 86_400,
    )


def make_reversal(sale: Sale, **changes: object) -> Sale:
    """Return the reversal of a whole sale an hour later, naming its receipt."""
    taken_back = replace(
        sale,
        natural_key=f"{sale.natural_key}-back",
        receipt_no=f"{sale.receipt_no}-back",
        reverses_hint=sale.receipt_no,
        sold_at=sale.sold_at + 3600,
        local_at=sale.local_at + 3600,
        quantity_milli=-sale.quantity_milli,
        amount_minor=-sale.amount_minor,
    )
    return replace(taken_back, **changes)

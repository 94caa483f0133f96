"""What the demo's organisations told beyond their vehicles: people, agreements, terms."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from station.demo import people
from station.demo.archive_files import write_table
from station.demo.people import mixed
from station.demo.regulars import NOBODY
from station.demo.seasons import Calendar
from station.model import AgreementKind, ContactRole

FIELDS, PERSONS, AGREEMENTS = "organisations.csv", "contact_persons.csv", "agreements.csv"
KNOWN_SHARE, CREDIT_SHARE, SPARE_SHARE = 0.75, 0.5, 0.4
"""Of organisations: those that told something, buy on credit, have more vehicles than we know."""
MOST_PERSONS = 3
FIRST_PERSON = 50_000_000
"""Numbers of contact persons begin here, so that none shares a telephone with a customer."""
SETTLE_DAYS, TERM_DAYS = (10, 15, 20, 25, 31), (0, 7, 10, 15)
CREDIT_CLASSES, RELATIONSHIPS = "ABBC", "12233344"
MOST_SPARE, TRUCK_LITRES = 12, 2_000
ROLES = (
    ContactRole.FLEET_MANAGER,
    ContactRole.FINANCE,
    ContactRole.PURCHASING,
    ContactRole.MANAGER,
    ContactRole.OWNER,
    ContactRole.LEGAL_REPRESENTATIVE,
)
TERMS = {
    AgreementKind.CONTRACT: "定点加油，按挂牌价结算",
    AgreementKind.FUEL_CARD: "单位卡，一车一卡，限本车加油",
    AgreementKind.DISCOUNT: "柴油每升优惠 0.25 元",
    AgreementKind.PRICE_OFFER: "月用量满 20,000 升，每升再优惠 0.10 元",
    AgreementKind.CREDIT: "先加油后付款，按月对账开票",
}
LASTING_DAYS = (365, 730)
ENDS_SOON_DAYS = 45
SALTS = {name: number for number, name in enumerate(("known", "credit", "spare", "kind"), start=11)}


def write_organisations(
    vehicles: pd.DataFrame, calendar: Calendar, out: Path
) -> tuple[Path, Path, Path]:
    """Return the files of organisations' fields, contact persons and agreements under `out`.

    Everything follows from the organisation's number: the other files keep their bytes.
    """
    fleets = vehicles[(vehicles["fleet"] != NOBODY) & (vehicles["customer"] != NOBODY)]
    sizes = fleets.groupby("customer").size()
    known = [int(number) for number in sizes.index if _happens(int(number), "known", KNOWN_SHARE)]
    last_day = calendar.first_day + timedelta(days=calendar.days - 1)
    return (
        write_table(_fields(known, sizes), out / FIELDS),
        write_table(_persons(known, calendar.first_day), out / PERSONS),
        write_table(_agreements(known, calendar.first_day, last_day), out / AGREEMENTS),
    )


def _drawn(number: int, name: str) -> int:
    return int(mixed(np.asarray([number], dtype=np.int64), SALTS[name])[0])


def _happens(number: int, name: str, share: float) -> bool:
    return _drawn(number, name) < share * int(2**people.BITS)


def _code(number: int) -> str:
    return f"C{number:06d}"


def _fields(known: Sequence[int], sizes: "pd.Series[int]") -> pd.DataFrame:
    """Return a row a field that is known of an organisation."""
    rows = []
    for number in known:
        drawn = _drawn(number, "kind")
        spare = drawn % MOST_SPARE if _happens(number, "spare", SPARE_SHARE) else 0
        told = {
            "fleet_size": str(int(sizes[number]) + spare),
            "relationship": RELATIONSHIPS[drawn % len(RELATIONSHIPS)],
        }
        if _happens(number, "credit", CREDIT_SHARE):
            told |= {
                "credit_class": CREDIT_CLASSES[drawn % len(CREDIT_CLASSES)],
                "settle_day": str(SETTLE_DAYS[drawn % len(SETTLE_DAYS)]),
                "term_days": str(TERM_DAYS[drawn % len(TERM_DAYS)]),
            }
        rows += [(_code(number), field, value) for field, value in told.items()]
    return pd.DataFrame(rows, columns=["customer_code", "field", "value"])


def _persons(known: Sequence[int], first_day: date) -> pd.DataFrame:
    rows = []
    for number in known:
        drawn = _drawn(number, "kind")
        ids = FIRST_PERSON + number * MOST_PERSONS + np.arange(1 + drawn % MOST_PERSONS)
        for place, (name, phone) in enumerate(
            zip(people.names(ids), people.phones(ids), strict=True)
        ):
            role = ROLES[(drawn + place) % len(ROLES)]
            if name or phone:
                rows.append((_code(number), role.value, name, phone, first_day.isoformat()))
    return pd.DataFrame(rows, columns=["customer_code", "role", "name", "phone", "since"])


def _agreements(known: Sequence[int], first_day: date, last_day: date) -> pd.DataFrame:
    """Return agreements, some of which end soon after the last day."""
    rows = []
    for number in known:
        drawn = _drawn(number, "kind")
        kinds = [AgreementKind.CONTRACT, (*TERMS,)[drawn % len(TERMS)]]
        if _happens(number, "credit", CREDIT_SHARE):
            kinds.append(AgreementKind.CREDIT)
        for place, kind in enumerate(dict.fromkeys(kinds)):
            soon = (drawn + place) % len(ROLES) == 0
            days = drawn % ENDS_SOON_DAYS if soon else LASTING_DAYS[drawn % len(LASTING_DAYS)]
            until = last_day + timedelta(days=days)
            row = (_code(number), kind.value, TERMS[kind])
            rows.append((*row, first_day.isoformat(), until.isoformat()))
    return pd.DataFrame(rows, columns=["customer_code", "kind", "terms", "since", "until"])

"""Whom do typed words mean? Vehicles and customers in sight, the surest first."""

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import pandas as pd

from station.archive import search, stations
from station.archive import vehicles as garage
from station.archive.customers import book, sealed
from station.archive.database import Connection
from station.ingest import misreads, plates
from station.model import day_number
from station.services.ask import Ask
from station.services.customers import contacts, naming
from station.services.personal import sealing

COLUMNS = ("kind", "id", "label", "why", "last_day", "key_kind", "customer_id")
VEHICLE, CUSTOMER = "vehicle", "customer"
LONGEST = 80
"""Characters that are looked for; no plate, card or name is longer."""
SHORTEST_NAME = 2
SHORTEST_ENDING, LONGEST_ENDING = 4, 8
MOST_ENDINGS = 400
"""Vehicles of one ending that are looked at; many more than ever share one in sight."""
MOST_ORGANISATIONS = 40
MOST_OF_FLEET, MOST_PASTS = 25, 3
"""Vehicles of a customer by which he is looked for here; customers whose past is looked through."""
MOST_DATED = 300
"""Vehicles of the customers found whose last visits are looked up; a large fleet's are not."""


class Why(StrEnum):
    """Why something was found, the surest first."""

    PLATE = "plate"
    CARD = "card"
    PHONE = "phone"
    CODE = "code"
    NAME = "name"
    PROVINCE = "province"
    ENDING = "ending"
    ORGANISATION = "organisation"
    SIMILAR = "similar"


UNSURE = frozenset({Why.SIMILAR.value})
"""What was not typed so, and is shown apart."""
RANK = {why: rank for rank, why in enumerate(Why)}
BY_PERSON = frozenset(RANK[why] for why in (Why.PHONE, Why.CODE, Why.NAME))
"""What is typed of a person: he comes before what he drives."""


@dataclass(slots=True)
class Hits:
    """What was found, each with the surest reason and a rank within it; lower comes first."""

    vehicles: dict[int, tuple[int, int]] = field(default_factory=dict)
    customers: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(
        self,
        why: Why,
        *,
        vehicles: Collection[int] = (),
        customers: Collection[int] = (),
        within: int = 0,
    ) -> None:
        """Take what was found; what is there for a surer reason keeps it."""
        for ids, known in ((vehicles, self.vehicles), (customers, self.customers)):
            for one in ids:
                known[one] = min(known.get(one, (len(RANK), 0)), (RANK[why], within))


def find(ask: Ask, words: str, limit: int) -> pd.DataFrame:
    """Return COLUMNS of what the words mean, as far as it is in sight."""
    words = "".join(sign for sign in words[:LONGEST] if sign.isprintable())
    typed = misreads.plain(words)
    if not typed:
        return pd.DataFrame(columns=list(COLUMNS))
    hits = Hits()
    by_phone = contacts.customers_by_phone(ask, words=words)
    names = sealing.name_indexes(ask.db, words) if sealing.plain_name(words) else ()
    with ask.db.reading() as conn:
        hits.add(Why.PHONE, customers=by_phone, vehicles=book.vehicles_of(conn, by_phone))
        _exact(conn, hits, words.strip(), typed)
        _named(conn, hits, names)
        _parts(conn, ask, hits, words, typed)
        _near(conn, ask, hits, typed)
        return _in_sight(conn, ask, hits, limit)


def _exact(conn: Connection, hits: Hits, words: str, typed: str) -> None:
    """Look for a plate, reference, card or code that is what was typed."""
    hits.add(Why.PLATE, vehicles=search.by_text(conn, _readings(words, typed)))
    for number in {words, typed}:
        vehicle_ids, customer_ids = search.by_card(conn, number)
        hits.add(Why.CARD, vehicles=vehicle_ids, customers=customer_ids)
        if (customer_id := book.id_of(conn, number)) is not None:
            hits.add(Why.CODE, customers=[customer_id])


def _readings(words: str, typed: str) -> set[str]:
    return {words, typed, plates.normalise(words).norm} - {""}


def _named(conn: Connection, hits: Hits, indexes: Sequence[str]) -> None:
    found = sealed.with_name(conn, indexes) if indexes else []
    hits.add(Why.NAME, customers=found, vehicles=book.vehicles_of(conn, found))


def _parts(conn: Connection, ask: Ask, hits: Hits, words: str, typed: str) -> None:
    """Look for the end of a plate and for a part of an organisation's name."""
    if SHORTEST_ENDING <= len(typed) <= LONGEST_ENDING:
        hits.add(Why.ENDING, vehicles=search.by_ending(conn, typed, MOST_ENDINGS))
    part = unicodedata.normalize("NFKC", words).strip()
    if len(part) >= SHORTEST_NAME:
        here = ask.scope.station_ids
        found = search.by_organisation(conn, part, here, MOST_ORGANISATIONS)
        hits.add(Why.ORGANISATION, customers=found)


def _near(conn: Connection, ask: Ask, hits: Hits, typed: str) -> None:
    """Look for plates without their province, or of which one sign was misread.

    Those of the stations' own provinces come first.
    """
    if len(typed) > LONGEST_ENDING:
        return
    near = {typed, plates.normalise(typed).norm} - {""}
    meant = {text for one in near for text in misreads.one_off(one)}
    known = stations.everything(conn)
    own = {known[i].province for i in ask.scope.station_ids if i in known}
    for why, texts in (
        (Why.PROVINCE, set(_under_provinces(near))),
        (Why.SIMILAR, meant | set(_under_provinces(meant))),
    ):
        for vehicle_id, text in search.by_text(conn, texts).items():
            hits.add(why, vehicles=[vehicle_id], within=int(text[0] not in own))


def _under_provinces(texts: Collection[str]) -> Iterator[str]:
    for text in texts:
        yield from misreads.with_province(text)
        yield from misreads.without_province(text)


class Found(NamedTuple):
    """One vehicle or customer in sight; `place` is its rank, lower first."""

    kind: str
    id: int
    place: tuple[int, int]
    last_day: int | None
    customer_id: int | None

    @property
    def order(self) -> tuple[tuple[int, int], bool, int, bool, int]:
        """The surest first, then who came last, vehicles before customers."""
        is_driven = self.place[0] in BY_PERSON and self.kind == VEHICLE
        return self.place, is_driven, -(self.last_day or 0), self.kind == CUSTOMER, self.id


def _in_sight(conn: Connection, ask: Ask, hits: Hits, limit: int) -> pd.DataFrame:
    """Return what of the hits is in sight, the surest and newest first."""
    found = [*_vehicles(conn, ask, hits.vehicles), *_customers(conn, ask, hits.customers)]
    shown = sorted(found, key=lambda one: one.order)[:limit]
    known = garage.labels(conn, [one.id for one in shown if one.kind == VEHICLE])
    names = naming.in_list(conn, ask, [one.id for one in shown if one.kind == CUSTOMER])
    labels = {(VEHICLE, i): told_by for i, told_by in known.items()}
    labels |= {(CUSTOMER, i): (name, "") for i, name in names.items()}
    rows = [
        (
            *(one.kind, one.id, labels[one.kind, one.id][0], list(Why)[one.place[0]].value),
            *(one.last_day, labels[one.kind, one.id][1], one.customer_id),
        )
        for one in shown
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"id": "int64", "last_day": "float64", "customer_id": "float64"})


def _vehicles(conn: Connection, ask: Ask, hits: dict[int, tuple[int, int]]) -> list[Found]:
    """Return those that came to a station in sight, or whose customer is registered there."""
    here = ask.scope.station_ids
    last = search.last_days(conn, list(hits), here, day_number(ask.as_of))
    owners = search.owned_here(conn, sorted(hits.keys() - last.keys()), here)
    return [
        Found(VEHICLE, vehicle_id, place, last.get(vehicle_id), owners.get(vehicle_id))
        for vehicle_id, place in hits.items()
        if vehicle_id in last or vehicle_id in owners
    ]


def _customers(conn: Connection, ask: Ask, hits: dict[int, tuple[int, int]]) -> list[Found]:
    """Return the customers who are registered at a station in sight or come there."""
    best: dict[int, tuple[int, int]] = {}
    for found, stands in search.standing(conn, list(hits)).items():
        best[stands] = min(best.get(stands, hits[found]), hits[found])
    order = sorted(best, key=best.__getitem__)
    here = _here(conn, ask, order)
    seen = [customer_id for customer_id in order if customer_id in here]
    last = _last_days(conn, ask, seen)
    return [Found(CUSTOMER, c, best[c], last.get(c), c) for c in seen]


def _here(conn: Connection, ask: Ask, customer_ids: Sequence[int]) -> set[int]:
    """Return who of these is in sight; the whole past of the first few only is looked through."""
    stations, day = ask.scope.station_ids, day_number(ask.as_of)
    here = search.registered(conn, customer_ids, stations)
    rest = [customer_id for customer_id in customer_ids if customer_id not in here]
    here |= search.come_here(conn, rest, stations, day, fleet=MOST_OF_FLEET)
    rest = [customer_id for customer_id in rest if customer_id not in here]
    return here | {c for c in rest[:MOST_PASTS] if _is_seen(conn, ask, c)}


def _is_seen(conn: Connection, ask: Ask, customer_id: int) -> bool:
    return any(contacts.is_in_sight(conn, ask, same) for same in book.same(conn, customer_id))


def _last_days(conn: Connection, ask: Ask, customer_ids: Sequence[int]) -> dict[int, int]:
    """Return when a vehicle of each customer came last; of those with large fleets nothing."""
    fleets: dict[int, list[int]] = {}
    for customer_id, vehicle_id in search.vehicles_held(conn, customer_ids):
        fleets.setdefault(customer_id, []).append(vehicle_id)
    small, room = {}, MOST_DATED
    for customer_id, fleet in sorted(fleets.items(), key=lambda item: len(item[1])):
        room -= len(fleet)
        if room >= 0:
            small[customer_id] = fleet
    asked = [vehicle_id for fleet in small.values() for vehicle_id in fleet]
    days = search.last_days(conn, asked, ask.scope.station_ids, day_number(ask.as_of))
    came = {c: [days[v] for v in fleet if v in days] for c, fleet in small.items()}
    return {customer_id: max(of_fleet) for customer_id, of_fleet in came.items() if of_fleet}

"""Whose is a vehicle, and since when? Cars are sold, fleets leave, plates go to the next car."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from time import time

from station.archive import keys, lake, lapses
from station.archive.customers import book
from station.archive.customers import holding as store
from station.archive.customers.holding import Held
from station.archive.database import Connection
from station.archive.lapses import LapseNote
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.ingest import plates
from station.model import Act, LapseReason, day_number
from station.services import alarms, board, trail
from station.services.access import acting, right, today
from station.services.ask import Ask
from station.services.customers import cards, contacts, naming


@dataclass(frozen=True, slots=True)
class Holder:
    """Who held something and when, masked; `name` is empty where nothing may be told of him.

    `what` is the card's number where it is a card; `to_day` is the first day no more.
    """

    customer_id: int | None
    name: str
    what: str
    from_day: int
    to_day: int | None


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate that a vehicle bore; `to_day` is the first day no more."""

    text: str
    colour: str
    from_day: int
    to_day: int | None


@dataclass(frozen=True, slots=True)
class Holding:
    """A vehicle's owners, cards and plates, the newest first."""

    vehicle_id: int
    owners: tuple[Holder, ...]
    cards: tuple[Holder, ...]
    plates: tuple[Plate, ...]


@right("cards.read")
def of_vehicle(ask: Ask, *, vehicle_id: int) -> Holding:
    """Return what a vehicle was tied to, each with its days.

    Raises:
        NotFoundError: there is no such vehicle, or none in sight; both answer alike.
    """
    cards.stations_visited(ask, vehicle_id)
    with ask.db.reading() as conn:
        return Holding(
            vehicle_id,
            _holders(conn, ask, store.owners(conn, vehicle_id)),
            _holders(conn, ask, store.cards_of(conn, vehicle_id)),
            tuple(Plate(*plate) for plate in keys.plates_of(conn, vehicle_id)),
        )


def _holders(conn: Connection, ask: Ask, known: Sequence[Held]) -> tuple[Holder, ...]:
    """Return who held something, as far as he is in sight."""
    seen = [_seen(conn, ask, held) for held in known]
    names = naming.in_list(conn, ask, {one for one in seen if one is not None})
    return tuple(
        Holder(one, names.get(one or 0, ""), held.what, held.from_day, held.to_day)
        for one, held in zip(seen, known, strict=True)
    )


def _seen(conn: Connection, ask: Ask, held: Held) -> int | None:
    try:
        return contacts.in_sight(conn, ask, held.customer_id or 0).customer.id
    except NotFoundError:
        return None


@right("customers.edit")
def sell(ask: Ask, *, vehicle_id: int, on: date, to_customer_id: int | None = None) -> None:
    """Let a vehicle be another customer's from a day on, or nobody's who is known.

    Its plate and its visits stay with it; the old owner's telephone, cards and notes stay his.

    Raises:
        NotFoundError: vehicle or new owner is not there, or not in sight; both answer alike.
        NotAllowedError: it is a customer's of another station, or the new owner was erased.
        BadValueError: the day lies ahead or before he had it, or it is his already.
    """
    (station_id, *_), day = cards.stations_visited(ask, vehicle_id), _past_day(on)
    with acting(ask, changes_figures=True) as conn:
        holders = _refuse_foreign(conn, ask, vehicle_id)
        _refuse_early(conn, vehicle_id, day)
        if to_customer_id is not None:
            buyer = contacts.there(conn, ask, to_customer_id).customer
            if holders[:1] == [buyer.id]:
                raise BadValueError("holding.his_already")
        store.part(conn, vehicle_id, day)
        if to_customer_id is None:
            _say_why(conn, ask, {vehicle_id}, LapseReason.VEHICLE_SOLD)
        else:
            store.own(conn, vehicle_id, to_customer_id, day)
        what = f"vehicle:{vehicle_id}:sale"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=station_id)
    lake.refresh(ask.db)
    alarms.renew_of(ask, [vehicle_id])


@right("customers.edit")
def leave(ask: Ask, *, customer_id: int, on: date, reason: LapseReason) -> int:
    """Return how many vehicles left with a customer on a day; why is noted of each of them.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
        BadValueError: the day lies ahead, or no vehicle is his.
    """
    day, seen_vehicles = _past_day(on), set(board.vehicles(ask)["vehicle_id"])
    with acting(ask, changes_figures=True) as conn:
        seen = contacts.there(conn, ask, customer_id)
        gone = store.leave(conn, customer_id, day)
        if not gone:
            raise BadValueError("holding.no_fleet")
        _say_why(conn, ask, seen_vehicles & set(gone), reason)
        what = f"customer:{customer_id}:left"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=seen.station_id, count=len(gone))
    lake.refresh(ask.db)
    alarms.renew_of(ask, gone)
    return len(gone)


@right("customers.edit")
def move_plate(
    ask: Ask, *, vehicle_id: int, plate: str, on: date, to_vehicle_id: int | None = None
) -> int:
    """Return the vehicle that bears a plate from a day on: a new one unless another is named.

    What it bought before stays with the old vehicle, what it buys from that day on is the next
    one's, whenever it comes in. The owner of the plate owns the next vehicle, and cards that were
    bound to the plate stay bound to it.

    Raises:
        NotFoundError: one of the vehicles is not there, or not in sight; both answer alike.
        NotAllowedError: it is a customer's of another station.
        BadValueError: the vehicle does not bear this plate on that day, or the day lies ahead.
    """
    (station_id, *_), day = cards.stations_visited(ask, vehicle_id), _past_day(on)
    text = plates.normalise(plate).norm or plate.strip().upper()
    if to_vehicle_id is not None:
        cards.stations_visited(ask, to_vehicle_id)
    with acting(ask, changes_figures=True) as conn:
        _refuse_foreign(conn, ask, vehicle_id)
        owner_id = store.owner_of(conn, vehicle_id)
        _refuse_plate(conn, vehicle_id, text, day)
        if to_vehicle_id is not None:
            _refuse_foreign(conn, ask, to_vehicle_id)
        target = keys.move_plate(conn, vehicle_id, text, day=day, to_vehicle_id=to_vehicle_id)
        if owner_id is not None:
            store.own(conn, target, owner_id, day)
        store.follow(conn, vehicle_id, target, day)
        what = f"vehicle:{vehicle_id}:plate"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=station_id)
    lake.refresh(ask.db)
    alarms.renew_of(ask, [vehicle_id, target])
    return target


@right("customers.edit")
def bind_card(ask: Ask, *, vehicle_id: int, number: str, on: date, bound: bool = True) -> None:
    """Bind a card to a vehicle from a day on, or bind it no more; whose it is, it stays.

    A card of nobody becomes the vehicle's owner's.

    Raises:
        NotFoundError: vehicle or card is not there, or not in sight; both answer alike.
        NotAllowedError: card or vehicle is a customer's of another station.
        BadValueError: the day lies ahead.
    """
    (station_id, *_), day = cards.stations_visited(ask, vehicle_id), _past_day(on)
    with acting(ask, changes_figures=True) as conn:
        holders = _refuse_foreign(conn, ask, vehicle_id)
        found = store.holder_of_card(conn, "".join(number.split()))
        if found is None:
            raise NotFoundError("holding.no_card")
        card_id, holder_id = found
        if holder_id is not None:
            _refuse_customer(conn, ask, holder_id)
        elif (bound_id := store.vehicle_of_card(conn, card_id)) is not None:
            _refuse_foreign(conn, ask, bound_id)
        owner_id = holder_id if holder_id is not None else next(iter(holders), None)
        store.bind(conn, card_id, owner_id, vehicle_id if bound else None, day)
        what = f"vehicle:{vehicle_id}:card"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=station_id)


def _past_day(on: date) -> int:
    if on > today():
        raise BadValueError("holding.day_ahead")
    return day_number(on)


def _refuse_foreign(conn: Connection, ask: Ask, vehicle_id: int) -> list[int]:
    """Return whose a vehicle is now, all of them in sight."""
    holders = book.holders(conn, vehicle_id)
    for customer_id in holders:
        _refuse_customer(conn, ask, customer_id)
    return holders


def _refuse_customer(conn: Connection, ask: Ask, customer_id: int) -> None:
    try:
        contacts.in_sight(conn, ask, customer_id)
    except NotFoundError as error:
        raise NotAllowedError("holding.not_yours") from error


def _refuse_early(conn: Connection, vehicle_id: int, day: int) -> None:
    held = [one.from_day for one in store.owners(conn, vehicle_id) if one.to_day is None]
    if held and day <= max(held):
        raise BadValueError("holding.too_early")


def _refuse_plate(conn: Connection, vehicle_id: int, text: str, day: int) -> None:
    borne = [plate for plate in keys.plates_of(conn, vehicle_id) if plate[0] == text]
    if not any(to_day is None and from_day < day for _, _, from_day, to_day in borne):
        raise BadValueError("holding.no_plate")


def _say_why(conn: Connection, ask: Ask, vehicle_ids: set[int], reason: LapseReason) -> None:
    """Note why vehicles stay away from now on, at every station in sight where they came."""
    rows = board.vehicles(ask)
    came = rows.loc[rows["vehicle_id"].isin(vehicle_ids), ["vehicle_id", "station_id"]]
    for row in came.drop_duplicates().to_dict("records"):
        lapses.add(
            conn,
            LapseNote(
                int(row["vehicle_id"]),
                int(row["station_id"]),
                reason,
                ask.scope.account,
                int(time()),
            ),
        )

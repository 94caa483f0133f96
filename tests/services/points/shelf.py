"""A counter with offers to choose from, and the quickest ways to ask for them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from threading import Barrier, Thread

from services.points.counter import ANNA, Counter, by_card
from town import Person

from station.errors import StationError
from station.loyalty.conditions import When
from station.loyalty.programme import Offer, Programme, Version
from station.model import Fuel
from station.services.points import offering
from station.services.points.offering import Choice, Held, Purchase
from station.services.points.vouchers import Slip

TEN_OFF = Offer("ten", points=100, off_minor=1_000, least_minor=5_000, valid_days=7)
UMBRELLA = Offer("umbrella", points=300, stock=3, most_member=3, zh="雨伞", en="Umbrella")
WASH = Offer("wash", points=0, valid_days=1)
DIESEL = Offer(
    "diesel", points=10, off_percent=10, most_off_minor=2_000, when=When(fuels=(Fuel.DIESEL,))
)
TIGHT = Offer("tight", points=1, off_minor=1_000, budget_station_minor=3_000)
HERE = Offer("here", points=1, stock_station=3)
OFFERS = (TEN_OFF, UMBRELLA, WASH, DIESEL, TIGHT, HERE)
BUY = Purchase(20_000, receipt="R-1")
SOME = Purchase(20_000)


def shelf(counter: Counter, *offers: Offer) -> Counter:
    """Let the counter give these offers, or the usual ones, since the beginning of the year."""
    version = Version("first", starts=date(2026, 1, 1), offers=offers or OFFERS)
    settings = replace(counter.ask.settings, programme=Programme(versions=(version,)))
    counter.ask = replace(counter.ask, settings=settings)
    return counter


def take(counter: Counter, offer: str, person: Person = ANNA, *, key: str = "") -> Slip:
    who = by_card(person)
    return offering.take(
        counter.ask, key=key or counter.key(), member=who, offer=offer, station="S1"
    )


def use(
    counter: Counter,
    code: str,
    bought: Purchase = SOME,
    *,
    key: str = "",
    station: str = "S1",
) -> Slip:
    """Use a coupon for a purchase, whose receipt is a coupon's own unless it is named."""
    bought = replace(bought, receipt=bought.receipt or f"R-{code.upper()}")
    return offering.use(
        counter.ask, key=key or counter.key(), code=code, station=station, purchase=bought
    )


def hand_out(counter: Counter, code: str, *, key: str = "") -> Slip:
    return offering.hand_out(counter.ask, key=key or counter.key(), code=code, station="S1")


def refund(counter: Counter, code: str, back_minor: int = 20_000) -> Slip:
    return offering.refund(
        counter.ask, key=counter.key(), code=code, back_minor=back_minor, reason="brought back"
    )


def withdraw(counter: Counter, code: str, *, key: str = "") -> Slip:
    return offering.withdraw(
        counter.ask, key=key or counter.key(), code=code, reason="chosen by mistake"
    )


def choices(counter: Counter, person: Person = ANNA) -> dict[str, Choice]:
    found = offering.offers(counter.ask, member=by_card(person), station="S1")
    return {one.name: one for one in found}


def held(counter: Counter, person: Person = ANNA) -> list[Held]:
    return offering.held(counter.ask, member=by_card(person))


def at_once(number: int, deed: Callable[[int], object]) -> list[str]:
    """Return what became of a deed that many do at one moment: "" if it was done, else why not."""
    told: list[str] = []
    gate = Barrier(number)

    def run(at: int) -> None:
        gate.wait()
        try:
            deed(at)
        except StationError as error:
            told.append(error.key)
        else:
            told.append("")

    threads = [Thread(target=run, args=(at,)) for at in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told

"""Which coupons were used for purchases that never came in, or came otherwise?"""

from collections.abc import Collection, Sequence

import pandas as pd

from station.archive import stations as sites
from station.archive.database import Connection
from station.archive.points import used
from station.archive.points.used import Astray
from station.loyalty.programme import Programme, word
from station.model import minor_per_major
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.points import ledgers, rules

COLUMNS = ("number", "station", "day", "receipt", "offer", "off", "why")


@right("points.report")
def coupons(ask: Ask, *, lang: str, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return COLUMNS of the coupons that no purchase bears out, the newest first.

    A receipt is missed `receipt_days` after its coupon was used; `why` is one of `used.Why`. Whose
    they are is not told: a coupon is found by its number in the log.

    Raises:
        NotFoundError: a station is not in sight.
    """
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        known, held = sites.everything(conn), rules.told(conn, ask)
        found = _found(conn, ask, wanted)
    rows = [
        (
            one.used.coupon_id,
            known[one.used.station_id].code,
            one.used.day,
            one.used.receipt,
            _named(held, one, lang),
            one.used.off_minor / minor_per_major(known[one.used.station_id].currency),
            one.why.value,
        )
        for one in found
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


@right("archive.keep")
def count(ask: Ask) -> int:
    """Return how many coupons of the chain no purchase bears out."""
    with ask.db.reading() as conn:
        return len(_found(conn, ask, sites.everything(conn)))


def _found(conn: Connection, ask: Ask, station_ids: Collection[int]) -> list[Astray]:
    programme, today = ask.settings.programme, ledgers.day_now(conn, ask)
    days = range(today - programme.astray_days + 1, today + 1)
    return used.astray(conn, station_ids, days, today - programme.receipt_days)


def _named(programme: Programme, one: Astray, lang: str) -> str:
    """Return what an offer is called; its own name where no rule tells it any more."""
    offers = (
        offer
        for version in programme.versions
        if version.name == one.version
        for offer in version.offers
        if offer.name == one.offer
    )
    return next((word(offer, lang) for offer in offers), one.offer)

"""How a customer is reached: always masked, opened one at a time, for a reason, written down."""

import re
from dataclasses import dataclass
from time import time

from station.analysis.holdout import quarter_of
from station.archive import stations
from station.archive.calls import claiming, facts, wishes
from station.archive.customers import book, consents, sealed
from station.archive.customers.book import Customer
from station.archive.database import Connection, Database
from station.archive.people import accounts, audit
from station.errors import (
    BadValueError,
    LimitReachedError,
    NotAllowedError,
    NotFoundError,
)
from station.guard import consent, looks, mask, traces
from station.guard.traces import Traces
from station.ingest import phones
from station.model import Act, Channel, ClaimKind, Purpose, Released, day_date, day_number
from station.services import board, guessing, trail
from station.services.access import acting, right, rights_of, start_of_today, today
from station.services.ask import Ask
from station.services.personal import sealing

REVEAL, REVEAL_ANY = "contact.reveal", "contact.reveal_any"
COMPLAINTS = "calls.read"
TYPED_PHONE = re.compile(r"[+＋]?[\d\s()（）./-]{7,40}")
"""What is typed where a telephone is meant; a plate has letters."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer as everybody may see him: name and phone masked, empty where none is kept."""

    customer_id: int
    organisation_name: str
    name: str
    phone: str
    keeper: str
    may_reveal: bool
    is_erased: bool


@dataclass(frozen=True, slots=True)
class Revealed:
    """A name and a phone in full, empty where there is none, none where the key is lost."""

    name: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A customer in sight: `station_ids` are all where he is known, `here` those in sight."""

    customer: Customer
    station_ids: frozenset[int]
    here: frozenset[int]

    @property
    def station_id(self) -> int:
        """The station under which what is done about him is written down."""
        own = self.customer.station_id
        return own if own is not None and own in self.here else min(self.here)


def in_sight(conn: Connection, ask: Ask, customer_id: int) -> Seen:
    """Return a customer who is registered or came at a station in sight.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    customer = book.find(conn, customer_id)
    known = book.stations_of(conn, customer) if customer else frozenset()
    here = known & ask.scope.station_ids
    if customer is None or not here:
        raise NotFoundError("error.customer_not_found")
    return Seen(customer, known, here)


def is_in_sight(conn: Connection, ask: Ask, customer_id: int) -> bool:
    """Return whether a customer is there and in sight."""
    try:
        in_sight(conn, ask, customer_id)
    except NotFoundError:
        return False
    return True


def there(conn: Connection, ask: Ask, customer_id: int) -> Seen:
    """Return a customer in sight who was not erased.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
    """
    seen = in_sight(conn, ask, customer_id)
    if seen.customer.erased_at is not None:
        raise NotAllowedError("contacts.erased")
    return seen


def note(
    conn: Connection, ask: Ask, seen: Seen, deed: str, *, act: Act = Act.CHANGE, reason: str = ""
) -> None:
    """Write down what was done about a customer."""
    what = f"customer:{seen.customer.id}:{deed}"
    trail.note(conn, ask.scope, act, what, station_id=seen.station_id, reason=reason)


def complaints(conn: Connection, ask: Ask, customer: Customer) -> int:
    """Return how many complaints of a customer are open, 0 to whoever may not see that of him."""
    told = wishes.open_of(conn, customer.ids)
    may_see = ask.scope.rights.get(COMPLAINTS, frozenset())
    return told if told and may_see & book.stations_of(conn, customer) else 0


@right("cards.read")
def of_vehicle(ask: Ask, *, vehicle_id: int) -> list[Contact]:
    """Return whose the vehicle is now, masked, as far as they are in sight; the owner first.

    Raises:
        NotFoundError: there is no such vehicle, or none in sight; both answer alike.
    """
    board.vehicle(ask, vehicle_id=vehicle_id)
    found = []
    with ask.db.reading() as conn:
        for customer_id in book.holders(conn, vehicle_id):
            try:
                found.append(_masked(ask, in_sight(conn, ask, customer_id)))
            except NotFoundError:
                continue
    return found


@right("cards.read")
def of_customer(ask: Ask, *, customer_id: int) -> Contact:
    """Return how a customer is reached, masked.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        return _masked(ask, in_sight(conn, ask, customer_id))


@right("cards.read")
def by_code(ask: Ask, *, code: str) -> int:
    """Return the id of the customer with a code.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        customer_id = book.id_of(conn, code.strip())
        return in_sight(conn, ask, customer_id or 0).customer.id


def _masked(ask: Ask, seen: Seen) -> Contact:
    customer = seen.customer
    name, phone = sealing.unseal_contact(ask.db, customer.contact)
    return Contact(
        customer_id=customer.id,
        organisation_name=customer.organisation_name,
        name=mask.name(name or ""),
        phone=mask.phone(phone or ""),
        keeper=customer.keeper,
        may_reveal=customer.has_contact and may_reveal(ask, seen),
        is_erased=customer.erased_at is not None,
    )


def may_reveal(ask: Ask, seen: Seen) -> bool:
    """Return whether he is in the asker's care, or the asker may open anybody's there."""
    rights = ask.scope.rights
    is_keeper = bool(ask.scope.account_id) and ask.scope.account_id == seen.customer.keeper_id
    needed = {REVEAL} if is_keeper else {REVEAL, REVEAL_ANY}
    held = [rights.get(name, frozenset()) for name in needed]
    return bool(seen.station_ids.intersection(*held))


@right(REVEAL)
def reveal(ask: Ask, *, customer_id: int, purpose: Purpose, reason: str) -> Revealed:
    """Return a customer's name and phone in full; that it was done, and why, is written down.

    Raises:
        NotFoundError: he is not in sight, or nothing is kept of how to reach him.
        NotAllowedError: he is in another's care, was erased, or does not agree to this purpose.
        BadValueError: no reason is given, or it names him.
        LimitReachedError: the day's are used up.
    """
    with acting(ask) as conn:
        seen = there(conn, ask, customer_id)
        refuse_reveal(conn, ask, seen, purpose, is_kept=seen.customer.has_contact)
        why = impersonal(reason, of_person(ask.db, seen.customer))
        note_reveal(conn, ask, seen, f"customer:{customer_id}", reason=f"{purpose}: {why}")
        return Revealed(*sealing.unseal_contact(ask.db, seen.customer.contact))


def refuse_reveal(
    conn: Connection,
    ask: Ask,
    seen: Seen,
    purpose: Purpose,
    *,
    is_kept: bool = True,
    channel: Channel = Channel.PHONE,
) -> None:
    """Refuse to open how a customer is reached to whom it is closed, or where nothing is kept.

    Raises:
        NotAllowedError: he is in another's care, or does not agree to this purpose and way; or it
            is no service, and another calls him or nobody is to.
        NotFoundError: nothing is kept.
    """
    if not may_reveal(ask, seen):
        raise NotAllowedError("contacts.not_yours")
    if not is_kept:
        raise NotFoundError("contacts.none_kept")
    words = consents.of_customer(conn, seen.customer.id)
    day = day_number(today())
    if purpose is not Purpose.SERVICE and not consent.is_given(
        words, purpose=purpose, channel=channel, day=day
    ):
        raise NotAllowedError("contacts.no_consent")
    if purpose is not Purpose.SERVICE:
        _refuse_contact(conn, ask, seen, purpose, channel, day)


def _refuse_contact(
    conn: Connection, ask: Ask, seen: Seen, purpose: Purpose, channel: Channel, day: int
) -> None:
    """Refuse what dialling refuses until something happens, or another would call him twice."""
    ids = seen.customer.ids
    for one in claiming.active(conn, ids):
        holder = accounts.find(conn, account_id=one.account_id)
        is_over = one.until_day is not None and one.until_day <= day
        if holder is not None and not is_over and holder.person != ask.scope.person:
            raise NotAllowedError("calls.taken", account=holder.name)
    said = [one for some in wishes.standing(conn, ids, day).values() for one in some]
    if any(one.is_barred and one.channel in {None, channel} for one in said):
        raise NotAllowedError("calls.rule_do_not_call")
    if purpose is not Purpose.MARKETING:
        return
    if wishes.complaining(conn, ids):
        raise NotAllowedError("calls.rule_open_complaint")
    if facts.held_out(conn, ids, quarter_of(day_date(day))):
        raise NotAllowedError("calls.rule_held_out")


def note_reveal(conn: Connection, ask: Ask, seen: Seen, what: str, *, reason: str) -> None:
    """Write down what of a customer is opened in full and why; one more of the day's is used up.

    Raises:
        LimitReachedError: the day's are used up.
    """
    count_one_more(conn, ask)
    trail.note(conn, ask.scope, Act.REVEAL, what, station_id=seen.station_id, reason=reason)


def count_one_more(conn: Connection, ask: Ask) -> None:
    """Refuse what goes beyond the day; counted in the write that adds to it, so none slips by."""
    most, account = ask.settings.looks.reveals_per_day, ask.scope.account
    since = start_of_today()
    taken = sum(audit.total(conn, account=account, act=act, from_s=since) for act in looks.OPENING)
    if taken >= most:
        raise LimitReachedError("contacts.limit", most=most)


def of_person(db: Database, customer: Customer, *more: str) -> Traces:
    """Return the words by which a customer is recognised; `more` are plates and cards of his."""
    told = [sealing.unseal_contact(db, contact) for contact in customer.contacts]
    return traces.of(
        names=[name or "" for name, _ in told],
        phones=[phone or "" for _, phone in told],
        marks=[*customer.codes, *more],
    )


def impersonal(reason: str, person: Traces) -> str:
    """Return a reason fit to be kept for ever.

    Raises:
        BadValueError: there is none, or it names the person.
    """
    reason = trail.needed(reason)
    if person.found_in(reason):
        raise BadValueError("contacts.reason_names")
    return reason


@right("keeper.assign")
def assign(ask: Ask, *, customer_id: int, keeper: str) -> None:
    """Give a customer into the care of an account that works where he is known, or of nobody.

    Nobody is nobody for all that was found to be him.

    Raises:
        NotFoundError: customer or account is not there.
        NotAllowedError: he is registered elsewhere, or the account does not work at a station of
            his.
    """
    with ask.db.writing(changes_figures=False) as conn:
        seen = there(conn, ask, customer_id)
        refuse_elsewhere(ask, seen)
        keeper_id = keeper_of(conn, seen, keeper.strip().casefold()) if keeper.strip() else None
        give(conn, ask, seen, keeper_id, row_id=customer_id)
        held = claiming.active(conn, seen.customer.ids)
        taken = [
            one.id
            for one in held  # a colleague's call goes on
            if one.account_id != keeper_id and one.kind is ClaimKind.PRIVATE
        ]
        claiming.release(conn, taken, int(time()), Released.HANDED_OVER)
        what = f"customer:{customer_id}:keeper:{keeper_id or 'nobody'}"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=seen.station_id)


def refuse_elsewhere(ask: Ask, seen: Seen) -> None:
    """Refuse to take into care whoever only passed by here.

    Raises:
        NotAllowedError: he is registered at stations out of sight alone.
    """
    homes = seen.customer.registered
    if homes and homes.isdisjoint(ask.scope.station_ids):
        raise NotAllowedError("calls.elsewhere")


def give(
    conn: Connection,
    ask: Ask,
    seen: Seen,
    keeper_id: int | None,
    *,
    row_id: int = 0,
    how: str = "assigned",
    at: int = 0,
) -> None:
    """Give a customer into somebody's care, in the row named, or into nobody's, in all his rows."""
    rows = seen.customer.ids if keeper_id is None else [row_id or seen.customer.id]
    for one in rows:
        put_keeper(conn, one, keeper_id, how=how, account=ask.scope.account, at=at or int(time()))


def put_keeper(
    conn: Connection, row_id: int, keeper_id: int | None, *, how: str, account: str, at: int
) -> None:
    """Give a row of a customer into somebody's care, and write down whose it was before."""
    old_id = book.keeper_of(conn, row_id)
    book.assign(conn, row_id, keeper_id)
    claiming.note_keeper(
        conn, row_id, old_id=old_id, new_id=keeper_id, how=how, account=account, at=at
    )


def keeper_of(conn: Connection, seen: Seen, name: str) -> int:
    """Return the id of the account by this name, into whose care a customer may be given.

    Raises:
        NotFoundError: there is no such account.
        NotAllowedError: it does not work at a station of his.
    """
    account = accounts.find(conn, name=name)
    if account is None or account.disabled_at is not None:
        raise NotFoundError("accounts.unknown", account=name)
    if account.id not in who_work_there(conn, seen.station_ids):
        raise NotAllowedError("contacts.not_there", account=name)
    return account.id


def who_work_there(conn: Connection, station_ids: frozenset[int]) -> dict[int, str]:
    """Return the accounts that may reach customers at one of these stations."""
    known, day = stations.everything(conn), day_number(today())
    found = {}
    for row in accounts.listing(conn).to_dict("records"):
        held = rights_of(accounts.grants_of(conn, int(row["id"]), day), known)
        if row["disabled_at"] is None and held.get(REVEAL, frozenset()) & station_ids:
            found[int(row["id"])] = str(row["name"])
    return found


@right("keeper.assign")
def keepers(ask: Ask, *, customer_id: int) -> list[str]:
    """Return the names of the accounts into whose care a customer may be given.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = in_sight(conn, ask, customer_id)
        return sorted(who_work_there(conn, seen.station_ids & ask.scope.station_ids).values())


@right("cards.read")
def find_by_phone(ask: Ask, *, phone: str) -> list[int]:
    """Return the customers in sight who have this telephone; only a whole number finds anybody.

    An organisation is found by the telephone of anybody who is its contact person now.
    Whoever looks up too many in a day that are nobody's is guessing what a mask hides.

    Raises:
        BadValueError: it is no telephone.
        LimitReachedError: too many were nobody's today.
    """
    number = phones.read(phone, ask.settings.ingest.phone_region)
    if not number:
        return []
    with ask.db.reading() as conn:
        guessing.refuse(conn, ask)
        found = _with_phone(conn, ask, number)
    if not found:
        guessing.missed(ask, f"phone/{number}")
    return found


def _with_phone(conn: Connection, ask: Ask, number: str) -> list[int]:
    found = []
    for customer_id in sealed.with_phone(conn, sealing.phone_indexes(ask.db, number)):
        customer = book.find(conn, customer_id)
        if customer and book.stations_of(conn, customer) & ask.scope.station_ids:
            found.append(customer_id)
    return found


def customers_by_phone(ask: Ask, *, words: str) -> list[int]:
    """Return who in sight has the telephone that was typed, if it is one."""
    if not TYPED_PHONE.fullmatch(words.strip()):
        return []
    try:
        return find_by_phone(ask, phone=words)
    except BadValueError:
        return []

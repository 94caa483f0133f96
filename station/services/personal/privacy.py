"""What a customer agreed to, and the file of all that is kept of him."""

import json
import os
from datetime import date
from pathlib import Path
from time import time
from typing import Any

import pandas as pd

from station.archive.customers import consents as book
from station.errors import BadValueError
from station.guard import consent, mask
from station.model import (
    Act,
    Channel,
    Consent,
    ConsentSource,
    Purpose,
    day_number,
)
from station.services import trail
from station.services.access import LOCAL_ACCOUNT, acting, right, today
from station.services.ask import Ask
from station.services.customers import contacts, occasions
from station.services.personal.confided import instant
from station.services.personal.dossier import file_of

LONGEST_VERSION = 40
OWNER_ONLY = 0o600
CONSENT_COLUMNS = (
    *("purpose", "channel", "given", "on_day"),
    *("source", "text_version", "written_at", "counts"),
)


@right("consent.record")
def record_consent(
    ask: Ask,
    *,
    customer_id: int,
    purpose: Purpose,
    channel: Channel,
    given: bool,
    source: ConsentSource,
    text_version: str = "",
    on: date | None = None,
) -> None:
    """Write down that a customer agrees, or no longer does; both take the same one step.

    `text_version` names the words that he was shown, `on` the day on which he said it, today
    unless another is named.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
        BadValueError: the day lies ahead, or the version is too long or names him: what he said is
            kept when he is erased.
    """
    day, version = on or today(), mask.redact(text_version.strip())
    if day > today():
        raise BadValueError("privacy.day_ahead")
    if len(version) > LONGEST_VERSION:
        raise BadValueError("privacy.version_long", limit=LONGEST_VERSION)
    word = Consent(
        customer_id=customer_id,
        purpose=purpose,
        channel=channel,
        given=given,
        source=source,
        text_version=version,
        on_day=day_number(day),
        account=ask.scope.account,
        written_at=int(time()),
    )
    _write(ask, word)


def _write(ask: Ask, word: Consent) -> None:
    with ask.db.writing(changes_figures=False) as conn:
        seen = contacts.there(conn, ask, word.customer_id)
        if contacts.of_person(ask.db, seen.customer).found_in(word.text_version):
            raise BadValueError("contacts.reason_names")
        book.add(conn, [word])
        if word.purpose is Purpose.CARE:
            occasions.forget_unwanted(conn, word.customer_id)
        what = f"customer:{word.customer_id}:consent:{'given' if word.given else 'withdrawn'}"
        told = f"{word.purpose} {word.channel}"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=seen.station_id, reason=told)


@right("cards.read")
def consents(ask: Ask, *, customer_id: int) -> pd.DataFrame:
    """Return CONSENT_COLUMNS of what a customer said, the newest first; `counts` marks what holds.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        contacts.in_sight(conn, ask, customer_id)
        words = book.of_customer(conn, customer_id)
    counting = consent.standing(words, day_number(today())).values()
    rows = [
        {name: getattr(word, name) for name in CONSENT_COLUMNS[:-1]}
        | {"counts": any(word is other for other in counting)}
        for word in words
    ]
    told = pd.DataFrame(rows, columns=list(CONSENT_COLUMNS))
    return told.iloc[::-1].sort_values("on_day", ascending=False, kind="stable", ignore_index=True)


@right("cards.read")
def has_consent(ask: Ask, *, customer_id: int, purpose: Purpose, channel: Channel) -> bool:
    """Return whether a customer may be addressed for a purpose by a way today.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        words = book.of_customer(conn, customer_id)
    is_known = seen.customer.erased_at is None
    day = day_number(today())
    return is_known and consent.is_given(words, purpose=purpose, channel=channel, day=day)


@right("privacy.file")
def person_file(ask: Ask, *, customer_id: int, identity: str, reason: str) -> dict[str, Any]:
    """Return all that is kept of a customer at the stations in sight, as plain data.

    `identity` says how it was made sure that he is who asks. `complete` is false where stations
    out of sight know him too: then whoever sees the chain makes his file. Of others it holds
    nothing: what a vehicle did before or after it was his is left out, and so is who looked.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        BadValueError: identity or reason is missing, or names him.
        LimitReachedError: the day's are used up; a file tells name and phone as a reveal does.
    """
    with acting(ask) as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        traces = contacts.of_person(ask.db, seen.customer)
        if not identity.strip():
            raise BadValueError("privacy.identity_needed")
        checked, why = (contacts.impersonal(words, traces) for words in (identity, reason))
        if ask.scope.account != LOCAL_ACCOUNT:
            contacts.count_one_more(conn, ask)
        name, station_id = f"customer:{customer_id}", seen.station_id
        told = f"{checked}; {why}"
        trail.note(conn, ask.scope, Act.PERSON_FILE, name, station_id=station_id, reason=told)
    head = {"made_at": instant(int(time())), "identity": checked, "reason": why}
    with ask.db.reading() as conn:
        return head | file_of(conn, ask, seen)


def write_file(path: Path, document: dict[str, Any]) -> None:
    """Write a person's file; nobody but its owner may read it, and no other file gives way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(as_json(document))


def as_json(document: dict[str, Any]) -> str:
    """Return a person's file as text."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"

"""One person asks for what takes two; services/people/approvals.py lets another decide it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import time
from typing import Any

from station.archive.database import Connection
from station.archive.people import requests
from station.model import Act
from station.services import trail
from station.services.ask import Ask

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens on approval.

    `apply` does it within the approval's own write and returns a word for the checker, such as a
    link, or nothing; `concerns` names the person for whose good it is, who may not decide it;
    `reach` refuses a checker for whom it lies out of sight; `tell` returns the facts that its
    sentence is filled with.
    """

    apply: Callable[[Connection, Ask, Payload], str]
    concerns: Callable[[Connection, Payload], str]
    reach: Callable[[Connection, Ask, Payload], None]
    tell: Callable[[Connection, Payload], Payload] = lambda _conn, payload: payload


def put(conn: Connection, ask: Ask, *, kind: str, payload: Payload, reason: str) -> int:
    """Return the id of a request that waits for a second person."""
    request_id = requests.add(
        conn,
        kind=kind,
        payload=json.dumps(payload, ensure_ascii=False, sort_keys=True),
        reason=reason,
        maker=ask.scope.account,
        maker_person=ask.scope.person,
        now_s=int(time()),
    )
    trail.note(conn, ask.scope, Act.REQUEST, f"{kind}:{request_id}", reason=reason)
    return request_id

"""What needs two people: one asks, another who is not he decides, and only then it happens."""

import json
from collections.abc import Mapping
from time import time

import pandas as pd

from station.archive.database import Connection
from station.archive.people import accounts as book
from station.archive.people import requests
from station.errors import NotAllowedError, NotFoundError
from station.model import Act, day_number
from station.services import sites, trail
from station.services.access import LOCAL_ACCOUNT, acting, right, today
from station.services.ask import Ask
from station.services.people import accounts, terminals
from station.services.people.asking import Effect, Payload
from station.services.points import correcting

EFFECTS: Mapping[str, Effect] = {
    **accounts.EFFECTS,
    **sites.EFFECTS,
    **correcting.EFFECTS,
    **terminals.EFFECTS,
}
"""The kinds of requests, of every room that makes some."""


@right("requests.read")
def waiting(ask: Ask) -> pd.DataFrame:
    """Return id, kind, facts, reason, maker, is_mine and made_at of what waits, the oldest first.

    Only what the asker could decide comes, and what he asked for himself. `facts` say in plain
    words what it is about.
    """
    with ask.db.reading() as conn:
        every = with_facts(conn, requests.listing(conn, status=requests.OPEN))
        near = [
            _is_near(conn, ask, kind, json.loads(payload))
            for kind, payload in zip(every["kind"], every["payload"], strict=True)
        ]
    is_mine = every["maker_person"] == ask.scope.person
    shown = every.assign(is_mine=is_mine)[is_mine | pd.Series(near, every.index, dtype=bool)]
    columns = ["id", "kind", "facts", "reason", "maker", "is_mine", "made_at"]
    return shown[columns].reset_index(drop=True)


def with_facts(conn: Connection, listed: pd.DataFrame) -> pd.DataFrame:
    """Return requests with the `facts` that fill each one's sentence."""
    told = [
        dict(EFFECTS[kind].tell(conn, json.loads(payload)))
        for kind, payload in zip(listed["kind"], listed["payload"], strict=True)
    ]
    return listed.assign(facts=pd.Series(told, index=listed.index, dtype="object"))


def _is_near(conn: Connection, ask: Ask, kind: str, payload: Payload) -> bool:
    try:
        EFFECTS[kind].reach(conn, ask, payload)
    except NotAllowedError:
        return False
    return True


@right("requests.decide")
def decide(ask: Ask, *, request_id: int, approve: bool) -> str:
    """Approve or decline a request and return what its approval yields, such as a link.

    Raises:
        NotFoundError: there is no such request, or it was decided before.
        NotAllowedError: the checker made it himself, under whatever account, or it is for him, or
            whoever made it works here no more.
    """
    with acting(ask, changes_figures=True) as conn:
        request = requests.find(conn, request_id)
        if request is None or request.status != requests.OPEN:
            raise NotFoundError("approvals.not_open", request=request_id)
        effect, payload = EFFECTS[request.kind], json.loads(request.payload)
        effect.reach(conn, ask, payload)
        if approve and ask.scope.person in {request.maker_person, effect.concerns(conn, payload)}:
            raise NotAllowedError("approvals.same_person")
        if approve and not _still_works(conn, request.maker):
            raise NotAllowedError("approvals.maker_gone", account=request.maker)
        status = requests.APPROVED if approve else requests.DECLINED
        requests.decide(
            conn,
            request_id,
            status=status,
            checker=ask.scope.account,
            checker_person=ask.scope.person,
            now_s=int(time()),
        )
        act = Act.APPROVAL if approve else Act.DECLINE
        trail.note(conn, ask.scope, act, f"{request.kind}:{request_id}", reason=request.reason)
        told = {"maker": request.maker, "reason": request.reason}
        return effect.apply(conn, ask, payload | told) if approve else ""


def _still_works(conn: Connection, name: str) -> bool:
    """Return whether whoever asked may still come in and holds a role; the operator needs none."""
    if name == LOCAL_ACCOUNT:
        return True
    maker = book.find(conn, name=name)
    if maker is None or maker.disabled_at is not None:
        return False
    return bool(book.grants_of(conn, maker.id, day_number(today())))


@right("users.read")
def decided(ask: Ask) -> pd.DataFrame:
    """Return every request that was decided, by whom and when, the newest first."""
    with ask.db.reading() as conn:
        every = with_facts(conn, requests.listing(conn))
    return every[every["status"] != requests.OPEN].sort_values("id", ascending=False)

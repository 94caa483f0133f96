"""What was asked for by one person and waits for another, or was decided by one."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, insert, select, update

from station.archive.rows import frame
from station.archive.tables import requests

OPEN, APPROVED, DECLINED = "open", "approved", "declined"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `payload` is JSON that its kind understands."""

    id: int
    kind: str
    payload: str
    reason: str
    maker: str
    maker_person: str
    status: str


def add(
    conn: Connection,
    *,
    kind: str,
    payload: str,
    reason: str,
    maker: str,
    maker_person: str,
    now_s: int,
) -> int:
    """Return the id of a new request."""
    values = {
        "kind": kind,
        "payload": payload,
        "reason": reason,
        "maker": maker,
        "maker_person": maker_person,
        "made_at": now_s,
        "status": OPEN,
        "checker": "",
        "checker_person": "",
    }
    return int(conn.execute(insert(requests).values(values).returning(requests.c.id)).scalar_one())


def asked(conn: Connection, *, kind: str, person: str, since: int) -> list[str]:
    """Return the payloads of what a person has asked for since an instant and nobody declined."""
    mine = (requests.c.kind == kind, requests.c.maker_person == person)
    stands = (requests.c.made_at > since, requests.c.status != DECLINED)
    return list(conn.execute(select(requests.c.payload).where(*mine, *stands)).scalars())


def find(conn: Connection, request_id: int) -> Request | None:
    """Return a request, none if there is none."""
    names = Request.__slots__
    query = select(*[requests.c[name] for name in names]).where(requests.c.id == request_id)
    row = conn.execute(query).first()
    return Request(**dict(zip(names, row, strict=True))) if row else None


def decide(
    conn: Connection,
    request_id: int,
    *,
    status: str,
    checker: str,
    checker_person: str,
    now_s: int,
) -> None:
    """Note who decided a request and how."""
    values = {
        "status": status,
        "checker": checker,
        "checker_person": checker_person,
        "decided_at": now_s,
    }
    conn.execute(update(requests).where(requests.c.id == request_id).values(values))


def listing(conn: Connection, *, status: str = "") -> pd.DataFrame:
    """Return the requests, of one status or all, the oldest first."""
    query = select(requests).order_by(requests.c.id)
    return frame(conn, query.where(requests.c.status == status) if status else query)

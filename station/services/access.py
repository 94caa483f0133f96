"""Who asks, and may he? Every service function passes through the door made here."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from station.archive import stations
from station.archive.database import Database
from station.errors import NotAllowedError, NotFoundError
from station.model import RIGHTS, Role, Scope
from station.services.ask import Ask

LOCAL_ACCOUNT = "local"

SERVICES: dict[str, str] = {}
"""Every service function by its dotted name, with the right it needs; docs and tests read it."""

P = ParamSpec("P")
R = TypeVar("R")
Service = Callable[Concatenate[Ask, P], R]


def right(name: str) -> Callable[[Service[P, R]], Service[P, R]]:
    """Return the decorator that refuses a service to whoever lacks the right `name`."""

    def guard(service: Service[P, R]) -> Service[P, R]:
        room = service.__module__.removeprefix("station.services.")
        SERVICES[f"{room}.{service.__name__}"] = name

        @wraps(service)
        def guarded(ask: Ask, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if name not in ask.scope.rights:
                raise NotAllowedError("error.not_allowed", right=name)
            return service(ask, *args, **kwargs)

        return guarded

    return guard


def local_operator(db: Database) -> Scope:
    """Return the scope of whoever can read the archive's files: every station, every right."""
    with db.reading() as conn:
        ids = frozenset(stations.ids(conn).values())
    return Scope(LOCAL_ACCOUNT, Role.OPERATOR, ids, RIGHTS[Role.OPERATOR])


def stations_in_sight(ask: Ask, codes: Iterable[str] = ()) -> frozenset[int]:
    """Return the ids of the named stations, of all in sight when none is named.

    Raises:
        NotFoundError: a code that does not exist or is not in sight; both answer alike.
    """
    wanted = list(codes)
    if not wanted:
        return ask.scope.station_ids
    with ask.db.reading() as conn:
        known = stations.ids(conn)
    ids = {code: known[code] for code in wanted if code in known}
    for code in wanted:
        if ids.get(code) not in ask.scope.station_ids:
            raise NotFoundError("error.station_not_found", station=code)
    return frozenset(ids.values())

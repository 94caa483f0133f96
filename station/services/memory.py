"""What was calculated once is remembered until a figure it rests on changes."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

from station.model import Role, Scope
from station.services.ask import Ask

READING = "board.read"
"""The one right that a remembered function may build on."""
P = ParamSpec("P")
R = TypeVar("R")
Service = Callable[Concatenate[Ask, P], R]


def remembered(*, entries: int) -> Callable[[Service[P, R]], Service[P, R]]:
    """Return the decorator that keeps a function's last `entries` answers.

    An answer is found again under the same archive at the same version, the same stations in
    sight, day, settings and arguments, so nobody is given what another may not see. Who asks is
    kept from the function, so that all who see the same stations share one answer: whoever changes
    it must copy it first. One asker at a time calculates; the others wait for his answer.
    """

    def keep(service: Service[P, R]) -> Service[P, R]:
        answers: OrderedDict[str, R] = OrderedDict()
        turn = Lock()

        @wraps(service)
        def recalled(ask: Ask, /, *args: P.args, **kwargs: P.kwargs) -> R:
            key = _key(ask, args, kwargs)
            with turn:
                if key not in answers:
                    answers[key] = service(_anybody(ask), *args, **kwargs)
                answers.move_to_end(key)
                while len(answers) > entries:
                    answers.popitem(last=False)
                return answers[key]

        return recalled

    return keep


def _anybody(ask: Ask) -> Ask:
    """Return the question as anybody who sees these stations would ask it."""
    sight = ask.scope.station_ids
    return replace(ask, scope=Scope("", Role.STAFF, sight, {READING: sight}))


def _key(ask: Ask, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    where = (str(ask.db.url), ask.db.data_version(), sorted(ask.scope.station_ids))
    return repr((where, ask.as_of, ask.settings, args, sorted(kwargs.items())))

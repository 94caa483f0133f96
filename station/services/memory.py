"""What was calculated once is remembered until a figure it rests on changes."""

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

from station.services.ask import Ask

P = ParamSpec("P")
R = TypeVar("R")
Service = Callable[Concatenate[Ask, P], R]


def remembered(*, entries: int) -> Callable[[Service[P, R]], Service[P, R]]:
    """Return the decorator that keeps a function's last `entries` answers.

    An answer is found again under the same archive at the same version, the same scope, day,
    settings and arguments, so nobody is given what another may see. Answers are shared: whoever
    changes one must copy it first. One asker at a time calculates; the others wait for his answer.
    """

    def keep(service: Service[P, R]) -> Service[P, R]:
        answers: OrderedDict[str, R] = OrderedDict()
        turn = Lock()

        @wraps(service)
        def recalled(ask: Ask, /, *args: P.args, **kwargs: P.kwargs) -> R:
            key = _key(ask, args, kwargs)
            with turn:
                if key not in answers:
                    answers[key] = service(ask, *args, **kwargs)
                answers.move_to_end(key)
                while len(answers) > entries:
                    answers.popitem(last=False)
                return answers[key]

        return recalled

    return keep


def _key(ask: Ask, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    scope = ask.scope
    who = (scope.account, scope.role, sorted(scope.station_ids), sorted(scope.rights))
    where = (str(ask.db.url), ask.db.data_version())
    return repr((where, who, ask.as_of, ask.settings, args, sorted(kwargs.items())))

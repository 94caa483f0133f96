"""What is under way on a page: kept by the server under a key in the address, as a reload keeps it.

A form's key is made when it is drawn; whoever reloads, goes back or opens the address in a second
tab comes to the same form, whose key makes one thing of however many presses.
"""

import secrets
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import Any
from weakref import WeakValueDictionary

import streamlit as st

from station.pages.parts.desk import Desk

MOST_KEPT = 5_000
KEPT_S = 30 * 60
"""As long as a session lasts that does nothing."""
FORM, STEP, SLIP = "form", "step", "slip"
"""How key and step of a form are called in the address, and the number of what came of one."""
LONGEST_KEY, LONGEST_NUMBER = 100, 18
Mark = tuple[str, str, str]
"""Of which archive and account a form is, and its key."""
_kept: OrderedDict[Mark, tuple[float, Any]] = OrderedDict()
_turn = Lock()
_pressed: WeakValueDictionary[Mark, Lock] = WeakValueDictionary()
"""The lock of each form on which a press is under way."""


def key() -> str:
    """Return the key of the form that the address names, empty for none."""
    return str(st.query_params.get(FORM, ""))[:LONGEST_KEY]


def step() -> str:
    """Return the step of the form that the address names, empty for its first."""
    return str(st.query_params.get(STEP, ""))


def slip() -> int | None:
    """Return the number of what came of a form, as far as the address names one."""
    number = st.query_params.get(SLIP, "")
    is_number = number.isascii() and number.isdecimal() and len(number) <= LONGEST_NUMBER
    return int(number) if is_number else None


def begin(desk: Desk, draft: Any, *, step: str = "") -> None:
    """Lay a new form under a new key, and go to it."""
    made = secrets.token_urlsafe(16)
    put(desk, made, draft)
    go(made, step=step)


def go(form: str = "", *, step: str = "", slip: int | None = None) -> None:
    """Go to a step of a form, to what came of one, or to the page as it opens."""
    named = {FORM: form, STEP: step, SLIP: "" if slip is None else str(slip)}
    for name, value in named.items():
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)
    st.rerun()


def put(desk: Desk, form: str, draft: Any) -> None:
    """Keep a form as it stands now."""
    with _turn:
        _kept[_mark(desk, form)] = (monotonic(), draft)
        _kept.move_to_end(_mark(desk, form))
        oldest = monotonic() - KEPT_S
        while len(_kept) > MOST_KEPT or next(iter(_kept.values()))[0] < oldest:
            _kept.popitem(last=False)


def find(desk: Desk, form: str) -> Any:
    """Return a form of this account, none if there is none any more."""
    with _turn:
        at, draft = _kept.get(_mark(desk, form), (0.0, None))
        return draft if at >= monotonic() - KEPT_S else None


@contextmanager
def alone(desk: Desk, form: str) -> Iterator[None]:
    """Let one press of a form at a time do what has no key of its own; no other form waits."""
    with _turn:
        press = _pressed.setdefault(_mark(desk, form), Lock())
    with press:
        yield


def _mark(desk: Desk, form: str) -> Mark:
    return str(desk.ask.db.url), desk.ask.scope.account, form

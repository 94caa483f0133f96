"""What is chosen stands in the address, so that a link opens the same view.

Streamlit's own binding writes the label of a choice, which changes with the language.
"""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")


def take(key: str, options: Collection[str], default: str | None) -> None:
    """Give a widget of one page what the address newly names, else what it had, else `default`.

    A link that does not name it shows everything, and what is no option any more is not chosen.
    """
    found = next(iter(_named(key, options)), None)
    if key not in st.session_state:
        st.session_state[key] = default if found is None else found
    elif _is_new(key):
        st.session_state[key] = found
    elif st.session_state[key] not in options:
        st.session_state[key] = None


def keep(key: str, options: Collection[Any], default: Any, *, many: bool = False) -> None:
    """Give a widget of every page what the address newly names, else what it had, else `default`.

    The menu opens pages by a bare address: what it does not name stays as it was. The value is set
    at every run, for a widget whose words change with the language would else begin anew.
    """
    found = _named(key, options)
    if found and _is_new(key):
        st.session_state[key] = found if many else found[0]
    else:
        kept = st.session_state.get(f"{key}_kept", default)
        st.session_state[key] = st.session_state.get(key, kept)


def _named(key: str, options: Collection[T]) -> list[T]:
    """Return the options that the address names."""
    named = st.query_params.get_all(key)
    return [option for option in options if str(option) in named]


def _is_new(key: str) -> bool:
    """Return whether the address was changed since `put` wrote it: a link was opened."""
    written: list[str] = st.session_state.get(f"{key}_url", [])
    return written != st.query_params.get_all(key)


def put(key: str, chosen: Any, *, named: Sequence[object]) -> None:
    """Remember what is chosen and write `named` into the address; none of it leaves the key out."""
    words = [str(choice) for choice in named]
    if words != st.query_params.get_all(key):
        if words:
            st.query_params[key] = words
        else:
            st.query_params.pop(key, None)
    st.session_state[f"{key}_url"] = words
    st.session_state[f"{key}_kept"] = chosen

"""What is chosen stands in the address, so that a link opens the same view.

Streamlit's own binding writes the label of a choice, which changes with the language.
"""

from collections.abc import Sequence
from typing import Any

import streamlit as st


def take(key: str, options: Sequence[Any], default: Any, *, many: bool = False) -> None:
    """Give the widget `key` what the address newly names, else what it had, else `default`.

    The menu opens pages by a bare address: what it does not name stays as it was. The value is set
    at every run, for a widget whose words change with the language would else begin anew.
    """
    named = st.query_params.get_all(key)
    found = [option for option in options if str(option) in named]
    if found and named != st.session_state.get(f"{key}_url"):
        st.session_state[key] = found if many else found[0]
    else:
        kept = st.session_state.get(f"{key}_kept", default)
        st.session_state[key] = st.session_state.get(key, kept)


def put(key: str, chosen: Any, *, named: Sequence[object]) -> None:
    """Keep what is chosen and write `named` into the address; none of it leaves the key out."""
    words = [str(choice) for choice in named]
    if words != st.query_params.get_all(key):
        if words:
            st.query_params[key] = words
        else:
            st.query_params.pop(key, None)
    st.session_state[f"{key}_url"] = words
    st.session_state[f"{key}_kept"] = chosen

"""Which of Streamlit's sessions was opened by whom, so that nobody else takes it up again."""

from collections import OrderedDict
from threading import Lock

from station.services.access import token_hash

MOST_KEPT = 10_000
_owners: OrderedDict[str, str] = OrderedDict()
_turn = Lock()


def note(session_id: str, token: str) -> None:
    """Remember that the holder of a token opened a session of Streamlit's."""
    with _turn:
        _owners[session_id] = token_hash(token)
        _owners.move_to_end(session_id)
        while len(_owners) > MOST_KEPT:
            _owners.popitem(last=False)


def may_resume(session_id: str, token: str) -> bool:
    """Return whether the holder of a token opened this session."""
    with _turn:
        return _owners.get(session_id) == token_hash(token)

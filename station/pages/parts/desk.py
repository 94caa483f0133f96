"""What a page needs: the open archive, the rules, the person, his stations, the day, the language.

The front door puts one `Desk` on the table at every run; pages take it with `current()`.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from station import text
from station.config import Settings, load_settings
from station.services import access, board, keeping
from station.services.ask import Ask, Database
from station.services.people import resuming, sign_in

PERIODS = (30, 90, 180, 365, 0)
"""Days up to as-of that a page may look back; 0 is everything."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The person's question as it stands: who, where, when, in which language."""

    ask: Ask
    lang: str
    stations: tuple[str, ...]
    days: int

    def vehicles(self) -> pd.DataFrame:
        """Return the board of the chosen stations and period; shared by all, never changed."""
        return board.vehicles(self.ask, stations=self.stations, days=self.days)

    def seen(self) -> pd.DataFrame:
        """Return the board's rows that came in the period, the most frequent first."""
        return board.seen(self.ask, stations=self.stations, days=self.days)

    def zone(self, station: str = "") -> str:
        """Return the zone of a station in sight, else the programme's."""
        usual = self.ask.settings.programme.zone
        if not station:
            return usual
        return str(board.stations_known(self.ask).set_index("code")["zone"].get(station, usual))

    def say(self, key: str, /, **values: object) -> str:
        """Return a sentence of the catalogue in the reader's language."""
        return text.say(self.lang, key, **values)


@st.cache_resource
def _opened(config: str, archive: str) -> tuple[Settings, Database]:
    settings = load_settings(Path(config) if config else None)
    return settings, keeping.open_archive(settings, archive)


def open_ask() -> Ask:
    """Return the question of whoever is signed in, as of the last day with sales in his sight.

    Raises:
        SignInError: nobody is.
    """
    settings, db = opened()
    token = _token(settings)
    scope = access.scope_of(db, token, settings.sign_in)
    if context := get_script_run_ctx():
        resuming.note(context.session_id, token)
    ask = Ask(db, settings, scope, access.today())
    return replace(ask, as_of=board.last_day(ask)) if "board.read" in scope.rights else ask


def opened() -> tuple[Settings, Database]:
    """Return the settings and the archive that the environment names."""
    return _opened(os.environ.get("STATION_CONFIG", ""), os.environ.get("STATION_ARCHIVE", ""))


def _token(settings: Settings) -> str:
    """Return the token that the browser sent, at every run anew.

    A program that drives the pages without a browser lays one into the session; no browser can.
    """
    laid: str = st.session_state.get("token", "")
    return laid or st.context.cookies.get(sign_in.cookie_name(settings.sign_in), "")


def put(desk: Desk) -> None:
    """Lay the desk out for the page that runs next."""
    st.session_state["desk"] = desk


def current() -> Desk:
    """Return the desk that the front door laid out for this run."""
    desk: Desk = st.session_state["desk"]
    return desk

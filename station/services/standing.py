"""How many regulars of each station stay away: counted with the board, found again for one card."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from station.archive import derived
from station.services import keepsakes
from station.services.ask import Ask

SORT = "standing"
FORMAT = 1
"""Raised when what is kept changes shape."""


def keep(ask: Ask, counts: pd.DataFrame) -> None:
    """Keep what `states.staying_away` counted at the stations in sight, beside that of others."""
    counts = counts.reindex(sorted(ask.scope.station_ids), fill_value=0)
    pairs = counts[["regulars", "away"]].astype("int64").to_numpy().tolist()
    own = {str(station_id): pair for station_id, pair in zip(counts.index, pairs, strict=True)}
    mark = _mark(ask)
    derived.keep(ask.db, SORT, mark, (derived.find(ask.db, SORT, mark) or {}) | own)


def found(ask: Ask) -> pd.DataFrame | None:
    """Return regulars and away of each station in sight; None where one was not counted."""

    def counts(words: Mapping[str, Any]) -> pd.DataFrame:
        rows = [words[str(station_id)] for station_id in sorted(ask.scope.station_ids)]
        return pd.DataFrame(rows, columns=["regulars", "away"]).astype("int64")

    return keepsakes.found(ask, SORT, _mark(ask), counts)


def _mark(ask: Ask) -> str:
    """Return what names the state of the archive, the day and the rules."""
    return keepsakes.mark(FORMAT, ask.db.data_version(), ask.as_of, ask.settings)

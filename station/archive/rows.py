"""Long lists cut to what one statement takes, and answers as frames."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import pandas as pd
from sqlalchemy import Connection, Select

MOST_VALUES = 10_000
"""Values in one IN list; SQLite takes 32,766 parameters, PostgreSQL 65,535."""

T = TypeVar("T")


def slices(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield `values` in pieces that one statement takes."""
    for start in range(0, len(values), MOST_VALUES):
        yield values[start : start + MOST_VALUES]


def frame(conn: Connection, query: Select[*tuple[object, ...]]) -> pd.DataFrame:
    """Return the answer as a frame with the query's column names."""
    result = conn.execute(query)
    return pd.DataFrame.from_records(result.fetchall(), columns=list(result.keys()))

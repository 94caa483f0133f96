"""Which few rows say the same as a million visit histories?"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from station.analysis.rhythm_model import Array

Codes = npt.NDArray[np.int64]

DISTINCT_ROWS_MOST = 20_000
"""Beyond this many distinct rows a fit starts from cells."""
VISITS_EXACT_MOST, VISITS_STEP = 12, 1.15
AGE_CELLS, SILENCE_CELLS = 16, 24


@dataclass(frozen=True, slots=True)
class Rows:
    """Visit histories: repeat visits, last and now since the first, sum of ln(gap), weight.

    The open gap is an ordinary one with the chance `ordinary`; `paused` is the chance that it is a
    pause and has lasted until now.
    """

    visits: Array
    last: Array
    now: Array
    log_gaps: Array
    weight: Array
    ordinary: Array
    paused: Array

    def in_unit(self, unit: float) -> "Rows":
        """Return the rows with time counted in `unit`s."""
        return replace(
            self,
            last=self.last / unit,
            now=self.now / unit,
            log_gaps=self.log_gaps - self.visits * np.log(unit),
        )

    def mean_gap(self) -> float:
        """Return the pooled mean gap; the mean age where nobody came again; 1 where all is 0."""
        visits, time = self.weight @ self.visits, self.weight @ self.last
        if visits > 0 and time > 0:
            return float(time / visits)
        return float(self.weight @ self.now / self.weight.sum()) or 1.0

    def merged(self, codes: Codes) -> "Rows":
        """Return one row for each code: the weighted means of its rows and their total weight."""
        _, first, group = np.unique(codes, return_index=True, return_inverse=True)
        weight = np.bincount(group, self.weight).astype(np.float64)

        def mean(column: Array) -> Array:
            at_first = column[first]  # the mean of equal values is then exactly that value
            return at_first + np.bincount(group, self.weight * (column - at_first[group])) / weight

        columns = [self.visits, self.last, self.now, self.log_gaps]
        means = [mean(column) for column in columns]
        return Rows(*[*means, weight, mean(self.ordinary), mean(self.paused)])


def distinct(rows: Rows) -> Rows:
    """Return the distinct histories with their counts: the likelihood does not change.

    The sum of ln(gap) enters the likelihood linearly, so its mean is enough.
    """
    return rows.merged(coded(rows.visits, rows.last, rows.now))


def coded(*columns: Array) -> Codes:
    """Return one number for each row of columns of at least 0, the same for equal rows."""
    codes = np.zeros(columns[0].size, dtype=np.int64)
    for column in columns:
        values = _codes(column)
        codes = codes * (values.max(initial=0) + 1) + values
        if codes.max(initial=0) >= 1 << 40:
            codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return codes


def _codes(column: Array) -> Codes:
    """Return equal small integers for equal values; days count in halves, as medians do."""
    halves = column * 2
    if halves.max(initial=0) < 1 << 20 and np.array_equal(halves, np.floor(halves)):
        return halves.astype(np.int64)
    return np.unique(column, return_inverse=True)[1].astype(np.int64)


def cells(rows: Rows) -> Rows:
    """Return cells of like histories: few visits exactly, then by visits, age and silence.

    Silence is measured in the vehicle's own gaps, the base's mean gap counting as one more.
    """
    over = np.log(np.maximum(rows.visits, VISITS_EXACT_MOST) / VISITS_EXACT_MOST)
    steps = np.ceil(over / np.log(VISITS_STEP))
    visits = np.minimum(rows.visits, VISITS_EXACT_MOST) + steps
    own_gap = (rows.last + rows.mean_gap()) / (rows.visits + 1)
    age = _quantile_cells(rows.now, AGE_CELLS)
    silence = _quantile_cells((rows.now - rows.last) / own_gap, SILENCE_CELLS)
    codes = (visits.astype(np.int64) * AGE_CELLS + age) * SILENCE_CELLS + silence
    return rows.merged(codes)


def _quantile_cells(column: Array, count: int) -> Codes:
    edges = np.quantile(column, np.arange(1, count) / count)
    return np.asarray(np.searchsorted(edges, column), dtype=np.int64)

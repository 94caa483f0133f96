"""What the rhythm knows of each vehicle on the day it is asked."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import psi

from station.analysis.diary import Past
from station.analysis.rhythm_model import Array, Fit

Place = npt.NDArray[np.int64] | npt.NDArray[np.bool_] | slice


@dataclass(frozen=True, slots=True)
class Lives:
    """One entry a vehicle: repeat visit-days, days from first to last, silence, gaps, pauses.

    `usual` is the median gap (NaN without a gap); `paused` counts the days of past pauses, which
    are no part of the vehicle's own time.
    """

    x: Array
    t_x: Array
    silent: Array
    usual: Array
    log_gaps: Array
    last_day: Array
    paused: Array

    @property
    def own(self) -> Array:
        """The days from first to last visit, less the pauses."""
        return self.t_x - self.paused

    def chosen(self, place: Place) -> "Lives":
        """Return the entries at `place`."""
        return Lives(*(getattr(self, name)[place] for name in self.__slots__))

    def silent_for(self, silent: Array) -> "Lives":
        """Return the same vehicles after another silence since their last visit."""
        return replace(self, silent=silent)


def of_profiles(profiles: pd.DataFrame) -> Lives:
    """Return the lives of frames.PROFILES; a column `pause_days` is optional."""
    days = profiles["last_day"] - profiles["first_day"]
    paused = profiles["pause_days"] if "pause_days" in profiles else pd.Series(0.0, days.index)
    columns = (
        profiles["visit_days"] - 1,
        days,
        profiles["days_silent"],
        profiles["gap_median_days"],
        profiles["gap_log_sum"],
        profiles["last_day"],
        paused,
    )
    return Lives(*[np.asarray(column, dtype=np.float64) for column in columns])


def of_past(past: Past, paused: Array | None = None) -> Lives:
    """Return the lives at the end of a past day."""
    none = np.zeros(len(past.x))
    return Lives(
        x=past.x,
        t_x=past.t_x,
        silent=past.silent,
        usual=past.usual,
        log_gaps=past.log_gaps,
        last_day=past.last_day,
        paused=none if paused is None else paused,
    )


def mean_gap(lives: Lives, fitted: Fit) -> Array:
    """Return the ordinary gap that each vehicle's own rate, as it is known, lets expect."""
    return np.asarray((lives.own + fitted.alpha) / (lives.x + fitted.r / fitted.k))


def regularity(lives: Lives, k: float, as_gaps: float = 4.0) -> Array:
    """Return the regularity of each vehicle's own gaps, drawn to `k` as if by `as_gaps` more.

    The spread of the logarithms, ln(mean) - mean(ln), gives a Gamma shape by Minka's formula
    (within 1.5 %). Pauses count in both or the mean would be of other gaps than the logarithms are;
    `log_gaps` must be of all gaps.
    """
    spread_of_k = float(np.log(k) - psi(k))
    gaps = np.maximum(lives.x, 1)
    mean = np.maximum(lives.t_x, 1e-9) / gaps
    own = np.maximum(np.log(mean) - lives.log_gaps / gaps, 0)
    own = np.where(lives.x > 1, own * gaps / np.maximum(gaps - 1, 1), 0)
    known = np.where(lives.x > 1, lives.x - 1, 0)
    spread = (own * known + spread_of_k * as_gaps) / (known + as_gaps)
    shape = (3 - spread + np.sqrt((spread - 3) ** 2 + 24 * spread)) / (12 * spread)
    return np.asarray(shape)

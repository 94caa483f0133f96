"""Random choices for many rows at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.object_]


def weighted(weights: Mapping[Any, float], count: int, rng: np.random.Generator) -> Words:
    """Return `count` keys of `weights`, each as often as it weighs."""
    keys = np.empty(len(weights), dtype=object)
    keys[:] = [*weights]
    chances = np.asarray([*weights.values()], dtype=np.float64)
    return np.asarray(keys[rng.choice(len(keys), count, p=chances / chances.sum())])


def weighted_by(
    names: Words, tables: Mapping[str, Mapping[Any, float]], rng: np.random.Generator
) -> Words:
    """Return for each of `names` a key of the table of that name."""
    drawn = np.full(len(names), "", dtype=object)
    for name, table in tables.items():
        rows = np.flatnonzero(names == name)
        if len(rows):
            drawn[rows] = weighted(table, len(rows), rng)
    return drawn


def happens(shares: Any, count: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return for each of `count` rows whether it happens, with the probability `shares`."""
    return np.asarray(rng.random(count) < np.asarray(shares))

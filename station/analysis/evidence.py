"""What do many weak clues together say, and which of them said it loudest?

Naive Bayes with a table: each clue that fits a row adds its logarithms to the answers it speaks
for or against. An answer's probability is its share of the total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_CLUES = 62
"""One bit each in a 64-bit number."""
STRONGEST = 3


@dataclass(frozen=True, slots=True)
class Clue:
    """One line of the table: it fits where `column` is one of `values`, or in [low, high).

    `weights` are natural logarithms of how much likelier the clue is under that answer. A clue
    needs `visits` behind it.
    """

    key: str
    column: str
    weights: Mapping[str, float]
    values: frozenset[str] = frozenset()
    low: float = -np.inf
    high: float = np.inf
    visits: int = 1

    def fits(self, features: pd.DataFrame) -> np.ndarray:
        """Return in which rows of `features` the clue is seen."""
        column = features[self.column]
        if self.values:
            seen = column.isin(self.values)
        else:
            seen = (column >= self.low) & (column < self.high)
        return np.asarray(seen & (features["visits"] >= self.visits), dtype=bool)


def weigh(
    features: pd.DataFrame, clues: Sequence[Clue], prior: Mapping[str, float]
) -> pd.DataFrame:
    """Return answer, probability and evidence (the keys of the strongest clues) of every row.

    Rows with the same clues are judged once.
    """
    if len(clues) > MOST_CLUES:
        raise ValueError("more clues than bits")
    patterns = np.zeros(len(features), dtype="int64")
    for bit, clue in enumerate(clues):
        patterns |= clue.fits(features).astype("int64") << bit
    distinct, place = np.unique(patterns, return_inverse=True)
    hits = (distinct[:, None] >> np.arange(len(clues)) & 1).astype(bool)
    return _judge(hits, clues, prior).iloc[place].set_axis(features.index)


def _judge(hits: np.ndarray, clues: Sequence[Clue], prior: Mapping[str, float]) -> pd.DataFrame:
    answers = list(prior)
    weights = np.array([[clue.weights.get(answer, 0.0) for answer in answers] for clue in clues])
    weights = weights.reshape(len(clues), len(answers))
    totals = np.log(list(prior.values())) + hits @ weights
    shares = np.exp(totals - totals.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    winner = shares.argmax(axis=1)
    speaks = hits * (weights[:, winner].T - shares @ weights.T)
    return pd.DataFrame(
        {
            "answer": np.array(answers, dtype=object)[winner],
            "probability": shares[np.arange(len(shares)), winner],
            "evidence": pd.Series(_strongest(speaks, [clue.key for clue in clues]), dtype=object),
        }
    )


def _strongest(speaks: np.ndarray, keys: Sequence[str]) -> list[list[str]]:
    """Return the keys that spoke for the answer in each row, the loudest first."""
    order = np.argsort(-speaks, axis=1, kind="stable")[:, :STRONGEST]
    heard = np.take_along_axis(speaks, order, axis=1) > 0
    return [
        [keys[clue] for clue, loud in zip(row, is_loud, strict=True) if loud]
        for row, is_loud in zip(order.tolist(), heard.tolist(), strict=True)
    ]

"""How complete is a card, and what is missing on it?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.contact.fields import Field

WHOLE = 100


@dataclass(frozen=True, slots=True)
class CompletenessRules:
    """When a card is unfinished, and when how somebody is reached must be checked again."""

    line: int = 60
    first_days: int = 30
    stale_days: int = 180


def bits(fields: Sequence[Field]) -> dict[str, int]:
    """Return for each field that counts the bit by which it stands in the sum of what is known."""
    return {one.name: 1 << place for place, one in enumerate(_counting(fields))}


def _counting(fields: Sequence[Field]) -> list[Field]:
    return [one for one in fields if one.weight]


def scores(known: pd.Series, is_organisation: pd.Series, fields: Sequence[Field]) -> pd.Series:
    """Return for each card from 0 to 100 how much of what counts for its kind is known.

    Args:
        known: the sum of the `bits` of what is known of each customer.
        is_organisation: whether each is one; other fields are asked of it.
        fields: every field.
    """
    masks, kinds = known.to_numpy(dtype="int64"), is_organisation.to_numpy(dtype="bool")
    reached, possible = np.zeros(len(masks)), np.zeros(len(masks))
    for one, bit in zip(_counting(fields), bits(fields).values(), strict=True):
        for kind in (False, True):
            if one.concerns(is_organisation=kind):
                possible += one.weight * (kinds == kind)
                reached += one.weight * ((kinds == kind) & ((masks & bit) != 0))
    share = np.divide(reached, possible, out=np.ones(len(masks)), where=possible > 0)
    return pd.Series(np.floor(share * WHOLE + 0.5).astype("int64"), index=known.index)


def missing(known: int, fields: Sequence[Field], *, is_organisation: bool) -> list[str]:
    """Return which of the fields that count for such a customer are missing, weightiest first."""
    by_name: Mapping[str, int] = bits(fields)
    absent = [
        one
        for one in _counting(fields)
        if one.concerns(is_organisation=is_organisation) and not known & by_name[one.name]
    ]
    return [one.name for one in sorted(absent, key=lambda one: -one.weight)]

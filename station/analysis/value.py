"""What is a customer worth to the chain? A grade from what he bought in a year."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

GRADES = ("A", "B", "C", "D")
"""From the best on; the last is whoever is not known for long enough, or buys too little."""


@dataclass(frozen=True, slots=True)
class ValueRules:
    """From which amount on a customer is A, B or C, in whole money of the last `days`.

    Whoever bought in fewer than `least_months` months of them is D: one large purchase makes no A.
    """

    days: int = 365
    least_months: int = 3
    a_least: int = 12_000
    b_least: int = 4_000
    c_least: int = 500


def grades(deeds: pd.DataFrame, rules: ValueRules, day: int, per_major: int) -> pd.Series:
    """Return the grade of each customer on a day, by his id; whoever bought nothing is left out.

    Args:
        deeds: (customer_id, day, amount_minor), any number of rows a customer.
        rules: the numbers.
        day: up to which day, and so many days before it.
        per_major: how many minor units one whole of money has.
    """
    counted = deeds[(deeds["day"] <= day) & (deeds["day"] > day - rules.days)]
    months = counted["day"].to_numpy(dtype="int64").astype("datetime64[D]").astype("datetime64[M]")
    told = counted.assign(month=months).groupby(["customer_id", "month"])["amount_minor"].sum()
    bought = told[told > 0].groupby("customer_id").agg(["sum", "size"])
    least = [rules.a_least, rules.b_least, rules.c_least]
    reached = [(bought["sum"] >= amount * per_major).to_numpy() for amount in least]
    found = np.select(reached, GRADES[:-1], GRADES[-1])
    is_known = (bought["size"] >= rules.least_months).to_numpy()
    return pd.Series(np.where(is_known, found, GRADES[-1]), index=bought.index, dtype="object")

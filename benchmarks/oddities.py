"""Are the cards that were planted on the list, how many others are, and how long does it take?

    python benchmarks/oddities.py [--cards 10000] [--seeds 5]

One card in 10,000 of a chain (at least one of each way) is used as in domain reports: filled twice
within minutes, on many plates, always at one nozzle, its points entered by hand, given back after
earning, in round sums with doubled fills. Taxis come daily, pay round sums and share cars, and must
not be listed for that. An innocent chain is the same without the planted cards.
"""

import argparse
import sys
from time import perf_counter

import numpy as np
import pandas as pd

from station.analysis.oddities import FILLS, OddityRules, find

AS_OF = 20_600
KINDS = {"private": (0.90, 4), "taxi": (0.06, 26), "truck_heavy": (0.04, 9)}
"""Share of the cards, and mean fills in four weeks."""
WAYS = ("soon", "plates", "nozzle", "late", "refunded", "cash")
PLANTED_FILLS = 16
STATION_CARDS = 2_000


def fills_of(draw: np.random.Generator, subjects: np.ndarray, kind: str) -> pd.DataFrame:
    """Return ordinary fills of cards in four weeks."""
    count = len(subjects)
    hour = draw.integers(6, 23, count)
    is_taxi, is_truck = kind == "taxi", kind == "truck_heavy"
    litres = draw.normal(280_000 if is_truck else 35_000, 6_000, count)
    round_share = 0.9 if is_taxi else 0.3
    amount = np.where(
        draw.random(count) < round_share, 20_000, draw.integers(15_000, 35_000, count)
    )
    other = draw.random(count) < (0.25 if is_taxi else 0.02)  # two shifts share their cars
    shared = np.where(other, subjects + 1, subjects)
    return pd.DataFrame(
        {
            "station_id": subjects // STATION_CARDS + 1, "subject_id": subjects,
            "day": AS_OF - draw.integers(0, 28, count),
            "minute": hour * 60 + draw.integers(0, 60, count),
            "shift": np.where(hour < 15, "early", "late"),
            "hand": draw.integers(1, 9, count).astype(str), "kind": kind, "card": "person",
            "fuel": "diesel" if is_truck else "petrol", "is_electric": False,
            "quantity_milli": litres.astype("int64"), "amount_minor": amount,
            "seen_id": np.where(draw.random(count) < 0.9, shared, 0), "bound_id": subjects,
            "is_refunded": draw.random(count) < 0.004, "is_claimed": draw.random(count) < 0.01,
            "is_multiplied": draw.random(count) < 0.15, "points": 250,
        }
    )  # fmt: skip


def chain(draw: np.random.Generator, cards: int) -> pd.DataFrame:
    """Return the fills of an innocent chain; cards differ in how often they come."""
    kinds = draw.choice(list(KINDS), cards, p=[share for share, _ in KINDS.values()])
    parts = []
    for kind, (_, mean) in KINDS.items():
        own = np.flatnonzero(kinds == kind) * 2
        often = draw.negative_binomial(3, 3 / (3 + mean), len(own))
        parts.append(fills_of(draw, np.repeat(own, often), kind))
    return pd.concat(parts, ignore_index=True)


def planted(draw: np.random.Generator, way: str, number: int, station_id: int) -> pd.DataFrame:
    """Return the fills of a card that is used in a way that is worth a look."""
    rows = fills_of(draw, np.full(PLANTED_FILLS, number), "private").assign(station_id=station_id)
    half = np.arange(PLANTED_FILLS) // 2
    twice = rows.assign(day=AS_OF - half * 3, minute=600 + np.arange(PLANTED_FILLS) % 2 * 9)
    return {
        "soon": twice,
        "plates": rows.assign(seen_id=number + 1_000 + np.arange(PLANTED_FILLS)),
        "nozzle": rows.assign(hand="3"),
        "late": rows.assign(is_claimed=np.arange(PLANTED_FILLS) % 4 > 0),
        "refunded": rows.assign(is_refunded=np.arange(PLANTED_FILLS) % 3 == 0),
        "cash": twice.assign(amount_minor=20_000, hand="5"),
    }[way]


def measure(seed: int, cards: int) -> dict[str, float]:
    """Return what one chain's list has of planted cards, of taxis and of others, and the time."""
    draw = np.random.default_rng(seed)
    innocent = chain(draw, cards)
    first = cards * 2 + 1
    wanted = range(first, first + max(len(WAYS), cards // 10_000))
    stations = int(innocent["station_id"].max())
    parts = [
        planted(draw, WAYS[n % len(WAYS)], number, n % stations + 1)
        for n, number in enumerate(wanted)
    ]
    fills = [rows.assign(sale_id=np.arange(1, len(rows) + 1))[list(FILLS)]
             for rows in (innocent, pd.concat([innocent, *parts], ignore_index=True))]  # fmt: skip
    before = find(fills[0], OddityRules(), as_of_day=AS_OF)
    start = perf_counter()
    listed = find(fills[1], OddityRules(), as_of_day=AS_OF)
    seconds = perf_counter() - start
    top = listed[: OddityRules().most_week]
    hits = {one.subject_id for one in top} & set(wanted)
    return {
        "fills": len(fills[1]), "planted": len(wanted), "listed": len(top), "found": len(hits),
        "taxis": sum(one.kind == "taxi" for one in top), "innocent": len(before),
        "seconds": seconds,
    }  # fmt: skip


def main() -> None:
    """Print one line a chain and their sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    told = pd.DataFrame([measure(seed, asked.cards) for seed in range(asked.seeds)])
    sums = told.sum()
    sys.stdout.write(told.round(2).to_string(index=False) + "\n")
    sys.stdout.write(
        f"precision {sums['found'] / max(sums['listed'], 1):.0%}, "
        f"recall {sums['found'] / sums['planted']:.0%}, "
        f"taxis {sums['taxis'] / max(sums['listed'], 1):.0%}, "
        f"innocent chains with a list: {(told['innocent'] > 0).sum()} of {len(told)}\n"
    )


if __name__ == "__main__":
    main()

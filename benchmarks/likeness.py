"""How long does it take to find the likely pairs among 100,000 customers?"""

import random
import time

import pandas as pd

from station.contact import likeness
from station.contact.likeness import LikenessRules

CUSTOMERS, ORGANISATIONS, TWINS = 100_000, 10_000, 500
SIGNS = [chr(0x4E00 + n) for n in range(1_500)]


def main() -> None:
    """Print the seconds, the pairs, and how many of the hidden twins were found."""
    chance = random.Random(1)  # noqa: S311
    rows = [_record(chance, number) for number in range(CUSTOMERS)]
    for twin in range(TWINS):
        rows[twin + TWINS] = {**rows[twin], "customer_id": twin + TWINS}
    records = pd.DataFrame(rows)
    ties = pd.DataFrame(
        {
            "customer_id": records["customer_id"],
            "vehicle_id": [chance.randrange(CUSTOMERS) for _ in range(CUSTOMERS)],
            "from_day": 0,
            "to_day": 10_000_000,
        }
    )
    habits = pd.DataFrame(
        {
            "customer_id": records["customer_id"],
            "station_id": [chance.randrange(20) for _ in range(CUSTOMERS)],
            "weekday": [chance.randrange(-1, 7) for _ in range(CUSTOMERS)],
            "slot": [chance.randrange(-1, 8) for _ in range(CUSTOMERS)],
            "fuel": [chance.randrange(2) for _ in range(CUSTOMERS)],
            "litres": [chance.uniform(20, 60) for _ in range(CUSTOMERS)],
        }
    )
    rules, start = LikenessRules(most_pairs=CUSTOMERS), time.perf_counter()
    told = likeness.clues(records, ties, habits, rules)
    ranked = likeness.ranked(told, rules)
    seconds = time.perf_counter() - start
    found = ranked[(ranked["high_id"] - ranked["low_id"] == TWINS) & (ranked["low_id"] < TWINS)]
    print(f"{CUSTOMERS:,} customers: {seconds:.1f} s, {len(told):,} clues, {len(ranked):,} pairs")
    print(f"hidden twins found: {len(found)} of {TWINS}")


def _record(chance: random.Random, number: int) -> dict[str, object]:
    is_organisation = number >= CUSTOMERS - ORGANISATIONS
    name = "".join(chance.choices(SIGNS, k=chance.randint(2, 4)))
    return {
        "customer_id": number,
        "is_organisation": int(is_organisation),
        "name_index": f"n{chance.randrange(60_000)}",
        "phone_index": f"p{number}" if number % 4 else None,
        "organisation_name": f"示例市{name}运输有限公司" if is_organisation else "",
    }


if __name__ == "__main__":
    main()

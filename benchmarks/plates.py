"""Print the microseconds that reading a plate costs, by the way it was typed.

Command: python -m benchmarks.plates
"""

import random
from collections.abc import Callable
from time import perf_counter

from station.ingest.plate_text import PROVINCES
from station.ingest.plates import normalise

OFFICES = "ABCDEFGHJKLMNPQRSTUVWXYZ"
SERIAL = OFFICES + "0123456789"
WIDE = str.maketrans({c: chr(ord(c) + 0xFEE0) for c in SERIAL})
COUNT = 20_000
SEED = 7


def ordinary(chance: random.Random) -> str:
    return chance.choice(PROVINCES) + chance.choice(OFFICES) + "".join(chance.choices(SERIAL, k=5))


def electric(chance: random.Random) -> str:
    return ordinary(chance)[:2] + "D" + "".join(chance.choices("0123456789", k=5))


WAYS: dict[str, Callable[[random.Random], str]] = {
    "ordinary, clean": ordinary,
    "green, clean": electric,
    "with a separator": lambda chance: (plate := ordinary(chance))[:2] + "·" + plate[2:],
    "full width, lower case, spaced": lambda chance: (
        " ".join(ordinary(chance)).lower().translate(WIDE)
    ),
    "police": lambda chance: ordinary(chance)[:6] + "警",
    "with a colour word": lambda chance: ordinary(chance) + "黄牌",
    "without province": lambda chance: ordinary(chance)[1:],
    "telephone number": lambda chance: f"1380013{chance.randrange(10_000):04}",
    "tractor and trailer": lambda chance: f"{ordinary(chance)}/{ordinary(chance)[:6]}挂",
}


def main() -> None:
    for name, way in WAYS.items():
        chance = random.Random(SEED)  # noqa: S311 - made-up plates, no secrets
        typed = [way(chance) for _ in range(COUNT)]
        begun = perf_counter()
        for text in typed:
            normalise(text)
        print(f"{name:32} {(perf_counter() - begun) / COUNT * 1e6:6.1f} µs")


if __name__ == "__main__":
    main()

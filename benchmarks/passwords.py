"""Does the time of a wrong password tell whether the account exists?

Run: python -m benchmarks.passwords. The two kinds take turns, so that the neighbours on a shared
machine disturb both alike; the medians are compared.
"""

import statistics
import time

from station.guard import passwords

ROUNDS = 40


def spent_s(known: str | None) -> float:
    begin = time.perf_counter()
    passwords.matches(known, "not the password of anybody")
    return time.perf_counter() - begin


def main() -> None:
    known = passwords.hashed("seven lanterns under a wet bridge")
    pairs = [(spent_s(known), spent_s(None)) for _ in range(ROUNDS)]
    real, nobody = (statistics.median(one) * 1000 for one in zip(*pairs, strict=True))
    print(f"wrong password: known account {real:.0f} ms, unknown {nobody:.0f} ms (p50)")
    print(f"unknown / known {nobody / real:.3f}")


if __name__ == "__main__":
    main()

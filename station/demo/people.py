"""Invented names and telephones of customers; they follow from the customer's number."""

import numpy as np

from station.demo.draws import Words
from station.demo.seasons import Ints

SURNAMES = "甲乙丙丁戊己庚辛壬癸"  # the Chinese A, B, C of people who do not exist
FIRST_NAMES, SECOND_NAMES = "示样例演澜岳翔泰辰", ("", *"川旭祥途峰源瑞")
NOBODYS = "100"
"""How a telephone begins that nobody holds; eight digits follow."""
SERIALS = 10**8
FIRST, STRIDE = (
    27_182_818,
    38_196_601,
)  # shares no factor with SERIALS: no two customers get one telephone
MIXED = 1_103_515_245
BITS = 32
MISSING_SHARE = 0.1


def names(numbers: Ints) -> Words:
    """Return an invented name for each customer, empty for about one in ten."""
    drawn = mixed(numbers, 1)
    left, given = np.divmod(drawn, len(SECOND_NAMES))
    left, first = np.divmod(left, len(FIRST_NAMES))
    parts = zip((left % len(SURNAMES)).tolist(), first.tolist(), given.tolist(), strict=True)
    named = [SURNAMES[s] + FIRST_NAMES[f] + SECOND_NAMES[g] for s, f, g in parts]
    return _some(np.asarray(named, dtype=object), numbers, 2)


def phones(numbers: Ints) -> Words:
    """Return a telephone that nobody holds for each customer, empty for about one in ten."""
    serials = ((FIRST + numbers * STRIDE) % SERIALS).tolist()
    made = np.asarray([f"{NOBODYS}{serial:08d}" for serial in serials], dtype=object)
    return _some(made, numbers, 3)


def _some(words: Words, numbers: Ints, salt: int) -> Words:
    is_missing = mixed(numbers, salt) < MISSING_SHARE * 2**BITS
    return np.where(is_missing, "", words)


def mixed(numbers: Ints, salt: int) -> Ints:
    """Return numbers below 2 to the power of `BITS` in no visible order."""
    mixed = (numbers + salt * SERIALS) * MIXED % 2**BITS
    return np.asarray((mixed ^ mixed >> BITS // 2) * MIXED % 2**BITS, dtype=np.int64)

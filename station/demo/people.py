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
WORDS = (
    ("channel", ("站内办理", "站内办理", "老客户介绍", "自助登记", "活动", "促销", "电话拜访")),
    ("pay", ("手机支付", "手机支付", "加油卡", "银行卡", "现金")),
    ("relationship", ("初识", "熟悉", "熟悉", "信任", "战略合作")),
    ("rivals", ("城东站", "北环站", "高速服务区", "工业大道站")),
)
UNTOLD_SHARE = {
    "获客渠道": 0.3,
    "行业": 0.35,
    "车辆数": 0.4,
    "月用油量": 0.6,
    "付款方式": 0.45,
    "关系等级": 0.55,
    "还去哪些油站": 0.8,
}
"""Of how many customers a station has never noted it."""
LITRES_EACH = 400


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


def facts(numbers: Ints, fleet: Ints, industry: Words) -> dict[str, Words]:
    """Return what a station has noted of its customers beyond name and phone, with its gaps.

    Args:
        numbers: the customers.
        fleet: how many vehicles an organisation has, 0 of a person.
        industry: what each organisation does.
    """
    is_fleet = fleet > 0
    few = {name: _drawn(words, numbers, salt) for salt, (name, words) in enumerate(WORDS, start=4)}
    sizes = np.asarray([str(size) for size in fleet.tolist()], dtype=object)
    litres = np.asarray([str(size * LITRES_EACH) for size in fleet.tolist()], dtype=object)
    told = {
        "获客渠道": few["channel"],
        "行业": industry,
        "车辆数": sizes,
        "月用油量": litres,
        "付款方式": np.where(is_fleet, "月结", few["pay"]),
        "关系等级": few["relationship"],
        "还去哪些油站": few["rivals"],
    }
    of_fleets = {"行业", "车辆数", "月用油量", "关系等级"}
    return {
        name: _some(
            np.where(is_fleet | (name not in of_fleets), words, ""),
            numbers,
            salt,
            UNTOLD_SHARE[name],
        )
        for salt, (name, words) in enumerate(told.items(), start=len(WORDS) + 4)
    }


def _drawn(words: tuple[str, ...], numbers: Ints, salt: int) -> Words:
    places = mixed(numbers, salt) >> BITS // 2
    return np.asarray([words[place] for place in (places % len(words)).tolist()], dtype=object)


def _some(words: Words, numbers: Ints, salt: int, missing: float = MISSING_SHARE) -> Words:
    is_missing = mixed(numbers, salt) < missing * 2**BITS
    return np.where(is_missing, "", words)


def mixed(numbers: Ints, salt: int) -> Ints:
    """Return numbers below 2 to the power of `BITS` in no visible order."""
    mixed = (numbers + salt * SERIALS) * MIXED % 2**BITS
    return np.asarray((mixed ^ mixed >> BITS // 2) * MIXED % 2**BITS, dtype=np.int64)

"""What do points that are still open cost? Whole numbers throughout, as in the ledger."""

from station.loyalty.programme import Worth


def allocated(
    goods_minor: int, price_minor: int, expected_points: int, worth: Worth
) -> tuple[int, int]:
    """Return what of a price is paid for the goods and what for points that will be used.

    Points are a right that was sold with the goods (IFRS 15, B39 to B41): both share the price as
    what they would cost alone, points only as far as they are expected to be used.
    """
    points_minor = value_minor(expected_points, worth)
    goods = half_up(price_minor * goods_minor, goods_minor + points_minor)
    return goods, price_minor - goods


def recognised(deferred_minor: int, redeemed: int, expected: int) -> int:
    """Return what of a deferred amount is revenue once so many of the expected points are used."""
    used_up = redeemed >= expected
    return deferred_minor if used_up else half_up(deferred_minor * redeemed, expected)


def value_minor(points: int, worth: Worth) -> int:
    """Return what points are worth in money, to the nearest smallest unit."""
    return half_up(points * worth.minor, worth.points)


def half_up(part: int, whole: int) -> int:
    """Return a quotient rounded to the nearest whole number, halves up."""
    return (2 * part + whole) // (2 * whole)

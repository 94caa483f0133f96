"""What may points be given for, what is it worth, and what stands in the way?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from station.errors import BadValueError
from station.loyalty.conditions import OF_MEMBER, holds
from station.loyalty.programme import Offer, RedeemRules
from station.model import CouponAct, CouponState

PERCENT = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a key of locale/*/coupons.toml and its facts."""

    key: str
    facts: Mapping[str, Any]


# --- points for money -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """So many points that a member would redeem, and what he has and redeemed already."""

    points: int
    balance: int
    redeemed_day: int = 0
    redeemed_month: int = 0

    def room(self, rules: RedeemRules) -> int:
        """Return how many points he may still redeem today."""
        limits = ((rules.most_day, self.redeemed_day), (rules.most_month, self.redeemed_month))
        rooms = (most - done for most, done in limits if most is not None)
        return max(min([self.balance, *rooms]), 0)


WISHES: Mapping[str, Callable[[Wish, RedeemRules], bool]] = {
    "too_few": lambda wish, rules: wish.points < rules.least,
    "odd_step": lambda wish, rules: wish.points % rules.step != 0,
    "not_enough": lambda wish, _: wish.points > wish.balance,
    "over_limit": lambda wish, rules: wish.points > wish.room(rules),
}
"""What stands in the way of a wish, in the order in which it is said."""


def wish_refusal(wish: Wish, rules: RedeemRules) -> Refusal | None:
    """Return why a wish cannot be met, and how many points could be; none if it can."""
    facts = {
        "points": wish.points,
        "balance": wish.balance,
        "least": rules.least,
        "step": rules.step,
        "most": most(wish, rules),
    }
    return _first(WISHES, facts, wish, rules)


def most(wish: Wish, rules: RedeemRules) -> int:
    """Return the most points that a member may redeem now, 0 if none."""
    points = wish.room(rules) // rules.step * rules.step
    return points if points >= rules.least else 0


def worth_minor(points: int, rules: RedeemRules) -> int:
    """Return what points are worth in money, a part of the smallest unit dropped."""
    return points * rules.worth.minor // rules.worth.points


def points_for(minor: int, rules: RedeemRules) -> int:
    """Return the fewest points that are worth an amount, in whole steps."""
    wanted = -(-minor * rules.worth.points // rules.worth.minor)
    return max(-(-wanted // rules.step) * rules.step, rules.least) if minor else 0


# --- rewards and coupons --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """Who would have an offer, where and when, and how often it was had already.

    `facts` are what its conditions ask (`earning.facts_of`), `taken` is by everybody, `taken_here`
    and `spent_here_minor` at the station, `taken_member` by the member, `amount_minor` the price of
    what a coupon would be used for.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    balance: int = 0
    taken: int = 0
    taken_here: int = 0
    taken_member: int = 0
    spent_here_minor: int = 0
    amount_minor: int = 0


def _reaches(done: int, most: int | None) -> bool:
    return most is not None and done >= most


GRANTS: Mapping[str, Callable[[Case, Offer], bool]] = {
    "not_for_you": lambda case, offer: not holds(offer.when, case.facts, OF_MEMBER),
    "not_enough": lambda case, offer: case.balance < offer.points,
    "had_it": lambda case, offer: _reaches(case.taken_member, offer.most_each),
    "none_left": lambda case, offer: _reaches(case.taken, offer.stock),
    "none_left_here": lambda case, offer: _reaches(case.taken_here, offer.stock_station),
    "budget_spent": lambda case, offer: _reaches(case.spent_here_minor, offer.budget_station_minor),
}
"""What stands in the way of having an offer, in the order in which it is said."""
USES: Mapping[str, Callable[[Case, Offer], bool]] = {
    "not_for_this": lambda case, offer: not holds(offer.when, case.facts),
    "too_small": lambda case, offer: case.amount_minor < offer.least_minor,
    "budget_spent": lambda case, offer: (
        offer.budget_station_minor is not None
        and case.spent_here_minor + off_minor(offer, case.amount_minor) > offer.budget_station_minor
    ),
}
"""What stands in the way of using a coupon."""


def grant_refusal(case: Case, offer: Offer) -> Refusal | None:
    """Return why a member cannot have an offer; none if he can.

    To be asked where nobody else can take one meanwhile; the archive guards the same limits.
    """
    return _first(GRANTS, _facts(case, offer), case, offer)


def use_refusal(case: Case, offer: Offer) -> Refusal | None:
    """Return why a coupon cannot be used for a purchase; none if it can."""
    return _first(USES, _facts(case, offer), case, offer)


def off_minor(offer: Offer, amount_minor: int) -> int:
    """Return what a coupon takes off an amount: never more than it is, parts dropped."""
    off = offer.off_minor or amount_minor * offer.off_percent // PERCENT
    limits = [amount_minor, *([] if offer.most_off_minor is None else [offer.most_off_minor])]
    return max(min([off, *limits]), 0)


def last_day(offer: Offer, issued_day: int) -> int:
    """Return the last day of a coupon; the day of its issue is the first."""
    return issued_day + offer.valid_days - 1


def _facts(case: Case, offer: Offer) -> dict[str, Any]:
    return {
        "points": offer.points,
        "balance": case.balance,
        "most": offer.most_each or 0,
        "least_minor": offer.least_minor,
    }


def _first(
    checks: Mapping[str, Callable[[Any, Any], bool]], facts: dict[str, Any], who: Any, what: Any
) -> Refusal | None:
    key = next((key for key, stands in checks.items() if stands(who, what)), None)
    return None if key is None else Refusal(f"coupons.{key}", facts)


# --- the life of a coupon -------------------------------------------------------------------------


LIFE: Mapping[tuple[CouponState, CouponAct], CouponState] = {
    (CouponState.ISSUED, CouponAct.USE): CouponState.USED,
    (CouponState.ISSUED, CouponAct.LAPSE): CouponState.LAPSED,
    (CouponState.ISSUED, CouponAct.WITHDRAW): CouponState.WITHDRAWN,
    (CouponState.USED, CouponAct.REFUND): CouponState.ISSUED,
}
"""Everything that can happen to a coupon; it keeps its last day throughout."""


def after(state: CouponState, act: CouponAct) -> CouponState:
    """Return where an act leaves a coupon.

    Raises:
        BadValueError: nothing of the kind can be done with it any more.
    """
    following = LIFE.get((state, act))
    if following is None:
        raise BadValueError(f"coupons.is_{state.value}")
    return following

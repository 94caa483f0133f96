"""The one table of colours and icons: a state looks the same on every page, and has a letter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from station.model import Grade, OwnerKind, Stability, Stage, Standing, State, Use

Badge = Literal["green", "yellow", "orange", "red", "blue", "violet", "gray"]


@dataclass(frozen=True, slots=True)
class Look:
    """A colour that reads on light and dark, and an icon so that colour never stands alone."""

    colour: str
    icon: str
    badge: Badge = "gray"


GREY = "#8A97A5"
ACCENT = "#2F7FC1"

STABILITY = {
    Stability.REGULAR: Look("#2A8C5F", ":material/verified:"),
    Stability.OCCASIONAL: Look("#5B8DB8", ":material/schedule:"),
    Stability.NEW: Look("#C99A2E", ":material/fiber_new:"),
    Stability.PASSING: Look(GREY, ":material/moving:"),
}
STATE = {
    State.ACTIVE: Look("#2A8C5F", ":material/check_circle:", "green"),
    State.SLOWING: Look("#8DA63A", ":material/trending_down:", "yellow"),
    State.SHARE_FALLING: Look("#B59A2C", ":material/pie_chart:", "yellow"),
    State.OVERDUE: Look("#D08A1D", ":material/schedule:", "orange"),
    State.LOST: Look("#C2453D", ":material/person_off:", "red"),
    State.MOVED: Look("#5B6FC0", ":material/swap_horiz:", "blue"),
    State.RETURNED: Look("#2E9E9B", ":material/undo:", "green"),
    State.SOLD: Look("#7D6A5B", ":material/sell:", "gray"),
    State.FLEET_LEFT: Look("#9A3B62", ":material/group_off:", "red"),
    State.PAUSED: Look(GREY, ":material/pause_circle:", "gray"),
}
"""Each state with the badge that comes nearest to its colour."""
STANDING = {
    Standing.ACTIVE: STATE[State.ACTIVE],
    Standing.SLOWING: STATE[State.SLOWING],
    Standing.MOVED: STATE[State.MOVED],
    Standing.OVERDUE: STATE[State.OVERDUE],
    Standing.LOST: STATE[State.LOST],
    Standing.IRREGULAR: Look("#8FA9BF", ":material/moving:", "gray"),
    Standing.UNSEEN: Look("#B7BEC6", ":material/visibility_off:", "gray"),
}
GRADE = {
    Grade.A: Look("#7B52AB", ":material/hotel_class:", "violet"),
    Grade.B: Look("#2F7FC1", ":material/star:", "blue"),
    Grade.C: Look("#B59A2C", ":material/star_half:", "yellow"),
    Grade.D: Look(GREY, ":material/star_outline:", "gray"),
}
"""A grade is always shown with its letter."""
STAGE = {
    Stage.PROSPECT: Look(GREY, ":material/visibility:", "gray"),
    Stage.INTENDING: Look("#5B6FC0", ":material/forum:", "blue"),
    Stage.FIRST_PURCHASE: Look("#C99A2E", ":material/looks_one:", "yellow"),
    Stage.RETURNING: Look("#2E9E9B", ":material/repeat:", "green"),
    Stage.MATURE: Look("#2A8C5F", ":material/verified:", "green"),
    Stage.DECLINING: Look("#D08A1D", ":material/trending_down:", "orange"),
    Stage.LOST: Look("#C2453D", ":material/person_off:", "red"),
}
OWNER = {
    OwnerKind.PRIVATE: Look("#2F7FC1", ":material/person:"),
    OwnerKind.COMPANY: Look("#7A6BB0", ":material/business:"),
    OwnerKind.GOVERNMENT: Look("#B5643C", ":material/account_balance:"),
    OwnerKind.RENTAL: Look("#3C9A9A", ":material/car_rental:"),
    OwnerKind.UNKNOWN: Look(GREY, ":material/help:"),
}
USE = {
    Use.PRIVATE: Look("#2F7FC1", ":material/directions_car:"),
    Use.TAXI: Look("#E0B02E", ":material/local_taxi:"),
    Use.RIDE_HAIL: Look("#C98B1F", ":material/hail:"),
    Use.COACH: Look("#7A6BB0", ":material/directions_bus:"),
    Use.TRUCK_LIGHT: Look("#6FA287", ":material/local_shipping:"),
    Use.TRUCK_HEAVY: Look("#2A7A55", ":material/local_shipping:"),
    Use.ENGINEERING: Look("#B5643C", ":material/front_loader:"),
    Use.OFFICIAL: Look("#A34E63", ":material/account_balance:"),
    Use.EMERGENCY: Look("#C2453D", ":material/emergency:"),
    Use.COMPANY_CAR: Look("#4F8F9E", ":material/business:"),
    Use.TRAINER: Look("#8DAA3B", ":material/school:"),
    Use.SCHOOL_BUS: Look("#D9A441", ":material/airport_shuttle:"),
    Use.RENTAL: Look("#3C9A9A", ":material/car_rental:"),
    Use.FARM: Look("#7E8F3A", ":material/agriculture:"),
    Use.OTHER: Look("#9AA4AE", ":material/more_horiz:"),
    Use.UNKNOWN: Look(GREY, ":material/help:"),
}
CHIPS: Mapping[str, Mapping[Any, Look]] = {"grade": GRADE, "stage": STAGE}
"""Words that a list draws in their colour, by the table of word.toml that has them."""

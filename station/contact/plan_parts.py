"""What is a plan of calls made of: who is due for what, who works when, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from station.contact.rules import ContactRules, Law, Person, Refusal
from station.model import CallPurpose, Channel

NOON_MIN = 720


@dataclass(frozen=True, slots=True)
class PlanRules:
    """How calls are planned.

    A customer of grade A is called `a_month` times a month, before `noon_min`, B `b_month` times, C
    `c_quarter` times a quarter; an organisation of grade A is visited once in `visit_days`. Overdue
    regulars are won back until `win_back_days` after they counted as lost. A telephone call, a
    visit and the way of a trip take so many minutes; a trip goes to one area. Who has no shifts
    written has `day_min` minutes for calls from Monday to Friday, between `from_min` and `to_min`.
    Prospects are reserved a share of the minutes, by season. With each day that a call lies off its
    best day it loses `delay_share` of what it brings. A call is expected to bring such a part of a
    month's purchases: to keep him, of a prospect, for care. The price of the minutes is told for
    `more_min` more a day.
    """

    a_month: int = 2
    b_month: int = 1
    c_quarter: int = 1
    visit_days: int = 90
    win_back_days: int = 60
    noon_min: int = NOON_MIN
    phone_min: int = 8
    visit_min: int = 30
    trip_min: int = 30
    day_min: int = 60
    from_min: int = 540
    to_min: int = 1080
    peak_share: float = 0.1
    slack_share: float = 0.4
    delay_share: float = 0.01
    keep_part: float = 0.05
    prospect_part: float = 0.1
    care_part: float = 0.03
    more_min: int = 10


@dataclass(frozen=True, slots=True)
class Need:
    """One call that a customer is due for.

    `value` is what it is expected to bring, in minor units. Who is promised a call comes before
    who is not. `best_day` is when it brings most, `before_min` until when on a day it is made.
    """

    purpose: CallPurpose
    channel: Channel = Channel.PHONE
    minutes: int = 8
    value: int = 0
    is_promised: bool = False
    before_min: int | None = None
    from_day: int | None = None
    to_day: int | None = None
    best_day: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer who is due for calls; `area` is where he is visited."""

    person: Person
    needs: tuple[Need, ...]
    keeper_id: int | None = None
    area: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """When somebody works on a day, and how many minutes of it are for calls."""

    account_id: int
    day: int
    minutes: int
    from_min: int
    to_min: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A call of the plan: whom, by whom, when; `need` is its place among the customer's needs.

    A visit's time is when he is visited; the way before it belongs to the trip.
    """

    customer_id: int
    account_id: int
    day: int
    at_min: int
    minutes: int
    purpose: CallPurpose
    channel: Channel
    area: str = ""
    need: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be planned: `days` are those still open, `agreed` are calls that stay."""

    candidates: tuple[Candidate, ...]
    shifts: tuple[Shift, ...]
    days: tuple[int, ...]
    law: Law
    agreed: tuple[Planned, ...] = ()
    prospect_share: float = 0.0
    contact: ContactRules = field(default_factory=ContactRules)
    rules: PlanRules = field(default_factory=PlanRules)


class Missed(StrEnum):
    """Why a call that may be made is not planned."""

    NO_SHIFT = "no_shift"  # nobody works at his hours
    NO_TIME = "no_time"  # others bring more
    TOO_NEAR = "too_near"  # another call to him
    RESERVED = "reserved"  # what is left is for prospects


class Price(StrEnum):
    """A rule of the plan itself that could be relaxed; rules of contact have their own names."""

    MINUTES = "minutes"
    MORNING = "morning"
    PROSPECTS = "prospects"


@dataclass(frozen=True, slots=True)
class Unfit:
    """A call that is not in the plan, and why."""

    customer_id: int
    need: int
    reason: Refusal | Missed


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls, what did not fit, and how good the plan is.

    `bound` is more than any plan could bring by these rules, `value` what this one does. `prices`
    are what would be gained without a rule; `late` are who is called after noon by his own wish
    although his grade asks for the morning.
    """

    calls: tuple[Planned, ...]
    unfit: tuple[Unfit, ...]
    late: tuple[int, ...]
    value: int
    bound: int
    prices: Mapping[str, int]

    @property
    def gap(self) -> float:
        """Return which part of the bound is missing, at most."""
        return 1 - self.value / self.bound if self.bound else 0.0

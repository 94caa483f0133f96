"""Whom does a vehicle belong to, and how do we know?"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from station.analysis.evidence import Clue, weigh
from station.analysis.usage import features, known_of
from station.frames import PROFILES, require
from station.model import OwnerKind, Source, Use

VEHICLE_COLUMNS = {
    "vehicle_id": "int64",
    "plate_kind": "object",
    "colour": "object",
    "energy": "object",
    "use": "object",  # as card, staff or usage.infer_use know it
    "owner_kind": "object",
    "owner_source": "object",
    "card_kind": "object",  # "" without a card
}
PRIVATE, COMPANY = OwnerKind.PRIVATE.value, OwnerKind.COMPANY.value
GOVERNMENT, RENTAL = OwnerKind.GOVERNMENT.value, OwnerKind.RENTAL.value
PRIOR = {PRIVATE: 0.80, COMPANY: 0.15, GOVERNMENT: 0.03, RENTAL: 0.02}
CERTAIN = 9.0


def _one_of(key: str, column: str, names: str, **weights: float) -> Clue:
    return Clue(key, column, weights, values=frozenset(names.split()))


CLUES = (
    _one_of("plate_state", "plate_kind", "police armed_police emergency military",
            government=CERTAIN),
    _one_of("plate_mission", "plate_kind", "embassy consulate", government=6),
    _one_of("plate_school", "plate_kind", "trainer airport trailer", company=6),
    _one_of("plate_farm", "plate_kind", "tractor low_speed motorcycle", private=3),
    _one_of("card_company", "card_kind", "单位卡 单位 车队卡 company fleet corporate",
            company=4, government=3, private=-3),
    _one_of("card_private", "card_kind", "个人卡 个人 personal private", private=3, company=-2,
            government=-3),
    _one_of("use_official", "use", "official emergency", government=6, private=-3),
    _one_of("use_company", "use", "company_car coach trainer school_bus", company=5, private=-2),
    _one_of("use_works", "use", "engineering truck_heavy", company=1.6, government=-1),
    _one_of("use_taxi", "use", "taxi", company=3, government=-4),
    _one_of("use_rental", "use", "rental", rental=CERTAIN),
    _one_of("use_private", "use", "private ride_hail", private=0.6, company=-0.3, government=-1.2),
    Clue("working_days", "weekend_share", {"government": 3.2, "company": 1.6, "private": -2.5},
         high=0.03, visits=15),
    Clue("never_by_night", "night_share", {"government": 0.6, "company": 0.3}, high=0.03,
         visits=15),
    Clue("all_week", "weekend_share", {"private": 0.5, "government": -2}, low=0.2, visits=15),
)  # fmt: skip
"""Natural logarithms of how much likelier a clue is under an owner, see docs/en/method.md."""


@dataclass(frozen=True, slots=True)
class OwnershipRules:
    """How sure an inferred owner must be, and the table it is inferred from."""

    min_probability: float = 0.6
    prior: dict[str, float] = field(default_factory=lambda: dict(PRIOR))
    clues: tuple[Clue, ...] = CLUES


def infer_owner(
    profiles: pd.DataFrame, vehicles: pd.DataFrame, rules: OwnershipRules | None = None
) -> pd.DataFrame:
    """Return `profiles` with owner_kind, owner_source, owner_probability, evidence and sentence.

    What a card or a member of staff says stands. A vehicle of which nothing but everyday visits is
    known stays unknown: the share of private cars in the country is no evidence about one of them.
    """
    rules = rules or OwnershipRules()
    require(profiles, PROFILES)
    known = known_of(profiles, require(vehicles, VEHICLE_COLUMNS))
    unknown = OwnerKind.UNKNOWN.value
    said = (known["owner_kind"] != unknown) & (known["owner_source"] != Source.INFERRED.value)
    seen = features(profiles, known).assign(use=known["use"], card_kind=known["card_kind"])
    guess = weigh(seen, rules.clues, rules.prior)
    sure = (guess["probability"] >= rules.min_probability) & guess["evidence"].astype(bool)
    sure &= known["use"].ne(Use.UNKNOWN.value) | guess["answer"].ne(PRIVATE)
    return profiles.assign(
        owner_kind=known["owner_kind"].where(said, guess["answer"].where(sure, unknown)),
        owner_source=known["owner_source"].where(said, Source.INFERRED.value),
        owner_probability=guess["probability"].where(~said, 1.0),
        evidence=guess["evidence"].where(~said, pd.Series([[]] * len(profiles), profiles.index)),
        sentence=np.select(
            [said & (known["owner_source"] == Source.CARD.value), said, sure],
            ["ownership.card", "ownership.confirmed", "ownership.inferred"],
            "ownership.unknown",
        ),
    )

"""What is a vehicle used for, and how do we know?"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from station.analysis.evidence import Clue, weigh
from station.analysis.usage_clues import CLUES, PRIOR
from station.frames import PROFILES, require
from station.model import MILLI, Source, Use

VEHICLE_COLUMNS = {
    "vehicle_id": "int64",
    "plate_kind": "object",
    "colour": "object",
    "energy": "object",
    "use": "object",
    "use_source": "object",
}
"""What is known of a vehicle from its plate, its card and its staff."""
FUELS = ("petrol", "diesel", "gas", "electric")


@dataclass(frozen=True, slots=True)
class UsageRules:
    """How sure an inferred use must be, and the table it is inferred from."""

    min_probability: float = 0.6
    prior: dict[str, float] = field(default_factory=lambda: dict(PRIOR))
    clues: tuple[Clue, ...] = CLUES


def infer_use(
    profiles: pd.DataFrame, vehicles: pd.DataFrame, rules: UsageRules | None = None
) -> pd.DataFrame:
    """Return `profiles` with use, use_source, use_probability, evidence and sentence.

    Use the network's profiles: a vehicle's use does not differ by station. What a card or a member
    of staff says stands; the rest is inferred, and unknown below `min_probability`.
    """
    rules = rules or UsageRules()
    require(profiles, PROFILES)
    known = known_of(profiles, require(vehicles, VEHICLE_COLUMNS))
    said = (known["use"] != Use.UNKNOWN.value) & (known["use_source"] != Source.INFERRED.value)
    guess = weigh(features(profiles, known), rules.clues, rules.prior)
    sure = guess["probability"] >= rules.min_probability
    return profiles.assign(
        use=known["use"].where(said, guess["answer"].where(sure, Use.UNKNOWN.value)),
        use_source=known["use_source"].where(said, Source.INFERRED.value),
        use_probability=guess["probability"].where(~said, 1.0),
        evidence=guess["evidence"].where(~said, pd.Series([[]] * len(profiles), profiles.index)),
        sentence=np.select(
            [said & (known["use_source"] == Source.CARD.value), said, sure],
            ["usage.card", "usage.confirmed", "usage.inferred"],
            "usage.unknown",
        ),
    )


def known_of(profiles: pd.DataFrame, vehicles: pd.DataFrame) -> pd.DataFrame:
    """Return what `vehicles` says of each row of `profiles`; "" where it knows nothing."""
    known = vehicles.drop_duplicates("vehicle_id").set_index("vehicle_id")
    known = known.reindex(profiles["vehicle_id"]).set_axis(profiles.index).astype(object)
    known = known.where(known.notna(), "")
    for name in ("use", "owner_kind"):
        if name in known:
            known[name] = known[name].replace("", Use.UNKNOWN.value)
    return known


def features(profiles: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that clues look at; shares are NaN where nothing was counted."""
    fuels = profiles[[f"visits_{fuel}" for fuel in FUELS]].to_numpy()
    visits = profiles["visits"]
    timed = profiles["visits_timed"].where(profiles["visits_timed"] > 0)
    return known[["plate_kind", "colour", "energy"]].assign(
        visits=visits,
        fuel=np.array(FUELS, dtype=object)[fuels.argmax(axis=1)],
        litres_median=profiles["quantity_median"] / MILLI,
        litres_p90=profiles["quantity_p90"] / MILLI,
        gap_days=profiles["gap_median_days"],
        night_share=profiles["visits_night"] / timed,
        weekend_share=profiles["visits_weekend"] / visits,
        colour_fuel=known["colour"] + "+" + np.array(FUELS, dtype=object)[fuels.argmax(axis=1)],
    )

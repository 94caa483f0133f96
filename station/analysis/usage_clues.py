"""The table by which use is inferred: how much likelier each clue is under each use.

Weights are natural logarithms: 0.7 twice as likely, 2.3 ten times, 6 as good as certain. Sources
and reasons: docs/en/method.md. Gaps and shares count only with enough visits behind them.
"""

from station.analysis.evidence import Clue
from station.model import Use

PRIOR = {
    Use.PRIVATE.value: 0.76,
    Use.COMPANY_CAR.value: 0.06,
    Use.TRUCK_LIGHT.value: 0.06,
    Use.TRUCK_HEAVY.value: 0.04,
    Use.OFFICIAL.value: 0.02,
    Use.RIDE_HAIL.value: 0.02,
    Use.ENGINEERING.value: 0.01,
    Use.COACH.value: 0.01,
    Use.TAXI.value: 0.007,
    Use.EMERGENCY.value: 0.005,
    Use.TRAINER.value: 0.003,
    Use.FARM.value: 0.003,
    Use.OTHER.value: 0.002,
}
"""Shares of vehicles that a station sees, before anything is known."""

CERTAIN = 9.0


def _plate(use: Use, *kinds: str) -> Clue:
    return Clue(f"plate_{use.value}", "plate_kind", {use.value: CERTAIN}, values=frozenset(kinds))


def _colour_fuel(key: str, pair: str, **weights: float) -> Clue:
    return Clue(key, "colour_fuel", weights, values=frozenset({pair}))


CLUES = (
    _plate(Use.EMERGENCY, "police", "armed_police", "emergency"),
    _plate(Use.TRAINER, "trainer"),
    _plate(Use.TRUCK_HEAVY, "trailer"),
    _plate(Use.FARM, "tractor", "low_speed"),
    _plate(Use.OFFICIAL, "embassy", "consulate", "military"),
    _plate(Use.OTHER, "airport", "test", "oversize", "motorcycle"),
    Clue(
        "plate_small_nev",
        "plate_kind",
        {"private": 0.5, "ride_hail": 1.2, "taxi": 0.7, "truck_heavy": -6, "coach": -5,
         "engineering": -5, "truck_light": -2, "farm": -5},
        values=frozenset({"nev_small"}),
    ),
    Clue(
        "plate_large_nev",
        "plate_kind",
        {"private": -4, "company_car": -3, "ride_hail": -5, "taxi": -5, "official": -3,
         "coach": 2.5, "truck_light": 1, "truck_heavy": 1},
        values=frozenset({"nev_large"}),
    ),
    _colour_fuel("yellow_diesel", "yellow+diesel", truck_heavy=3.5, engineering=3.5, coach=3.5,
                 truck_light=0.5, private=-5, company_car=-4, ride_hail=-6, taxi=-5, official=-3),
    _colour_fuel("yellow_petrol", "yellow+petrol", coach=2, trainer=1.5, truck_light=1,
                 private=-4, company_car=-2, ride_hail=-5, taxi=-4),
    _colour_fuel("blue_diesel", "blue+diesel", truck_light=3, company_car=0.4, engineering=0.5,
                 private=-1.8, truck_heavy=-2, coach=-1.5, ride_hail=-3, taxi=-3),
    _colour_fuel("plain_diesel", "+diesel", truck_light=2.4, truck_heavy=2.6, coach=2.4,
                 engineering=2.6, company_car=-0.5, private=-3, ride_hail=-4, taxi=-4, official=-1),
    _colour_fuel("blue_petrol", "blue+petrol", private=0.3, truck_heavy=-6, coach=-4,
                 engineering=-5, truck_light=-1),
    _colour_fuel("plain_petrol", "+petrol", private=0.2, truck_heavy=-5, coach=-4,
                 engineering=-5, truck_light=-1.2),
    Clue("gas", "fuel", {"taxi": 4, "ride_hail": 2, "coach": 1.5, "trainer": 1, "private": -2.5,
                         "truck_light": -1.5, "truck_heavy": -1, "official": -2,
                         "company_car": -1.5}, values=frozenset({"gas"})),
    Clue("litres_small", "litres_median", {"private": 0.2, "taxi": 0.9, "ride_hail": 0.6,
                                           "truck_heavy": -5, "coach": -4, "engineering": -4,
                                           "truck_light": -1.5}, high=25),
    Clue("litres_car", "litres_median", {"private": 0.3, "company_car": 0.2, "official": 0.2,
                                         "truck_heavy": -4, "coach": -3, "engineering": -3.5},
         low=25, high=50),
    Clue("litres_van", "litres_median", {"truck_light": 1.2, "company_car": 0.4, "private": -1,
                                         "taxi": -2.5, "ride_hail": -2.5, "truck_heavy": -1.5,
                                         "engineering": -1.2, "coach": -0.8}, low=50, high=90),
    Clue("litres_large", "litres_median", {"coach": 2.8, "engineering": 1.3, "truck_heavy": 0.5,
                                           "truck_light": -0.8, "private": -5, "company_car": -4,
                                           "taxi": -6, "ride_hail": -6, "official": -4},
         low=90, high=150),
    Clue("litres_heavy", "litres_median", {"truck_heavy": 2.5, "engineering": 2, "coach": 0,
                                           "truck_light": -4, "private": -7, "company_car": -6,
                                           "taxi": -8, "ride_hail": -8, "official": -6},
         low=150),
    Clue("tank_heavy", "litres_p90", {"truck_heavy": 1, "engineering": -0.3, "coach": -2.5,
                                      "truck_light": -4, "private": -4}, low=280, visits=3),
    Clue("daily", "gap_days", {"taxi": 3.5, "ride_hail": 1.5, "coach": 2, "engineering": 1.8,
                               "truck_heavy": 0.7, "emergency": 0.5, "private": -4,
                               "official": -3, "company_car": -1.5}, high=2, visits=6),
    Clue("every_few_days", "gap_days", {"ride_hail": 2, "truck_heavy": 0.8, "truck_light": 0.7,
                                        "coach": 0.5, "engineering": 0.6, "taxi": 0.5,
                                        "private": -2, "official": -1.5}, low=2, high=4.5,
         visits=6),
    Clue("every_week", "gap_days", {"company_car": 0.6, "truck_light": 0.4, "private": -0.3,
                                    "taxi": -2.5, "ride_hail": -0.5, "coach": -1}, low=4.5,
         high=10, visits=6),
    Clue("every_fortnight", "gap_days", {"private": 0.3, "official": 0.3, "taxi": -5,
                                         "ride_hail": -3, "coach": -3, "engineering": -2.5,
                                         "truck_heavy": -1}, low=10, visits=5),
    Clue("by_night", "night_share", {"taxi": 2, "emergency": 2.2, "ride_hail": 1.5,
                                     "truck_heavy": 1.2, "private": -1.2, "official": -3,
                                     "company_car": -2, "engineering": -2}, low=0.12, visits=8),
    Clue("never_by_night", "night_share", {"official": 0.8, "company_car": 0.6,
                                           "engineering": 0.6, "taxi": -2, "emergency": -1.5,
                                           "truck_heavy": -1, "ride_hail": -1}, high=0.03,
         visits=15),
    Clue("working_days", "weekend_share", {"official": 3.5, "company_car": 1.5,
                                           "engineering": 0.8, "private": -3, "taxi": -4,
                                           "ride_hail": -3.5, "truck_heavy": -2.5,
                                           "emergency": -1.5, "truck_light": -1.5}, high=0.04,
         visits=12),
    Clue("few_weekends", "weekend_share", {"company_car": 1.4, "engineering": 1, "official": 0.5,
                                           "private": -0.9, "taxi": -1.5, "ride_hail": -1.2,
                                           "truck_heavy": -0.5}, low=0.04, high=0.17, visits=12),
    Clue("all_week", "weekend_share", {"private": 0.4, "taxi": 0.3, "ride_hail": 0.3,
                                       "truck_heavy": 0.2, "official": -4, "company_car": -1,
                                       "engineering": -0.8}, low=0.2, visits=12),
)  # fmt: skip
"""The clues, certain ones first."""

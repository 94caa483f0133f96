"""The tables that travel: the name and type of each column, fixed once.

A frame enters a room through `require`. One row of PROFILES is a vehicle at a station; the network
profile has one row a vehicle and station_id 0. Days are whole days since 1970-01-01.
"""

from collections.abc import Mapping

import pandas as pd

Columns = Mapping[str, str]

UNITS = ("l", "kwh", "m3", "kg")
"""Units of fuel and energy, in the order in which ties are broken."""

REDUCED: Columns = {
    "vehicle_id": "int64",
    "station_id": "int64",
    "visits": "int64",
    "visit_days": "int64",  # distinct local dates with a visit
    "first_day": "int64",
    "last_day": "int64",
    "gap_median_days": "float64",  # of the gaps between visit-days; NaN below 2 visit-days
    "gap_square_sum": "int64",
    "gap_log_sum": "float64",
    "recent_gap_days": "float64",  # mean of the last three gaps, NaN below 3 gaps
    "earlier_gap_median_days": "float64",  # median of the gaps before those, NaN if none
    **{f"quantity_{unit}": "int64" for unit in UNITS},  # milli
    **{f"visits_{unit}": "int64" for unit in UNITS},
    "quantity_median": "float64",  # milli, of a visit's fuel
    "quantity_p90": "float64",
    "currency": "int64",  # model.currency_code; 0 where several meet, and then no amount counts
    "amount_minor": "int64",
    "shop_minor": "int64",  # the part of amount that is no fuel
    "visits_petrol": "int64",
    "visits_diesel": "int64",
    "visits_gas": "int64",
    "visits_electric": "int64",
    "visits_timed": "int64",  # with a clock time; the rest have no hour
    "visits_night": "int64",  # 22:00 to 05:59
    "visits_weekend": "int64",
    "visits_round": "int64",  # paid a multiple of 50 major units
    **{f"weekday_{n}": "int64" for n in range(7)},  # Monday first
    **{f"slot_{n}": "int64" for n in range(8)},  # three hours each, from midnight
}
"""What analysis/profile.sql returns, in this order."""

PROFILES: Columns = {
    **REDUCED,
    "days_silent": "int64",
    "unit": "object",  # the unit of most visits
    "quantity": "float64",  # in that unit
    "amount": "float64",  # major units
    "quantity_per_visit": "float64",
    "mean_gap_days": "float64",  # NaN below 2 visit-days
    "gap_cv": "float64",  # with n-1, NaN below 3 visit-days
    "share_of_visits": "float64",  # here over all stations
}
"""What analysis.profile.profiles adds."""


def require(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Return `frame` unchanged if it has every column of `columns`.

    Raises:
        KeyError: names the columns that are missing.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise KeyError(f"frame lacks {', '.join(missing)}")
    return frame


_COUNTERS = ("visits_", "gap_square", "gap_log", "quantity_median", "shop_")
"""What analyses count with and no reader is shown."""
_SHOWN = tuple(f"visits_{n}" for n in ("petrol", "diesel", "gas", "electric", *UNITS))

BOARD: Columns = {
    **{n: t for n, t in PROFILES.items() if n in _SHOWN or not n.startswith(_COUNTERS)},
    "station": "object",  # code
    "station_name": "object",
    "station_kind": "object",
    "currency_code": "object",
    "label": "object",  # the plate, card or reference as shown
    "key_kind": "object",
    "gaps": "int64",
    "span_days": "int64",
    "known_days": "int64",
    "stability": "object",
    "regularity": "object",
    "stability_sentence": "object",
    "use": "object",
    "use_source": "object",
    "use_probability": "float64",
    "use_evidence": "object",  # lists of catalogue keys, the strongest first
    "use_sentence": "object",
    "owner_kind": "object",
    "owner_source": "object",
    "owner_probability": "float64",
    "owner_evidence": "object",
    "owner_sentence": "object",
    "organisation_name": "object",
    "customer_id": "float64",  # NaN: no customer known
    "gap_spread_days": "float64",
    "usual_weekday": "int64",  # Monday 0, -1 where none stands out
    "second_weekday": "int64",
    "usual_slot": "int64",  # three hours each, from midnight; -1 where none stands out
    "next_from_day": "float64",  # 80 % window of the next visit
    "next_to_day": "float64",
    "next_in_from_days": "float64",
    "next_in_to_days": "float64",
    "trend": "object",  # steady, slowing, speeding
    "p_slower": "float64",  # the chance that its pace fell within half a year
    "p_faster": "float64",
    "changed_day": "float64",  # of the change that is named, NaN if none
    "gap_before_days": "float64",  # mean gap before the change, or the earlier median
    "gap_now_days": "float64",  # mean gap since, or of the last three
    "frequency_sentence": "object",
    "p_alive": "float64",
    "state": "object",
    "alarm_day": "int64",
    "lost_day": "int64",
    "p_return": "float64",
    "horizon_days": "int64",
    "usual_gap_days": "float64",
    "monthly_amount": "float64",  # major units, while it came
    "value_at_risk": "float64",  # what of it a call may decide
    "moved_to": "object",  # station code, "" if not moved
    "moved_last_day": "float64",
    "lapse_sentence": "object",
    "held_days": "float64",  # of the silence, that are not held against it
    "held_by": "object",  # closure, camera, festival, ...; "" if nothing
    "share_fills": "float64",  # which part of all its fills is made here, with its interval
    "share_low": "float64",
    "share_high": "float64",
    "share_sentence": "object",
    "share_before": "float64",  # of the chain's visits: the 180 days before the last 90
    "share_now": "float64",
    "visits_90d": "float64",
    "visits_month_before": "float64",  # here, in the 180 days before the last 90
    "visits_month_now": "float64",
    "visits_elsewhere": "int64",  # at sister stations in 90 days
    "signs": "object",  # list of early warnings, the gravest first
    "sign": "object",
    "sign_sentence": "object",
    "quantity_before": "float64",  # of a usual fill
    "quantity_late": "float64",
    "dear_share_before": "float64",
    "dear_share_late": "float64",
    "hours_from": "int64",
    "hours_to": "int64",
    "hours_share_before": "float64",
    "hours_share_late": "float64",
    "period_visits": "int64",
    "period_quantity": "float64",  # in the row's unit
    "period_amount": "float64",
}
"""What services.board.vehicles returns: every analysis on one row a vehicle and station."""

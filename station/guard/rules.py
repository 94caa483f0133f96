"""How people sign in, what is counted and limited, and how long personal data is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignInRules:
    """Passwords, sessions and the brakes on guessing."""

    min_password: int = 12
    idle_min: int = 30
    session_hours: int = 12
    link_hours: int = 72
    attempts: int = 10
    attempts_per_address: int = 50
    attempts_min: int = 15
    token_days: int = 90
    secure_cookie: bool = False
    oidc: bool = False


@dataclass(frozen=True, slots=True)
class LookRules:
    """How much of the archive one person may look at or take out in a day."""

    reveals_per_day: int = 60
    phone_misses_per_day: int = 100
    plate_misses_per_day: int = 500
    export_rows_per_day: int = 50_000
    same_look_min: int = 10
    unusual_factor: float = 3.0
    unusual_least: int = 30
    night_from_hour: int = 22
    night_to_hour: int = 6


@dataclass(frozen=True, slots=True)
class PrivacyRules:
    """How long personal data is kept after it was last needed."""

    contact_years: int = 3
    notes_years: int = 2
    audit_years: int = 6
    sessions_days: int = 90
    attempts_days: int = 30


@dataclass(frozen=True, slots=True)
class TillRules:
    """How often and how much a till may ask, and how long it waits for an answer."""

    per_minute: int = 240
    burst: int = 60
    failed_keys: int = 20
    failed_min: int = 15
    misses_per_day: int = 300
    plate_misses_per_day: int = 2_000
    wait_s: int = 3
    answer_s: int = 8
    body_kilobytes: int = 256
    reverse_min: int = 120
    figures_min: int = 15
    receipt_days: int = 7

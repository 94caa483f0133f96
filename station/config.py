"""Composes the rules of all rooms from config.yaml; the only reader of YAML."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

from station.analysis.change import ChangeRules
from station.analysis.compare import CompareRules
from station.analysis.frequency import FrequencyRules
from station.analysis.gaps import GapRules
from station.analysis.guards import GuardRules
from station.analysis.holdout import HoldoutRules
from station.analysis.lapse import LapseRules
from station.analysis.lifecycle import LifeRules
from station.analysis.network import NetworkRules
from station.analysis.oddities import OddityRules
from station.analysis.ownership import OwnershipRules
from station.analysis.pace import PaceRules
from station.analysis.scorecard import ScoreRules
from station.analysis.stability import StabilityRules
from station.analysis.states import StateRules
from station.analysis.uptake import UptakeRules
from station.analysis.usage import UsageRules
from station.analysis.value import ValueRules
from station.analysis.warning import WarningRules
from station.analysis.winback import EffectRules
from station.archive.customers.merging import MergeRules
from station.archive.lake import LakeRules
from station.archive.reversals import ReversalRules
from station.contact.calls import CallRules
from station.contact.care import CareRules
from station.contact.completeness import CompletenessRules
from station.contact.fields import OWN_GROUP, Field, FieldKind, Whose, faults
from station.contact.fleets import FleetRules
from station.contact.likeness import LikenessRules
from station.contact.plan_parts import PlanRules
from station.contact.prospects import ProspectRules
from station.contact.registrations import RegisterRules
from station.contact.reminders import ReminderRules
from station.contact.rules import ContactRules
from station.contact.rules import faults as contact_faults
from station.contact.scans import AttachmentRules
from station.errors import ConfigError
from station.guard.rules import LookRules, PrivacyRules, SignInRules, TillRules
from station.ingest import phones
from station.ingest.mapping import VOLUMES
from station.ingest.rules import IngestRules
from station.loyalty import faults as loyalty_faults
from station.loyalty.breakage import BreakageRules
from station.loyalty.ledger import LedgerRules
from station.loyalty.programme import Programme, Version
from station.output.gateway import GatewayRules

T = TypeVar("T")
MOST = 2**53
RANGES: Mapping[str, tuple[float, float]] = {
    "server.port": (1, 65_535),
    "dashboard.period_days": (0, 36_600),
    "dashboard.page_rows": (1, 1_000),
    "dashboard.quick_points": (1, 1_000_000),
    "dashboard.slips": (1, 100),
    "ingest.max_text_bytes": (1, MOST),
    "ingest.horizon_years": (1, 1_000),
    "archive.quarantine_days": (0, 36_600),
    "archive.undo_days": (0, 3_660),
    "gaps.meter_tolerance_milli": (0, 1_000_000),
    "gaps.total_tolerance_milli": (0, MOST),
    "gaps.most_days": (1, 366),
    "reversals.reversal_days": (0, 36_600),
    "reversals.unnamed_days": (0, 36_600),
    "lake.buckets": (1, 4_096),
    "lake.most_parts": (1, 4_096),
    "lake.rows_per_pass": (1, MOST),
    "lake.threads": (1, 1_024),
    "sign_in.min_password": (8, 128),
    "sign_in.idle_min": (1, 1_440),
    "sign_in.session_hours": (1, 168),
    "sign_in.link_hours": (1, 720),
    "sign_in.attempts": (1, 100),
    "sign_in.attempts_per_address": (1, 10_000),
    "sign_in.attempts_min": (1, 1_440),
    "sign_in.token_days": (1, 3_660),
    "looks.reveals_per_day": (0, 100_000),
    "looks.phone_misses_per_day": (0, 100_000),
    "looks.plate_misses_per_day": (0, 100_000),
    "looks.export_rows_per_day": (0, MOST),
    "looks.same_look_min": (0, 1_440),
    "looks.unusual_least": (1, 1_000_000),
    "looks.night_from_hour": (0, 23),
    "looks.night_to_hour": (0, 23),
    "privacy.contact_years": (1, 100),
    "privacy.notes_years": (1, 100),
    "privacy.audit_years": (1, 100),
    "privacy.sessions_days": (1, 36_600),
    "privacy.attempts_days": (1, 36_600),
    "merging.undo_days": (0, 3_660),
    "likeness.near_from": (0, 1),
    "likeness.litres_share": (0, 1),
    "likeness.most_share": (2, 1_000),
    "likeness.most_pairs": (1, 10_000),
    "completeness.line": (0, 100),
    "completeness.first_days": (1, 36_600),
    "completeness.stale_days": (1, 36_600),
    "pace.vehicles_most": (1_000, 100_000_000),
    "pace.kept_days": (0, 36_600),
    "pace.kept_share": (0, 1),
    "fleets.alarm_share": (0, 1),
    "fleets.least_regular": (1, 100_000),
    "fleets.least_troubled": (1, 100_000),
    "fleets.recent_days": (0, 36_600),
    "fleets.trend_months": (1, 120),
    "fleets.trend_share": (0, 1),
    "fleets.ending_days": (0, 3_660),
    "fleets.unpaid_days": (0, 3_660),
    "programme.claim_days": (0, 366),
    "programme.claims_member_day": (0, 1_000),
    "programme.claims_account_day": (0, 100_000),
    "programme.first_fill_minor": (0, MOST),
    "programme.receipt_days": (1, 366),
    "programme.astray_days": (1, 3_660),
    "programme.notice_days": (1, 366),
    "uptake.window_days": (7, 366),
    "uptake.least_members": (5, 100_000),
    "uptake.least_others": (1, 100_000),
    "breakage.horizon_months": (1, 120),
    "breakage.window_months": (1, 120),
    "breakage.tail_months": (1, 60),
    "value.days": (31, 3_660),
    "value.least_months": (1, 120),
    "value.a_least": (1, MOST),
    "value.b_least": (1, MOST),
    "value.c_least": (1, MOST),
    "value.a_share": (0, 1),
    "value.b_share": (0, 1),
    "value.keep_share": (0, 0.9),
    "value.margin_petrol": (0, 1),
    "value.margin_diesel": (0, 1),
    "value.margin_gas": (0, 1),
    "value.margin_electric": (0, 1),
    "value.margin_other": (0, 1),
    "value.margin_shop": (0, 1),
    "value.call_minute_minor": (0, MOST),
    "value.year_share": (0, 1),
    "value.most_years": (0, 100),
    "value.influence_share": (0, 10),
    "value.least_brought": (1, 1_000),
    "life.returning_days": (2, 1_000),
    "life.mature_days": (2, 1_000),
    "life.mature_span_days": (1, 3_660),
    "life.lost_days": (1, 3_660),
    "life.declining_share": (0, 1),
    "life.prospect_limit_days": (0, 3_660),
    "life.intending_limit_days": (0, 3_660),
    "life.first_purchase_limit_days": (0, 3_660),
    "life.returning_limit_days": (0, 3_660),
    "life.mature_limit_days": (0, 3_660),
    "life.declining_limit_days": (0, 3_660),
    "life.lost_limit_days": (0, 3_660),
    "scorecard.days": (7, 3_660),
    "scorecard.return_days": (1, 366),
    "scorecard.late_min": (0, 1_440),
    "scorecard.fast_s": (0, 3_600),
    "scorecard.least_calls": (1, 100_000),
    "scorecard.check_share": (0, 1),
    "scorecard.check_most": (0, 1_000),
    "scorecard.check_days": (1, 366),
    "oddities.most_week": (0, 1_000),
    "oddities.window_days": (1, 366),
    "oddities.least_fills": (2, 10_000),
    "oddities.short_min": (1, 1_440),
    "oddities.round_minor": (1, MOST),
    "oddities.false_share": (0, 1),
    "oddities.false_list": (0, 1),
    "oddities.told_tail": (0, 1),
    "oddities.prior_fills": (1, 1_000_000),
    "oddities.shift_from_hour": (0, 23),
    "oddities.shift_hours": (1, 24),
    "oddities.burst_signups": (2, 100_000),
    "oddities.shared_phone": (2, 1_000),
    "oddities.explained_days": (0, 3_660),
    "oddities.stronger_factor": (1, 1_000),
    "prospects.recent_days": (1, 36_600),
    "prospects.least_days": (2, 1_000),
    "prospects.most_days": (2, 1_000),
    "prospects.series_span": (1, 100),
    "prospects.series_plates": (2, 1_000),
    "prospects.together_min": (1, 60),
    "prospects.together_days": (2, 1_000),
    "prospects.together_share": (0, 1),
    "prospects.shown": (1, 100_000),
    "calls.minutes": (1, 480),
    "calls.lock_days": (1, 30),
    "calls.pool_per_day": (0, 10_000),
    "calls.ban_days": (0, 3_660),
    "calls.recycle_days_a": (1, 3_660),
    "calls.recycle_days_b": (1, 3_660),
    "calls.recycle_days_c": (1, 3_660),
    "calls.recycle_days_d": (1, 3_660),
    "calls.next_days_a": (1, 366),
    "calls.next_days_b": (1, 366),
    "calls.next_days_c": (1, 366),
    "calls.next_days_d": (1, 366),
    "calls.again_days": (1, 60),
    "calls.tries": (1, 20),
    "calls.tries_days": (1, 366),
    "calls.ahead_days": (1, 3_660),
    "calls.late_days": (1, 366),
    "calls.watch_days": (1, 366),
    "calls.aftercare_days": (1, 366),
    "calls.silent_days": (1, 3_660),
    "contact.most": (1, 366),
    "contact.most_days": (1, 366),
    "contact.cool_days": (1, 366),
    "contact.rest_days": (0, 3_660),
    "contact.unreached_hours": (1, 24),
    "contact.unreached_days": (0, 3_660),
    "reminding.staff_days": (1, 366),
    "reminding.manager_days": (1, 366),
    "reminding.reassign_days": (1, 366),
    "gateway.timeout_s": (1, 120),
    "gateway.tries": (1, 10),
    "gateway.wait_s": (0, 60),
    "care.ahead_days": (0, 60),
    "care.first_days": (0, 60),
    "care.third_days": (0, 60),
    "care.grief_days": (0, 60),
    "care.late_days": (0, 366),
    "care.oil_days": (1, 3_660),
    "care.wash_days": (1, 3_660),
    "care.coverage_days": (1, 3_660),
    "care.third_fill_days": (1, 366),
    "care.newcomer_days": (1, 3_660),
    "care.warm_days": (0, 3_660),
    "planning.a_month": (0, 8),
    "planning.b_month": (0, 8),
    "planning.c_quarter": (0, 8),
    "planning.visit_days": (1, 3_660),
    "planning.win_back_days": (0, 3_660),
    "planning.noon_min": (0, 1_440),
    "planning.phone_min": (1, 240),
    "planning.visit_min": (1, 480),
    "planning.trip_min": (0, 480),
    "planning.day_min": (0, 1_440),
    "planning.from_min": (0, 1_440),
    "planning.to_min": (1, 1_440),
    "planning.peak_share": (0, 1),
    "planning.slack_share": (0, 1),
    "planning.delay_share": (0, 0.016),
    "planning.keep_part": (0, 1),
    "planning.prospect_part": (0, 1),
    "planning.care_part": (0, 1),
    "planning.more_min": (1, 480),
    "registering.attempts_per_address": (1, 10_000),
    "registering.attempts_min": (1, 1_440),
    "registering.per_station_day": (1, 100_000),
    "registering.form_min": (1, 1_440),
    "registering.waiting_days": (1, 366),
    "attachments.max_kilobytes": (1, 51_200),
    "attachments.max_files": (0, 10_000),
    "attachments.max_total_kilobytes": (0, 1_048_576),
    "ledger.hold_min": (1, 1_440),
    "ledger.reverse_days": (0, 3_660),
    "ledger.most_points": (1, 1_000_000_000),
    "ledger.corrected_day": (0, 1_000_000_000),
    "ledger.clock_slack_days": (0, 366),
    "till.per_minute": (1, 1_000_000),
    "till.burst": (1, 100_000),
    "till.failed_keys": (1, 10_000),
    "till.failed_min": (1, 1_440),
    "till.misses_per_day": (0, 1_000_000),
    "till.plate_misses_per_day": (0, 1_000_000),
    "till.wait_s": (1, 60),
    "till.answer_s": (1, 120),
    "till.body_kilobytes": (1, 10_240),
    "till.reverse_min": (0, 10_080),
    "till.figures_min": (0, 1_440),
    "till.receipt_days": (1, 3_650),
    "lapse.horizon_days": (1, 36_600),
    "lapse.moved_days": (0, 36_600),
    "lapse.moved_gaps": (0, 1_000),
    "lapse.returned_visit_days": (2, 36_600),
    "states.fleet_least": (2, 100_000),
    "states.fleet_share": (0, 1),
    "states.fleet_tail": (0, 1),
    "states.fleet_spread_days": (0, 36_600),
    "states.word_days": (0, 36_600),
    "change.monthly": (0, 1),
    "change.named_from": (0, 1),
    "change.least_before": (2, 36_600),
    "change.shown_days": (1, 36_600),
    "change.past_days": (1, 36_600),
    "warning.monthly_budget": (0, 1),
    "warning.least_visits": (7, 36_600),
    "warning.fill_factor": (0, 1),
    "warning.grade_fall": (0, 1),
    "warning.hours_share": (0, 1),
    "network.own_spread": (0, 10),
    "network.own_spread_sigma": (0, 10),
    "network.least_gaps": (2, 36_600),
    "network.confidence": (0, 1),
    "network.falling_tail": (0, 1),
    "network.falling_factor": (0, 1),
    "guards.missed_lines": (1, 1_000_000),
    "guards.capture_fall": (0, 1),
    "guards.capture_sigmas": (0, 1_000),
    "guards.festival_before_days": (0, 60),
    "guards.festival_after_days": (0, 60),
    "guards.price_move": (0, 10),
    "guards.price_days": (0, 30),
    "holdout.share": (0, 0.5),
    "holdout.most_a": (0, 100_000),
    "effect.outcome_days": (1, 366),
    "effect.least_held": (2, 1_000_000),
    "effect.least_ranked": (2, 100_000_000),
    "effect.aim": (0, 0.5),
}
"""Between what a number must lie; any other is finite and no larger than `MOST`."""
FORMS = {
    "lake.memory": re.compile(r"[1-9]\d{0,8} ?[KMGT]i?B"),
    "ingest.journal_volume": re.compile("|".join(VOLUMES)),
    "guards.country": re.compile(r"[A-Z]{2}"),
    "ingest.phone_region": re.compile("|".join(phones.REGIONS)),
    "registering.reward": re.compile(r"[^\x00-\x1f]{0,80}"),
    "registering.consent_version": re.compile(r"[\w.-]{1,40}"),
}
"""How a text must be written."""


@dataclass(frozen=True, slots=True)
class ArchiveRules:
    """Where the archive lies: a SQLAlchemy URL, and the folder of its lake and quarantine."""

    url: str = "sqlite:///data/station.db"
    folder: str = "data"
    quarantine_days: int = 30
    undo_days: int = 30


@dataclass(frozen=True, slots=True)
class ServerRules:
    """Where the dashboard listens, under which names, and whose word for an address it takes."""

    host: str = "127.0.0.1"
    port: int = 8501
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DashboardRules:
    """What the pages show unless asked otherwise."""

    period_days: int = 365
    page_rows: int = 25
    quick_points: tuple[int, ...] = (100, 200, 500, 1_000)
    slips: int = 10


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field of the chain's own as config.yaml names it; `whose` is called `for` there."""

    name: str = ""
    zh: str = ""
    en: str = ""
    kind: str = FieldKind.TEXT.value
    choices: tuple[str, ...] = ()
    whose: str = Whose.BOTH.value
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """The sum of all rules, the chain's own fields, and the hash of the file they came from."""

    archive: ArchiveRules = field(default_factory=ArchiveRules)
    server: ServerRules = field(default_factory=ServerRules)
    dashboard: DashboardRules = field(default_factory=DashboardRules)
    ingest: IngestRules = field(default_factory=IngestRules)
    gaps: GapRules = field(default_factory=GapRules)
    reversals: ReversalRules = field(default_factory=ReversalRules)
    lake: LakeRules = field(default_factory=LakeRules)
    pace: PaceRules = field(default_factory=PaceRules)
    stability: StabilityRules = field(default_factory=StabilityRules)
    usage: UsageRules = field(default_factory=UsageRules)
    frequency: FrequencyRules = field(default_factory=FrequencyRules)
    ownership: OwnershipRules = field(default_factory=OwnershipRules)
    lapse: LapseRules = field(default_factory=LapseRules)
    states: StateRules = field(default_factory=StateRules)
    change: ChangeRules = field(default_factory=ChangeRules)
    warning: WarningRules = field(default_factory=WarningRules)
    network: NetworkRules = field(default_factory=NetworkRules)
    guards: GuardRules = field(default_factory=GuardRules)
    compare: CompareRules = field(default_factory=CompareRules)
    holdout: HoldoutRules = field(default_factory=HoldoutRules)
    effect: EffectRules = field(default_factory=EffectRules)
    fleets: FleetRules = field(default_factory=FleetRules)
    programme: Programme = field(default_factory=Programme)
    uptake: UptakeRules = field(default_factory=UptakeRules)
    breakage: BreakageRules = field(default_factory=BreakageRules)
    value: ValueRules = field(default_factory=ValueRules)
    life: LifeRules = field(default_factory=LifeRules)
    scorecard: ScoreRules = field(default_factory=ScoreRules)
    oddities: OddityRules = field(default_factory=OddityRules)
    sign_in: SignInRules = field(default_factory=SignInRules)
    looks: LookRules = field(default_factory=LookRules)
    privacy: PrivacyRules = field(default_factory=PrivacyRules)
    merging: MergeRules = field(default_factory=MergeRules)
    likeness: LikenessRules = field(default_factory=LikenessRules)
    completeness: CompletenessRules = field(default_factory=CompletenessRules)
    fields: tuple[Field, ...] = ()
    prospects: ProspectRules = field(default_factory=ProspectRules)
    calls: CallRules = field(default_factory=CallRules)
    contact: ContactRules = field(default_factory=ContactRules)
    care: CareRules = field(default_factory=CareRules)
    reminding: ReminderRules = field(default_factory=ReminderRules)
    gateway: GatewayRules = field(default_factory=GatewayRules)
    planning: PlanRules = field(default_factory=PlanRules)
    registering: RegisterRules = field(default_factory=RegisterRules)
    attachments: AttachmentRules = field(default_factory=AttachmentRules)
    ledger: LedgerRules = field(default_factory=LedgerRules)
    till: TillRules = field(default_factory=TillRules)
    hash: str = ""


def load_settings(path: Path | None) -> Settings:
    """Return the settings of a config file, or the built-in ones when there is no path.

    Raises:
        ConfigError: the file cannot be read, or names the key that is wrong.
    """
    if path is None:
        return Settings()
    text = _read(path)
    data = read_yaml(text, name=path.name)
    built = build(Settings, {k: v for k, v in data.items() if k != "hash"}, at="")
    return _with_hash(built, hashlib.sha256(text.encode()).hexdigest())


def load_version(path: Path, known: Programme) -> Version:
    """Return a version of the rules of points that a file holds by itself, to try it.

    Raises:
        ConfigError: the file cannot be read, or the version could not follow those that are known.
    """
    version = build(Version, read_yaml(_read(path), name=path.name), at="version")
    kept = tuple(one for one in known.versions if one.starts < version.starts)
    _sound(replace(known, versions=(*kept, version)), "programme")
    return version


def _with_hash(settings: Settings, digest: str) -> Settings:
    return replace(settings, hash=digest)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("error.config_unreadable", file=str(path)) from error


def read_yaml(text: str, *, name: str) -> dict[str, Any]:
    """Return the mapping that a YAML text holds (an empty text is an empty mapping).

    Raises:
        ConfigError: the text is no YAML, or no mapping at its top.
    """
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also impossible dates, depth
        raise ConfigError("error.yaml_broken", file=name) from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError("error.yaml_no_mapping", file=name)
    return data


def build(kind: type[T], data: Mapping[str, Any], *, at: str) -> T:
    """Return a rules record from plain data; what is absent keeps its default.

    Raises:
        ConfigError: an unknown key or a value of the wrong type, named by its path.
    """
    hints = get_type_hints(kind)
    unknown = sorted(set(map(str, data)) - set(hints))
    if unknown:
        raise ConfigError("error.config_unknown", key=_path(at, unknown[0]))
    return kind(
        **{name: _value(hints[name], value, _path(at, name)) for name, value in data.items()}
    )


def _own_fields(listed: list[Any], at: str) -> tuple[Field, ...]:
    """Return the chain's own fields.

    Raises:
        ConfigError: names the part of a field that cannot be.
    """
    own = tuple(_own_field(told, f"{at}.{place}") for place, told in enumerate(listed, start=1))
    for place, part in faults(own):
        raise ConfigError("error.config_field", key=f"{at}.{place + 1}.{part}")
    return own


def _own_field(told: Any, at: str) -> Field:
    if not isinstance(told, dict):
        raise ConfigError("error.config_type", key=at, wanted="mapping")
    known = {"whose" if name == "for" else str(name): value for name, value in told.items()}
    if "whose" in told:
        raise ConfigError("error.config_unknown", key=f"{at}.whose")
    parts = build(OwnField, known, at=at)
    for name, kinds in (("kind", FieldKind), ("whose", Whose)):
        if getattr(parts, name) not in set(kinds):
            raise ConfigError(
                "error.config_field", key=f"{at}.{'for' if name == 'whose' else name}"
            )
    labels = {"zh": parts.zh, "en": parts.en}
    return Field(
        name=parts.name,
        group=OWN_GROUP,
        kind=FieldKind(parts.kind),
        whose=Whose(parts.whose),
        choices=parts.choices,
        weight=parts.weight,
        labels=labels,
    )


def _path(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _value(hint: Any, value: Any, at: str) -> Any:
    origin = get_origin(hint)
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, dict):
        return _sound(build(hint, value, at=at), at)
    if origin is UnionType and (value is None) and NoneType in get_args(hint):
        return None
    if origin is UnionType:
        return _value(next(a for a in get_args(hint) if a is not NoneType), value, at)
    if origin is tuple and isinstance(value, list):
        return _listed(get_args(hint)[0], value, at)
    if origin in (dict, Mapping) and isinstance(value, dict):
        return {str(k): _value(get_args(hint)[1], v, f"{at}.{k}") for k, v in value.items()}
    return _scalar(hint, value, at)


def _listed(of_what: Any, values: list[Any], at: str) -> tuple[Any, ...]:
    """Return what a list holds; records are counted from 1."""
    if of_what is Field:
        return _own_fields(values, at)
    if is_dataclass(of_what):
        return tuple(_value(of_what, v, f"{at}.{n}") for n, v in enumerate(values, start=1))
    return tuple(_value(of_what, value, at) for value in values)


def _sound(rules: Any, at: str) -> Any:
    """Return rules that can be, also taken together."""
    found = loyalty_faults.find(rules, at) if isinstance(rules, Programme) else iter(())
    for fault in found:
        raise ConfigError(fault.key, **fault.facts)
    for part in contact_faults(rules) if isinstance(rules, ContactRules) else ():
        raise ConfigError("error.config_range", key=f"{at}.{part}", value="")
    return rules


def _scalar(hint: Any, value: Any, at: str) -> Any:
    if isinstance(hint, type) and issubclass(hint, StrEnum) and isinstance(value, str):
        return _choice(hint, value, at)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return _possible(float(value), at)
    if hint is Any or (isinstance(hint, type) and type(value) is hint):
        return _possible(value, at)
    raise ConfigError("error.config_type", key=at, wanted=getattr(hint, "__name__", str(hint)))


def _choice(kinds: type[StrEnum], value: str, at: str) -> StrEnum:
    if value not in set(kinds):
        raise ConfigError("error.config_choice", key=at, value=value[:20], known=", ".join(kinds))
    return kinds(value)


def _possible(value: Any, at: str) -> Any:
    """Return a value that its setting can have."""
    low, high = RANGES.get(at, (-MOST, MOST))
    if isinstance(value, int | float) and not low <= value <= high:
        raise ConfigError("error.config_range", key=at, value=str(value)[:20])
    if at in FORMS and not FORMS[at].fullmatch(value):
        raise ConfigError("error.config_range", key=at, value=value[:20])
    return value

"""The numbers of a demo network as frozen records, read from a plain mapping."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

from station.errors import ConfigError
from station.model import LapseReason, OwnerKind, StationKind, Use

Range = tuple[float, ...]
"""A lower and an upper bound, both included."""
Weights = dict[str, float]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a network is when nobody says otherwise."""

    stations: int
    days: int
    seed: int
    last_day: date


@dataclass(frozen=True, slots=True)
class Grade:
    """A product's first price; `moves` says that it follows the ceiling price."""

    fen: int
    moves: bool


@dataclass(frozen=True, slots=True)
class StationTemplate:
    """One type of station: who comes, what it sells and how its till writes."""

    kind: StationKind
    name: str
    region: str
    regulars: int
    passing_per_day: float
    mix: Weights
    nozzles: dict[str, tuple[int, ...]]
    names: dict[str, tuple[str, ...]]
    nozzle_form: str
    encoding: str
    time_forms: tuple[str, ...]
    thousands: bool
    noise_share: float
    last_file_xlsx: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of vehicle behaves."""

    use: Use
    owner: OwnerKind
    gap_median_days: float
    gap_sigma: float
    gap_shape: float
    share_beta: tuple[float, ...]
    grades: Weights
    litres: float
    litres_cv: float
    preset_share: float
    tank_litres: Range
    hours: str
    season: str
    weekend_weight: float
    festival_factor: float
    monthly_loss: float
    monthly_fleet_loss: float
    fleet_share: float
    card_share: float
    urea_share: float
    shop_share: float
    plates: Weights
    reasons: dict[LapseReason, float]


@dataclass(frozen=True, slots=True)
class Prices:
    """When prices move and what drivers make of it."""

    every_working_days: int
    step_fen: tuple[int, ...]
    eve_of_rise: float
    eve_of_cut: float
    after_rise: float
    after_cut: float


@dataclass(frozen=True, slots=True)
class Festival:
    """The first days of the lunar years and how long each is felt."""

    days: tuple[date, ...]
    days_before: int
    days_after: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What befalls regulars besides their kind's loss."""

    monthly_share_fall: float
    share_kept: float
    monthly_move: float
    share_kept_after_move: float
    monthly_plate_change: float
    sister_share: float
    sister_fraction: Range
    monthly_growth: float


@dataclass(frozen=True, slots=True)
class Passing:
    """Vehicles that come once."""

    return_share: float
    return_within_days: int
    litres_factor: float
    preset_extra: float
    weekend_weight: float
    bev_share: float


@dataclass(frozen=True, slots=True)
class LineRates:
    """How often a till writes something else than a plain sale."""

    reversal_share: float
    rering_share: float
    late_share: float
    late_days: tuple[int, ...]
    overlap_lines: int
    pump_test_every_days: int
    own_use_every_days: int
    container_share: float
    colour_blank_share: float
    card_discount_fen: tuple[int, ...]
    vehicle_litres_sigma: float


@dataclass(frozen=True, slots=True)
class Events:
    """The two mishaps of the network."""

    camera_station: int
    camera_nozzle: int
    camera_start: float
    camera_days: int
    closure_station: int
    closure_start: float
    closure_days: int


@dataclass(frozen=True, slots=True)
class ArchiveShare:
    """How complete the vehicle archive is, and how large fleets are."""

    vehicle_share: float
    fleet_size: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """Everything `network.yaml` says."""

    defaults: Defaults
    grades: dict[str, Grade]
    shop: dict[str, int]
    stations: tuple[StationTemplate, ...]
    kinds: dict[str, Kind]
    hours: dict[str, tuple[float, ...]]
    seasons: dict[str, tuple[float, ...]]
    prices: Prices
    festival: Festival
    changes: Changes
    passing: Passing
    lines: LineRates
    noise: Weights
    pay: Weights
    events: Events
    archive: ArchiveShare
    plate_regions: Weights


def read_network(parameters: Mapping[str, Any]) -> Network:
    """Return the network that `parameters` (the parsed network.yaml) describe.

    Raises:
        ConfigError: names the key that is missing, unknown or of an impossible value.
    """
    network: Network = _read(Network, parameters, "demo")
    _check_names(network)
    return network


def _read(wanted: Any, value: Any, path: str) -> Any:
    if is_dataclass(wanted):
        return _read_record(wanted, value, path)
    if get_origin(wanted) is dict:
        return _read_table(get_args(wanted), value, path)
    if get_origin(wanted) is tuple:
        return _read_list(get_args(wanted)[0], value, path)
    return _read_plain(wanted, value, path)


def _read_record(wanted: Any, value: Any, path: str) -> Any:
    table = _require(value, Mapping, path)
    names = [field.name for field in fields(wanted)]
    for name in [*table]:
        if name not in names:
            raise ConfigError("demo.unknown_key", name=f"{path}.{name}")
    for name in names:
        if name not in table:
            raise ConfigError("demo.missing_key", name=f"{path}.{name}")
    types = get_type_hints(wanted)
    return wanted(**{name: _read(types[name], table[name], f"{path}.{name}") for name in names})


def _read_table(types: tuple[Any, ...], value: Any, path: str) -> dict[Any, Any]:
    key_type, item_type = types
    return {
        _read(key_type, key, f"{path}.{key}"): _read(item_type, item, f"{path}.{key}")
        for key, item in _require(value, Mapping, path).items()
    }


def _read_list(item_type: Any, value: Any, path: str) -> tuple[Any, ...]:
    items = _require(value, list | tuple, path)
    return tuple(_read(item_type, item, f"{path}.{n}") for n, item in enumerate(items))


def _read_plain(wanted: Any, value: Any, path: str) -> Any:
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        if value not in [str(member) for member in wanted]:
            raise ConfigError("demo.bad_value", name=path, value=value)
        return wanted(value)
    if wanted is float:
        _require_not_bool(value, path)
        return float(_require(value, int | float, path))
    if wanted is int:
        _require_not_bool(value, path)
    return _require(value, wanted, path)


def _require(value: Any, kind: Any, path: str) -> Any:
    if not isinstance(value, kind):
        raise ConfigError("demo.bad_value", name=path, value=value)
    return value


def _require_not_bool(value: Any, path: str) -> None:
    if isinstance(value, bool):
        raise ConfigError("demo.bad_value", name=path, value=value)


def _check_names(network: Network) -> None:
    for name, kind in network.kinds.items():
        _known(kind.hours, network.hours, f"demo.kinds.{name}.hours")
        _known(kind.season, network.seasons, f"demo.kinds.{name}.season")
        for grade in kind.grades:
            _known(grade, network.grades, f"demo.kinds.{name}.grades")
    for n, station in enumerate(network.stations):
        for kind_name in station.mix:
            _known(kind_name, network.kinds, f"demo.stations.{n}.mix")
        for grade in station.nozzles:
            _known(grade, network.grades, f"demo.stations.{n}.nozzles")
            _known(grade, station.names, f"demo.stations.{n}.names")


def _known(name: str, table: Mapping[str, Any], path: str) -> None:
    if name not in table:
        raise ConfigError("demo.bad_value", name=path, value=name)

"""Every vehicle of the network: regulars, passers-by, and what they look like."""

import numpy as np
import pandas as pd

from station.demo import plates
from station.demo.draws import happens, weighted_by
from station.demo.parameters import Network
from station.demo.regulars import NOBODY, NONE, by_kind, make_regulars
from station.demo.seasons import SATURDAY, Calendar, Floats, weekdays
from station.demo.sites import Site


def populate(
    network: Network, sites: tuple[Site, ...], calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    """Return one row per vehicle; the columns of regulars are empty for passers-by."""
    regulars = make_regulars(network, sites, calendar, rng).assign(passing=False)
    passing = _make_passing(network, sites, calendar, rng)
    vehicles = pd.concat([regulars, passing], ignore_index=True)
    return _with_plates(network, _with_traits(network, vehicles, rng), rng)


def _make_passing(
    network: Network, sites: tuple[Site, ...], calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    parts = []
    for site in sites:
        weights = np.asarray([*site.template.mix.values()])
        per_day = site.template.passing_per_day * weights / weights.sum()
        for name, rate in zip(site.template.mix, per_day.tolist(), strict=True):
            counts = rng.poisson(rate * _passing_weights(network, calendar, name))
            day = np.repeat(np.arange(calendar.days), counts)
            parts.append(pd.DataFrame({"station": site.index, "kind": name, "first_day": day}))
    passing = pd.concat(parts, ignore_index=True)
    owners = by_kind(network, passing["kind"], "owner")
    return passing.assign(
        passing=True, fleet=NOBODY, sister=NOBODY, successor=NOBODY, customer=NOBODY,
        change=NONE, reason="", card="", archived=False, owner=owners, changed_day=calendar.days,
    )  # fmt: skip


def _passing_weights(network: Network, calendar: Calendar, kind: str) -> Floats:
    """Return a kind's days, with the passers' own preference for weekends."""
    weekend = weekdays(calendar.first_day, calendar.days) >= SATURDAY
    own = network.kinds[kind].weekend_weight
    weights = calendar.weights[kind] * np.where(weekend, network.passing.weekend_weight / own, 1)
    return np.asarray(weights * calendar.weights[kind].mean() / weights.mean())


def _with_traits(
    network: Network, vehicles: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the vehicles with form of plate, grade, tank and habitual litres."""
    kinds, count = vehicles["kind"], len(vehicles)
    names = kinds.to_numpy(dtype=object)
    forms = weighted_by(names, {k: v.plates for k, v in network.kinds.items()}, rng)
    battery = vehicles["passing"].to_numpy(dtype=bool) & happens(
        network.passing.bev_share, count, rng
    )
    own_litres = np.exp(network.lines.vehicle_litres_sigma * rng.standard_normal(count))
    less = np.where(vehicles["passing"], network.passing.litres_factor, 1.0)
    return vehicles.assign(
        form=np.where(battery, "battery", forms),
        grade=weighted_by(names, {k: v.grades for k, v in network.kinds.items()}, rng),
        tank=rng.uniform(
            by_kind(network, kinds, "tank_litres", 0), by_kind(network, kinds, "tank_litres", 1)
        ),
        litres=by_kind(network, kinds, "litres") * own_litres * less,
    )


def _with_plates(
    network: Network, vehicles: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the vehicles with plates, and the plate that follows a sold car's."""
    invented = plates.invent(vehicles["form"].tolist(), network.plate_regions, rng)
    known = np.asarray([*invented, ""], dtype=object)
    return vehicles.assign(
        plate=invented,
        colour=vehicles["form"].map(plates.COLOURS),
        new_plate=known[vehicles["successor"].to_numpy(dtype=np.int64)],
    )

"""Who the regular vehicles are, how long they stay and what becomes of them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from station.demo.draws import Words, happens, weighted_by
from station.demo.parameters import Network, Weights
from station.demo.seasons import DAYS_OF_MONTH, Calendar, Floats, Ints
from station.demo.sites import Site
from station.model import LapseReason, OwnerKind

NONE, LOST, SHARE_FELL, MOVED = "none", "lost", "share_fell", "moved"
FLEET_LEFT, PLATE_CHANGED = "fleet_left", "plate_changed"
CHANGES = (LOST, SHARE_FELL, MOVED, PLATE_CHANGED, FLEET_LEFT)
NOBODY = -1
"""No fleet, no sister station, no customer."""

SHARE_REASONS = {
    LapseReason.COMPETITOR_PROMO: 45,
    LapseReason.PRICE: 35,
    LapseReason.CARD_DEAL: 20,
}


def make_regulars(
    network: Network, sites: tuple[Site, ...], calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    """Return one row per regular vehicle, those of a sold car's new plate at the end."""
    regulars = _arrivals(network, sites, calendar, rng)
    regulars = _with_fleets(network, regulars, rng)
    regulars = _with_habits(network, regulars, len(sites), rng)
    regulars = _with_changes(network, regulars, calendar.days, rng)
    regulars = _with_outcome(network, regulars, rng)
    regulars = _with_papers(network, regulars, rng)
    return _with_successors(regulars, calendar.days)


def by_kind(network: Network, kinds: pd.Series, field: str, place: int | None = None) -> Any:
    """Return for each vehicle the number `field` of its kind."""
    values = {name: getattr(kind, field) for name, kind in network.kinds.items()}
    if place is not None:
        values = {name: value[place] for name, value in values.items()}
    return kinds.map(values).to_numpy()


def _arrivals(
    network: Network, sites: tuple[Site, ...], calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    """Return station, kind and first day of those there at the start and of those who come."""
    parts = []
    months = calendar.days / DAYS_OF_MONTH
    for site in sites:
        stock = _split(site.template.regulars, site.template.mix, rng)
        for (name, _), count in zip(site.template.mix.items(), stock.tolist(), strict=True):
            kind = network.kinds[name]
            rate = kind.monthly_loss + kind.monthly_fleet_loss + network.changes.monthly_growth
            later = rng.integers(1, calendar.days, rng.poisson(count * rate * months))
            first = np.concatenate([np.zeros(count, dtype=np.int64), np.sort(later)])
            parts.append(pd.DataFrame({"station": site.index, "kind": name, "first_day": first}))
    return pd.concat(parts, ignore_index=True)


def _split(total: int, mix: Weights, rng: np.random.Generator) -> Ints:
    weights = np.asarray([*mix.values()])
    return np.asarray(rng.multinomial(total, weights / weights.sum()), dtype=np.int64)


def _with_fleets(
    network: Network, regulars: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the regulars with the number of their fleet; a fleet arrives together."""
    in_fleet = happens(by_kind(network, regulars["kind"], "fleet_share"), len(regulars), rng)
    fleets = np.full(len(regulars), NOBODY, dtype=np.int64)
    opened = 0
    for rows in regulars.groupby(["station", "kind"], sort=True).indices.values():
        places = np.asarray(rows)
        members = places[in_fleet[places]]
        sizes = _fleet_sizes(len(members), network.archive.fleet_size, rng)
        fleets[members[: sum(sizes)]] = np.repeat(np.arange(len(sizes)) + opened, sizes)
        opened += len(sizes)
    together = regulars.groupby(fleets)["first_day"].transform("min")
    first_day = regulars["first_day"].where(fleets == NOBODY, together)
    return regulars.assign(fleet=fleets, first_day=first_day)


def _fleet_sizes(members: int, allowed: tuple[int, ...], rng: np.random.Generator) -> list[int]:
    """Return sizes within `allowed`; too few members for one fleet stay single."""
    smallest, largest = allowed
    sizes: list[int] = []
    while members >= smallest:
        size = min(members, int(rng.integers(smallest, largest + 1)))
        if 0 < members - size < smallest and members <= largest:
            size = members
        sizes.append(size)
        members -= size
    return sizes


def _with_habits(
    network: Network, regulars: pd.DataFrame, stations: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the regulars with their own gap, their share here and at a sister station."""
    kinds, count = regulars["kind"], len(regulars)
    spread = by_kind(network, kinds, "gap_sigma") * rng.standard_normal(count)
    share = rng.beta(
        by_kind(network, kinds, "share_beta", 0), by_kind(network, kinds, "share_beta", 1)
    )
    knows = happens(network.changes.sister_share, count, rng) & (stations > 1)
    sister = (regulars["station"] + rng.integers(1, max(stations, 2), count)) % stations
    least, most = network.changes.sister_fraction
    part = rng.uniform(least, most, count)
    return regulars.assign(
        gap_days=by_kind(network, kinds, "gap_median_days") * np.exp(spread),
        share_before=share,
        sister=np.where(knows, sister, NOBODY),
        sister_before=np.where(knows, (1 - share) * part, 0.0),
    )


def _waits(monthly: Any, count: int, rng: np.random.Generator) -> Floats:
    """Return days until something of the hazard `monthly` happens; never where it is 0."""
    rates = np.broadcast_to(np.asarray(monthly, dtype=np.float64), (count,))
    with np.errstate(divide="ignore"):
        return np.asarray(rng.standard_exponential(count) * DAYS_OF_MONTH / rates)


def _with_changes(
    network: Network, regulars: pd.DataFrame, days: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the regulars with the first change that meets each, and its day."""
    rules, kinds, count = network.changes, regulars["kind"], len(regulars)
    single = (regulars["fleet"] == NOBODY).to_numpy()
    has_sister = (regulars["sister"] != NOBODY).to_numpy()
    waits = np.column_stack([
        _waits(by_kind(network, kinds, "monthly_loss"), count, rng),
        _waits(rules.monthly_share_fall, count, rng),
        _waits(rules.monthly_move * has_sister, count, rng),
        _waits(rules.monthly_plate_change * single, count, rng),
        _fleet_waits(network, regulars, rng),
    ])  # fmt: skip
    day = np.ceil(regulars["first_day"].to_numpy() + waits.min(axis=1))
    changed = day < days
    names = np.asarray(CHANGES, dtype=object)[waits.argmin(axis=1)]
    return regulars.assign(
        change=np.where(changed, names, NONE),
        changed_day=np.where(changed, day, days).astype(np.int64),
    )


def _fleet_waits(network: Network, regulars: pd.DataFrame, rng: np.random.Generator) -> Floats:
    waits = pd.Series(
        _waits(by_kind(network, regulars["kind"], "monthly_fleet_loss"), len(regulars), rng)
    )
    first = waits.groupby(regulars["fleet"]).transform("first")
    return first.where(regulars["fleet"] != NOBODY, np.inf).to_numpy(dtype=np.float64)


def _with_outcome(
    network: Network, regulars: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the regulars with their reason and the shares that remain after the change."""
    rules = network.changes
    change = regulars["change"].to_numpy(dtype=object)
    before, sister = regulars["share_before"], regulars["sister_before"]
    kept = {NONE: 1.0, SHARE_FELL: rules.share_kept, MOVED: rules.share_kept_after_move}
    after = before * regulars["change"].map(kept).fillna(0.0)
    stays = np.isin(change, [NONE, SHARE_FELL])
    return regulars.assign(
        reason=_reasons(network, regulars, rng),
        share_after=after,
        sister_after=np.where(change == MOVED, sister + before - after, sister * stays),
    )


def _reasons(network: Network, regulars: pd.DataFrame, rng: np.random.Generator) -> Words:
    kinds = regulars["kind"].to_numpy(dtype=object)
    change = regulars["change"].to_numpy(dtype=object)
    own = {name: kind.reasons for name, kind in network.kinds.items()}
    reasons = np.where(kinds == "engineering", LapseReason.PROJECT_END, LapseReason.CONTRACT)
    reasons = np.where(change == LOST, weighted_by(kinds, own, rng), reasons)
    fell = weighted_by(change, {SHARE_FELL: SHARE_REASONS}, rng)
    reasons = np.where(change == SHARE_FELL, fell, reasons)
    reasons = np.where(change == MOVED, LapseReason.ROUTE, reasons)
    reasons = np.where(change == PLATE_CHANGED, LapseReason.VEHICLE_SOLD, reasons)
    return np.asarray(np.where(change == NONE, "", reasons), dtype=object)


def _with_papers(
    network: Network, regulars: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the regulars with owner, customer, card and whether the archive holds them."""
    count = len(regulars)
    in_fleet = (regulars["fleet"] != NOBODY).to_numpy()
    archived = happens(network.archive.vehicle_share, count, rng)
    carded = happens(by_kind(network, regulars["kind"], "card_share"), count, rng)
    fleets = int(regulars["fleet"].max()) + 1
    person = fleets + np.cumsum(~in_fleet & (archived | carded)) - 1
    alone = np.where(archived | carded, person, NOBODY)
    return regulars.assign(
        owner=_owners(network, regulars, in_fleet=in_fleet),
        customer=np.where(in_fleet, regulars["fleet"], alone),
        archived=archived,
        card=_cards(carded, in_fleet),
    )


def _owners(network: Network, regulars: pd.DataFrame, *, in_fleet: npt.NDArray[np.bool_]) -> Words:
    of_kind = by_kind(network, regulars["kind"], "owner")
    of_fleet = np.where(of_kind == OwnerKind.PRIVATE, OwnerKind.COMPANY, of_kind)
    return np.where(in_fleet, of_fleet, OwnerKind.PRIVATE).astype(object)


def _cards(carded: npt.NDArray[np.bool_], in_fleet: npt.NDArray[np.bool_]) -> Words:
    """Return numbers of 19 digits, blank for those without a card."""
    issuers = np.where(in_fleet, "900000", "100011").tolist()
    cards = np.full(len(carded), "", dtype=object)
    cards[:] = [
        f"{issuer}{number:013d}" if has else ""
        for number, (issuer, has) in enumerate(zip(issuers, carded.tolist(), strict=True), 1)
    ]
    return cards


def _with_successors(regulars: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return the regulars and, below, the next car of those who sold theirs."""
    sold = regulars[regulars["change"] == PLATE_CHANGED]
    cars = sold.assign(
        first_day=sold["changed_day"],
        changed_day=days,
        change=NONE,
        reason="",
        share_after=sold["share_before"],
        sister_after=sold["sister_before"],
        archived=False,
    )
    successor = pd.Series(NOBODY, index=regulars.index)
    successor.loc[sold.index] = len(regulars) + np.arange(len(sold))
    both = pd.concat([regulars.assign(successor=successor), cars], ignore_index=True)
    return both.fillna({"successor": NOBODY}).astype({"successor": "int64"})

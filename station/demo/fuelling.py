"""A visit becomes a line of fuel: when, which nozzle, how much, how paid."""

import numpy as np
import pandas as pd

from station.demo.draws import Words, happens, weighted, weighted_by
from station.demo.noise import COLOUR_WORDS, mistype
from station.demo.parameters import Network
from station.demo.regulars import NOBODY, by_kind
from station.demo.seasons import Calendar, Floats, Ints
from station.demo.sites import Site

DAY_SECONDS, HOUR_SECONDS = 86_400, 3_600
CENTI = 100
"""Hundredths of a litre or of a yuan (fen)."""
CNG_SHARE_OF_LITRES = 0.6
SMALLEST_FILL = 3.0
FULL_TANK_SHARE = 0.98
SMALL_NOTE_FEN, LARGE_NOTE_FEN, LARGE_FROM_FEN = 5_000, 10_000, 30_000
CARD_USED_SHARE = 0.9
NORMAL = "正常"
PERSONAL_CARD, COMPANY_CARD = "加油卡", "单位卡"


def fuel_lines(
    network: Network,
    sites: tuple[Site, ...],
    vehicles: pd.DataFrame,
    visits: pd.DataFrame,
    calendar: Calendar,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return one line per visit, with the typed plate."""
    who = vehicles.loc[visits["vehicle"]].reset_index(drop=True)
    station = visits["station"].to_numpy(dtype=np.int64)
    lines = pd.DataFrame({"station": station, "vehicle": visits["vehicle"].to_numpy()})
    lines["second"] = _seconds(network, who, visits, rng)
    lines["grade"] = _sold_grades(sites, station, who["grade"].to_numpy(dtype=object))
    lines["nozzle"] = pick_nozzles(sites, station, lines["grade"].to_numpy(dtype=object), rng)
    lines["fen"] = unit_prices(calendar, lines["grade"], lines["second"])
    lines = _with_amounts(network, lines, who, rng)
    lines = _with_payment(network, lines, who, rng)
    return _with_typed_plates(network, sites, lines, who, rng).assign(
        item="", type=NORMAL, pumped=True
    )


def unit_prices(calendar: Calendar, grades: pd.Series, seconds: pd.Series) -> Ints:
    """Return the price in fen of each line's grade on its day."""
    days = seconds.to_numpy(dtype=np.int64) // DAY_SECONDS
    names = [*calendar.prices]
    table = np.stack([calendar.prices[name] for name in names])
    return np.asarray(table[pd.Index(names).get_indexer(pd.Index(grades)), days], dtype=np.int64)


def pick_nozzles(
    sites: tuple[Site, ...], station: Ints, grades: Words, rng: np.random.Generator
) -> Ints:
    """Return for each line one of its station's nozzles of the grade."""
    chance = rng.random(len(station))
    nozzles = np.zeros(len(station), dtype=np.int64)
    for site in sites:
        for grade, numbers in site.template.nozzles.items():
            rows = (station == site.index) & (grades == grade)
            nozzles[rows] = np.asarray(numbers)[(chance[rows] * len(numbers)).astype(np.int64)]
    return nozzles


def _seconds(
    network: Network, who: pd.DataFrame, visits: pd.DataFrame, rng: np.random.Generator
) -> Ints:
    profiles = {
        name: dict(enumerate(network.hours[kind.hours])) for name, kind in network.kinds.items()
    }
    hours = weighted_by(who["kind"].to_numpy(dtype=object), profiles, rng).astype(np.int64)
    within = rng.integers(0, HOUR_SECONDS, len(visits))
    days = visits["day"].to_numpy(dtype=np.int64)
    return np.asarray(days * DAY_SECONDS + hours * HOUR_SECONDS + within)


def _sold_grades(sites: tuple[Site, ...], station: Ints, wanted: Words) -> Words:
    """Return the wanted grades, or the first a station sells where it lacks one."""
    sold = wanted.copy()
    for site in sites:
        offered = [*site.template.nozzles]
        lacks = (station == site.index) & ~np.isin(wanted, offered)
        sold[lacks] = offered[0]
    return sold


def _with_amounts(
    network: Network, lines: pd.DataFrame, who: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the lines with hundredths of litres and fen due; presets cost a round sum."""
    fen = lines["fen"].to_numpy(dtype=np.int64)
    litres = _litres(network, lines, who, rng)
    extra = np.where(who["passing"], network.passing.preset_extra, 0.0)
    share = by_kind(network, who["kind"], "preset_share") + extra
    preset = happens(share, len(lines), rng)
    round_fen = _round_sums(litres * fen)
    centi = np.rint(np.where(preset, round_fen / fen, litres) * CENTI).astype(np.int64)
    due = np.where(preset, round_fen, _rounded_product(centi, fen))
    return lines.assign(
        centi=centi, due=due, note=np.where(preset, [f"定额{n // CENTI}" for n in due], "")
    )


def _litres(
    network: Network, lines: pd.DataFrame, who: pd.DataFrame, rng: np.random.Generator
) -> Floats:
    shape = 1 / np.square(by_kind(network, who["kind"], "litres_cv"))
    less = np.where(lines["grade"] == "CNG", CNG_SHARE_OF_LITRES, 1.0)
    litres = rng.gamma(shape, who["litres"] / shape) * less
    return np.asarray(np.clip(litres, SMALLEST_FILL, who["tank"] * FULL_TANK_SHARE))


def _round_sums(fen: Floats) -> Ints:
    note = np.where(fen < LARGE_FROM_FEN, SMALL_NOTE_FEN, LARGE_NOTE_FEN)
    return np.asarray(np.maximum(np.rint(fen / note), 1) * note, dtype=np.int64)


def _rounded_product(centi: Ints, fen: Ints) -> Ints:
    return np.asarray((centi * fen + CENTI // 2) // CENTI, dtype=np.int64)


def priced(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the lines with the amount due for their quantity, without discount."""
    due = _rounded_product(
        lines["centi"].to_numpy(dtype=np.int64), lines["fen"].to_numpy(dtype=np.int64)
    )
    return lines.assign(due=due, discount=0, paid=due)


def _with_payment(
    network: Network, lines: pd.DataFrame, who: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the lines with card, way of payment and what the card takes off."""
    used = (who["card"] != "").to_numpy() & happens(CARD_USED_SHARE, len(lines), rng)
    company = (who["fleet"] != NOBODY).to_numpy()
    pay = weighted(network.pay, len(lines), rng)
    personal_fen, company_fen = network.lines.card_discount_fen
    off = np.where(used, np.where(company, company_fen, personal_fen), 0)
    discount = (lines["centi"].to_numpy() * off + CENTI // 2) // CENTI
    return lines.assign(
        pay=np.where(used, np.where(company, COMPANY_CARD, PERSONAL_CARD), pay),
        card=np.where(used, who["card"], ""),
        discount=discount,
        paid=lines["due"] - discount,
    )


def _with_typed_plates(
    network: Network,
    sites: tuple[Site, ...],
    lines: pd.DataFrame,
    who: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the lines with plate and colour as the till has them."""
    shares = np.asarray([site.template.noise_share for site in sites])[lines["station"]]
    colours = who["colour"].map(COLOUR_WORDS).to_numpy(dtype=object)
    plates = who["plate"].to_numpy(dtype=object)
    typed = mistype(plates, colours, shares, network.noise, rng)
    nameless = np.char.str_len(typed.astype(str)) < 3  # noqa: PLR2004 - a placeholder, no plate
    unseen = nameless | happens(network.lines.colour_blank_share, len(lines), rng)
    battery = (who["form"] == "battery").to_numpy()
    return lines.assign(
        plate=typed,
        colour=np.where(unseen, "", colours),
        note=np.where(battery, "纯电车牌?", lines["note"]),
    )

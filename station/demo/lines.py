"""Everything a till writes: sales, and what is no plain sale."""

import numpy as np
import pandas as pd

from station.demo.draws import happens, weighted_by
from station.demo.fuelling import (
    CENTI,
    DAY_SECONDS,
    HOUR_SECONDS,
    NORMAL,
    pick_nozzles,
    priced,
    unit_prices,
)
from station.demo.parameters import Network
from station.demo.regulars import by_kind
from station.demo.seasons import Calendar, Window
from station.demo.sites import Site

NO_LINE = -1
NO_VEHICLE = -1
NO_NOZZLE = 0
SHOP, REVERSAL, TEST, OWN_USE, LOOSE = "非油品", "冲销", "检测(回罐)", "自用", "散装"
CONTAINER, INSIDE, CASH = "油桶", "内部", "现金"
UREA_CENTI = (1_000, 4_000)
CONTAINER_CENTI = (2_000, 20_000)
TEST_CENTI, OWN_USE_CENTI = 2_000, 3_000
MORNING_HOUR = 7
AFTER_FUEL_SECONDS = (40, 180)
REVERSAL_SECONDS, RERING_SECONDS = 40, 150
FIRST_SERIAL = 12_801
FIRST_TOTALISER_CENTI = (1_000_000, 90_000_000)


def more_lines(
    network: Network,
    sites: tuple[Site, ...],
    fuel: pd.DataFrame,
    vehicles: pd.DataFrame,
    calendar: Calendar,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the fuel lines with urea, shop, container, test and own-use lines."""
    kinds = vehicles["kind"].loc[fuel["vehicle"]]
    parts = [
        fuel,
        _urea(network, sites, fuel, kinds, calendar, rng),
        _shop(network, fuel, kinds, rng),
        _containers(network, fuel, rng),
        _inside(network, sites, calendar, rng),
    ]
    return pd.concat(parts, ignore_index=True)


def without_camera(lines: pd.DataFrame, station: int, nozzle: int, outage: Window) -> pd.DataFrame:
    """Return the lines with plates blank at the nozzle whose camera is dead."""
    days = lines["second"] // DAY_SECONDS
    dead = (lines["station"] == station) & (lines["nozzle"] == nozzle)
    dead &= days.between(outage.start, outage.end)
    return lines.assign(plate=lines["plate"].mask(dead, ""), colour=lines["colour"].mask(dead, ""))


def post(
    network: Network, lines: pd.DataFrame, calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the journal: reversals added, in order of posting, with serials and totalisers."""
    journal = _with_reversals(network, lines.assign(ref=NO_LINE), rng)
    journal = _with_posting(network, journal, calendar, rng)
    return _with_serials(_with_totalisers(journal, rng))


def _after_fuel(
    chosen: pd.DataFrame, rng: np.random.Generator, **changes: str | int | bool
) -> pd.DataFrame:
    """Return further lines of the same stops, without discount and off the fuel meters."""
    second = chosen["second"] + rng.integers(*AFTER_FUEL_SECONDS, len(chosen))
    last = (chosen["second"] // DAY_SECONDS + 1) * DAY_SECONDS - 1
    further = chosen.assign(second=np.minimum(second, last), type=SHOP, pumped=False, note="")
    return further.assign(**changes)


def _urea(
    network: Network,
    sites: tuple[Site, ...],
    fuel: pd.DataFrame,
    kinds: pd.Series,
    calendar: Calendar,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the urea that diesel stops take along."""
    takes = happens(by_kind(network, kinds, "urea_share"), len(fuel), rng)
    seller = [site.index for site in sites if "UREA" in site.template.nozzles]
    chosen = fuel[takes & (fuel["grade"] == "D0") & fuel["station"].isin(seller)]
    further = _after_fuel(chosen, rng, grade="UREA")
    station = further["station"].to_numpy(dtype=np.int64)
    grades = further["grade"].to_numpy(dtype=object)
    low, high = UREA_CENTI
    return priced(
        further.assign(
            nozzle=pick_nozzles(sites, station, grades, rng),
            fen=unit_prices(calendar, further["grade"], further["second"]),
            centi=rng.integers(low // CENTI, high // CENTI + 1, len(further)) * CENTI,
        )
    )


def _shop(
    network: Network, fuel: pd.DataFrame, kinds: pd.Series, rng: np.random.Generator
) -> pd.DataFrame:
    """Return what drivers buy in the shop after fuelling."""
    buys = happens(by_kind(network, kinds, "shop_share"), len(fuel), rng)
    further = _after_fuel(fuel[buys], rng, grade="", nozzle=NO_NOZZLE, centi=CENTI)
    equal = dict.fromkeys(network.shop, 1.0)
    item = weighted_by(np.full(len(further), "", dtype=object), {"": equal}, rng)
    return priced(further.assign(item=item, fen=[network.shop[name] for name in item]))


def _containers(network: Network, fuel: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return diesel sold in drums, at the times and nozzles of other diesel."""
    diesel = fuel[fuel["grade"] == "D0"]
    chosen = diesel[happens(network.lines.container_share, len(diesel), rng)]
    drums = _after_fuel(chosen, rng, type=LOOSE, pumped=True, note="实名登记", plate=CONTAINER)
    low, high = CONTAINER_CENTI
    centi = rng.integers(low // CENTI, high // CENTI + 1, len(drums)) * CENTI
    return priced(drums.assign(vehicle=NO_VEHICLE, colour="", card="", pay=CASH, centi=centi))


def _inside(
    network: Network, sites: tuple[Site, ...], calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    """Return pump tests of every fuel nozzle and the stations' own use; nobody pays for them."""
    rates = network.lines
    rows = [
        (site.index, day, grade, nozzle, TEST, TEST_CENTI, "班前自校")
        for site in sites
        for day in range(rates.pump_test_every_days // 2, calendar.days, rates.pump_test_every_days)
        for grade, nozzles in site.template.nozzles.items() if grade != "UREA"
        for nozzle in nozzles
    ]  # fmt: skip
    rows += [
        (site.index, day, *_first_nozzle(site), OWN_USE, OWN_USE_CENTI, "站用车")
        for site in sites
        for day in range(rates.own_use_every_days // 2, calendar.days, rates.own_use_every_days)
    ]
    names = ["station", "day", "grade", "nozzle", "type", "centi", "note"]
    lines = pd.DataFrame(rows, columns=names)
    second = lines.pop("day") * DAY_SECONDS + MORNING_HOUR * HOUR_SECONDS
    lines["second"] = second + rng.integers(0, HOUR_SECONDS, len(lines))
    lines["fen"] = unit_prices(calendar, lines["grade"], lines["second"])
    return priced(lines).assign(
        vehicle=NO_VEHICLE, pay=INSIDE, card="", plate="", colour="", item="", pumped=True, paid=0
    )


def _first_nozzle(site: Site) -> tuple[str, int]:
    grade, nozzles = next(iter(site.template.nozzles.items()))
    return grade, nozzles[0]


def _with_reversals(
    network: Network, lines: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the lines, the reversals of a few sales, and those sales rung once more."""
    plain = lines[(lines["type"] == NORMAL) & (lines["second"] % DAY_SECONDS < _LAST_MOMENT)]
    wrong = plain[happens(network.lines.reversal_share, len(plain), rng)]
    reversals = wrong.assign(
        second=wrong["second"] + REVERSAL_SECONDS, type=REVERSAL, note="", ref=wrong.index,
        **{name: -wrong[name] for name in ("centi", "due", "discount", "paid")},
    )  # fmt: skip
    again = wrong[happens(network.lines.rering_share, len(wrong), rng)]
    rerings = again.assign(second=again["second"] + RERING_SECONDS)
    return pd.concat([lines, reversals, rerings], ignore_index=True)


_LAST_MOMENT = DAY_SECONDS - RERING_SECONDS


def _with_posting(
    network: Network, journal: pd.DataFrame, calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the journal with the second of posting, days later for a few plain sales."""
    low, high = network.lines.late_days
    posted = journal["second"] + rng.integers(low, high + 1, len(journal)) * DAY_SECONDS
    reversed_lines = journal.index.isin(journal["ref"])
    late = happens(network.lines.late_share, len(journal), rng) & ~reversed_lines
    late &= (journal["type"] == NORMAL).to_numpy()
    late &= (posted < calendar.days * DAY_SECONDS).to_numpy()
    return journal.assign(
        posted=journal["second"].mask(late, posted), note=journal["note"].mask(late, "补录")
    )


def _with_totalisers(journal: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the journal with meter readings: at a nozzle each begins where the last ended."""
    in_time = journal.sort_values(["station", "nozzle", "second"], kind="stable")
    moved = in_time["centi"].where(in_time["pumped"] & (in_time["centi"] > 0), 0)
    meter = in_time.groupby(["station", "nozzle"], sort=True).ngroup()
    start = pd.Series(rng.integers(*FIRST_TOTALISER_CENTI, int(meter.max()) + 1))
    end = moved.groupby(meter).cumsum() + meter.map(start)
    return journal.assign(meter_start=end - moved, meter_end=end)


def _with_serials(journal: pd.DataFrame) -> pd.DataFrame:
    """Return the journal in order of posting, numbered on per station; reversals name theirs."""
    posted = journal.sort_values(["station", "posted"], kind="stable")
    serial = posted.groupby("station").cumcount() + FIRST_SERIAL
    texts = serial.map("{:09d}".format)
    named = "撤单" + posted["ref"].map(texts).fillna("")
    note = posted["note"].mask(posted["ref"] != NO_LINE, named)
    return posted.assign(serial=texts, note=note).reset_index(drop=True)

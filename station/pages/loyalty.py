"""What do the points do and cost?"""

from datetime import date

import pandas as pd
import streamlit as st

from station import text
from station.model import State, minor_per_major
from station.pages.parts import blocks, charts
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.pages.parts.look import ACCENT, GREY, STATE
from station.services import board
from station.services.points import astray, effects, levels, reporting, ruling
from station.services.points.effects import Effect
from station.services.points.reporting import Expiring, Flows, Liability
from station.services.points.ruling import InForce, Rules

UP, DOWN = ("issued",), ("redeemed", "expired")
COLOURS = {"issued": ACCENT, "redeemed": STATE[State.ACTIVE].colour, "expired": GREY}
AHEAD_MONTHS = 12
SHOWN_MONTHS = 24
NAMES = [
    Column("who", "page_loyalty.who"),
    Column("points", "page_loyalty.points", "count"),
    Column("expires_day", "page_loyalty.last_day", "day"),
]
FALLING = [
    Column("who", "page_loyalty.who"),
    Column("level", "page_loyalty.level"),
    Column("to", "page_loyalty.falls_to"),
    Column("keep", "page_loyalty.keep", "count"),
    Column("day", "page_loyalty.falls_on", "day"),
]
UPTAKE = ("members", "before", "after", "others_before", "others_after", "extra", "low", "high")
FLOWS = [
    Column(name, f"page_loyalty.{name}", "count")
    for name in ("issued", "redeemed", "expired", "reversed", "refunded", "adjusted")
]
ASTRAY = [
    Column("day", "page_loyalty.used_on", "day"),
    Column("said", "page_loyalty.why"),
    Column("station", "page_loyalty.station"),
    Column("receipt", "page_loyalty.receipt"),
    Column("off", "page_loyalty.off", "exact"),
    Column("offer", "page_loyalty.offer"),
    Column("number", "page_loyalty.coupon", "count"),
]
STATIONS = [Column("station_name", "page_loyalty.station"), *FLOWS]
MONTHS = [Column("month", "page_loyalty.month"), *FLOWS]
COHORTS = [
    Column("month", "page_loyalty.given_in", "text"),
    Column("open", "page_loyalty.open", "count"),
    Column("expected", "page_loyalty.expected", "count"),
    Column("low", "page_loyalty.low", "count"),
    Column("high", "page_loyalty.high", "count"),
    Column("worth", "page_loyalty.worth", "exact"),
]


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_loyalty.title"), anchor=False)
    day = _past_day(desk)
    told = reporting.movements(desk.ask, stations=desk.stations, day=day)
    cost = reporting.liability(desk.ask, stations=desk.stations, day=day)
    rules = ruling.in_force(desk.ask, lang=desk.lang, day=cost.day)
    if told.months.empty:
        _nothing(desk, rules)
        return
    shown = _in_period(desk, told)
    blocks.answer(f"{_did(desk, shown)}{_costs(desk, cost)}")
    left, right = st.columns(2, gap="large")
    with left:
        _flows(desk, told)
    with right:
        _ahead(desk, cost)
    _figures(desk, cost)
    _expiring(desk, reporting.expiring(desk.ask, stations=desk.stations))
    _astray(desk)
    _effect(desk, effects.effect(desk.ask, stations=desk.stations))
    _levels(desk)
    _in_words(desk, rules)
    _tables(desk, told, cost)


def _past_day(desk: Desk) -> date | None:
    """Return the past day that was chosen; None is now: points go on when sales do not come in."""
    return None if desk.ask.as_of >= board.last_day(desk.ask) else desk.ask.as_of


def _nothing(desk: Desk, rules: InForce) -> None:
    """Say why there are no points yet, and what to do."""
    if rules.now:
        facts = {"name": rules.now.name, "starts": rules.now.starts}
        blocks.answer(desk.say("page_loyalty.no_points", **facts))
    elif rules.next:
        facts = {"name": rules.next.name, "starts": rules.next.starts}
        blocks.answer(desk.say("page_loyalty.not_started", **facts))
    else:
        blocks.answer(desk.say("page_loyalty.no_rules"))
        st.caption(desk.say("page_loyalty.no_rules_note"))
    _in_words(desk, rules)


def _in_period(desk: Desk, told: Flows) -> pd.DataFrame:
    """Return the months of the period that was chosen, whole."""
    first = pd.Timestamp(told.day) - pd.Timedelta(days=desk.days)
    is_shown = told.months["month"] >= f"{first:%Y-%m}"
    return told.months[is_shown] if desk.days else told.months


def _did(desk: Desk, months: pd.DataFrame) -> str:
    """Return what was given and redeemed in the period, in words."""
    seen = months[~months["is_hidden"]]
    if seen.empty:
        key = "few" if len(months) else "quiet"
        return desk.say(f"page_loyalty.answer_{key}", least=reporting.LEAST_MEMBERS)
    issued, redeemed = int(seen["issued"].sum()), int(seen["redeemed"].sum())
    facts = {"first": seen["month"].iloc[0], "issued": issued, "redeemed": redeemed}
    expired = int(seen["expired"].sum())
    return desk.say("page_loyalty.answer_did", **facts, expired=expired)


def _costs(desk: Desk, cost: Liability) -> str:
    """Return what is open and what it may cost, in words."""
    if not cost.open:
        return desk.say("page_loyalty.answer_none_open")
    if cost.money is None:
        return desk.say("page_loyalty.answer_open", open=cost.open)
    facts = {"open": cost.open, "worth": _money(desk, cost, cost.money.open_minor)}
    if not cost.is_known:
        return desk.say("page_loyalty.answer_unknown", **facts)
    return desk.say(
        "page_loyalty.answer_cost",
        **facts,
        expected=_money(desk, cost, cost.money.expected_minor),
        low=_money(desk, cost, cost.money.low_minor),
        high=_money(desk, cost, cost.money.high_minor),
    )


def _money(desk: Desk, cost: Liability, minor: int) -> str:
    if cost.money is None:
        return ""
    currency = cost.money.currency
    return text.money(desk.lang, minor / minor_per_major(currency), currency)


def _flows(desk: Desk, told: Flows) -> None:
    """Draw what was given above the line, and what was redeemed or ran out below it."""
    seen = told.months[~told.months["is_hidden"]].tail(SHOWN_MONTHS).set_index("month")
    if seen.empty:
        return
    frame = seen[[*UP, *DOWN]].astype("int64")
    used = int(frame["redeemed"].sum()) / max(int(frame["issued"].sum()), 1)
    frame[list(DOWN)] = -frame[list(DOWN)]
    title = desk.say("page_loyalty.flows_title", share=used)
    names = {name: desk.say(f"page_loyalty.{name}") for name in (*UP, *DOWN)}
    figure = charts.flows(frame, names=names, colours=COLOURS, title=title)
    blocks.chart(figure, key="loyalty_flows", alt=title)


def _ahead(desk: Desk, cost: Liability) -> None:
    """Draw how many points will be redeemed in each of the next months, with the range."""
    shown = cost.months.head(AHEAD_MONTHS)
    if shown.empty or not shown["expected"].sum():
        st.info(desk.say("page_loyalty.ahead_unknown"))
        return
    facts = {"expected": int(shown["expected"].sum()), "months": len(shown)}
    title = desk.say("page_loyalty.ahead_title", **facts)
    columns = (shown[name].tolist() for name in ("month", "expected", "low", "high"))
    blocks.chart(charts.ahead(*columns, title=title), key="loyalty_ahead", alt=title)
    if cost.replayed:
        facts = {"inside": cost.inside, "replayed": cost.replayed}
        st.caption(desk.say("page_loyalty.replayed", **facts, ahead=reporting.REPLAYED_AHEAD))


def _figures(desk: Desk, cost: Liability) -> None:
    """Write the figures that an accountant asks for."""
    values = [
        (desk.say("page_loyalty.figure_open"), f"{cost.open:,}", _worth_of(desk, cost, "open")),
        (
            desk.say("page_loyalty.figure_expected"),
            f"{cost.use.expected:,}" if cost.is_known else desk.say("page_loyalty.unknown"),
            _worth_of(desk, cost, "expected") if cost.is_known else None,
        ),
        (
            desk.say("page_loyalty.figure_breakage"),
            f"{cost.open - cost.use.expected:,}"
            if cost.is_known
            else desk.say("page_loyalty.unknown"),
            _share(desk, cost),
        ),
        (desk.say("page_loyalty.figure_held"), f"{cost.held:,}", None),
        (desk.say("page_loyalty.figure_owed"), f"{cost.owed:,}", None),
    ]
    blocks.figures(values, compares=False)
    st.caption(desk.say("page_loyalty.cost_note", day=cost.day))


def _worth_of(desk: Desk, cost: Liability, which: str) -> str | None:
    return _money(desk, cost, getattr(cost.money, f"{which}_minor")) if cost.money else None


def _share(desk: Desk, cost: Liability) -> str | None:
    if not cost.is_known or not cost.open:
        return None
    share = (cost.open - cost.use.expected) / cost.open
    return desk.say("page_loyalty.of_open", share=share)


def _expiring(desk: Desk, told: Expiring) -> None:
    """List whose points run out soon: a reason to call."""
    facts = {"points": told.points, "soon": told.soon, "members": told.members}
    key = "expiring" if told.points else "expiring_few" if told.members else "expiring_none"
    if told.points and told.points == told.soon:
        key = "expiring_soon"
    title = desk.say(f"page_loyalty.{key}", **facts, days=told.notice_days)
    if not told.members:
        st.subheader(blocks.plain(title), anchor=False)
        return
    empty = "page_loyalty.expiring_elsewhere"
    blocks.names(desk, told.names, NAMES, key="loyalty_expiring", title=title, empty=empty)


def _astray(desk: Desk) -> None:
    """List the coupons that no purchase bears out: somebody should ask."""
    told = astray.coupons(desk.ask, lang=desk.lang, stations=desk.stations)
    if told.empty:
        return
    said = [desk.say(f"page_loyalty.why_{why}") for why in told["why"]]
    title = desk.say("page_loyalty.astray", count=len(told))
    blocks.names(desk, told.assign(said=said), ASTRAY, key="loyalty_astray", title=title)
    days = desk.ask.settings.programme.receipt_days
    st.caption(desk.say("page_loyalty.astray_note", days=days))


def _effect(desk: Desk, told: Effect) -> None:
    """Say what the programme seems to do, and what nobody can tell."""
    st.subheader(desk.say("page_loyalty.effect"), anchor=False)
    facts = {name: getattr(told.uptake, name) for name in UPTAKE}
    said = [desk.say(f"page_loyalty.uptake_{told.uptake.verdict}", **facts)]
    if told.again is not None:
        said.append(desk.say("page_loyalty.again", month=told.month, share=told.again))
    if told.redeemers is not None:
        facts = {"earners": told.earners, "share": told.redeemers}
        said.append(desk.say("page_loyalty.redeemers", **facts))
    st.markdown("\n".join(f"- {blocks.plain(sentence)}" for sentence in said))
    st.caption(desk.say("page_loyalty.effect_note"))


def _levels(desk: Desk) -> None:
    """Draw how many members have which level, and list who is about to fall."""
    told = levels.overview(desk.ask, lang=desk.lang, stations=desk.stations)
    if not told.counts:
        return
    none = desk.say("page_loyalty.no_level")
    names, counts = zip(*told.counts, strict=True)
    title = desk.say("page_loyalty.levels", members=sum(counts))
    st.subheader(blocks.plain(title), anchor=False)
    figure = charts.bars([blocks.begun(name or none) for name in names], counts, title="")
    blocks.chart(figure, key="loyalty_levels", alt=title)
    if len(told.falling):
        frame = told.falling.rename(columns={"name": "who"})
        title = desk.say("page_loyalty.falling", count=len(frame))
        blocks.names(desk, frame, FALLING, key="loyalty_falling", title=title)


def _in_words(desk: Desk, rules: InForce) -> None:
    """Write the rules that hold, and what will be different from when on."""
    if rules.now:
        facts = {"name": rules.now.name, "starts": rules.now.starts}
        st.subheader(blocks.plain(desk.say("page_loyalty.rules", **facts)), anchor=False)
        _listed(desk, rules.now)
    if rules.next:
        facts = {"name": rules.next.name, "starts": rules.next.starts}
        st.subheader(blocks.plain(desk.say("page_loyalty.next_rules", **facts)), anchor=False)
        if rules.next.changes:
            parts = [desk.say(f"page_loyalty.part_{part}") for part in rules.next.changes]
            changed = desk.say("blocks.and").join(parts)
            st.markdown(blocks.plain(desk.say("page_loyalty.changes", parts=changed)))
        _listed(desk, rules.next)
        st.info(blocks.plain(desk.say("page_loyalty.try_it", starts=rules.next.starts)))


def _listed(desk: Desk, rules: Rules) -> None:
    said = [blocks.plain(desk.say(rule.key, **rule.facts)) for rule in rules.rules]
    st.markdown("\n".join(f"- {sentence}" for sentence in said))


def _tables(desk: Desk, told: Flows, cost: Liability) -> None:
    """Put the numbers behind the pictures where whoever wants them finds them."""
    with st.expander(desk.say("page_loyalty.numbers")):
        if len(told.stations) > 1:
            said = desk.say("page_loyalty.by_station")
            nowhere = desk.say("page_loyalty.nowhere")
            named = told.stations.assign(
                station_name=told.stations["station_name"].replace("", nowhere)
            )
            st.markdown(f"**{blocks.plain(said)}**")
            blocks.table(desk, named, STATIONS, key="loyalty_stations", alt=said)
        said = desk.say("page_loyalty.by_month")
        st.markdown(f"**{blocks.plain(said)}**")
        newest = told.months.iloc[::-1].reset_index(drop=True)
        blocks.table(desk, newest, MONTHS, key="loyalty_months", alt=said)
        if len(cost.cohorts):
            _cohorts(desk, cost)
        if told.months["is_hidden"].any() or told.stations["is_hidden"].any():
            least = reporting.LEAST_MEMBERS
            st.caption(desk.say("page_loyalty.hidden", least=least))


def _cohorts(desk: Desk, cost: Liability) -> None:
    said = desk.say("page_loyalty.by_cohort")
    st.markdown(f"**{blocks.plain(said)}**")
    per = minor_per_major(cost.money.currency) if cost.money else 1
    frame = cost.cohorts.assign(worth=cost.cohorts["expected_minor"] / per)
    columns = COHORTS if cost.money else COHORTS[:-1]
    newest = frame.iloc[::-1].reset_index(drop=True)
    blocks.table(desk, newest, columns, key="loyalty_cohorts", alt=said)


if __name__ == "__main__":
    render()

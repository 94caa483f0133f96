"""A member at the counter: what he holds, what of it ends when, and what he redeems of it."""

from dataclasses import dataclass, replace
from datetime import date
from time import monotonic

import pandas as pd
import streamlit as st

from station.errors import StationError
from station.model import day_date, minor_per_major
from station.pages.parts import acts, blocks, drafts, enrol, offers, slips
from station.pages.parts.desk import Desk
from station.services import board
from station.services.access import today
from station.services.points import claiming, correcting, counter, levels, offering, spending
from station.services.points.balances import Balance
from station.services.points.counter import Met, Present
from station.services.points.members import Named
from station.services.points.spending import Terms
from station.services.points.vouchers import Slip

CONFIRM = "confirm"
CLAIM = "customers.edit"
COINS = minor_per_major("")
"""Of a receipt, whose currency its lines know."""
WEEK_DAYS = 7
READ_S = 0.5
"""Nobody reads the sentence sooner: an earlier press is the second of a double one."""
QUICK_PX = 120
ENDINGS = (
    blocks.Column("day", "page_counter.ends_day"),
    blocks.Column("points", "page_counter.ends_points", "count"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Whom somebody at the counter may be, who he is, and what he is about to redeem.

    `offer` is what the points are for, called `offered`; `taken` is the last that he took, of so
    many `takes` on this form.
    """

    words: str = ""
    met: tuple[Met, ...] = ()
    member: Named | None = None
    label: str = ""
    points: int = 0
    since: int = 0
    asked_s: float = 0.0
    alike: tuple[enrol.Alike, ...] = ()
    is_new: bool = False
    refused: StationError | None = None
    offer: str = ""
    offered: str = ""
    taken: Slip | None = None
    takes: int = 0


def day_of(day: int) -> date:
    """Return a day as pages say it."""
    return day_date(day)


def leave(desk: Desk) -> None:
    """Draw the way to the next customer."""
    if st.button(
        desk.say("page_counter.other"),
        key="counter_other",
        type="tertiary",
        icon=":material/arrow_back:",
    ):
        acts.renew()
        drafts.go()


def draw(desk: Desk, form: str, visit: Visit, station: str) -> None:
    """Draw a member: who he is, what he holds, what he may redeem."""
    if visit.member is None:
        return
    seen = counter.present(desk.ask, member=visit.member)
    terms = spending.terms(desk.ask, member=visit.member, station=station)
    acts.told()
    if visit.taken is not None and not seen.has.is_frozen:
        offers.told(desk, visit.member, visit.taken)
    if visit.is_new:
        st.success(desk.say("page_counter.enrolled"), icon=":material/person_add:")
    if visit.refused is not None:
        blocks.refused(desk, visit.refused)
    if seen.has.is_frozen:
        st.warning(blocks.plain(_answer(desk, seen, terms, visit)), icon=":material/ac_unit:")
    else:
        blocks.answer(_answer(desk, seen, terms, visit))
    if seen.complaints:
        said = desk.say("page_counter.complains", count=seen.complaints)
        st.warning(blocks.plain(said), icon=":material/report:")
    with st.container(border=True, key="counter_member"):
        _holds(desk, seen)
        _level(desk, visit.member)
    _warn(desk, seen)
    if not seen.has.is_frozen:
        _redeem(desk, form, visit, seen, terms)
        _offers(desk, form, visit, seen, station)
    _more(desk, form, visit, seen, station)


def who(desk: Desk, seen: Present, visit: Visit) -> str:
    """Return what a member is called: his masked name, and the plate by which he was found."""
    if seen.name and visit.label:
        return desk.say("page_counter.named", name=seen.name, plate=visit.label)
    return seen.name or visit.label or desk.say("page_counter.unnamed")


def _answer(desk: Desk, seen: Present, terms: Terms, visit: Visit) -> str:
    key = "frozen" if seen.has.is_frozen else "may" if terms.most else "may_not"
    if key == "may_not" and 0 < seen.has.balance < terms.least:
        key = "too_few"
    if key == "may" and terms.worth_minor:
        key = "may_worth"
    return desk.say(
        f"page_counter.answer_{key}",
        who=who(desk, seen, visit),
        money=_money(desk, terms, terms.most),
        most=terms.most,
        least=terms.least,
        balance=seen.has.balance,
    )


def _money(desk: Desk, terms: Terms, points: int) -> str:
    """Return what points are worth, nothing where no rule says so."""
    if terms.worth is None:
        return ""
    return slips.worth(desk, terms.minor_of(points), terms.currency)


def _holds(desk: Desk, seen: Present) -> None:
    """Draw the balance large, and below it what else is to be known of it."""
    st.caption(desk.say("page_counter.balance"))
    with st.container(key="counter_big"):
        st.markdown(slips.amount(desk, seen.has.balance))
    told = []
    if seen.has.held:
        told.append(desk.say("page_counter.held", points=seen.has.held))
    if seen.has.debt:
        told.append(desk.say("page_counter.debt", points=seen.has.debt))
    told.append(_ending(desk, seen.has))
    st.markdown("  \n".join(map(blocks.plain, told)))
    _endings(desk, seen)


def _ending(desk: Desk, has: Balance) -> str:
    """Return in words what runs out soon."""
    days = desk.ask.settings.programme.notice_days
    soon = [(one.day, one.points) for one in has.endings if one.day and one.day <= has.day + days]
    if not soon:
        return desk.say("page_counter.ends_none", days=days)
    week = sum(points for day, points in soon if day <= has.day + WEEK_DAYS)
    key = "one" if len(soon) == 1 else "week" if week else "soon"
    return desk.say(
        f"page_counter.ends_{key}",
        days=days,
        points=sum(points for _, points in soon),
        week=week,
        first=day_date(soon[0][0]),
        first_points=soon[0][1],
    )


def _endings(desk: Desk, seen: Present) -> None:
    """List every day on which something runs out."""
    if not seen.has.endings:
        return
    title = desk.say("page_counter.ends_all")
    with st.expander(title, icon=":material/event:"):
        never = desk.say("page_counter.ends_never")
        rows = [
            (never if one.day is None else f"{day_date(one.day):%Y-%m-%d}", one.points)
            for one in seen.has.endings
        ]
        frame = pd.DataFrame(rows, columns=["day", "points"])
        blocks.table(desk, frame, ENDINGS, key="counter_endings", alt=title)


def _warn(desk: Desk, seen: Present) -> None:
    """Tell what he redeemed today: whoever asks twice may not know that it was done."""
    if not seen.today:
        return
    newest, codes = seen.today[0], board.station_codes(desk.ask)
    where = str(codes.get(newest.station_id, ""))
    said = desk.say(
        "page_counter.before" if len(seen.today) == 1 else "page_counter.before_many",
        when=blocks.moment(desk, newest.at, where)[-5:],
        points=sum(one.points for one in seen.today),
        number=str(newest.id),
        count=len(seen.today),
    )
    st.info(blocks.plain(said), icon=":material/history:")


def _redeem(desk: Desk, form: str, visit: Visit, seen: Present, terms: Terms) -> None:
    """Draw the amounts of one tap, and the field for any other."""
    if not terms.most:
        return
    st.subheader(desk.say("page_counter.redeem"), anchor=False)
    chosen = _quick(desk, terms)
    with st.form(f"counter_redeem_{form}", border=False):
        points = st.number_input(
            desk.say("page_counter.points"),
            min_value=terms.least,
            max_value=terms.most,
            step=terms.step,
            value=None,
            placeholder=desk.say(
                "page_counter.points_hint", least=terms.least, most=terms.most, step=terms.step
            ),
            key=f"counter_points_{form}",
        )
        sent = st.form_submit_button(
            desk.say("page_counter.check"), type="primary", width="stretch", key="counter_check"
        )
    chosen = chosen or (int(points) if sent and points else 0)
    if chosen:
        _ask(desk, form, replace(visit, points=chosen, offer=""), seen)


def _ask(desk: Desk, form: str, visit: Visit, seen: Present) -> None:
    """Go to the sentence that is to be confirmed."""
    asked = replace(
        visit, since=seen.since, asked_s=monotonic(), is_new=False, refused=None, taken=None
    )
    drafts.put(desk, form, asked)
    drafts.go(form, step=CONFIRM)


def _offers(desk: Desk, form: str, visit: Visit, seen: Present, station: str) -> None:
    """Draw coupons and rewards; one that is tapped is asked for like an amount."""
    if visit.member is None:
        return
    chosen = offers.draw(desk, visit.member, station)
    if chosen is not None:
        name = offers.word(desk, chosen)
        wish = replace(visit, points=chosen.points, offer=chosen.name, offered=name)
        _ask(desk, form, wish, seen)


def _level(desk: Desk, named: Named) -> None:
    """Say where he stands, how he comes to more, and what he has by it."""
    standing = levels.standing(desk.ask, member=named, lang=desk.lang)
    for key, facts in (*standing.told, *standing.benefits):
        st.caption(blocks.plain(blocks.begun(desk.say(key, **facts))))


def _quick(desk: Desk, terms: Terms) -> int:
    """Return the amount that was tapped, 0 for none."""
    usual = desk.ask.settings.dashboard.quick_points
    fits = [n for n in usual if terms.least <= n < terms.most and n % terms.step == 0]
    chosen = 0
    with st.container(key="counter_quick", gap="small"):
        with st.grid(2, min_column_width=QUICK_PX):
            for points in fits:
                if _tap(desk, terms, points, "quick"):
                    chosen = points
        if _tap(desk, terms, terms.most, "all"):
            chosen = terms.most
    return chosen


def _tap(desk: Desk, terms: Terms, points: int, key: str) -> bool:
    said = blocks.plain(desk.say(f"page_counter.{key}", points=points))
    money = blocks.plain(_money(desk, terms, points))
    label = f"**{said}** · {money}" if money else f"**{said}**"
    return st.button(label, key=f"counter_quick_{points}", width="stretch")


def confirm(desk: Desk, form: str, visit: Visit, station: str) -> None:
    """Draw in one sentence what is about to be done, and do it at the press of a button."""
    if visit.member is None:
        return
    seen = counter.present(desk.ask, member=visit.member)
    terms = spending.terms(desk.ask, member=visit.member, station=station)
    facts = {
        "who": who(desk, seen, visit),
        "points": visit.points,
        "left": seen.has.balance - visit.points,
        "money": _money(desk, terms, visit.points),
        "offer": visit.offered,
    }
    _warn(desk, seen)
    with st.container(border=True, key="counter_sentence"):
        st.caption(desk.say("page_counter.confirm"))
        key = _sentence(visit, terms)
        st.markdown(f"### {blocks.plain(desk.say(f'page_counter.{key}', **facts))}")
    label = "take" if visit.offer else "do"
    sent = st.button(
        desk.say(f"page_counter.{label}", points=visit.points),
        key="counter_do",
        type="primary",
        width="stretch",
        icon=":material/check:",
    )
    if st.button(desk.say("page_counter.back"), key="counter_back", width="stretch"):
        drafts.go(form)
    if sent and monotonic() - visit.asked_s >= READ_S:
        _book(desk, form, visit, station)


def _sentence(visit: Visit, terms: Terms) -> str:
    if visit.offer:
        return "sentence_offer" if visit.points else "sentence_free"
    return "sentence_worth" if terms.worth else "sentence"


def _book(desk: Desk, form: str, visit: Visit, station: str) -> None:
    """Redeem under the form's own key: however often it is pressed, it is done once."""
    if visit.member is None:
        return
    try:
        if visit.offer:
            taken = offering.take(
                desk.ask,
                key=f"{form}-{visit.takes}",
                member=visit.member,
                offer=visit.offer,
                station=station,
            )
            done = replace(visit, points=0, offer="", taken=taken, takes=visit.takes + 1)
            drafts.put(desk, form, done)
        else:
            spending.redeem(
                desk.ask,
                key=form,
                member=visit.member,
                points=visit.points,
                station=station,
                since=visit.since,
            )
    except StationError as error:
        drafts.put(desk, form, replace(visit, refused=error))  # he is shown anew, as he is now
    drafts.go(form)


def _more(desk: Desk, form: str, visit: Visit, seen: Present, station: str) -> None:
    """Draw what is done seldom: a lost card, the customer's card, the next one."""
    named = visit.member
    if named is None:
        return
    key = f"{form}-{seen.newest}"

    def freeze(reason: str) -> str:
        correcting.freeze(desk.ask, key=key, member=named, station=station, reason=reason)
        return desk.say("page_counter.froze")

    def thaw(reason: str) -> str:
        correcting.thaw(desk.ask, key=key, member=named, station=station, reason=reason)
        return desk.say("page_counter.thawed")

    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if not seen.has.is_frozen:
            acts.with_reason(
                desk,
                key="counter_freeze",
                label="page_counter.freeze",
                icon=":material/ac_unit:",
                act=freeze,
                about="page_counter.freeze_about",
            )
        elif "points.reverse" in desk.ask.scope.rights:
            acts.with_reason(
                desk,
                key="counter_thaw",
                label="page_counter.thaw",
                icon=":material/lock_open:",
                act=thaw,
            )
        if CLAIM in desk.ask.scope.rights:
            _claim(desk, named, station)
        if seen.in_sight:
            enrol.link(seen.has.customer_id, desk.say("page_counter.card"))
        leave(desk)


def _claim(desk: Desk, named: Named, station: str) -> None:
    """Draw what gives him the points of a purchase that nobody was known of, by its receipt."""
    key = acts.fresh("counter_claim")
    label = desk.say("page_counter.claim")
    with st.popover(label, icon=":material/receipt_long:", key=f"{key}_open"):
        st.caption(desk.say("page_counter.claim_about"))
        with st.form(f"{key}_form", border=False):
            number = st.text_input(desk.say("page_counter.claim_number"), key=f"{key}_number")
            day = st.date_input(
                desk.say("page_counter.claim_day"), max_value=today(), key=f"{key}_day"
            )
            amount = st.number_input(
                desk.say("page_counter.amount"), value=None, step=1.0, key=f"{key}_amount"
            )
            sent = st.form_submit_button(label, type="primary", key=f"{key}_do")

        def claim() -> str:
            slip = claiming.Slip(station, number or "", day, round((amount or 0) * COINS))
            told = claiming.claim(desk.ask, member=named, slip=slip)
            key = "claimed" if told.is_new else "claimed_before"
            return desk.say(f"page_counter.{key}", points=told.points)

        if sent:
            acts.do(desk, claim)

"""Whose customers are whose: the own list, the pool, handing over, and cars to watch for."""

import math
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from station.model import CallPurpose, day_date
from station.pages.parts import acts, blocks, call_form
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk
from station.services.calls import claims, watching
from station.services.calls.claims import Mine

MOST_POOL, MOST_WATCHED = 20, 2_000
WATCHED = (
    Column("label", "page_calls.watch_label"),
    Column("silent_days", "page_calls.watch_silent", "count"),
    Column("worth", "page_calls.watch_worth", "money"),
    Column("owner", "page_calls.watch_known"),
)


def mine(desk: Desk) -> None:
    """Draw the customers in the asker's own care; a tap opens a call, another gives one back."""
    size = desk.ask.settings.dashboard.page_rows
    first = size * (int(st.session_state.get("calls_mine_page", 1)) - 1)
    kept = claims.mine(desk.ask, limit=size, first=first)
    acts.told()
    if not kept.total:
        st.info(desk.say("page_calls.mine_none"))
        return
    pages = math.ceil(kept.total / size)
    if pages > 1:
        st.pagination(pages, key="calls_mine_page")
    with st.container(key="calls_mine", gap="small"):
        for one in kept.shown:
            _own(desk, one)


def _own(desk: Desk, one: Mine) -> None:
    key = "mine_one" if one.next_day else "mine_undated"
    day = day_date(one.next_day) if one.next_day else None
    label = desk.say(f"page_calls.{key}", name=one.name, grade=one.grade, day=day)
    with st.container(horizontal=True, gap="small"):
        if st.button(
            blocks.plain(label), key=f"calls_own_{one.customer_id}", icon=":material/person:"
        ):
            call_form.begin(desk, one.customer_id, CallPurpose.KEEP)
        if one.until_day is not None and st.button(
            desk.say("page_calls.give_back"),
            key=acts.fresh(f"calls_back_{one.customer_id}"),
            type="tertiary",
        ):
            acts.do(desk, lambda: _give_back(desk, one))


def _give_back(desk: Desk, one: Mine) -> str:
    claims.release(desk.ask, customer_id=one.customer_id)
    return desk.say("page_calls.given_back", name=one.name)


def pool(desk: Desk) -> None:
    """Draw whom anybody may take, the most valuable first."""
    free = claims.pool(desk.ask, limit=MOST_POOL)
    acts.told()
    if not free.total:
        st.info(desk.say("page_calls.pool_none"))
        return
    most = desk.ask.settings.calls.pool_per_day
    words = desk.say("page_calls.pool_answer", count=free.total, most=most)
    if free.total > len(free.shown):
        words += " " + desk.say("page_calls.pool_more", shown=len(free.shown))
    blocks.answer(words)
    with st.container(key="calls_pool", gap="small"):
        for one in free.shown:
            label = desk.say("page_calls.take", name=one.name, grade=one.grade)
            if st.button(
                blocks.plain(label),
                key=acts.fresh(f"calls_take_{one.customer_id}"),
                width="stretch",
                icon=":material/person_add:",
            ):
                acts.do(desk, partial(_take, desk, one))


def _take(desk: Desk, one: Mine) -> str:
    claims.claim(desk.ask, customer_id=one.customer_id)
    return desk.say("page_calls.took", name=one.name)


def hand_over(desk: Desk) -> None:
    """Draw the form by which all that somebody looks after goes into other hands."""
    told = claims.keepers(desk.ask)
    acts.told()
    blocks.answer(desk.say("page_calls.hand_answer"))
    for row in told[told["is_gone"]].to_dict("records"):
        words = desk.say(
            "page_calls.hand_gone", account=row["account"], customers=int(row["customers"])
        )
        st.warning(blocks.plain(words), icon=":material/person_off:")
    counts = dict(zip(told["account"], told["customers"], strict=True))
    takers = claims.who_may_keep(desk.ask)
    with st.form(acts.fresh("calls_hand"), border=True):
        leaver = st.selectbox(
            desk.say("page_calls.hand_from"),
            list(counts),
            index=None,
            format_func=lambda one: desk.say(
                "page_calls.hand_one", account=one, customers=int(counts[one])
            ),
            placeholder=desk.say("page_calls.pick"),
            key=acts.fresh("calls_hand_from"),
        )
        to = st.multiselect(
            desk.say("page_calls.hand_to"),
            takers,
            placeholder=desk.say("page_calls.pick"),
            key=acts.fresh("calls_hand_to"),
        )
        reason = acts.why(desk, key="calls_hand_reason")
        sent = st.form_submit_button(desk.say("page_calls.hand_now"), type="primary")
    if sent:
        acts.do(desk, lambda: _hand(desk, leaver or "", to, reason))


def _hand(desk: Desk, leaver: str, to: Sequence[str], reason: str) -> str:
    done = claims.hand_over(desk.ask, leaver=leaver, to=to, reason=reason)
    return desk.say(
        "page_calls.handed", customers=done.customers, calls=done.calls, dates=done.dates
    )


def watch(desk: Desk, *, stations: Sequence[str] = ()) -> None:
    """List the regulars whom nobody can reach: the counter asks for a number when they come."""
    cars = watching.watched(desk.ask, stations=stations, limit=MOST_WATCHED)
    if not cars:
        st.info(desk.say("page_calls.watch_none"))
        return
    owner = {
        True: desk.say("page_calls.watch_no_phone"),
        False: desk.say("page_calls.watch_nobody"),
    }
    rows = [
        (one.vehicle_id, one.label, one.silent_days, one.worth, owner[one.is_known]) for one in cars
    ]
    names = ["vehicle_id", "label", "silent_days", "worth", "owner"]
    words = desk.say("page_calls.watch_answer", count=len(cars))
    blocks.answer(words)
    blocks.table(desk, pd.DataFrame(rows, columns=names), WATCHED, key="calls_watch", alt=words)


def expected(desk: Desk, labels: Sequence[str]) -> None:
    """Say at the counter that a car is watched for: nobody can reach whose it is."""
    if "calls.read" not in desk.ask.scope.rights:
        return
    for one in watching.expected(desk.ask, labels=labels):
        words = desk.say("page_calls.watch_here", label=one.label, days=one.silent_days)
        st.warning(blocks.plain(words), icon=":material/visibility:")

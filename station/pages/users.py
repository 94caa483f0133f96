"""Who may come in and do what, and what waits for a second person?"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from station.model import Grant, Role, day_date, day_number
from station.pages.parts import acts, blocks, tills
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import access, board, sites
from station.services.people import accounts, approvals, sign_in

ROLES = (Role.STAFF, Role.MANAGER, Role.REGIONAL, Role.ADMINISTRATOR, Role.AUDITOR)
WHOLE = "chain"
AT, IN = "station", "region"
"""How the key of a place begins where a role is held."""
STATES = ("active", "waiting", "demo", "locked")
STATE_ICONS = {
    "active": ":material/check_circle:",
    "waiting": ":material/hourglass_empty:",
    "demo": ":material/science:",
    "locked": ":material/lock:",
}
LINK = "users_link"
FORM_PX, HALF_PX = 420, 210
SHOWN_DECIDED = 50
ACCOUNT_COLUMNS = (
    Column("name", "page_users.account"),
    Column("person", "page_users.person"),
    Column("state", "page_users.state", "account_state"),
    Column("roles", "page_users.roles"),
    Column("seen_at", "page_users.seen", "moment"),
    Column("made_at", "page_users.made", "moment"),
)
SESSION_COLUMNS = (
    Column("account", "page_users.account"),
    Column("kind", "page_users.session", "session_kind"),
    Column("address", "page_users.address"),
    Column("started_at", "page_users.started", "moment"),
    Column("seen_at", "page_users.seen", "moment"),
)
DECIDED_COLUMNS = (
    Column("decided_at", "page_users.decided_at", "moment"),
    Column("status", "page_users.status", "request_status"),
    Column("about", "page_users.about"),
    Column("reason", "page_users.reason"),
    Column("checker", "page_users.checker"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_users.title"), anchor=False)
    acts.told()
    _show_link(desk)
    waiting = approvals.waiting(desk.ask)
    if "users.read" not in desk.ask.scope.rights:
        blocks.answer(desk.say("page_users.answer_requests", waiting=len(waiting)))
        _requests(desk, waiting)
        return
    known = _known(desk)
    blocks.answer(_answer(desk, known, waiting))
    _requests(desk, waiting)
    _accounts(desk, known)
    _signed_in(desk)
    tills.section(desk)
    _decided(desk)


def _known(desk: Desk) -> pd.DataFrame:
    """Return every account with its state, its roles in words, and when it was last seen."""
    known, seen = accounts.listing(desk.ask), accounts.signed_in(desk.ask)
    held = _held(desk)
    held = held.assign(words=[_role(desk, row) for row in held.to_dict("records")])
    roles = held.groupby("account_id")["words"].agg(desk.say("page_users.and").join)
    return known.assign(
        state=[_state(row) for row in known.to_dict("records")],
        roles=known["id"].map(roles).fillna(""),
        seen_at=known["name"].map(seen.groupby("account")["seen_at"].max()),
    )


def _held(desk: Desk) -> pd.DataFrame:
    """Return the roles that hold today or later, with the station by its name."""
    grants = accounts.grants(desk.ask)
    names = board.stations_known(desk.ask).set_index("code")["name"]
    station = grants["station"].map(names).fillna(grants["station"]).fillna("")
    is_held = grants["to_day"].isna() | (grants["to_day"] > day_number(access.today()))
    return grants.assign(station=station)[is_held]


def _state(row: Mapping[Any, Any]) -> str:
    if not pd.isna(row["disabled_at"]):
        return "locked"
    if row["is_demo"]:
        return "demo"
    return "active" if row["has_password"] or row["by_company"] else "waiting"


def _role(desk: Desk, row: Mapping[Any, Any]) -> str:
    """Return a role in words: what, where, and for how long."""
    return desk.say(
        "page_users.role_words",
        role=desk.say(f"word.role.{row['role']}"),
        place=_place(desk, row["station"], row["region"]),
        span=_span(desk, row["from_day"], row["to_day"]),
    )


def _place(desk: Desk, station: str, region: str) -> str:
    if station:
        return station
    return desk.say("page_users.region", region=region) if region else desk.say("page_users.chain")


def _span(desk: Desk, from_day: Any, to_day: Any) -> str:
    start, is_open = day_date(int(from_day)), to_day is None or pd.isna(to_day)
    if is_open:
        return desk.say("page_users.from" if from_day else "page_users.open", start=start)
    return desk.say("page_users.span", start=start, end=day_date(int(to_day) - 1))


def _answer(desk: Desk, known: pd.DataFrame, waiting: pd.DataFrame) -> str:
    counts = known["state"].value_counts()
    said = desk.say(
        "page_users.answer",
        accounts=len(known),
        **{state: int(counts.get(state, 0)) for state in ("waiting", "locked")},
    )
    key = "page_users.answer_waiting" if len(waiting) else "page_users.answer_calm"
    return said + desk.say(key, requests=len(waiting))


def _show_link(desk: Desk) -> None:
    """Show a link once, in a window over the page; it is kept nowhere."""
    if LINK not in st.session_state:
        return
    account, token = st.session_state.pop(LINK)

    @st.dialog(desk.say("page_users.link_title"), icon=":material/link:")
    def shown() -> None:
        hours = desk.ask.settings.sign_in.link_hours
        st.markdown(blocks.plain(desk.say("page_users.link_for", account=account, hours=hours)))
        st.code(link_of(st.context.url or "", token), language=None, wrap_lines=True)
        st.caption(blocks.plain(desk.say("page_users.link_once")))

    shown()


def link_of(page: str, token: str) -> str:
    """Return the link by which a password is chosen, on the server that showed this page."""
    place = urlsplit(page)
    server = f"{place.scheme}://{place.netloc}" if place.netloc else ""
    return sign_in.welcome_link(token, server)


def _requests(desk: Desk, waiting: pd.DataFrame) -> None:
    if waiting.empty:
        return
    st.subheader(desk.say("page_users.requests", requests=len(waiting)), anchor=False)
    st.caption(desk.say("page_users.two_people"))
    for row in waiting.to_dict("records"):
        with st.container(border=True, gap="xsmall"):
            _request(desk, row)


def _request(desk: Desk, row: Mapping[Any, Any]) -> None:
    said = desk.say("page_users.asks", maker=row["maker"], about=_about(desk, row))
    st.markdown(f"**{blocks.plain(said)}**")
    when = blocks.moment(desk, int(row["made_at"]))
    st.markdown(blocks.plain(desk.say("page_users.because", reason=row["reason"], when=when)))
    if row["is_mine"]:
        st.caption(desk.say("page_users.mine"))
    number, kind = int(row["id"]), str(row["kind"])
    with st.container(horizontal=True):
        pressed = {approve: _verdict(desk, row, approve=approve) for approve in (True, False)}
    for approve in (True, False):
        if pressed[approve]:
            _decide(desk, number, kind, str(row["facts"].get("account", "")), approve=approve)


def _verdict(desk: Desk, row: Mapping[Any, Any], *, approve: bool) -> bool:
    verb = "approve" if approve else "withdraw" if row["is_mine"] else "decline"
    return st.button(
        desk.say(f"page_users.{verb}"),
        icon=":material/check:" if approve else ":material/close:",
        type="primary" if approve and not row["is_mine"] else "secondary",
        key=f"users_{'approve' if approve else 'decline'}_{row['id']}",
    )


def _about(desk: Desk, row: Mapping[Any, Any]) -> str:
    """Return in words what a request asks for."""
    facts = row["facts"]
    if row["kind"] == sites.SETTING:
        field, day = desk.say(f"word.setting.{facts['field']}"), day_date(facts["from_day"])
        return desk.say("page_users.about_site", **facts | {"field": field, "day": day})
    if row["kind"] != accounts.GRANT:
        return desk.say(f"page_users.about_{row['kind']}", **facts)
    return desk.say(
        "page_users.about_grant",
        account=facts["account"],
        person=facts["person"],
        role=desk.say(f"word.role.{facts['role']}"),
        place=_place(desk, facts["station"], facts["region"]),
        span=_span(desk, facts["from_day"], facts["to_day"]),
    )


def _decide(desk: Desk, number: int, kind: str, account: str, *, approve: bool) -> None:
    def decided() -> str:
        token = approvals.decide(desk.ask, request_id=number, approve=approve)
        if token and kind == accounts.RESET:
            st.session_state[LINK] = (account, token)
        word = "approved" if approve else "declined"
        return desk.say(f"page_users.{word}", request=number)

    acts.do(desk, decided)


def _accounts(desk: Desk, known: pd.DataFrame) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(desk.say("page_users.accounts"), anchor=False, width="content")
        if "users.keep" in desk.ask.scope.rights:
            _add(desk)
    counts = known["state"].value_counts()
    chosen = blocks.choose(
        desk,
        key="users_state",
        label="page_users.state",
        options={
            state: f"{STATE_ICONS[state]} {desk.say(f'word.account_state.{state}')} "
            f"**{counts[state]:,}**"
            for state in STATES
            if state in counts
        },
    )
    shown = known[known["state"] == chosen] if chosen else known
    blocks.table(
        desk, shown, ACCOUNT_COLUMNS, key="users_list", alt=desk.say("page_users.accounts")
    )
    _one(desk, known)


def _add(desk: Desk) -> None:
    label = desk.say("page_users.add")
    with st.popover(label, icon=":material/person_add:", key=acts.fresh("users_add_open")):
        st.caption(desk.say("page_users.add_told"))
        with st.form(acts.fresh("users_add"), border=False):
            name = st.text_input(
                desk.say("page_users.account"),
                max_chars=64,
                key=acts.fresh("users_add_name"),
                help=desk.say("page_users.name_help"),
            )
            person = st.text_input(
                desk.say("page_users.person"),
                max_chars=accounts.LONGEST_PERSON,
                key=acts.fresh("users_add_person"),
                help=desk.say("page_users.person_help"),
            )
            sent = st.form_submit_button(label, type="primary", key=acts.fresh("users_add_do"))
        if sent:
            acts.do(desk, lambda: _added(desk, name, person))


def _added(desk: Desk, name: str, person: str) -> str:
    token = accounts.add(desk.ask, name=name, person=person)
    st.session_state[LINK] = (name.strip(), token)
    return desk.say("page_users.added", account=name.strip())


def _one(desk: Desk, known: pd.DataFrame) -> None:
    """Let one account be chosen, and what may be done with it."""
    titles = {
        str(row["id"]): desk.say("page_users.named", account=row["name"], person=row["person"])
        for row in known.to_dict("records")
    }
    chosen = blocks.pick(desk, key="users_account", label="page_users.choose", options=titles)
    if not chosen:
        return
    row = known[known["id"] == int(chosen)].to_dict("records")[0]
    with st.container(border=True):
        icon = STATE_ICONS[row["state"]]
        state = desk.say(f"word.account_state.{row['state']}")
        st.markdown(f"**{blocks.plain(titles[chosen])}** · {icon} {state}")
        _roles(desk, int(row["id"]))
        if "users.keep" in desk.ask.scope.rights:
            _doors(desk, str(row["name"]), is_locked=row["state"] == "locked")
            _give(desk, str(row["name"]))


def _roles(desk: Desk, account_id: int) -> None:
    held = _held(desk)
    mine = held[held["account_id"] == account_id]
    if mine.empty:
        st.caption(desk.say("page_users.no_role"))
    for row in mine.to_dict("records"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(blocks.plain(_role(desk, row)), width="content")
            if "users.keep" in desk.ask.scope.rights:
                _end(desk, int(row["id"]))


def _end(desk: Desk, grant_id: int) -> None:
    def ended(reason: str) -> str:
        accounts.end_grant(desk.ask, grant_id=grant_id, reason=reason)
        return desk.say("page_users.ended")

    acts.with_reason(
        desk,
        key=f"users_end_{grant_id}",
        label="page_users.end",
        icon=":material/block:",
        act=ended,
        about="page_users.end_told",
    )


def _doors(desk: Desk, name: str, *, is_locked: bool) -> None:
    with st.container(horizontal=True):
        _lock(desk, name, is_locked=is_locked)
        _new_link(desk, name)


def _lock(desk: Desk, name: str, *, is_locked: bool) -> None:
    verb = "unlock" if is_locked else "lock"

    def turned(reason: str) -> str:
        accounts.disable(desk.ask, name=name, reason=reason, enable=is_locked)
        return desk.say(f"page_users.{verb}ed", account=name)

    acts.with_reason(
        desk,
        key=f"users_{verb}",
        label=f"page_users.{verb}",
        icon=":material/lock_open:" if is_locked else ":material/lock:",
        act=turned,
        about=f"page_users.{verb}_told",
    )


def _new_link(desk: Desk, name: str) -> None:
    def linked(reason: str) -> str:
        request, token = accounts.ask_reset(desk.ask, name=name, reason=reason)
        if token:
            st.session_state[LINK] = (name, token)
        return _asked(desk, request)

    acts.with_reason(
        desk,
        key="users_link_for",
        label="page_users.new_link",
        icon=":material/link:",
        act=linked,
        about="page_users.link_told",
    )


def _asked(desk: Desk, request: int) -> str:
    """Return what happens next: a second person, or nothing where none is needed."""
    return desk.say("page_users.asked" if request else "page_users.at_once", request=request)


def _give(desk: Desk, name: str) -> None:
    """Ask that a role be given."""
    st.markdown(f"**{desk.say('page_users.give')}**")
    st.caption(desk.say("page_users.two_people"))
    with st.container(horizontal=True):
        role = st.selectbox(
            desk.say("page_users.role"),
            ROLES,
            format_func=lambda role: desk.say(f"word.role.{role}"),
            key=acts.fresh("users_role"),
            width=HALF_PX,
        )
        places = _places(desk, role)
        place = st.selectbox(
            desk.say("page_users.place"),
            list(places),
            format_func=places.__getitem__,
            key=acts.fresh(f"users_place_{role}"),
            width=FORM_PX,
        )
    with st.form(acts.fresh("users_give"), border=False):
        start, end, reason = _when_and_why(desk)
        sent = st.form_submit_button(
            desk.say("page_users.ask"), type="primary", key=acts.fresh("users_give_do")
        )
    if sent:
        given = grant_of(desk, role, place or WHOLE, start, end)
        acts.do(desk, lambda: _asked_for(desk, name, given, reason))


def _when_and_why(desk: Desk) -> tuple[date, date | None, str]:
    with st.container(horizontal=True):
        start = st.date_input(
            desk.say("page_users.start"),
            value=access.today(),
            key=acts.fresh("users_start"),
            width=HALF_PX,
        )
        end = st.date_input(
            desk.say("page_users.last_day"),
            value=None,
            key=acts.fresh("users_end"),
            width=HALF_PX,
            help=desk.say("page_users.last_day_help"),
        )
        reason = acts.why(desk, key="users_give_reason", width=FORM_PX)
    return start, end, reason


def _asked_for(desk: Desk, name: str, given: Grant, reason: str) -> str:
    return _asked(desk, accounts.ask_grant(desk.ask, name=name, given=given, reason=reason))


def _places(desk: Desk, role: Role) -> dict[str, str]:
    """Return where a role can be held, by key."""
    sites = board.stations_known(desk.ask)
    if role in {Role.STAFF, Role.MANAGER}:
        return {f"{AT}:{site.code}": str(site.name) for site in sites.itertuples()}
    whole = {WHOLE: desk.say("page_users.chain")}
    if role is not Role.REGIONAL:
        return whole
    regions = sorted(set(sites["region"]) - {""})
    named = {f"{IN}:{region}": desk.say("page_users.region", region=region) for region in regions}
    return named | whole


def grant_of(desk: Desk, role: Role, place: str, start: date, end: date | None) -> Grant:
    """Return the role as the form has it; its last day is the last on which it holds."""
    kind, _, named = place.partition(":")
    ids = board.stations_known(desk.ask).set_index("code")["station_id"]
    return Grant(
        role,
        station_id=int(ids[named]) if kind == AT else None,
        region=named if kind == IN else "",
        from_day=day_number(start),
        to_day=day_number(end + timedelta(days=1)) if end else None,
    )


def _signed_in(desk: Desk) -> None:
    sessions = accounts.signed_in(desk.ask)
    st.subheader(desk.say("page_users.signed_in", sessions=len(sessions)), anchor=False)
    if sessions.empty:
        st.info(desk.say("page_users.nobody"))
        return
    blocks.table(
        desk, sessions, SESSION_COLUMNS, key="users_sessions", alt=desk.say("page_users.session")
    )


def _decided(desk: Desk) -> None:
    decided = approvals.decided(desk.ask).head(SHOWN_DECIDED)
    if decided.empty:
        return
    rows = decided.to_dict("records")
    about = [desk.say("page_users.asks", maker=r["maker"], about=_about(desk, r)) for r in rows]
    with st.expander(desk.say("page_users.decided"), icon=":material/history:"):
        blocks.table(
            desk,
            decided.assign(about=about),
            DECIDED_COLUMNS,
            key="users_decided",
            alt=desk.say("page_users.decided"),
        )


if __name__ == "__main__":
    render()

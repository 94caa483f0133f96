"""The front door: lay out the desk, name the pages, run one."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from station import text
from station.errors import SignInError, StationError
from station.model import Scope
from station.pages.parts import address, blocks, entrance, screen
from station.pages.parts import desk as desks
from station.services import board
from station.services.ask import Ask

FOLDER = Path(__file__).parent
# Sections of the menu. A page is its file (also its URL and its catalogue topic), its icon, and the
# right that opens it. (A docstring below a constant would be drawn where Streamlit's magic is on.)
PAGES: dict[str, list[tuple[str, str, str]]] = {
    "daily": [
        ("today", "wb_sunny", "board.read"),
        ("counter", "point_of_sale", "points.redeem"),
        ("lapsed", "notifications_active", "board.read"),
        ("calls", "call", "calls.read"),
        ("plan", "calendar_month", "calls.plan"),
    ],
    "customers": [
        ("card", "badge", "cards.read"),
        ("filters", "filter_alt", "cards.read"),
        ("lifecycle", "timeline", "cards.read"),
        ("care", "volunteer_activism", "calls.read"),
        ("fleets", "corporate_fare", "cards.read"),
        ("prospects", "person_search", "prospects.work"),
        ("completeness", "fact_check", "cards.read"),
        ("duplicates", "group_remove", "customers.merge"),
    ],
    "analyses": [
        ("stability", "verified", "board.read"),
        ("use", "directions_bus", "board.read"),
        ("frequency", "event_repeat", "board.read"),
        ("ownership", "account_balance", "board.read"),
        ("backtest", "rule", "board.read"),
        ("effect", "balance", "calls.report"),
        ("coverage", "favorite", "calls.report"),
    ],
    "chain": [
        ("stations", "compare_arrows", "board.read"),
        ("scorecards", "support_agent", "calls.report"),
        ("loyalty", "loyalty", "points.report"),
        ("intake", "upload_file", "sales.import"),
        ("oddities", "troubleshoot", "oddities.read"),
    ],
    "administration": [
        ("users", "group", "requests.read"),
        ("audit", "policy", "audit.read"),
        ("sites", "tune", "stations.keep"),
        ("archive", "inventory_2", "archive.verify"),
    ],
    "own": [("account", "person", "account.own")],
}


RIGHT_OF = {name: right for entries in PAGES.values() for name, _, right in entries}


def may_open(scope: Scope, name: str) -> bool:
    """Return whether a page stands in the person's menu; a link to another would be an error."""
    return RIGHT_OF[name] in scope.rights


HOME = "today"


def render() -> None:
    """Draw the frame around every page and run the page that was asked for."""
    head = st.sidebar.container()
    lang = _language()
    st.set_page_config(
        page_title=text.say(lang, "front.title"),
        page_icon=FOLDER / "icon.svg",  # our own: a Material icon would be fetched from abroad
        layout="wide",
    )
    try:
        ask = desks.open_ask()
        _open(ask, lang, head)
    except SignInError as error:
        entrance.draw(lang, error)
    except StationError as error:
        said = blocks.plain(text.say(lang, error.key, **error.facts))
        st.error(said, icon=":material/error:")


def _open(ask: Ask, lang: str, head: DeltaGenerator) -> None:
    screen.every_page()
    pages = _pages(lang, ask.scope)
    with head:
        entrance.person(lang, ask)
    if not pages:
        st.info(text.say(lang, "front.no_role", account=blocks.plain(ask.scope.account)))
        return
    page = st.navigation(pages, expanded=True)
    desks.put(_desk(ask, lang))
    _open_card_if_asked(pages)
    page.run()


def _language() -> str:
    preferred = (st.context.locale or "zh").lower()
    options = list(text.LANGUAGES)
    address.keep("lang", options, "zh" if preferred.startswith("zh") else "en")
    with st.sidebar:
        chosen = st.segmented_control(
            "语言 Language",
            options,
            format_func={"zh": "中文", "en": "English"}.__getitem__,
            key="lang",
            required=True,
            label_visibility="collapsed",
        )
    address.put("lang", chosen, named=[chosen])
    return chosen or options[0]


def _pages(lang: str, scope: Scope) -> dict[str, list[st.Page]]:
    """Return the pages that the person may open; the services behind them ask again."""
    allowed = {
        section: [entry for entry in entries if entry[2] in scope.rights]
        for section, entries in PAGES.items()
    }
    pages = {
        text.say(lang, f"front.section_{section}"): [
            st.Page(
                FOLDER / f"{name}.py",
                title=text.say(lang, f"page_{name}.title"),
                icon=f":material/{icon}:",
                url_path=name,
                default=name == HOME,
                help=text.say(lang, f"page_{name}.question"),
            )
            for name, icon, _ in entries
        ]
        for section, entries in allowed.items()
        if entries
    }
    return pages if "board.read" in scope.rights else _led_home(pages)


def _led_home(pages: dict[str, list[st.Page]]) -> dict[str, list[st.Page]]:
    """Return the pages of whoever has no Today: the bare address leads him to his first one."""
    first = next((page for entries in pages.values() for page in entries), None)
    if first is None:
        return {}

    def home() -> None:
        st.switch_page(first)

    return pages | {"": [st.Page(home, default=True, visibility="hidden", url_path="home")]}


def _desk(ask: Ask, lang: str) -> desks.Desk:
    if "board.read" not in ask.scope.rights:
        return desks.Desk(ask=ask, lang=lang, stations=(), days=0)
    with st.sidebar:
        stations = _stations(ask, lang)
        days = _period(ask, lang)
        as_of = _as_of(ask, lang)
    return desks.Desk(ask=replace(ask, as_of=as_of), lang=lang, stations=stations, days=days)


def _stations(ask: Ask, lang: str) -> tuple[str, ...]:
    known = board.stations_known(ask)
    titles: dict[str, str] = dict(zip(known["code"], known["name"], strict=True))
    address.keep("station", list(titles), [], many=True)
    chosen = st.multiselect(
        text.say(lang, "front.stations"),
        list(titles),
        format_func=titles.__getitem__,
        placeholder=text.say(lang, "front.all_stations"),
        key="station",
    )
    address.put("station", chosen, named=chosen)
    return tuple(sorted(chosen))


def _period(ask: Ask, lang: str) -> int:
    usual = ask.settings.dashboard.period_days
    address.keep("days", desks.PERIODS, usual)
    days = st.selectbox(
        text.say(lang, "front.period"),
        desks.PERIODS,
        format_func=lambda days: text.say(
            lang, "front.period_days" if days else "front.period_all", days=days
        ),
        key="days",
    )
    address.put("days", days, named=[days] if days != usual else [])
    return int(days or 0)


def _as_of(ask: Ask, lang: str) -> date:
    return st.date_input(
        text.say(lang, "front.as_of"), value=ask.as_of, max_value=ask.as_of, key="as_of"
    )


def _open_card_if_asked(pages: dict[str, list[st.Page]]) -> None:
    opened = st.session_state.pop("open_card", None)
    if opened is None:
        return
    what, number = opened
    card = next(page for entries in pages.values() for page in entries if page.url_path == "card")
    st.switch_page(card, query_params={what: str(number)})


if __name__ == "__main__":
    render()

"""Whom do we think of these days, and which dates were not kept?"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from station import text
from station.model import Channel, day_number
from station.pages.parts import acts, blocks, charts, dates, words
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import board
from station.services.calls import caring, escalating, messages
from station.services.calls.caring import Due, Feast, Glad, Kind
from station.services.calls.messages import Sending

PLAN = "calls.plan"
DUE, DATES, LISTS, WORDS = "due", "dates", "lists", "words"
FORM = "care_form"
FIELD_PX = 200
COLUMNS = (
    Column("who", "page_care.who"),
    Column("kind", "page_care.occasion", "care_kind"),
    Column("day", "page_care.day", "day"),
    Column("ways", "page_care.ways"),
    Column("until", "page_care.until", "day"),
    Column("station", "page_care.station"),
)
SENDINGS = (
    Column("made_at", "page_care.made_at", "moment"),
    Column("kind", "page_care.occasion", "care_kind"),
    Column("channel", "page_care.way", "channel"),
    Column("people", "page_care.people", "count"),
    Column("status", "page_care.status", "sending_status"),
    Column("account", "page_care.account"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_care.title"), anchor=False)
    acts.told()
    due = caring.due(desk.ask, stations=desk.stations)
    late = escalating.overdue(desk.ask, stations=desk.stations)
    feasts = caring.feasts(desk.ask, stations=desk.stations) if _plans(desk) else []
    passed = sum(map(len, late.values()))
    blocks.answer(_answer(desk, due, passed))
    for feast in feasts:
        st.info(blocks.plain(_feast(desk, feast)), icon=":material/celebration:")
    view = _view(desk, len(due), passed)
    if view == DATES:
        dates.draw(desk, late)
    elif view == LISTS:
        _lists(desk, due, feasts)
    elif view == WORDS:
        words.draw(desk)
    else:
        _picture(desk, due)
        _due(desk, due)


def _plans(desk: Desk) -> bool:
    return PLAN in desk.ask.scope.rights


def _answer(desk: Desk, due: Sequence[Due], late: int) -> str:
    today = sum(one.day <= desk.ask.as_of for one in due)
    facts = {"due": len(due), "today": today, "late": late, "day": desk.ask.as_of}
    facts["days"] = desk.ask.settings.care.ahead_days
    said = desk.say("page_care.answer" if due else "page_care.answer_none", **facts)
    return said + desk.say("page_care.answer_late" if late else "page_care.answer_kept", **facts)


def _feast(desk: Desk, feast: Feast) -> str:
    kind = desk.say(f"word.care_kind.{feast.kind}")
    return desk.say("page_care.feast", kind=kind, day=feast.day)


def _view(desk: Desk, due: int, late: int) -> str:
    counts = {DUE: due, DATES: late}
    options = {
        name: f"{desk.say(f'page_care.view_{name}')} **{n:,}**" for name, n in counts.items()
    }
    if _plans(desk):
        options |= {name: desk.say(f"page_care.view_{name}") for name in (LISTS, WORDS)}
    chosen = blocks.choose(
        desk,
        key="care_view",
        label="page_care.view",
        options=options,
        default=DUE,
        is_labelled=False,
    )
    return chosen or DUE


# --- who is due -----------------------------------------------------------------------------------


def _picture(desk: Desk, due: Sequence[Due]) -> None:
    if not due:
        return
    counts = Counter(one.kind for one in due)
    named = [desk.say(f"word.care_kind.{kind}") for kind, _ in counts.most_common()]
    ready = sum(bool(one.ways) for one in due)
    title = desk.say("page_care.picture", ready=ready, due=len(due))
    figure = charts.bars(named, [n for _, n in counts.most_common()], title=title)
    blocks.chart(figure, key="care_kinds", alt=title)


def _due(desk: Desk, due: Sequence[Due]) -> None:
    title = desk.say("page_care.list", due=len(due))
    st.subheader(blocks.plain(title), anchor=False)
    if not due:
        st.info(desk.say("page_care.nobody"))
        return
    blocks.table(desk, _rows(desk, due), COLUMNS, key="care_due", alt=title)
    names = {_key(one): _named(desk, one) for one in due}
    chosen = blocks.pick(desk, key="care_who", label="page_care.choose", options=names)
    found = next((one for one in due if _key(one) == chosen), None)
    if found is not None:
        _one(desk, found)


def _rows(desk: Desk, due: Sequence[Due]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "customer_id": one.customer_id,
                "who": one.name,
                "kind": one.kind.value,
                "day": day_number(one.day),
                "ways": _ways(desk, one),
                "until": day_number(one.until),
                "station": one.station,
            }
            for one in due
        ]
    )


def _ways(desk: Desk, one: Due) -> str:
    if not one.ways:
        return desk.say("page_care.no_way")
    return desk.say("blocks.and").join(desk.say(f"word.channel.{way}") for way in one.ways)


def _key(one: Due) -> str:
    return f"{one.customer_id}-{one.kind}-{one.about}"


def _named(desk: Desk, one: Due) -> str:
    kind = desk.say(f"word.care_kind.{one.kind}")
    return desk.say("page_care.named", who=one.name, kind=kind, day=one.day)


def _one(desk: Desk, one: Due) -> None:
    """Draw what may be said to a customer, and that it was said."""
    with st.container(border=True, key=f"care_one_{_key(one)}"):
        st.markdown(f"**{blocks.plain(_named(desk, one))}**")
        if one.is_family:
            st.caption(blocks.plain(desk.say("page_care.family")))
        if not one.ways:
            st.warning(blocks.plain(_why_not(desk, one)), icon=":material/block:")
            return
        said = messages.draft(
            desk.ask, customer_id=one.customer_id, kind=one.kind, about=one.about, lang=desk.lang
        )
        st.markdown(f"> {blocks.plain(said)}")
        st.caption(blocks.plain(desk.say("page_care.masked")))
        way = st.pills(
            desk.say("page_care.by"),
            one.ways,
            format_func=lambda way: desk.say(f"word.channel.{way}"),
            key=acts.fresh(f"care_way_{_key(one)}"),
        )
        label, key = desk.say("page_care.done"), acts.fresh(f"care_done_{_key(one)}")
        if st.button(label, key=key, type="primary", disabled=way is None):
            acts.do(desk, lambda: _recorded(desk, one, Channel(str(way))))


def _why_not(desk: Desk, one: Due) -> str:
    """Return what speaks against the way that is nearest at hand."""
    way = min(one.refused, key=lambda way: list(Channel).index(way))
    return desk.say(f"calls.rule_{one.refused[way][0]}")


def _recorded(desk: Desk, one: Due, way: Channel) -> str:
    caring.record(desk.ask, customer_id=one.customer_id, kind=one.kind, about=one.about, way=way)
    return desk.say("page_care.recorded", who=one.name)


# --- messages to many -----------------------------------------------------------------------------


def _lists(desk: Desk, due: Sequence[Due], feasts: Sequence[Feast]) -> None:
    st.caption(blocks.plain(desk.say("page_care.about_lists")))
    _new(desk, due, feasts)
    made = messages.lists(desk.ask, stations=desk.stations)
    title = desk.say("page_care.lists", lists=len(made))
    st.subheader(title, anchor=False)
    if not made:
        st.info(desk.say("page_care.no_lists"))
        return
    rows = pd.DataFrame([{**_told(one)} for one in made])
    blocks.table(desk, rows, SENDINGS, key="care_lists", alt=title)
    for one in made:
        if one.status not in {messages.SENT, messages.WITHDRAWN}:
            _open(desk, one)


def _told(one: Sending) -> dict[str, object]:
    names = ("made_at", "channel", "people", "status", "account")
    return {name: getattr(one, name) for name in names} | {"kind": one.occasion}


def _new(desk: Desk, due: Sequence[Due], feasts: Sequence[Feast]) -> None:
    kinds: list[Kind] = [feast.kind for feast in feasts]
    kinds += [kind for kind in Glad if any(one.kind is kind and not one.is_family for one in due)]
    if not kinds:
        st.info(desk.say("page_care.nobody_to_write"))
        return
    known = board.stations_known(desk.ask)
    names: dict[str, str] = dict(zip(known["code"], known["name"], strict=True))
    with st.container(horizontal=True):
        station = st.selectbox(
            desk.say("page_care.station"), list(names), format_func=names.__getitem__,
            key="care_list_station", width=FIELD_PX,
        )  # fmt: skip
        kind = st.selectbox(
            desk.say("page_care.occasion"), kinds,
            format_func=lambda kind: desk.say(f"word.care_kind.{kind}"),
            key="care_list_kind", width=FIELD_PX,
        )  # fmt: skip
        way = st.selectbox(
            desk.say("page_care.way"), list(caring.IN_LISTS),
            format_func=lambda way: desk.say(f"word.channel.{way}"),
            key="care_list_way", width=FIELD_PX,
        )  # fmt: skip
        lang = st.selectbox(
            desk.say("page_care.lang"), list(text.LANGUAGES),
            index=list(text.LANGUAGES).index(desk.lang),
            format_func={"zh": "中文", "en": "English"}.__getitem__,
            key="care_list_lang", width=FIELD_PX,
        )  # fmt: skip
    if station and kind and way and lang:
        _preview(desk, station, kind, Channel(way), lang)


def _preview(desk: Desk, station: str, kind: Kind, way: Channel, lang: str) -> None:
    wanted = {"station": station, "kind": kind, "way": way, "lang": lang}
    seen = messages.preview(desk.ask, station=station, kind=kind, way=way, lang=lang)
    st.markdown(blocks.plain(desk.say("page_care.preview", people=seen.people)))
    for why, people in sorted(seen.aside.items()):
        st.caption(blocks.plain(desk.say(f"page_care.aside_{why}", people=people)))
    for sample in seen.samples:
        st.markdown(f"> {blocks.plain(sample)}")
    if st.button(
        desk.say("page_care.make"), key=acts.fresh("care_make"), type="primary",
        disabled=not seen.people,
    ):  # fmt: skip
        acts.do(desk, lambda: _made(desk, wanted))


def _made(desk: Desk, wanted: Mapping[str, object]) -> str:
    """Make a list under a key of this form, so that a second click makes none."""
    key = st.session_state.setdefault(FORM, secrets.token_hex(16))
    messages.make(desk.ask, key=str(key), **wanted)  # type: ignore[arg-type]
    del st.session_state[FORM]
    return desk.say("page_care.made")


def _open(desk: Desk, one: Sending) -> None:
    """Draw what may still be done with a list."""
    kind = desk.say(f"word.care_kind.{one.occasion}")
    said = desk.say(
        "page_care.list_named", kind=kind, people=one.people, at=blocks.moment(desk, one.made_at)
    )
    with st.container(border=True, key=f"care_list_{one.id}"):
        st.markdown(f"**{blocks.plain(said)}**")
        with st.container(horizontal=True):
            if one.status != messages.SENDING:
                _take_out(desk, one)
            if one.status != messages.EXPORTED and messages.has_gateway(desk.ask):
                acts.with_reason(
                    desk, key=f"care_send_{one.id}", label="page_care.send",
                    icon=":material/send:", act=lambda why: _sent(desk, one, why),
                    about="page_care.about_send",
                )  # fmt: skip
            if one.status in messages.OPEN:
                acts.with_reason(
                    desk, key=f"care_withdraw_{one.id}", label="page_care.withdraw",
                    icon=":material/undo:", act=lambda why: _withdrawn(desk, one, why),
                )  # fmt: skip


def _take_out(desk: Desk, one: Sending) -> None:
    if not {"contact.reveal_any", "rows.export"} <= desk.ask.scope.rights.keys():
        return
    with st.popover(desk.say("blocks.export"), icon=":material/download:"):
        reason = acts.why(desk, key=f"care_export_{one.id}")
        st.download_button(
            desk.say("blocks.download_csv"),
            lambda: messages.export(
                desk.ask, list_id=one.id, kind="csv", reason=reason, lang=desk.lang
            ),
            file_name=f"care-{one.id}.csv",
            key=f"care_csv_{one.id}",
            on_click="ignore",
            icon=":material/download:",
            disabled=not reason.strip(),
        )
        st.caption(blocks.plain(desk.say("blocks.export_told")))


def _sent(desk: Desk, one: Sending, why: str) -> str:
    told = messages.send(desk.ask, list_id=one.id, reason=why)
    return desk.say(
        f"page_care.{told.status}", people=told.people, answer=told.answer, tries=told.tries
    )


def _withdrawn(desk: Desk, one: Sending, why: str) -> str:
    messages.withdraw(desk.ask, list_id=one.id, reason=why)
    return desk.say("page_care.withdrawn")


if __name__ == "__main__":
    render()

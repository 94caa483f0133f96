"""In which words does a station write on each occasion, and how did it before?"""

import streamlit as st

from station import text
from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk
from station.services import board
from station.services.calls import wording
from station.services.calls.caring import Grief, Kind
from station.services.calls.wording import Wording

FIELD_PX = 200
OLDER = 10


def draw(desk: Desk) -> None:
    """Draw the words of a station on an occasion, the form to change them, and their history."""
    st.caption(blocks.plain(desk.say("page_care.about_words")))
    known = board.stations_known(desk.ask)
    names: dict[str, str] = dict(zip(known["code"], known["name"], strict=True))
    with st.container(horizontal=True):
        station = st.selectbox(
            desk.say("page_care.station"), list(names), format_func=names.__getitem__,
            key="words_station", width=FIELD_PX,
        )  # fmt: skip
        kind = st.selectbox(
            desk.say("page_care.occasion"), list(wording.KINDS),
            format_func=lambda kind: desk.say(f"word.care_kind.{kind}"),
            key="words_kind", width=FIELD_PX,
        )  # fmt: skip
        lang = st.selectbox(
            desk.say("page_care.lang"), list(text.LANGUAGES),
            index=list(text.LANGUAGES).index(desk.lang),
            format_func={"zh": "中文", "en": "English"}.__getitem__,
            key="words_lang", width=FIELD_PX,
        )  # fmt: skip
    if station and kind and lang:
        told = wording.words(desk.ask, station=station, kind=kind, lang=lang)
        _form(desk, told, station, kind, lang)
        _history(desk, told)


def _form(desk: Desk, told: Wording, station: str, kind: Kind, lang: str) -> None:
    key = f"words_{station}_{kind}_{lang}"
    with st.form(acts.fresh(f"{key}_form")):
        words = st.text_area(
            desk.say("page_care.words"), value=told.template.words,
            max_chars=wording.LONGEST, key=acts.fresh(f"{key}_words"),
        )  # fmt: skip
        offer = ""
        if isinstance(kind, Grief):
            st.caption(blocks.plain(desk.say("page_care.no_offer")))
        else:
            offer = st.text_input(
                desk.say("page_care.offer"), value=told.offer, max_chars=wording.LONGEST,
                key=acts.fresh(f"{key}_offer"), help=desk.say("page_care.offer_help"),
            )  # fmt: skip
        reason = acts.why(desk, key=f"{key}_reason")
        sent = st.form_submit_button(
            desk.say("page_care.save_words"), type="primary", key=acts.fresh(f"{key}_save")
        )
    names = desk.say("blocks.and").join(f"{{{name}}}" for name in wording.names(desk.ask, kind))
    st.caption(blocks.plain(desk.say("page_care.names", names=names)))

    def change() -> str:
        wording.change(
            desk.ask, station=station, kind=kind, lang=lang, words=words or "",
            offer=offer or "", reason=reason,
        )  # fmt: skip
        return desk.say("page_care.words_saved")

    if sent:
        acts.do(desk, change)


def _history(desk: Desk, told: Wording) -> None:
    if not told.is_own:
        st.caption(blocks.plain(desk.say("page_care.house_words")))
        return
    with st.expander(desk.say("page_care.history", times=len(told.history))):
        for one in told.history[:OLDER]:
            st.markdown(f"> {blocks.plain(one.words + one.offer)}")
            said = desk.say(
                "page_care.written", at=blocks.moment(desk, one.written_at), account=one.account,
                reason=one.reason,
            )  # fmt: skip
            st.caption(blocks.plain(said))

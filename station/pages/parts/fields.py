"""What is known of a customer: what is missing is asked first, and all of it can be mended here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from station.errors import BadValueError, StationError
from station.model import day_date, day_number
from station.pages.parts import acts, blocks, reveal
from station.pages.parts.desk import Desk
from station.services import board, sites, trail
from station.services.access import today
from station.services.customers import completeness, contacts, fields
from station.services.customers.fields import Told

EDIT = "customers.edit"
ASKED_FIRST = 4
"""Missing fields that are asked for at once: so many fit on a phone."""
GROUPS = (
    "who",
    "reach",
    "business",
    "trade",
    "rivals",
    "work",
    "manner",
    "service",
    "prospect",
    "own",
)
COLUMNS = (
    blocks.Column("when", "fields.when", "moment"),
    blocks.Column("what", "fields.what"),
    blocks.Column("reason", "fields.why"),
)
VALUES = (blocks.Column("field", "fields.field"), blocks.Column("value", "fields.value"))
TAKE_AWAY = "take_away"


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw what is known of a customer, and let whoever may change it."""
    if contacts.of_customer(desk.ask, customer_id=customer_id).is_erased:
        return
    told = fields.known(desk.ask, customer_id=customer_id)
    st.subheader(desk.say("fields.title"), anchor=False)
    acts.told()
    _score(desk, told, customer_id)
    may_edit = EDIT in desk.ask.scope.rights
    if may_edit:
        _missing(desk, told, customer_id)
    for group in GROUPS:
        some = [one for one in told if one.field.group == group]
        if some:
            _group(desk, group, some, customer_id, may_edit=may_edit)
    _history(desk, customer_id)


def label(desk: Desk, one: Told) -> str:
    """Return what a field is called."""
    return fields.label(desk.lang, one.field)


def _score(desk: Desk, told: Sequence[Told], customer_id: int) -> None:
    score = completeness.score(desk.ask, customer_id=customer_id)
    absent = fields.in_order(told)[:ASKED_FIRST]
    names = desk.say("blocks.and").join(label(desk, one) for one in absent)
    key = "fields.answer_missing" if absent else "fields.answer_whole"
    blocks.answer(desk.say(key, score=score, names=names))
    st.progress(score)


def _missing(desk: Desk, told: Sequence[Told], customer_id: int) -> None:
    """Ask for what is missing and counts most, in one form."""
    absent = fields.in_order(told)[:ASKED_FIRST]
    if absent:
        with st.container(border=True):
            st.markdown(f"**{blocks.plain(desk.say('fields.complete'))}**")
            _form(desk, absent, customer_id, key="fields_missing", with_reason=False)


def _group(
    desk: Desk, group: str, some: Sequence[Told], customer_id: int, *, may_edit: bool
) -> None:
    """Draw the fields of one kind; a tap turns them into a form."""
    opened = f"fields_edit_{group}_{customer_id}"
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{blocks.plain(desk.say(f'fields.group_{group}'))}**")
            is_open = bool(st.session_state.get(opened))
            if may_edit:
                key = "fields.cancel" if is_open else "fields.edit"
                icon = ":material/close:" if is_open else ":material/edit:"
                st.button(
                    desk.say(key),
                    key=f"{opened}_tap",
                    icon=icon,
                    type="tertiary",
                    on_click=_turn,
                    args=(opened,),
                )
        if is_open and may_edit:
            _form(desk, some, customer_id, key=opened, with_reason=True)
        else:
            _values(desk, some, customer_id, may_edit=may_edit)


def _turn(key: str) -> None:
    st.session_state[key] = not st.session_state.get(key)


def _values(desk: Desk, some: Sequence[Told], customer_id: int, *, may_edit: bool) -> None:
    for one in some:
        if one.is_kept:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                words = blocks.plain(shown(desk, one))
                st.markdown(
                    f":gray[{blocks.plain(label(desk, one))}] &nbsp;{words}", width="content"
                )
                if one.field.is_way:
                    _way(desk, one, customer_id, may_edit=may_edit)
    absent = [label(desk, one) for one in some if not one.is_kept]
    if absent:
        names = desk.say("blocks.and").join(absent)
        st.caption(blocks.plain(desk.say("fields.empty", names=names)))


def shown(desk: Desk, one: Told) -> str:
    """Return a value in words, and why it is not told where it is not."""
    if one.is_shut:
        return desk.say("fields.shut")
    if one.is_kept and not one.value:
        return desk.say("fields.withheld")
    if one.name == "station":
        names = board.stations_known(desk.ask).set_index("code")["name"]
        return str(names.get(one.value, one.value))
    return fields.word(desk.lang, one.field, one.value)


def _way(desk: Desk, one: Told, customer_id: int, *, may_edit: bool) -> None:
    """Draw when it was checked that he is reached so, and let it be checked with one tap."""
    if one.checked_day is None:
        st.badge(desk.say("fields.unchecked"), color="gray")
    else:
        age = day_number(today()) - one.checked_day
        is_old = age > desk.ask.settings.completeness.stale_days
        key = "wrong" if not one.is_good else ("stale" if is_old else "checked")
        colour: Any = {"wrong": "red", "stale": "orange", "checked": "green"}[key]
        st.badge(desk.say(f"fields.{key}", day=day_date(one.checked_day)), color=colour)
    if may_edit:
        for is_good, name in ((True, "check"), (False, "check_wrong")):
            st.button(
                desk.say(f"fields.{name}"),
                key=f"fields_{name}_{one.name}_{customer_id}",
                icon=":material/check:" if is_good else ":material/block:",
                type="tertiary",
                on_click=_check,
                args=(desk, one, customer_id),
                kwargs={"is_good": is_good},
            )
    if one.field.name not in {"name", "phone"} and "contact.reveal" in desk.ask.scope.rights:
        with st.popover(desk.say("fields.open"), icon=":material/visibility:"):
            _reveal(desk, one, customer_id)


def _check(desk: Desk, one: Told, customer_id: int, *, is_good: bool) -> None:
    try:
        fields.check(desk.ask, customer_id=customer_id, field=one.name, is_good=is_good)
    except StationError as error:
        blocks.refused(desk, error)
        return
    key = "fields.check_saved" if is_good else "fields.wrong_saved"
    st.session_state[acts.TOLD] = desk.say(key, field=label(desk, one))


def _reveal(desk: Desk, one: Told, customer_id: int) -> None:
    key = f"fields_open_{one.name}_{customer_id}"
    purpose = reveal.purpose(desk, key=key)
    reason = acts.why(desk, key=key)
    clicked = st.button(
        desk.say("contact.reveal_now"), key=f"{key}_do", disabled=not purpose or not reason
    )
    if not clicked or purpose is None:
        return

    def opened() -> list[str | None]:
        told = fields.reveal(
            desk.ask, customer_id=customer_id, field=one.name, purpose=purpose, reason=reason
        )
        return [told]

    reveal.show(desk, opened)


def _form(
    desk: Desk, some: Sequence[Told], customer_id: int, *, key: str, with_reason: bool
) -> None:
    """Ask for some fields; what is saved is what was typed anew."""
    with st.form(acts.fresh(f"{key}_form"), border=False):
        typed = {one.name: asked(desk, one, key=key) for one in some}
        gone: list[str] = []
        reason = ""
        if with_reason:
            gone = _taken_away(desk, some, key)
            reason = st.text_input(
                desk.say("fields.reason"),
                max_chars=trail.LONGEST_REASON,
                key=acts.fresh(f"{key}_reason"),
                help=desk.say("fields.reason_help"),
            )
        sent = st.form_submit_button(
            desk.say("fields.save"), type="primary", key=acts.fresh(f"{key}_do")
        )
    if sent:
        was = {one.name: one.value if one.is_open else "" for one in some}
        news = {name: words for name, words in typed.items() if words and words != was[name]}
        news |= dict.fromkeys(gone, "")
        acts.do(desk, lambda: _save(desk, customer_id, news, reason, key))


def _taken_away(desk: Desk, some: Sequence[Told], key: str) -> list[str]:
    names = {one.name: label(desk, one) for one in some if one.is_kept and one.name != "station"}
    if not names:
        return []
    return st.multiselect(
        desk.say("fields.take_away"),
        list(names),
        format_func=names.__getitem__,
        placeholder="",
        key=acts.fresh(f"{key}_{TAKE_AWAY}"),
    )


def _save(desk: Desk, customer_id: int, news: Mapping[str, str], reason: str, key: str) -> str:
    changed = named(
        desk,
        lambda: fields.change(desk.ask, customer_id=customer_id, values=news, reason=reason),
    )
    st.session_state[key] = False
    if not changed:
        return desk.say("fields.saved_none")
    return desk.say("fields.saved", count=len(changed))


def named(desk: Desk, act: Callable[[], Any]) -> Any:
    """Return what `act` returns; a field that it refuses is called as on the page.

    Raises:
        BadValueError: with the field's own name.
    """
    try:
        return act()
    except BadValueError as error:
        known = fields.known_fields(desk.ask.settings).get(str(error.facts.get("field")))
        if known is None:
            raise
        told = {**error.facts, "field": fields.label(desk.lang, known)}
        raise BadValueError(error.key, **told) from error


def asked(desk: Desk, one: Told, *, key: str) -> str:
    """Return what was typed or chosen for a field, as the service takes it; empty for nothing."""
    widget, title = acts.fresh(f"{key}_{one.name}"), label(desk, one)
    kind = str(one.field.kind)
    if one.name == "station":
        return _station(desk, one, widget, title)
    if kind in {"choice", "yes_no"}:
        options = list(one.field.choices) if kind == "choice" else ["yes", "no"]
        chosen = st.pills(
            title,
            options,
            default=one.value if one.value in options else None,
            format_func=lambda value: fields.word(desk.lang, one.field, value),
            key=widget,
        )
        return str(chosen or "")
    if kind == "day":
        day = date.fromisoformat(one.value) if one.value else None
        picked = st.date_input(title, value=day, min_value=fields.EARLIEST, key=widget)
        return picked.isoformat() if isinstance(picked, date) else ""
    return _typed(desk, one, widget, title)


def _typed(desk: Desk, one: Told, widget: str, title: str) -> str:
    """Return the words typed; what is masked is not filled in, so that no mask is saved."""
    is_note = str(one.field.kind) == "note"
    hint = desk.say("fields.kept_as", value=shown(desk, one)) if one.is_kept else ""
    if is_note:
        return st.text_area(
            title,
            value=one.value if one.is_open else "",
            max_chars=fields.LONGEST_NOTE,
            placeholder=hint,
            key=widget,
        )
    return st.text_input(
        title,
        value=one.value if one.is_open else "",
        max_chars=fields.LONGEST_TEXT,
        placeholder=hint,
        key=widget,
    )


def _station(desk: Desk, one: Told, widget: str, title: str) -> str:
    known = board.stations_known(desk.ask)
    names = dict(zip(known["code"], known["name"], strict=True))
    codes = list(names)
    chosen = st.selectbox(
        title,
        codes,
        index=codes.index(one.value) if one.value in codes else None,
        format_func=lambda code: str(names[code]),
        placeholder=desk.say("fields.choose"),
        key=widget,
    )
    return str(chosen or "")


def _history(desk: Desk, customer_id: int) -> None:
    with st.expander(desk.say("fields.history"), icon=":material/history:"):
        day = st.date_input(
            desk.say("fields.as_of"),
            value=None,
            max_value=today() - timedelta(days=1),
            help=desk.say("fields.as_of_help"),
            key=f"fields_as_of_{customer_id}",
        )
        if isinstance(day, date):
            _as_of(desk, customer_id, day)
        _changes(desk, customer_id)


def _as_of(desk: Desk, customer_id: int, day: date) -> None:
    told = fields.known(desk.ask, customer_id=customer_id, on=day)
    kept = [one for one in told if one.is_kept]
    title = desk.say("fields.as_of_title", day=day, count=len(kept))
    st.markdown(f"**{blocks.plain(title)}**")
    rows = [(label(desk, one), shown(desk, one)) for one in kept]
    frame = pd.DataFrame(rows, columns=["field", "value"])
    if len(frame):
        blocks.table(desk, frame, VALUES, key=f"fields_on_{customer_id}", alt=title)


def _changes(desk: Desk, customer_id: int) -> None:
    history = fields.history(desk.ask, customer_id=customer_id)
    if history.empty:
        st.caption(blocks.plain(desk.say("fields.history_none")))
        return
    title = desk.say("fields.changes", count=len(history))
    rows = history.to_dict("records")
    frame = pd.DataFrame(
        {
            "when": [int(row["written_at"].timestamp()) for row in rows],
            "what": [_changed(desk, row) for row in rows],
            "reason": [_why(desk, str(row["reason"])) for row in rows],
        }
    )
    st.markdown(f"**{blocks.plain(title)}**")
    blocks.table(desk, frame, COLUMNS, key=f"fields_changes_{customer_id}", alt=title)


def _changed(desk: Desk, row: Mapping[Any, Any]) -> str:
    field = fields.known_fields(desk.ask.settings).get(row["field"])
    name = fields.label(desk.lang, field) if field else str(row["field"])
    old, new = (
        desk.say("fields.hidden")
        if pd.isna(row[part])
        else (fields.word(desk.lang, field, row[part]) if field else row[part])
        for part in ("old", "new")
    )
    key = "changed" if old and new else ("changed_first" if new else "changed_away")
    account = row["account"] or desk.say("fields.nobody")
    return desk.say(f"fields.{key}", account=account, field=name, old=old, new=new)


def _why(desk: Desk, reason: str) -> str:
    if reason.startswith(sites.BY_FILE):
        return desk.say("fields.by_file", number=reason.removeprefix(sites.BY_FILE))
    if reason.startswith(sites.BY_UNDO):
        return desk.say("fields.by_undo", number=reason.removeprefix(sites.BY_UNDO))
    return reason

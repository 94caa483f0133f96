"""Who meets all these conditions? Put together with taps, counted at once, kept for next time."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from station import text
from station.model import Unit
from station.pages.parts import acts, blocks
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import board
from station.services.customers import filters
from station.services.customers.filters import Condition, Key, SavedFilter

CARD = "filters_card"
"""The conditions put together so far, in this session."""
FREQUENT = (
    *("stability", "state", "grade", "stage", "use", "days_silent", "visits", "amount"),
    *("station", "tag"),
)
"""Keys that are one tap away; the others are one list further."""
MORE = "more"
COLUMNS = (
    Column("label", "page_filters.vehicle"),
    Column("organisation_name", "page_filters.key_organisation_name"),
    Column("station_name", "page_filters.key_station"),
    Column("stability", "page_filters.key_stability", "stability"),
    Column("state", "page_filters.key_state", "state"),
    Column("grade", "page_filters.key_grade", "grade"),
    Column("stage", "page_filters.key_stage", "stage"),
    Column("use", "page_filters.key_use", "use"),
    Column("visits", "page_filters.key_visits", "count"),
    Column("amount", "page_filters.key_amount", "money"),
    Column("last_day", "page_filters.last_day", "day"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_filters.title"), anchor=False)
    acts.told()
    sentence = st.container()
    known = filters.saved(desk.ask)
    _saved(desk, known)
    conditions = _card()
    _conditions(desk, conditions)
    _another(desk, conditions)
    if not conditions:
        with sentence:
            blocks.answer(desk.say("page_filters.answer_none"))
        return
    found = filters.matches(desk.ask, conditions=conditions, stations=desk.stations)
    with sentence:
        blocks.answer(_answer(desk, found))
    _figures(desk, found)
    _keep(desk, conditions)
    _names(desk, found)


def _card() -> list[Condition]:
    conditions: list[Condition] = st.session_state.setdefault(CARD, [])
    return conditions


def _answer(desk: Desk, found: pd.DataFrame) -> str:
    vehicles, customers = found["vehicle_id"].nunique(), found["customer_id"].nunique()
    key = "answer" if vehicles else "answer_empty"
    return desk.say(f"page_filters.{key}", vehicles=vehicles, customers=customers)


def _figures(desk: Desk, found: pd.DataFrame) -> None:
    litres = found.loc[found["unit"] == Unit.LITRE.value, "quantity"].sum()
    figures = {
        "vehicles": f"{found['vehicle_id'].nunique():,}",
        "customers": f"{found['customer_id'].nunique():,}",
        "litres": f"{litres:,.0f}",
        "money": blocks.money(desk, found["amount"], found["currency_code"].astype(str)) or "0",
    }
    blocks.figures(
        [(desk.say(f"page_filters.{name}"), value, None) for name, value in figures.items()]
    )


def _names(desk: Desk, found: pd.DataFrame) -> None:
    order = ["amount", "vehicle_id", "station_id"]
    shown = found.sort_values(order, ascending=[False, True, True], ignore_index=True)
    classes = shown.select_dtypes("category").columns
    shown = shown.astype(dict.fromkeys(classes, object))
    title = desk.say("page_filters.list", rows=len(shown))
    blocks.names(desk, shown, COLUMNS, key="filters_list", title=title)


def _saved(desk: Desk, known: Sequence[SavedFilter]) -> None:
    """Let a saved filter be taken up again; whose it is stands behind the name."""
    if not known:
        return
    names = {one.id: one.name if one.is_mine else f"{one.name} · {one.owner}" for one in known}
    st.pills(
        desk.say("page_filters.saved"),
        list(names),
        format_func=lambda number: blocks.plain(names[number]),
        key="filters_saved",
        on_change=_take_up,
        args=(known,),
    )


def _take_up(known: Sequence[SavedFilter]) -> None:
    chosen = st.session_state["filters_saved"]
    own = next((one for one in known if one.id == chosen), None)
    st.session_state[CARD] = list(own.conditions) if own else []


def _conditions(desk: Desk, conditions: list[Condition]) -> None:
    """Draw each condition in words; a tap takes it away."""
    keys = filters.keys(desk.ask)
    with st.container(horizontal=True, gap="xsmall"):
        for number, one in enumerate(conditions):
            st.button(
                blocks.plain(sentence(desk, keys[one.field], one)),
                key=f"filters_take_{number}",
                icon=":material/close:",
                help=desk.say("page_filters.take"),
                on_click=conditions.__delitem__,
                args=(number,),
            )
        if len(conditions) > 1:
            st.button(
                desk.say("page_filters.clear"),
                key="filters_clear",
                type="tertiary",
                on_click=conditions.clear,
            )


def sentence(desk: Desk, key: Key, one: Condition) -> str:
    """Return a condition in words."""
    names = choice_names(desk, key)
    values = [names.get(str(value), _number(value)) for value in one.given]
    return desk.say(
        f"page_filters.op_{one.op}",
        key=key_name(desk, key),
        value=desk.say("page_filters.or").join(values),
    )


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:,g}"


def key_name(desk: Desk, key: Key) -> str:
    """Return what a key is called."""
    if key.labels:
        return key.labels.get(desk.lang, key.name)
    name = f"page_filters.key_{key.name}"
    if text.has(desk.lang, name):
        return desk.say(name)
    name = key.name  # a field of the customers' own catalogue, such as field.industry
    return desk.say(name) if text.has(desk.lang, name) else name.removeprefix("field.")


def choice_names(desk: Desk, key: Key) -> dict[str, str]:
    """Return the choices of a key, each with its name."""
    if key.name in {"station", "moved_to"}:
        known = board.stations_known(desk.ask)
        return dict(zip(known["code"], known["name"], strict=True))
    values = key.choices or tuple(filters.choices(desk.ask).get(key.name, ()))
    return {value: _choice_name(desk, key, value) for value in values}


def _choice_name(desk: Desk, key: Key, value: str) -> str:
    own = key.name.removeprefix("field.")
    for name in (f"word.{key.words}.{value}", f"fields.choice.{own}.{value}"):
        if text.has(desk.lang, name):
            return desk.say(name)
    return value


def _another(desk: Desk, conditions: list[Condition]) -> None:
    """Let a condition be put together: first the key, then how, then the values."""
    keys = filters.keys(desk.ask)
    label = "page_filters.add" if conditions else "page_filters.first"
    names = {name: key_name(desk, key) for name, key in keys.items()}
    chosen = _key(desk, label, names)
    if chosen is None:
        return
    key = keys[chosen]
    ops = filters.ops_of(key)
    how = st.pills(
        desk.say("page_filters.how"),
        ops,
        default=ops[0],
        format_func=lambda op: desk.say(f"page_filters.how_{op}"),
        key=acts.fresh(f"filters_op_{chosen}"),
    )
    if how is not None:
        _values(desk, conditions, key, how)


def _key(desk: Desk, label: str, names: Mapping[str, str]) -> str | None:
    """Return the key chosen: in one tap among the frequent ones, in two among all others."""
    first = st.pills(
        desk.say(label),
        [*FREQUENT, MORE],
        format_func=lambda name: blocks.plain(names.get(name, desk.say("page_filters.more"))),
        key=acts.fresh("filters_key"),
    )
    if first != MORE:
        return first
    return st.selectbox(
        desk.say("page_filters.more"),
        [name for name in names if name not in FREQUENT],
        index=None,
        format_func=names.__getitem__,
        placeholder=desk.say("blocks.pick"),
        key=acts.fresh("filters_other_key"),
        label_visibility="collapsed",
    )


def _values(desk: Desk, conditions: list[Condition], key: Key, how: str) -> None:
    given = _asked(desk, key, how)
    needs = filters.needs_values(how)
    if st.button(
        desk.say("page_filters.put"),
        key=acts.fresh("filters_put"),
        type="primary",
        icon=":material/add:",
        disabled=needs and not given,
    ):
        acts.do(desk, lambda: _put(desk, conditions, key, how, given))


def _asked(desk: Desk, key: Key, how: str) -> list[str | float]:
    """Return the values chosen or typed."""
    widget = acts.fresh(f"filters_value_{key.name}")
    if not filters.needs_values(how):
        return []
    if key.shape == "number":
        value = st.number_input(
            desk.say("page_filters.value"), value=None, key=widget, width=NUMBER_PX
        )
        return [] if value is None else [float(value)]
    if key.shape == "text":
        typed = st.text_input(desk.say("page_filters.value"), key=widget, max_chars=80)
        return [typed.strip()] if (typed or "").strip() else []
    names = choice_names(desk, key)
    if not names:
        st.caption(blocks.plain(desk.say("page_filters.no_choice")))
    return list(
        st.pills(
            desk.say("page_filters.values"),
            list(names),
            selection_mode="multi",
            format_func=lambda value: blocks.plain(names[value]),
            key=widget,
        )
    )


NUMBER_PX = 220


def _put(
    desk: Desk, conditions: list[Condition], key: Key, how: str, given: Sequence[str | float]
) -> str:
    one = filters.condition(desk.ask, field=key.name, op=how, values=given)
    filters.check(desk.ask, conditions=[*conditions, one])
    conditions.append(one)
    return desk.say("page_filters.added", condition=sentence(desk, key, one))


def _keep(desk: Desk, conditions: Sequence[Condition]) -> None:
    """Let the conditions be saved, and a filter of one's own be renamed, shared or deleted."""
    own = {one.id: one for one in filters.saved(desk.ask) if one.is_mine}
    chosen = own.get(st.session_state.get("filters_saved") or 0)
    with st.popover(desk.say("page_filters.keep"), icon=":material/bookmark:"):
        with st.form(acts.fresh("filters_save"), border=False):
            name = st.text_input(
                desk.say("page_filters.name"),
                value=chosen.name if chosen else "",
                max_chars=filters.LONGEST_NAME,
                key=acts.fresh(f"filters_name_{chosen.id if chosen else 0}"),
            )
            if st.form_submit_button(desk.say("page_filters.save"), key=acts.fresh("filters_do")):
                acts.do(desk, lambda: _save(desk, name or "", conditions))
            if chosen and st.form_submit_button(
                desk.say("page_filters.rename"), key=acts.fresh("filters_rename")
            ):
                acts.do(desk, lambda: _rename(desk, chosen, name or ""))
        if chosen:
            _own(desk, chosen)


def _save(desk: Desk, name: str, conditions: Sequence[Condition]) -> str:
    filters.save(desk.ask, name=name, conditions=conditions)
    return desk.say("page_filters.was_saved", name=name)


def _rename(desk: Desk, chosen: SavedFilter, name: str) -> str:
    filters.rename(desk.ask, filter_id=chosen.id, name=name)
    return desk.say("page_filters.was_saved", name=name)


def _own(desk: Desk, chosen: SavedFilter) -> None:
    names: Mapping[bool, str] = {True: "unshare", False: "share"}
    action = names[chosen.is_shared]
    if st.button(desk.say(f"page_filters.{action}"), key="filters_share", icon=":material/group:"):
        acts.do(desk, lambda: _share(desk, chosen, action))
    if st.button(desk.say("page_filters.delete"), key="filters_delete", icon=":material/delete:"):
        acts.do(desk, lambda: _delete(desk, chosen))


def _share(desk: Desk, chosen: SavedFilter, action: str) -> str:
    filters.share(desk.ask, filter_id=chosen.id, is_shared=not chosen.is_shared)
    return desk.say(f"page_filters.was_{action}d", name=chosen.name)


def _delete(desk: Desk, chosen: SavedFilter) -> str:
    filters.delete(desk.ask, filter_id=chosen.id)
    return desk.say("page_filters.was_deleted", name=chosen.name)


if __name__ == "__main__":
    render()

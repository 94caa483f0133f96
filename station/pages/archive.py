"""Is the archive sound, backed up, and in whose keeping?"""

from time import time as now

import pandas as pd
import streamlit as st

from station import text
from station.model import DAY_S
from station.pages import audit
from station.pages.parts import acts, blocks
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import keeping, sites
from station.services.access import HOUR_S, MINUTE_S
from station.services.keeping import Condition

FOUND = "archive_found"
STEP = 1024
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
HASH_SIGNS = 12
BACKUP_COLUMNS = (
    Column("name", "page_archive.file"),
    Column("size", "page_archive.size"),
    Column("made_at", "page_archive.made", "moment"),
    Column("age", "page_archive.age"),
)
DONE_COLUMNS = (
    Column("duty", "page_archive.duty"),
    Column("at", "page_archive.when", "moment"),
    Column("age", "page_archive.age"),
    Column("account", "page_archive.account"),
    Column("result", "page_archive.result"),
)
KEEPER_COLUMNS = (
    Column("name", "word.setting.name"),
    Column("code", "word.setting.code"),
    Column("archivist", "word.setting.archivist"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_archive.title"), anchor=False)
    acts.told()
    condition = keeping.condition(desk.ask)
    blocks.answer(_answer(desk, condition))
    if condition.is_demo:
        st.info(desk.say("page_archive.demo"), icon=":material/science:")
    _figures(desk, condition)
    _verify(desk)
    _backups(desk)
    _keepers(desk)
    _identity(desk, condition)


def _answer(desk: Desk, condition: Condition) -> str:
    parts = [_last(desk, condition, duty) for duty in ("verify", "backup", "nightly")]
    return "".join(parts)


def _last(desk: Desk, condition: Condition, duty: str) -> str:
    """Return when a duty was last done, and what it found."""
    done = condition.done.get(duty)
    if done is None:
        return desk.say(f"page_archive.{duty}_never")
    key = f"page_archive.{duty}_bad" if done.wrong else f"page_archive.{duty}_done"
    return desk.say(key, ago=ago(desk, done.at), wrong=_check(desk, done.wrong))


def ago(desk: Desk, second: int) -> str:
    """Return how long ago an instant was, in words."""
    passed_s = max(int(now()) - second, 0)
    if passed_s < MINUTE_S:
        return desk.say("page_archive.just_now")
    if passed_s < HOUR_S:
        return desk.say("page_archive.minutes", count=passed_s // MINUTE_S)
    if passed_s < 2 * DAY_S:
        return desk.say("page_archive.hours", count=passed_s // HOUR_S)
    return desk.say("page_archive.days", count=passed_s // DAY_S)


def size(count: int) -> str:
    """Return a number of bytes in the unit that suits it."""
    amount = float(count)
    for unit in UNITS[:-1]:
        if amount < STEP:
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= STEP
    return f"{amount:,.1f} {UNITS[-1]}"


def _check(desk: Desk, name: str) -> str:
    key = f"page_archive.check_{name}"
    return desk.say(key) if text.has(desk.lang, key) else name


def _figures(desk: Desk, condition: Condition) -> None:
    names = {name: desk.say(f"page_archive.size_{name}") for name in condition.sizes}
    blocks.figures([(names[name], size(count), None) for name, count in condition.sizes.items()])
    rows = [
        {
            "duty": desk.say(f"page_archive.last_{duty}"),
            "at": done.at,
            "age": ago(desk, done.at),
            "account": audit.called(desk, done.account),
            "result": _check(desk, done.wrong) or desk.say("page_archive.well"),
        }
        for duty, done in condition.done.items()
    ]
    if rows:
        table = pd.DataFrame(rows)
        blocks.table(
            desk, table, DONE_COLUMNS, key="archive_done", alt=desk.say("page_archive.duty")
        )


def _verify(desk: Desk) -> None:
    st.subheader(desk.say("page_archive.verify"), anchor=False)
    st.caption(desk.say("page_archive.verify_told"))
    if st.button(
        desk.say("page_archive.verify_now"), icon=":material/fact_check:", key="archive_verify"
    ):
        with st.spinner(desk.say("page_archive.verifying")):
            st.session_state[FOUND] = keeping.verify(desk.ask)
        st.rerun()
    found = st.session_state.pop(FOUND, None)
    if found is None:
        return
    with st.container(border=True, gap="xsmall"):
        for check in found.checks:
            said = _check(desk, check.name)
            if check.first_bad:
                bad = desk.say("page_archive.first_bad", row=check.first_bad)
                st.markdown(f":red[:material/error:] **{blocks.plain(said)}** {blocks.plain(bad)}")
            else:
                st.markdown(f":green[:material/check_circle:] {blocks.plain(said)}")
    if not found.ok:
        st.error(desk.say("page_archive.unsound"), icon=":material/error:")


def _backups(desk: Desk) -> None:
    copies = keeping.backups(desk.ask)
    st.subheader(desk.say("page_archive.backups", count=len(copies)), anchor=False)
    st.caption(desk.say("page_archive.backups_told"))
    if "archive.keep" in desk.ask.scope.rights and st.button(
        desk.say("page_archive.backup_now"), icon=":material/save:", key="archive_backup"
    ):
        with st.spinner(desk.say("page_archive.backing_up")):
            acts.do(
                desk,
                lambda: desk.say("page_archive.backed_up", file=keeping.backup_here(desk.ask)),
            )
    if copies.empty:
        st.info(desk.say("page_archive.no_backup"))
        return
    shown = copies.assign(
        size=copies["bytes"].map(size), age=[ago(desk, int(at)) for at in copies["made_at"]]
    )
    blocks.table(
        desk, shown, BACKUP_COLUMNS, key="archive_backups", alt=desk.say("page_archive.file")
    )


def _keepers(desk: Desk) -> None:
    kept: pd.DataFrame = sites.archivists(desk.ask)
    if kept.empty:
        return
    nobody = desk.say("page_archive.nobody")
    st.subheader(desk.say("page_archive.keepers"), anchor=False)
    blocks.table(
        desk,
        kept.assign(archivist=kept["archivist"].fillna(nobody)),
        KEEPER_COLUMNS,
        key="archive_keepers",
        alt=desk.say("page_archive.keepers"),
    )


def _identity(desk: Desk, condition: Condition) -> None:
    """Say which rules hold and where the log ends: to be noted down outside of this machine."""
    st.subheader(desk.say("page_archive.identity"), anchor=False)
    rules = condition.settings_hash[:HASH_SIGNS] or desk.say("page_archive.built_in")
    engine = desk.say(f"page_archive.engine_{condition.engine}")
    st.markdown(blocks.plain(desk.say("page_archive.rules", rules=rules, engine=engine)))
    said = desk.say("page_archive.head", events=condition.events)
    st.markdown(blocks.plain(said))
    st.code(f"{condition.events} {condition.head}", language=None, wrap_lines=True)


if __name__ == "__main__":
    render()

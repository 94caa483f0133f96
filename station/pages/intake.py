"""Did everything arrive, and is anything wrong? Upload, look, import, undo."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from station import text
from station.errors import StationError
from station.model import RejectedRow
from station.pages.parts import blocks, missing
from station.pages.parts.desk import Desk, current
from station.services import alarms, board
from station.services.incoming import facts, intake, mappings, records
from station.services.incoming.files import SALES, FileOptions, FileReport
from station.services.incoming.undoing import Undone

ENDINGS = ("csv", "txt", "xlsx", "xml")
COUNTS = ("accepted", "duplicates", "conflicts", "rejected", "ignored")
KINDS = (SALES, *records.KINDS)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_intake.title"), anchor=False)
    if told := st.session_state.pop("told", None):
        st.success(told, icon=":material/check_circle:")
    batches = intake.listing(desk.ask)
    blocks.answer(_answer(desk, batches))
    _upload(desk)
    missing.draw(desk)
    _history(desk, batches)


def _answer(desk: Desk, batches: pd.DataFrame) -> str:
    done = batches[(batches["status"] == "done") & (batches["kind"] == SALES)]
    if done.empty:
        return desk.say("page_intake.answer_none")
    rejected, conflicts = int(done["rejected"].sum()), int(done["conflicts"].sum())
    key = "page_intake.answer_trouble" if rejected or conflicts else "page_intake.answer_good"
    return desk.say(
        key,
        files=len(done),
        rows=int(done["accepted"].sum()),
        rejected=rejected,
        conflicts=conflicts,
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """How the person wants his files taken."""

    kind: str
    station: str
    mapping: str


def _upload(desk: Desk) -> None:
    st.subheader(desk.say("page_intake.upload"), anchor=False)
    choice = _choice(desk)
    files = st.file_uploader(
        desk.say("page_intake.choose_file"),
        type=list(ENDINGS),
        accept_multiple_files=True,
        help=desk.say("page_intake.choose_help"),
        key="intake_files",
    )
    for file in files:
        _one_file(desk, file, choice)


def _choice(desk: Desk) -> Choice:
    kind = st.segmented_control(
        desk.say("page_intake.kind"),
        KINDS,
        format_func=lambda kind: desk.say(f"page_intake.kind_{kind}"),
        default=SALES,
        required=True,
        key="intake_kind",
    )
    station = mapping = ""
    with st.container(horizontal=True):
        if kind == SALES:
            station = st.text_input(
                desk.say("page_intake.station"),
                help=desk.say("page_intake.station_help"),
                key="intake_station",
                width=320,
            )
        known = mappings.names(desk.ask)
        if known:
            mapping = st.selectbox(
                desk.say("page_intake.mapping"), ["", *known], key="intake_mapping", width=320
            )
    return Choice(kind or SALES, station.strip(), mapping or "")


def _one_file(desk: Desk, file: UploadedFile, choice: Choice) -> None:
    with st.container(border=True):
        st.markdown(f"**{blocks.plain(file.name)}**")
        seen, taken = f"seen_{file.file_id}", f"taken_{file.file_id}"
        if taken in st.session_state:
            _report(desk, st.session_state[taken], "page_intake.imported")
            return
        with st.container(horizontal=True):
            look = st.button(desk.say("page_intake.look"), key=f"look_{file.file_id}")
            take = st.button(
                desk.say("page_intake.take"), key=f"take_{file.file_id}", type="primary"
            )
        if look or take:
            report = _import(desk, file, choice, dry_run=look)
            if report is not None:
                st.session_state[taken if take else seen] = report
            if take and report is not None:
                st.rerun()
        if seen in st.session_state:
            _report(desk, st.session_state[seen], "page_intake.would_import")


def _import(desk: Desk, file: UploadedFile, choice: Choice, *, dry_run: bool) -> FileReport | None:
    """Return what became of an uploaded file, or tell why it was refused."""
    bar = st.progress(0.0, desk.say("page_intake.reading"))
    with tempfile.TemporaryDirectory() as folder:
        # The person's own name for the file is shown, never used as a path.
        path = Path(folder) / f"upload{Path(file.name).suffix.lower()}"
        path.write_bytes(file.getbuffer())
        try:
            return _taken(desk, path, file.name, choice, bar, dry_run=dry_run)
        except StationError as error:
            blocks.refused(desk, error)
            return None
        finally:
            bar.empty()


def _taken(
    desk: Desk, path: Path, name: str, choice: Choice, bar: DeltaGenerator, *, dry_run: bool
) -> FileReport:
    def show(done: int, total: int) -> None:
        share = min(done / total, 1.0) if total else 0.0
        bar.progress(share, desk.say("page_intake.read_rows", rows=done))

    options: dict[str, Any] = {
        "mapping": mappings.find(desk.ask, name=choice.mapping, kind=choice.kind)
        if choice.mapping
        else None,
        "dry_run": dry_run,
        "rejects_dir": desk.ask.db.folder / "quarantine",
        "lang": desk.lang,
        "name": name,
    }
    if choice.kind == SALES:
        sales = intake.ImportOptions(station=choice.station, **options)
        report = intake.import_sales(desk.ask, path=path, options=sales, progress=show)
    else:
        plain = FileOptions(**options)
        report = records.import_records(desk.ask, kind=choice.kind, path=path, options=plain)
    if report.counts.accepted and not dry_run:
        alarms.refresh(desk.ask)
    return report


def _report(desk: Desk, report: FileReport, heading: str) -> None:
    counts = report.counts
    st.markdown(desk.say(heading, rows=counts.rows))
    blocks.figures(
        [(desk.say(f"page_intake.{name}"), f"{getattr(counts, name):,}", None) for name in COUNTS]
    )
    if report.headings:
        with st.expander(desk.say("page_intake.headings")):
            _headings(desk, report)
    if report.rejected:
        _rejected(desk, list(report.rejected), key=f"rejected_{heading}_{report.batch_id}")
    if report.rejects_file and report.rejects_file.exists():
        st.download_button(
            desk.say("page_intake.rejects_file"),
            report.rejects_file.read_bytes(),
            file_name=report.rejects_file.name,
            key=f"rejects_{report.batch_id}",
            on_click="ignore",
            icon=":material/download:",
            help=desk.say("page_intake.rejects_help"),
        )


def _headings(desk: Desk, report: FileReport) -> None:
    frame = pd.DataFrame(
        {
            desk.say("page_intake.their_heading"): list(report.headings),
            desk.say("page_intake.our_field"): [
                facts.heading(desk.lang, desk.ask.settings, name)
                for name in report.headings.values()
            ],
        }
    )
    st.dataframe(frame, hide_index=True, alt=desk.say("page_intake.headings"))
    if report.ignored_headings:
        left_out = ", ".join(report.ignored_headings)
        st.caption(blocks.plain(desk.say("page_intake.left_out", headings=left_out)))


def _rejected(desk: Desk, rows: list[RejectedRow], *, key: str) -> None:
    frame = pd.DataFrame(
        {
            "line": [row.line_no for row in rows],
            "reason": [text.say(desk.lang, f"reason.{row.reason}", **row.facts) for row in rows],
            "raw": [row.raw for row in rows],
        }
    )
    if not frame["raw"].any():  # rows of customers are not shown
        frame = frame.drop(columns="raw")
    st.dataframe(
        frame,
        hide_index=True,
        column_config={name: desk.say(f"page_intake.rejected_{name}") for name in frame.columns},
        alt=desk.say("page_intake.rejected"),
        key=key,
    )


def _history(desk: Desk, batches: pd.DataFrame) -> None:
    st.subheader(desk.say("page_intake.history"), anchor=False)
    if batches.empty:
        st.info(desk.say("page_intake.history_empty"))
        return
    event = st.dataframe(
        _history_frame(desk, batches),
        hide_index=True,
        column_config={
            desk.say(f"page_intake.{name}"): st.column_config.NumberColumn(format="localized")
            for name in COUNTS
        },
        on_select="rerun",
        selection_mode="single-row",
        alt=desk.say("page_intake.history"),
        key="intake_history",
    )
    rows = event["selection"]["rows"]
    if rows:
        _one_batch(desk, batches.iloc[rows[0]])
    else:
        st.caption(desk.say("page_intake.history_help"))


def _history_frame(desk: Desk, batches: pd.DataFrame) -> pd.DataFrame:
    zones = board.stations_known(desk.ask)["zone"]
    zone = zones.iloc[0] if len(zones) else "UTC"
    when = pd.to_datetime(batches["started_at"], unit="s", utc=True).dt.tz_convert(zone)
    shown = pd.DataFrame(
        {
            "file": batches["file_name"],
            "when": when.dt.strftime("%Y-%m-%d %H:%M"),
            "kind": batches["kind"].map(lambda kind: desk.say(f"page_intake.kind_{kind}")),
            "status": batches["status"].map(
                lambda status: desk.say(f"page_intake.status_{status}")
            ),
        }
    )
    for name in COUNTS:
        shown[name] = batches[name]
    return shown.rename(columns={name: desk.say(f"page_intake.{name}") for name in shown.columns})


def _one_batch(desk: Desk, batch: pd.Series) -> None:
    batch_id = int(batch["id"])
    with st.container(border=True):
        st.markdown(f"**{blocks.plain(str(batch['file_name']))}**")
        aside = intake.rejected(desk.ask, batch_id=batch_id)
        if aside:
            _rejected(desk, aside, key=f"batch_rejected_{batch_id}")
        if batch["status"] == "done":
            _undo(desk, batch_id, batch["kind"], int(batch["accepted"]))


def _undo(desk: Desk, batch_id: int, kind: str, accepted: int) -> None:
    of_records = kind in records.KINDS
    if of_records:
        st.caption(desk.say("page_intake.undo_what", days=desk.ask.settings.archive.undo_days))
    words = desk.say("page_intake.undo_records_sure" if of_records else "page_intake.undo_sure",
                     rows=accepted)  # fmt: skip
    sure = st.checkbox(words, key=f"sure_{batch_id}")
    if st.button(desk.say("page_intake.undo"), key=f"undo_{batch_id}", disabled=not sure) and sure:
        try:
            undone = intake.undo(desk.ask, batch_id=batch_id)
            alarms.refresh(desk.ask)
        except StationError as error:
            blocks.refused(desk, error)
            return
        st.session_state["told"] = (
            _undone(desk, undone) if of_records else desk.say("page_intake.undone", rows=undone.out)
        )
        st.rerun()


def _undone(desk: Desk, undone: Undone) -> str:
    """Return in words what became of the records of an import that was undone."""
    counts = asdict(undone)
    told = [
        desk.say(f"page_intake.undone_{name}", rows=rows) for name, rows in counts.items() if rows
    ]
    return " ".join(told) or desk.say("page_intake.undone_nothing")


if __name__ == "__main__":
    render()

"""What has had its time is forgotten: contacts, notes, rejected rows, sessions, who did what."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from station.archive import batches, lake, oddities
from station.archive.calls import caring, results, wishes
from station.archive.customers import erasing, registrations, retention, steps, talks
from station.archive.database import Database
from station.archive.people import audit, sessions
from station.config import Settings
from station.model import DAY_S, day_number
from station.services.customers import occasions
from station.services.personal.erasure import QUARANTINE

LAST_DAYS = "SELECT vehicle_id, max(local_day) AS last_day FROM sales GROUP BY vehicle_id"
LEAP_DAY = (2, 29)


def forget_old(db: Database, settings: Settings, now_s: int) -> dict[str, int]:
    """Return of how many things of each kind the time was over; they are gone.

    Of all of them, totals and the chain of the log know as much as before.
    """
    rules = settings.privacy
    unseen = contacts_unseen(db, day_number(years_before(now_s, rules.contact_years)))
    unconfirmed_s = now_s - settings.registering.waiting_days * DAY_S
    quarantined_s = now_s - settings.archive.quarantine_days * DAY_S
    undoable_s = now_s - settings.archive.undo_days * DAY_S
    with db.writing(changes_figures=False) as conn:
        forgotten = {
            "contacts": erasing.forget_contacts(conn, unseen),
            "notes": erasing.forget_notes(conn, _start(now_s, rules.notes_years))
            + talks.forget(conn, _start(now_s, rules.notes_years))
            + results.forget(conn, _start(now_s, rules.notes_years))
            + wishes.forget(conn, _start(now_s, rules.notes_years)),
            "oddities": oddities.forget(
                conn,
                before_day=day_number(years_before(now_s, rules.notes_years)),
                before_s=_start(now_s, rules.notes_years),
            ),
            "care": caring.forget(conn, _start(now_s, rules.notes_years)),
            "occasions": occasions.forget_all_unwanted(conn),
            "registrations": registrations.forget(conn, unconfirmed_s),
            "audit": audit.blank(conn, _start(now_s, rules.audit_years), now_s=now_s),
            "sessions": sessions.forget(
                conn,
                sessions_before_s=now_s - rules.sessions_days * DAY_S,
                attempts_before_s=now_s - rules.attempts_days * DAY_S,
            ),
            "quarantine": batches.forget_rejected(conn, quarantined_s),
            "undo": steps.forget(conn, undoable_s),
        }
        if any(forgotten.values()):
            erasing.mark_unsettled(conn)
    forgotten["quarantine"] += _delete_files(db.folder / QUARANTINE, quarantined_s)
    return forgotten


def contacts_unseen(db: Database, before_day: int) -> list[int]:
    """Return the customers with a name or phone who were last seen before a day.

    Seen is who bought with a vehicle that was his, said what he agrees to, or registered. Of whom
    nothing of all that is known, the last file of customers tells. Who was found to be another was
    seen when that one was.
    """
    with db.reading() as conn:
        known, ties = retention.with_contact(conn), retention.ties(conn)
        imported = retention.last_import_day(conn)
    lines = lake.query(db, LAST_DAYS, station_ids=None, as_of_day=before_day)
    bought = ties.merge(lines, on="vehicle_id")
    bought["day"] = (
        bought[["last_day", "to_day"]].min(axis=1).where(bought["last_day"] >= bought["from_day"])
    )
    last = bought.groupby("customer_id")["day"].max()
    seen = pd.DataFrame(
        {
            "bought": known["stands_id"].map(last),
            "since": known["since_day"].astype("float64"),
            "said": known["said_day"].astype("float64"),
        }
    ).max(axis=1)
    seen = seen.groupby(known["stands_id"]).transform("max")
    return known.loc[seen.fillna(imported) < before_day, "customer_id"].tolist()


def _delete_files(folder: Path, before_s: int) -> int:
    """Return how many files of rejected rows were deleted that were written before an instant."""
    old = [path for path in folder.glob("*") if path.is_file() and path.stat().st_mtime < before_s]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def years_before(now_s: int, years: int) -> date:
    """Return the same day so many years earlier; of 29 February the day before."""
    day = datetime.fromtimestamp(now_s, UTC).date()
    is_leap_day = (day.month, day.day) == LEAP_DAY
    return day.replace(year=day.year - years, day=28 if is_leap_day else day.day)


def _start(now_s: int, years: int) -> int:
    return day_number(years_before(now_s, years)) * DAY_S

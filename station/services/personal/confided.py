"""What was told of a customer, for his file: talks, occasions, scans, how he came."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from station.archive import oddities as odd
from station.archive.calls import caring
from station.archive.customers import attachments as scan_book
from station.archive.customers import book, marks, person, proposals, registrations, stalled, talks
from station.archive.customers import occasions as occasion_book
from station.archive.customers import prospects as prospect_book
from station.archive.database import Connection
from station.archive.points import claims, referrals
from station.model import day_date
from station.services import oddities
from station.services.ask import Ask
from station.services.calls import conversations
from station.services.customers import attachments, grades, notes, occasions
from station.services.customers.contacts import Seen
from station.services.points import gifts


def sections(conn: Connection, ask: Ask, seen: Seen, codes: "pd.Series[str]") -> dict[str, Any]:
    """Return the parts of a person's file that tell what was heard of him and what he gave."""
    same = book.same(conn, seen.customer.id)
    return {
        "prospect": _prospect(conn, same),
        "registrations": _registrations(conn, ask, same, codes),
        "talks": _talks(conn, ask, same, codes),
        "occasions": _occasions(conn, ask, same),
        "attachments": _attachments(conn, ask, same),
        "oddities": _oddities(conn, ask, same, codes),
        "referrals": _referrals(conn, same),
        "claims": _claims(conn, same),
        "joined_by": [day(one) for one in gifts.joined_by(conn, ask, seen.customer.id)],
        "grades": _grades(conn, ask, same),
        "stages": _stages(conn, ask, same),
        "stalls": _stalls(conn, same),
        "care": _care(conn, ask, same, codes),
    } | conversations.sections(conn, ask, same, codes)


def _oddities(
    conn: Connection, ask: Ask, same: list[int], codes: "pd.Series[str]"
) -> list[dict[str, Any]]:
    """Return what was worth a look of him and of what is his now, and what was found out."""
    vehicles = {s.vehicle_id for s in book.spans(conn, same[0]) if s.to_day == book.FOREVER}
    held = person.cards_of(conn, same[0])
    numbers = held.loc[held["to_day"].isna(), "number"].astype(str).tolist()
    return [
        {
            "station": codes[one.station_id],
            "week_of": day(one.week_day),
            "signs": one.signs,
            "points": one.points,
            "found_out": [
                {"state": step.state.value, "words": step.words, "at": instant(step.written_at)}
                for step in (oddities.found(ask, step) for step in steps)
            ],
        }
        for one, steps in odd.of_customer(conn, same, vehicles, numbers)
        if one.station_id in ask.scope.station_ids
    ]


def _care(
    conn: Connection, ask: Ask, same: list[int], codes: "pd.Series[str]"
) -> list[dict[str, Any]]:
    """Return on which occasions he was thought of, and how."""
    return [
        {
            "station": codes[one.station_id],
            "occasion": one.occasion,
            "day": day(one.due_day),
            "channel": one.channel,
            "at": instant(one.at),
        }
        for one in caring.of_customer(conn, same)
        if one.station_id in ask.scope.station_ids
    ]


def _prospect(conn: Connection, same: list[int]) -> dict[str, Any] | None:
    prospect = prospect_book.find(conn, same)
    if prospect is None:
        return None
    return {
        "source": prospect.source,
        "reliability": prospect.reliability,
        "belongs": prospect.belongs,
        "standing": prospect.standing,
        "paused_until": day(prospect.pause_until_day),
        "event": prospect.event,
        "taken_up_at": instant(prospect.made_at),
        "bought_on": day(prospect.won_day),
    }


def _referrals(conn: Connection, same: list[int]) -> dict[str, Any]:
    """Return that he was brought by somebody, and how often he brought others; not who they are."""
    return {
        "brought_on": [day(one.made_day) for one in referrals.of_members(conn, same)],
        "brought_others": [
            {
                "on": day(one.made_day),
                "state": one.state.value,
                "rewarded_on": day(one.rewarded_day),
            }
            for one in referrals.brought(conn, same)
        ],
    }


def _claims(conn: Connection, same: list[int]) -> list[dict[str, Any]]:
    """Return which purchases earned by their receipts, and when they were claimed."""
    return [
        {"on": day(on), "bought_on": day(of), "points": points}
        for on, of, points in claims.days(conn, same)
    ]


def _grades(conn: Connection, ask: Ask, same: list[int]) -> list[dict[str, Any]]:
    """Return every grade that he had, why, and, to whoever sees it all, what counted for it."""
    return [
        {
            "on": day(one.day),
            "grade": one.now,
            "was": one.was,
            "reason": one.reason,
            "facts": dict(one.facts),
        }
        for one in grades.marked(conn, ask, same)
    ]


def _stages(conn: Connection, ask: Ask, same: list[int]) -> dict[str, Any]:
    """Return every stage that he reached, and what was proposed by hand."""
    told = ("stage", "was", "trigger", *(["facts"] if grades.sees_all(conn, ask) else []))
    return {
        "reached": [
            {"on": day(row["day"]), **{name: row[name] for name in told}}
            for row in marks.history(conn, marks.STAGE, same)
        ],
        "proposed": [
            {"stage": one.stage, "reason": one.reason, "at": instant(one.proposed_at)}
            for one in proposals.of_customers(conn, same)
        ],
    }


def _stalls(conn: Connection, same: list[int]) -> list[dict[str, Any]]:
    """Return when he stood still for too long, and what was decided about it."""
    return [
        {
            "stage": one.stage,
            "since": day(one.since_day),
            "told_at": instant(one.opened_at),
            "decision": one.decision,
            "reason": one.reason,
            "until": day(one.until_day),
        }
        for one in stalled.of_customers(conn, same)
    ]


def _registrations(
    conn: Connection, ask: Ask, same: list[int], codes: "pd.Series[str]"
) -> list[dict[str, Any]]:
    return [
        {
            "station": codes[row.station_id],
            "made_at": instant(row.made_at),
            "reward": row.reward,
            "confirmed_at": None if row.decided_at is None else instant(row.decided_at),
        }
        for row in registrations.of_customer(conn, same)
        if row.station_id in ask.scope.station_ids
    ]


def _talks(
    conn: Connection, ask: Ask, same: list[int], codes: "pd.Series[str]"
) -> list[dict[str, Any]]:
    return [
        {
            "station": codes[row.station_id],
            "words": notes.opened(ask.db, row),
            "written_at": instant(row.written_at),
        }
        for row in talks.of_customer(conn, same)
        if row.station_id in ask.scope.station_ids
    ]


def _occasions(conn: Connection, ask: Ask, same: list[int]) -> list[dict[str, Any]]:
    told = []
    for row in occasion_book.of_customer(conn, same):
        found = occasions.opened(ask.db, row)
        told.append(
            {
                "kind": row.kind,
                "month": found.month if found else None,
                "day": found.day if found else None,
                "year": (found.year or None) if found else None,
                "calendar": found.calendar.value if found else None,
                "in_leap_month": found.in_leap_month if found else None,
                "note": found.note if found else None,
                "written_at": instant(row.written_at),
            }
        )
    return told


def _attachments(conn: Connection, ask: Ask, same: list[int]) -> list[dict[str, Any]]:
    """Return which scans are kept; whoever hands out the file opens each and adds a print."""
    return [
        {
            "kind": row.kind,
            "media_type": row.media_type,
            "bytes": row.size_bytes,
            "name": attachments.name_of(ask.db, row),
            "written_at": instant(row.written_at),
        }
        for row in scan_book.of_customer(conn, same)
    ]


def instant(at: int) -> str:
    """Return an instant in ISO form, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def day(number: float | None) -> str | None:
    """Return a day in ISO form; none where it is not known or has no end."""
    if number is None or pd.isna(number) or not 0 < number < book.FOREVER:
        return None
    return day_date(int(number)).isoformat()

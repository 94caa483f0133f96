"""What was planned with a customer and heard of him, for his file."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from station.archive.calls import agenda, checks, claiming, facts, rests, results, wishes
from station.archive.customers import sealed
from station.archive.customers.sealed import Kind
from station.archive.database import Connection
from station.model import day_date
from station.services.ask import Ask
from station.services.personal import sealing


def sections(
    conn: Connection, ask: Ask, same: Sequence[int], codes: "pd.Series[str]"
) -> dict[str, Any]:
    """Return the parts of a person's file that tell of calls, as far as they are in sight."""
    return {
        "calls": _calls(conn, same, codes),
        "call_results": _results(conn, ask, same, codes),
        "next_contact": _next(conn, same),
        "kept_by": _kept(conn, same),
        "call_lots": _lots(conn, same),
        "wishes": _wishes(conn, same),
        "rests": _rests(conn, same),
        "complaints": _complaints(conn, ask, same, codes),
        "call_checks": _checks(conn, same, codes),
    }


def _calls(conn: Connection, same: Sequence[int], codes: "pd.Series[str]") -> list[dict[str, Any]]:
    return [
        {
            "day": _day(call.day),
            "station": codes[call.station_id],
            "purpose": call.purpose.value,
            "channel": call.channel.value,
            "status": call.status.value,
            "why": call.why,
            "facts": dict(call.facts),
        }
        for call in agenda.of_customer(conn, same)
        if call.station_id in codes.index
    ]


def _results(
    conn: Connection, ask: Ask, same: Sequence[int], codes: "pd.Series[str]"
) -> list[dict[str, Any]]:
    return [
        {
            "at": _instant(one.at),
            "station": codes[one.station_id],
            "incoming": one.is_incoming,
            "purpose": one.purpose.value,
            "channel": one.channel.value,
            "code": one.code.value,
            "satisfaction": one.satisfaction,
            "reason": one.reason,
            "need": one.need,
            "measure": one.measure,
            "promised": _day(one.promise_day),
            "next": _day(one.next_day),
            "competitor": _opened(ask, Kind.COMPETITOR, one.competitor_sealed, one.key),
            "words": _opened(ask, Kind.CALL, one.words_sealed, one.key),
        }
        for one in results.of_customer(conn, same)
        if one.station_id in codes.index
    ]


def _opened(ask: Ask, kind: Kind, words: bytes | None, key: str) -> str | None:
    return sealing.unseal(ask.db, words, place=sealed.place(kind, key=key))


def _next(conn: Connection, same: Sequence[int]) -> dict[str, Any] | None:
    found = agenda.next_of(conn, same)
    return {"day": _day(found.day), "for": found.why.value} if found else None


def _kept(conn: Connection, same: Sequence[int]) -> list[dict[str, Any]]:
    """Return when he came into other hands; not into whose, for those are other people."""
    told = claiming.keepers(conn, same)
    return [{"at": _instant(row["at"]), "how": row["how"]} for row in told.to_dict("records")]


def _lots(conn: Connection, same: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {"quarter": quarter, "day": _day(day), "called": arm == "call"}
        for quarter, day, arm in facts.lots(conn, same)
    ]


def _wishes(conn: Connection, same: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "on": _day(one.on_day),
            "channel": one.channel,
            "weekdays": one.weekdays,
            "from_min": one.from_min,
            "to_min": one.to_min,
            "most": one.most,
            "unwanted": one.is_unwanted,
            "barred": one.is_barred,
        }
        for one in wishes.ever(conn, same)
    ]


def _rests(conn: Connection, same: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "at": _instant(one.made_at),
            "reason": one.reason,
            "ended_at": None if one.ended_at is None else _instant(one.ended_at),
        }
        for one in rests.of_customer(conn, same)
    ]


def _complaints(
    conn: Connection, ask: Ask, same: Sequence[int], codes: "pd.Series[str]"
) -> list[dict[str, Any]]:
    return [
        {
            "at": _instant(one.opened_at),
            "station": codes[one.station_id],
            "said": sealing.unseal(
                ask.db,
                one.said_sealed,
                place=sealed.place(
                    Kind.COMPLAINT, customer_id=one.customer_id, opened_at=one.opened_at
                ),
            ),
            "closed_at": None if one.closed_at is None else _instant(one.closed_at),
        }
        for one in wishes.complaints_of(conn, same)
        if one.station_id in codes.index
    ]


def _checks(conn: Connection, same: Sequence[int], codes: "pd.Series[str]") -> list[dict[str, Any]]:
    """Return in which weeks he was drawn to be asked about a call, and what he said."""
    return [
        {"week_of": _day(one.week_day), "station": codes[one.station_id], "outcome": one.outcome}
        for one in checks.of_customer(conn, same)
        if one.station_id in codes.index
    ]


def _day(number: int | None) -> str | None:
    return None if number is None else day_date(number).isoformat()


def _instant(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()

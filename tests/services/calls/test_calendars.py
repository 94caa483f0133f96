"""A calendar is read by its secret and by nothing else, and names nobody."""

import re
from datetime import UTC, date, datetime

import pytest
from icalendar import Calendar
from people import make_account
from services.calls.kindness import ANNA, BERT, CARL, ELSE, Town

from station.archive.calls import agenda
from station.archive.calls.agenda import Call, Next
from station.archive.people import accounts
from station.errors import NotFoundError
from station.model import CallPurpose, Channel, Grant, Role
from station.services import access
from station.services.ask import Ask
from station.services.calls import calendars

TODAY = 20_697


@pytest.fixture(autouse=True)
def on_its_own_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "today", lambda: date(2026, 9, 1))


@pytest.fixture
def sven(town: Town) -> Ask:
    """Return the question of a member of staff with a call, a date, and a birthday to think of."""
    ask = town.as_("sven", Role.STAFF)
    own, at = ask.scope.account_id, town.now
    town.born(CARL, 9, 3)
    town.assign(CARL, "sven")
    call = {"minutes": 6, "purpose": CallPurpose.WIN_BACK, "channel": Channel.PHONE, "why": "x"}
    call |= {"made_by": "local", "made_at": at, "station_id": 1, "day": TODAY + 1}
    with town.ask.db.writing(changes_figures=False) as conn:
        agenda.add(conn, Call(customer_id=town.id(ANNA), account_id=own, at_min=570, **call))
        agenda.add(conn, Call(customer_id=town.id(ELSE), account_id=None, at_min=None, **call))
        date_ = Next(town.id(BERT), 1, own, TODAY + 5, CallPurpose.KEEP, "local", at)
        agenda.put_next(conn, date_)
    return ask


def secret_of(path: str) -> str:
    return path.removeprefix("/calendar/").removesuffix(".ics")


def read(town: Town, path: str) -> str:
    feed = calendars.feed(town.ask.db, town.ask.settings, secret_of(path))
    return feed.body.decode()


def test_a_calendar_tells_calls_dates_and_care_by_code_and_purpose(town: Town, sven: Ask) -> None:
    told = Calendar.from_ical(read(town, calendars.renew(sven, lang="en")))

    events = {(str(one["summary"]), one["dtstart"].dt) for one in told.walk("VEVENT")}
    assert events == {
        (f"Win back · {ANNA.code}", datetime(2026, 9, 2, 1, 30, tzinfo=UTC)),
        (f"Keep in touch · {BERT.code}", date(2026, 9, 6)),
        (f"Care · {CARL.code}", date(2026, 9, 3)),
        (f"Care · {CARL.code}", date(2026, 8, 31)),
    }
    assert len({str(one["uid"]) for one in told.walk("VEVENT")}) == len(told.walk("VEVENT"))


def test_a_calendar_holds_no_name_and_no_number(town: Town, sven: Ask) -> None:
    words = read(town, calendars.renew(sven, lang="zh"))
    unfolded = words.replace("\r\n ", "")

    assert not any(p.name in unfolded or p.phone[3:] in unfolded for p in (ANNA, BERT, CARL))
    assert "birthday" not in unfolded
    assert "生日" not in unfolded


def test_it_is_written_as_the_standard_says(town: Town, sven: Ask) -> None:
    words = read(town, calendars.renew(sven, lang="zh"))

    assert words.startswith("BEGIN:VCALENDAR\r\n")
    assert words.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in words.split("\r\n"))
    assert re.search(r"^VERSION:2.0\r$", words, re.MULTILINE)


def test_the_same_calendar_has_the_same_tag(town: Town, sven: Ask) -> None:
    secret = secret_of(calendars.renew(sven, lang="zh"))

    tags = {calendars.feed(town.ask.db, town.ask.settings, secret).tag for _ in range(3)}

    assert len(tags) == 1


def test_the_archive_keeps_no_secret(town: Town, sven: Ask) -> None:
    secret = secret_of(calendars.renew(sven, lang="zh"))

    with town.ask.db.reading() as conn:
        link = calendars.links.of_account(conn, sven.scope.account_id)
    assert link is not None
    assert secret not in str(link)
    assert len(link.token_hash) == 64


def test_a_new_link_ends_the_one_before_and_a_revoked_one_leads_nowhere(
    anytown: Town,
) -> None:
    ask = anytown.as_("sven", Role.STAFF)
    first = calendars.renew(ask, lang="zh")
    second = calendars.renew(ask, lang="zh")

    with pytest.raises(NotFoundError):
        read(anytown, first)
    assert read(anytown, second)
    calendars.revoke(ask)
    with pytest.raises(NotFoundError):
        read(anytown, second)
    assert calendars.subscribed(ask) is None


@pytest.mark.parametrize("secret", ["", "x", "a" * 43, "a" * 42, "é" * 43, "../../etc", "a" * 9999])
def test_nothing_is_read_without_the_secret(town: Town, sven: Ask, secret: str) -> None:
    calendars.renew(sven, lang="zh")

    with pytest.raises(NotFoundError):
        read(town, secret)


def test_whoever_is_locked_out_or_works_elsewhere_has_no_calendar(town: Town, sven: Ask) -> None:
    path = calendars.renew(sven, lang="zh")
    with town.ask.db.writing(changes_figures=False) as conn:
        accounts.change(conn, sven.scope.account_id, disabled_at=1)

    with pytest.raises(NotFoundError):
        read(town, path)


def test_nobody_without_an_account_has_one(town: Town) -> None:
    make_account(town.ask.db, "tina", Grant(Role.STAFF, station_id=1))

    with pytest.raises(NotFoundError):
        calendars.renew(town.ask, lang="zh")

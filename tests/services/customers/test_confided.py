"""Notes, family occasions and scans: sealed, for whoever works there, gone when they must be."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from time import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import scope_for
from town import NOW, Person, ask_of, at, one, sell, settle, visit

from station.archive.customers import consents, talks
from station.archive.database import Database
from station.config import Settings
from station.contact import scans
from station.contact.scans import AttachmentRules
from station.errors import (
    BadValueError,
    LimitReachedError,
    NotAllowedError,
    NotFoundError,
)
from station.model import Channel, Consent, ConsentSource, Purpose, Role, day_number
from station.services import access, keeping
from station.services.ask import Ask
from station.services.customers import attachments, contacts, notes, occasions
from station.services.customers.attachments import ScanKind
from station.services.customers.occasions import Calendar, Occasion, OccasionKind
from station.services.personal import erasure, privacy

FIRST, ELSEWHERE = Person(1), Person(2, station="S2")
BIRTHDAY = Occasion(OccasionKind.BIRTHDAY, 2, 29, note="likes tea")
PDF = b"%PDF-1.7\nsome words\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR....\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0 picture \xff\xd9"


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on one customer of S1 and one of S2."""
    settle(db, [FIRST, ELSEWHERE])
    sell(db, [visit(p, days) for p in (FIRST, ELSEWHERE) for days in (0, 5)])
    return ask_of(db)


def staff(ask: Ask, code: str = "S1", role: Role = Role.STAFF, name: str = "") -> Ask:
    scope = scope_for(ask.db, name or f"clerk.{code.lower()}", at(ask.db, code, role))
    return replace(ask, scope=replace(scope, version=None))


def agree(ask: Ask, *, given: bool = True, channel: Channel = Channel.SMS) -> None:
    privacy.record_consent(
        ask,
        customer_id=1,
        purpose=Purpose.CARE,
        channel=channel,
        given=given,
        source=ConsentSource.COUNTER,
    )


# --- notes ------------------------------------------------------------------------------------


def test_notes_are_read_by_whoever_works_where_he_is_known_the_newest_first(ask: Ask) -> None:
    clerk = staff(ask)
    for words in ("asked for diesel", "was friendly"):
        notes.add(clerk, customer_id=1, words=words)

    told = notes.listing(staff(ask, name="other"), customer_id=1)

    assert [(note.words, note.station, note.account) for note in told] == [
        ("was friendly", "Station S1", "clerk.s1"),
        ("asked for diesel", "Station S1", "clerk.s1"),
    ]
    assert b"diesel" not in bytes(one(ask, "SELECT words_sealed FROM customer_notes LIMIT 1"))


def test_a_guests_notes_are_read_at_both_stations_but_not_where_they_were_written(
    ask: Ask,
) -> None:
    sell(ask.db, [visit(FIRST, 1, station="S2", receipt_no="guest")])
    notes.add(staff(ask), customer_id=1, words="prefers mornings")

    (note,) = notes.listing(staff(ask, "S2"), customer_id=1)

    assert (note.words, note.station) == ("prefers mornings", "")


@pytest.mark.parametrize("role", [Role.REGIONAL, Role.AUDITOR, Role.ADMINISTRATOR])
def test_whoever_does_not_work_there_reads_no_note(ask: Ask, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        notes.listing(staff(ask, role=role), customer_id=1)


@pytest.mark.parametrize("words", ["", "  \n ", "x" * 1001])
def test_a_note_that_says_nothing_or_too_much_is_refused(ask: Ask, words: str) -> None:
    with pytest.raises(BadValueError):
        notes.add(ask, customer_id=1, words=words)


def test_notes_lose_their_words_after_their_years(ask: Ask) -> None:
    notes.add(ask, customer_id=1, words="asked for diesel")
    keeping.nightly(ask)
    assert notes.listing(ask, customer_id=1)[0].words == "asked for diesel"

    with ask.db.writing() as conn:
        assert talks.forget(conn, NOW * 2) == 1
        assert talks.forget(conn, NOW * 2) == 0

    assert notes.listing(ask, customer_id=1)[0].words == ""


# --- occasions --------------------------------------------------------------------------------


def test_without_consent_no_occasion_is_kept(ask: Ask) -> None:
    with pytest.raises(NotAllowedError, match=r"occasions\.no_consent"):
        occasions.add(ask, customer_id=1, occasion=BIRTHDAY)

    assert one(ask, "SELECT count(*) FROM occasions") == 0


def test_an_occasion_is_listed_without_its_day_and_opened_for_a_reason(ask: Ask) -> None:
    agree(ask)
    occasions.add(ask, customer_id=1, occasion=BIRTHDAY)

    shown = occasions.listing(ask, customer_id=1)
    assert [(kept.kind, shown.is_wanted) for kept in shown.kept] == [("birthday", True)]
    assert "29" not in repr(shown.kept[0].kind)
    with pytest.raises(BadValueError, match=r"error\.reason_needed"):
        occasions.reveal(ask, customer_id=1, reason=" ")

    assert occasions.reveal(ask, customer_id=1, reason="a card for him") == [BIRTHDAY]
    assert one(ask, "SELECT count(*) FROM audit WHERE act = 'reveal'") == 1


def test_only_whoever_may_open_his_telephone_opens_his_occasions(ask: Ask) -> None:
    agree(ask)
    clerk = staff(ask)
    occasions.add(clerk, customer_id=1, occasion=BIRTHDAY)
    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        occasions.reveal(clerk, customer_id=1, reason="a card for him")

    contacts.assign(ask, customer_id=1, keeper="clerk.s1")

    assert occasions.reveal(clerk, customer_id=1, reason="a card for him") == [BIRTHDAY]


def test_opening_occasions_counts_against_the_day(ask: Ask) -> None:
    agree(ask)
    occasions.add(ask, customer_id=1, occasion=BIRTHDAY)
    rules = replace(Settings(), looks=replace(Settings().looks, reveals_per_day=1))
    ask = replace(ask, settings=rules)
    occasions.reveal(ask, customer_id=1, reason="a card for him")

    with pytest.raises(LimitReachedError):
        occasions.reveal(ask, customer_id=1, reason="a card for him")


WAYS = st.sampled_from([Channel.SMS, Channel.PHONE, Channel.WECHAT])
SAID = st.lists(st.tuples(WAYS, st.booleans()), max_size=8)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said=SAID)
def test_occasions_are_gone_exactly_when_no_consent_to_care_is_left(
    ask: Ask, said: list[tuple[Channel, bool]]
) -> None:
    standing = dict.fromkeys([Channel.SMS, Channel.PHONE, Channel.WECHAT], False)
    for channel in standing:
        agree(ask, given=False, channel=channel)
    assert occasions.listing(ask, customer_id=1).kept == ()
    for channel, yes in said:
        agree(ask, given=yes, channel=channel)
        standing[channel] = yes
        kept = occasions.listing(ask, customer_id=1).kept
        if not any(standing.values()):
            assert kept == ()
        elif not kept:
            occasions.add(ask, customer_id=1, occasion=BIRTHDAY)


def test_withdrawing_another_purpose_forgets_no_occasion(ask: Ask) -> None:
    agree(ask)
    occasions.add(ask, customer_id=1, occasion=BIRTHDAY)
    privacy.record_consent(
        ask,
        customer_id=1,
        purpose=Purpose.MARKETING,
        channel=Channel.SMS,
        given=False,
        source=ConsentSource.COUNTER,
    )

    keeping.nightly(ask)

    assert len(occasions.listing(ask, customer_id=1).kept) == 1


def test_the_nightly_work_forgets_what_nobody_wants_any_more(ask: Ask) -> None:
    agree(ask)
    occasions.add(ask, customer_id=1, occasion=BIRTHDAY)
    day, no = day_number(access.today()), ConsentSource.LETTER
    word = Consent(1, Purpose.CARE, Channel.SMS, False, no, "", day, "clerk", int(time()))
    with ask.db.writing() as conn:
        consents.add(conn, [word])

    keeping.nightly(ask)

    assert occasions.listing(ask, customer_id=1).kept == ()


def test_one_occasion_is_removed_with_a_reason(ask: Ask) -> None:
    agree(ask)
    occasions.add(ask, customer_id=1, occasion=BIRTHDAY)
    (kept,) = occasions.listing(ask, customer_id=1).kept
    with pytest.raises(NotFoundError):
        occasions.remove(ask, customer_id=1, occasion_id=999, reason="wrong")
    with pytest.raises(NotFoundError):
        occasions.remove(ask, customer_id=2, occasion_id=kept.id, reason="wrong")

    occasions.remove(ask, customer_id=1, occasion_id=kept.id, reason="wrong")

    assert occasions.listing(ask, customer_id=1).kept == ()


# --- scans ------------------------------------------------------------------------------------


def attach(ask: Ask, content: bytes = PDF, name: str = "甲示川 contract.exe") -> None:
    attachments.add(ask, customer_id=1, kind=ScanKind.CONTRACT, name=name, content=content)


@pytest.mark.parametrize(
    ("content", "media", "name"),
    [
        (PDF, "application/pdf", "甲示川 contract.pdf"),
        (PNG, "image/png", "甲示川 contract.png"),
        (JPEG, "image/jpeg", "甲示川 contract.jpg"),
    ],
)
def test_a_scan_is_known_by_its_content_and_comes_back_as_it_was(
    ask: Ask, content: bytes, media: str, name: str
) -> None:
    attach(ask, content)

    (scan,) = attachments.listing(ask, customer_id=1).scans
    assert (scan.media_type, scan.name, scan.size_bytes) == (media, name, len(content))
    assert attachments.opened(ask, customer_id=1, attachment_id=scan.id, reason="audit") == content
    assert content[8:] not in bytes(one(ask, "SELECT content_sealed FROM attachments"))
    events = "SELECT count(*) FROM audit WHERE object = 'customer:1:attachment'"
    assert one(ask, events) == 2


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "attachments.unknown_kind"),
        (b"MZ\x90\x00", "attachments.unknown_kind"),
        (b"<html>", "attachments.unknown_kind"),
        (b"GIF89a", "attachments.unknown_kind"),
        (PDF[:-6], "attachments.not_whole"),
        (PNG[:-4], "attachments.not_whole"),
        (JPEG[:-2], "attachments.not_whole"),
        (PDF.replace(b"some words", b"<< /S /JavaScript >>"), "attachments.acts"),
        (PDF.replace(b"some words", b"<< /S /JavaScr#69pt >>"), "attachments.acts"),
        (PDF.replace(b"some words", b"x" * 6_000_000), "attachments.too_large"),
    ],
)
def test_what_is_no_scan_is_refused(ask: Ask, content: bytes, key: str) -> None:
    with pytest.raises(BadValueError) as refused:
        attach(ask, content)

    assert refused.value.key == key
    assert attachments.listing(ask, customer_id=1).scans == ()


@pytest.mark.parametrize(
    "numbers", [{"max_files": 1}, {"max_total_kilobytes": 0}], ids=["files", "bytes"]
)
def test_a_customer_has_room_for_so_much(ask: Ask, numbers: dict[str, int]) -> None:
    if "max_files" in numbers:
        attach(ask)
    tight = replace(AttachmentRules(), **numbers)
    ask = replace(ask, settings=replace(Settings(), attachments=tight))

    with pytest.raises(LimitReachedError, match=r"attachments\.no_room"):
        attach(ask)


def test_everybody_there_sees_that_a_scan_is_kept_and_not_how_it_is_called(ask: Ask) -> None:
    attach(ask)
    clerk = staff(ask)

    shown = attachments.listing(clerk, customer_id=1)

    assert (shown.may_open, [(s.kind, s.name) for s in shown.scans]) == (False, [("contract", "")])
    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        attachments.opened(clerk, customer_id=1, attachment_id=1, reason="audit")


def test_a_scan_of_another_customer_is_not_there(ask: Ask) -> None:
    attach(ask)
    for deed in (
        lambda: attachments.opened(ask, customer_id=2, attachment_id=1, reason="x"),
        lambda: attachments.remove(ask, customer_id=2, attachment_id=1, reason="x"),
    ):
        with pytest.raises(NotFoundError, match=r"attachments\.none"):
            deed()


def test_a_scan_is_removed_with_a_reason(ask: Ask) -> None:
    attach(ask)
    with pytest.raises(BadValueError):
        attachments.remove(ask, customer_id=1, attachment_id=1, reason="")

    attachments.remove(ask, customer_id=1, attachment_id=1, reason="wrong file")

    assert attachments.listing(ask, customer_id=1).scans == ()


@given(st.text(max_size=200))
def test_a_tidied_name_is_short_has_no_path_and_ends_as_its_content(name: str) -> None:
    tidied = scans.tidy(name, scans.PDF)

    assert tidied.endswith(".pdf")
    assert 4 < len(tidied) <= scans.LONGEST_NAME + 4
    assert not set('/\\:*?"<>|\r\n\x00') & set(tidied)
    assert not tidied.startswith(".")
    assert scans.tidy(tidied, scans.PDF) == tidied


# --- of all of them ---------------------------------------------------------------------------

OUT_OF_SIGHT: dict[str, Callable[[Ask, int], object]] = {
    "notes": lambda ask, n: notes.listing(ask, customer_id=n),
    "note": lambda ask, n: notes.add(ask, customer_id=n, words="x"),
    "occasions": lambda ask, n: occasions.listing(ask, customer_id=n),
    "occasion": lambda ask, n: occasions.add(ask, customer_id=n, occasion=BIRTHDAY),
    "reveal": lambda ask, n: occasions.reveal(ask, customer_id=n, reason="x"),
    "forget": lambda ask, n: occasions.remove(ask, customer_id=n, occasion_id=1, reason="x"),
    "scans": lambda ask, n: attachments.listing(ask, customer_id=n),
    "scan": lambda ask, n: attachments.add(
        ask, customer_id=n, kind=ScanKind.OTHER, name="", content=PDF
    ),
    "open": lambda ask, n: attachments.opened(ask, customer_id=n, attachment_id=1, reason="x"),
    "remove": lambda ask, n: attachments.remove(ask, customer_id=n, attachment_id=1, reason="x"),
}


def test_a_customer_out_of_sight_answers_like_none(ask: Ask) -> None:
    clerk, answers = staff(ask), []
    for deed in OUT_OF_SIGHT.values():
        for customer_id in (2, 999):
            with pytest.raises(NotFoundError) as refused:
                deed(clerk, customer_id)
            answers.append((refused.value.key, str(refused.value.facts)))

    assert all(one == other for one, other in pairwise(answers))


def confide(ask: Ask) -> None:
    agree(ask)
    notes.add(ask, customer_id=1, words="asked for diesel")
    occasions.add(ask, customer_id=1, occasion=BIRTHDAY)
    attach(ask)


def test_his_file_tells_all_that_was_confided(ask: Ask) -> None:
    confide(ask)

    file = privacy.person_file(ask, customer_id=1, identity="card", reason="asked")

    assert [talk["words"] for talk in file["talks"]] == ["asked for diesel"]
    assert [(day["month"], day["day"], day["note"]) for day in file["occasions"]] == [
        (2, 29, "likes tea")
    ]
    assert [scan["name"] for scan in file["attachments"]] == ["甲示川 contract.pdf"]
    assert privacy.as_json(file)


def test_an_erased_person_leaves_nothing_that_was_confided(ask: Ask) -> None:
    confide(ask)

    erasure.erase(ask, customer_id=1, reason="asked")

    for table in ("customer_notes", "occasions", "attachments"):
        assert one(ask, f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - our own names


@pytest.mark.parametrize(
    ("month", "day", "year", "calendar"),
    [
        (2, 29, 2023, Calendar.SOLAR),
        (13, 1, 0, Calendar.SOLAR),
        (4, 31, 0, Calendar.SOLAR),
        (0, 1, 0, Calendar.LUNAR),
        (1, 31, 0, Calendar.LUNAR),
        (1, 1, 1, Calendar.SOLAR),
    ],
)
def test_a_day_that_is_none_is_refused(month: int, day: int, year: int, calendar: Calendar) -> None:
    with pytest.raises(BadValueError, match=r"occasions\.no_day"):
        Occasion(OccasionKind.OTHER, month, day, year, calendar)


@pytest.mark.parametrize(
    ("month", "day", "calendar"), [(2, 29, Calendar.SOLAR), (2, 30, Calendar.LUNAR)]
)
def test_a_day_without_a_year_may_be_rare(month: int, day: int, calendar: Calendar) -> None:
    assert Occasion(OccasionKind.OTHER, month, day, 0, calendar).day == day

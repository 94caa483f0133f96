"""Overdue cars whom nobody can reach are watched for at the counter."""

from services.calls.test_calling import alarmed
from services.calls.ward import ABROAD, LI, TODAY, WANG, Ward
from sqlalchemy import update

from station.archive.tables import customers
from station.services.calls import watching


def without_phone(ward: Ward) -> None:
    """Let nothing be kept of how LI is reached."""
    with ward.ask.db.writing() as conn:
        change = update(customers).where(customers.c.id == ward.who(LI))
        conn.execute(change.values(phone_sealed=None, phone_index=None))


def test_only_who_is_overdue_and_cannot_be_reached_is_watched_for(ward: Ward) -> None:
    without_phone(ward)
    for person, day in ((LI, TODAY - 3), (WANG, TODAY - 3), (ABROAD, TODAY - 3)):
        alarmed(ward, person, day)

    (told,) = watching.watched(ward.clerk, limit=9)

    assert (told.label, told.silent_days, told.is_known) == (LI.plate, 40, True)
    plates = [LI.plate, WANG.plate, ABROAD.plate, ""]
    assert watching.expected(ward.clerk, labels=plates) == [told]
    assert watching.expected(ward.elsewhere, labels=plates) == []


def test_who_is_overdue_for_long_or_not_yet_is_not_watched_for(ward: Ward) -> None:
    without_phone(ward)
    alarmed(ward, LI, TODAY + 1)
    assert watching.watched(ward.clerk, limit=9) == []

    ward.now += 60 * 86_400

    assert watching.watched(ward.clerk, limit=9) == []

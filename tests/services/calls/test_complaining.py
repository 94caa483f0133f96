"""A complaint is closed by whoever is in reach of it, with a reason, and asked about afterwards."""

import pytest
from services.calls.ward import ABROAD, LI, TODAY, Ward
from town import one

from station.archive.calls import agenda, wishes
from station.errors import BadValueError, NotFoundError
from station.model import CallCode, CallPurpose
from station.services.calls import brief, complaining

NOTED = "SELECT reason FROM audit WHERE reason <> ''"


def complained(ward: Ward) -> int:
    """Return the complaint that Li just made on the telephone."""
    ward.keep(LI, ward.clerk)
    ward.save(ward.clerk, LI, CallCode.COMPLAINT, words="加错了油", is_incoming=True)
    (told,) = complaining.listing(ward.clerk, customer_id=ward.who(LI))
    assert (told.said, told.station, told.account) == ("加错了油", "S1", "clerk")
    return told.id


def test_a_closed_complaint_lets_sell_again_and_sets_a_date_of_aftercare(anywhere: Ward) -> None:
    number = complained(anywhere)

    complaining.close(anywhere.clerk, complaint_id=number, reason="退还差价")

    li = anywhere.who(LI)
    told = brief.of(anywhere.clerk, customer_id=li, purpose=CallPurpose.KEEP)
    assert complaining.listing(anywhere.clerk, customer_id=li) == []
    assert "open_complaint" not in told.against
    assert one(anywhere.ask, NOTED) == "退还差价"
    with anywhere.ask.db.reading() as conn:
        date = agenda.next_of(conn, [li])
        (kept,) = wishes.complaints_of(conn, [li])
    assert (kept.closed_at, kept.closed_by) == (anywhere.now, "clerk")
    assert date is not None
    assert (date.day, date.why) == (TODAY + 3, CallPurpose.AFTERCARE)


def test_a_complaint_is_closed_once_and_by_nobody_elsewhere(ward: Ward) -> None:
    number = complained(ward)

    with pytest.raises(NotFoundError, match=r"complaining\.unknown"):
        complaining.close(ward.elsewhere, complaint_id=number, reason="退还差价")
    with pytest.raises(NotFoundError, match=r"complaining\.unknown"):
        complaining.close(ward.clerk, complaint_id=number + 1, reason="退还差价")
    complaining.close(ward.manager, complaint_id=number, reason="退还差价")
    with pytest.raises(BadValueError, match=r"complaining\.closed_before"):
        complaining.close(ward.clerk, complaint_id=number, reason="退还差价")


@pytest.mark.parametrize(
    ("reason", "key"), [(" ", "error.reason_needed"), ("{name} 满意", "contacts.reason_names")]
)
def test_a_complaint_is_closed_for_a_reason_that_names_nobody(
    ward: Ward, reason: str, key: str
) -> None:
    number = complained(ward)

    with pytest.raises(BadValueError, match=key):
        complaining.close(ward.clerk, complaint_id=number, reason=reason.format(name=LI.name))

    assert complaining.listing(ward.clerk, customer_id=ward.who(LI))


def test_of_a_complaint_at_another_station_only_that_it_is_open_is_told(ward: Ward) -> None:
    with ward.ask.db.writing() as conn:
        told = wishes.Complaint(ward.who(LI), ward.station(ABROAD.station), None, "far", 1)
        wishes.complain(conn, told)

    (seen,) = complaining.listing(ward.clerk, customer_id=ward.who(LI))

    assert (seen.id, seen.station, seen.said, seen.account) == (0, "", None, "")

"""Who is silent for long is put to rest: no plan, no date, until he comes or it is undone."""

from dataclasses import replace

import pytest
from services.calls.ward import ABROAD, LI, TODAY, WANG, Ward

from station.archive.calls import agenda, rests
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import CallCode, CallPurpose, day_date
from station.services import board
from station.services.ask import Ask
from station.services.calls import gathering, reminding, resting


def silent_ask(ward: Ward) -> Ask:
    """Return the manager's question where forty days are long."""
    rules = replace(ward.manager.settings.calls, silent_days=35)
    ask = replace(ward.manager, settings=replace(ward.manager.settings, calls=rules))
    return replace(ask, as_of=board.last_day(ask))


def at_home(ward: Ward) -> set[int]:
    seen = gathering.looked_up(ward.ask, ward.station())
    with ward.ask.db.reading() as conn:
        return {one.customer_id for one in gathering.at_home(conn, seen, ward.station())}


def test_who_rests_is_in_no_plan_and_no_reminder_until_he_comes(anywhere: Ward) -> None:
    li, wang = anywhere.who(LI), anywhere.who(WANG)
    anywhere.fills(ABROAD, TODAY)  # the record goes on
    anywhere.keep(LI, anywhere.clerk)
    call = anywhere.plan(LI, anywhere.clerk, day=TODAY + 3)
    reminding.set_next(anywhere.clerk, customer_id=li, on=day_date(TODAY + 9), why=CallPurpose.KEEP)
    ask = silent_ask(anywhere)
    assert set(resting.silent(ask)["customer_id"]) == {li, wang} <= at_home(anywhere)

    assert resting.put(ask, customer_ids=[li, li], reason="moved away") == 1

    assert set(resting.silent(ask)["customer_id"]) == {wang}
    assert resting.resting(ask)["customer_id"].tolist() == [li]
    assert li not in at_home(anywhere)
    assert reminding.next_of(anywhere.clerk, customer_id=li) is None
    with anywhere.ask.db.reading() as conn:
        planned = agenda.find(conn, call)
        assert planned is not None
        assert (planned.status, planned.cancel_reason) == ("cancelled", "manager")
    anywhere.fills(LI, TODAY)
    assert li in at_home(anywhere)
    assert resting.resting(ask).empty


def test_one_press_takes_it_back_and_a_talk_keeps_from_the_list(ward: Ward) -> None:
    ward.fills(ABROAD, TODAY)
    ward.keep(WANG, ward.clerk)
    ward.save(ward.clerk, WANG, CallCode.OK)
    ask, li = silent_ask(ward), ward.who(LI)
    assert resting.silent(ask)["customer_id"].tolist() == [li]
    resting.put(ask, customer_ids=[li], reason="moved away")

    assert resting.wake(ask, customer_ids=[li]) == 1

    assert resting.wake(ask, customer_ids=[li]) == 0
    assert resting.silent(ask)["customer_id"].tolist() == [li]
    with ward.ask.db.reading() as conn:
        (told,) = rests.of_customer(conn, [li])
    assert (told.account, told.ended_by) == ("boss", "boss")
    with pytest.raises(BadValueError):
        resting.put(ask, customer_ids=[li], reason=" ")
    with pytest.raises(NotFoundError):
        resting.put(ask, customer_ids=[li, ward.who(ABROAD)], reason="far")
    with pytest.raises(NotAllowedError):
        resting.put(ward.clerk, customer_ids=[li], reason="moved away")
    assert resting.resting(ask).empty

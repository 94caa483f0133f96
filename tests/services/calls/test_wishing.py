"""What a customer wants is written down, shown, and obeyed by the next call."""

from typing import Any

import pytest
from services.calls.ward import LI, TODAY, WANG, Ward

from station.archive.calls import wishes
from station.contact.rules import Person
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import CallCode, CallPurpose, Channel, ConsentSource, day_date
from station.services.access import today
from station.services.ask import Ask
from station.services.calls import allowed, calling, claims, wishing
from station.services.calls.wishing import Wanted
from station.services.customers import contacts, merging
from station.services.people import audit

KEEP = CallPurpose.KEEP
NEEDING_MORE = {CallCode.DNC_REQUEST, CallCode.COMPLAINT}


def wish(ward: Ward, days_ago: int = 0, **wanted: Any) -> None:
    on, source = day_date(TODAY - days_ago), ConsentSource.COUNTER
    told = Wanted(**{"channel": Channel.PHONE} | wanted)
    wishing.wish(ward.clerk, customer_id=ward.who(LI), wanted=told, source=source, on=on)


def lift(ward: Ward, ask: Ask, *, days_ago: int = 0, why: str = "signed at the counter") -> None:
    his = {"customer_id": ward.who(LI), "channel": Channel.PHONE}
    on = day_date(TODAY - days_ago)
    wishing.lift(ask, **his, source=ConsentSource.PAPER, on=on, why=why)


def rules_for(ward: Ward) -> Person:
    """Return how a customer stands before the rules of contact."""
    with ward.ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ward.ask, ward.who(LI))
        now = claims.moment_of(conn, seen)
        return allowed.people(conn, [ward.who(LI)], now)[ward.who(LI)]


def test_a_wish_is_shown_with_its_source_and_obeyed(anywhere: Ward) -> None:
    li = anywhere.who(LI)
    anywhere.keep(LI, anywhere.clerk)

    wish(anywhere, weekdays=[7, 6], from_min=1080, to_min=1140, most=1)

    (told,) = wishing.counting(anywhere.clerk, customer_id=li)
    assert (told.weekdays, told.from_min, told.to_min, told.most) == ("67", 1080, 1140, 1)
    assert (told.source, told.on_day, told.account) == ("counter", TODAY, "clerk")
    with pytest.raises(NotAllowedError, match=r"calls\.rule_wished_hours"):
        calling.dial(anywhere.clerk, customer_id=li, purpose=KEEP)
    wish(anywhere)
    assert calling.dial(anywhere.clerk, customer_id=li, purpose=KEEP)


def test_what_he_said_last_counts_one_of_each_way(ward: Ward) -> None:
    wish(ward, 2, most=4)
    wish(ward, 1, channel=None, most=3)
    wish(ward, 0, most=2)

    told = wishing.counting(ward.manager, customer_id=ward.who(LI))

    assert [(one.channel, one.most) for one in told] == [(None, 3), (Channel.PHONE, 2)]
    with pytest.raises(BadValueError, match=r"wishing\.bad_day"):
        wish(ward, 1, most=9)


def test_a_wish_for_an_hour_does_not_lift_the_bar_on_calls(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    ward.save(ward.clerk, LI, CallCode.DNC_REQUEST)

    wish(ward, from_min=600)

    (told,) = wishing.counting(ward.clerk, customer_id=ward.who(LI))
    assert told.is_barred
    with pytest.raises(NotAllowedError, match=r"calls\.rule_do_not_call"):
        calling.dial(ward.clerk, customer_id=ward.who(LI), purpose=CallPurpose.SERVICE)


def test_a_bar_stands_until_a_manager_writes_down_that_he_lifts_it(ward: Ward) -> None:
    li = ward.who(LI)
    ward.keep(LI, ward.clerk)
    wish(ward, from_min=480)
    before = rules_for(ward)
    ward.save(ward.clerk, LI, CallCode.DNC_REQUEST)
    for code in set(CallCode) - NEEDING_MORE:
        ward.save(ward.clerk, LI, code, is_incoming=True)
    assert Channel.PHONE in rules_for(ward).do_not_call

    lift(ward, ward.manager)

    assert rules_for(ward).do_not_call == before.do_not_call == frozenset()
    assert rules_for(ward).wishes == before.wishes
    assert calling.dial(ward.clerk, customer_id=li, purpose=CallPurpose.SERVICE)
    with pytest.raises(NotAllowedError, match=r"calls\.rule_denied"):  # what he agreed to is gone
        calling.dial(ward.clerk, customer_id=li, purpose=KEEP)
    told = wishing.history(ward.clerk, customer_id=li)
    assert [(one.is_lift, one.wish.is_barred) for one in told][::2] == [(True, False), (False,) * 2]
    assert (told[0].wish.account, told[0].wish.source) == ("boss", "paper")
    assert told[1].wish.is_barred
    last = audit.events(ward.ask, from_on=today(), to_on=today(), account="boss").iloc[0]
    assert last["object"] == f"customer:{li}:bar_lifted"
    assert last["reason"] == "phone: signed at the counter"
    with pytest.raises(BadValueError, match=r"wishing\.not_barred"):
        lift(ward, ward.manager)


def test_who_calls_lifts_no_bar_and_none_elsewhere(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    ward.save(ward.clerk, LI, CallCode.DNC_REQUEST)

    for ask in (ward.clerk, ward.elsewhere):
        with pytest.raises(NotAllowedError):
            lift(ward, ask)
    with pytest.raises(BadValueError, match=r"error\.reason_needed"):
        lift(ward, ward.manager, why=" ")
    with pytest.raises(BadValueError, match=r"wishing\.bad_day"):
        lift(ward, ward.manager, days_ago=1)


@pytest.mark.parametrize(
    "wanted",
    [
        {"from_min": 600, "to_min": 600},
        {"from_min": -1},
        {"to_min": 1441},
        {"weekdays": [0]},
        {"weekdays": [8]},
        {"most": 0},
        {"most": 31},
        {"days_ago": -1},
    ],
)
def test_a_wish_that_cannot_be_is_refused(ward: Ward, wanted: dict[str, Any]) -> None:
    with pytest.raises(BadValueError, match=r"wishing\.bad_"):
        wish(ward, **wanted)


def test_nobody_elsewhere_writes_or_reads_a_wish(ward: Ward) -> None:
    his = {"customer_id": ward.who(LI)}

    with pytest.raises(NotFoundError):
        wishing.counting(ward.elsewhere, **his)
    on, source = day_date(TODAY), ConsentSource.CALL
    with pytest.raises(NotFoundError):
        wishing.wish(ward.elsewhere, **his, wanted=Wanted(), source=source, on=on)


def test_of_one_who_stood_twice_the_wish_he_says_last_counts(ward: Ward) -> None:
    first, second = ward.who(LI), ward.who(WANG)
    on, source = day_date(TODAY), ConsentSource.COUNTER
    for customer_id, most in ((first, 4), (second, 1)):
        wishing.wish(
            ward.clerk, customer_id=customer_id, wanted=Wanted(most=most), source=source, on=on
        )
    merging.merge(ward.ask, kept_id=first, gone_id=second, reason="one telephone")

    wishing.wish(ward.clerk, customer_id=second, wanted=Wanted(most=3), source=source, on=on)

    (told,) = wishing.counting(ward.clerk, customer_id=first)
    with ward.ask.db.reading() as conn:
        standing = wishes.standing(conn, [first, second], TODAY)
    assert told.most == 3
    assert {one.most for some in standing.values() for one in some} == {3}

"""One person at a time may contact a customer; the pool, private lists and handing over."""

from dataclasses import replace
from threading import Barrier, Thread

import pytest
from services.calls.ward import ABROAD, LI, TEN, WANG, Ward
from sqlalchemy.exc import IntegrityError

from station.archive.calls import agenda, claiming
from station.archive.calls.claiming import Claim
from station.archive.customers import book, merging
from station.contact.calls import CallRules
from station.errors import BadValueError, LimitReachedError, NotAllowedError, NotFoundError
from station.model import DAY_S, CallCode, CallPurpose, ClaimKind
from station.services.access import today
from station.services.ask import Ask
from station.services.calls import calling, claims, reminding
from station.services.calls.nights import look_after
from station.services.people import audit

MANY = 100


def keeper_of(ward: Ward, person: object) -> str:
    with ward.ask.db.reading() as conn:
        return book.sure(conn, ward.who(person)).keeper


def test_of_many_who_claim_a_customer_at_once_one_wins(anywhere: Ward) -> None:
    start, won, lost = Barrier(MANY), [], []

    def take(ask: Ask) -> None:
        start.wait()
        try:
            claims.claim(ask, customer_id=anywhere.who(LI))
            won.append(ask.scope.account)
        except NotAllowedError:
            lost.append(ask.scope.account)

    asks = [anywhere.clerk, anywhere.colleague]
    threads = [Thread(target=take, args=(asks[number % 2],)) for number in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) + len(lost) == MANY
    assert len(set(won)) == 1, "who has him already keeps him"
    assert set(lost) == {"clerk", "colleague"} - set(won)
    with anywhere.ask.db.reading() as conn:
        assert len(claiming.active(conn, [anywhere.who(LI)])) == 1


def test_the_database_itself_refuses_a_second_claim(anywhere: Ward) -> None:
    claim = Claim(
        anywhere.who(LI), anywhere.clerk.scope.account_id, anywhere.station(),
        ClaimKind.LOCK, TEN, None,
    )  # fmt: skip
    with anywhere.ask.db.writing() as conn:
        claiming.add(conn, claim)

    with pytest.raises(IntegrityError), anywhere.ask.db.writing() as conn:
        claiming.add(conn, claim)


def test_whoever_takes_a_customer_from_the_pool_looks_after_him(ward: Ward) -> None:
    assert [one.customer_id for one in claims.pool(ward.clerk, limit=9).shown] == [
        ward.who(LI),
        ward.who(WANG),
    ]

    claims.claim(ward.clerk, customer_id=ward.who(LI))

    assert keeper_of(ward, LI) == "clerk"
    assert [one.customer_id for one in claims.mine(ward.clerk, limit=9).shown] == [ward.who(LI)]
    assert [one.customer_id for one in claims.pool(ward.colleague, limit=9).shown] == [
        ward.who(WANG)
    ]
    history = claims.keeper_history(ward.clerk, customer_id=ward.who(LI))
    assert history[["old", "new", "how"]].to_numpy().tolist() == [["", "clerk", "claimed"]]


def test_nobody_takes_whom_he_gave_back_before_the_ban_is_over(ward: Ward) -> None:
    claims.claim(ward.clerk, customer_id=ward.who(LI))
    claims.release(ward.clerk, customer_id=ward.who(LI))
    assert keeper_of(ward, LI) == ""

    with pytest.raises(NotAllowedError, match=r"calls\.banned"):
        claims.claim(ward.clerk, customer_id=ward.who(LI))
    claims.claim(ward.colleague, customer_id=ward.who(LI))
    claims.release(ward.colleague, customer_id=ward.who(LI))
    ward.now += 31 * DAY_S

    claims.claim(ward.clerk, customer_id=ward.who(LI))

    assert keeper_of(ward, LI) == "clerk"


def test_no_more_are_taken_in_a_day_than_the_rules_allow(ward: Ward) -> None:
    settings = replace(ward.ask.settings, calls=CallRules(pool_per_day=1))
    clerk = replace(ward.clerk, settings=settings)
    claims.claim(clerk, customer_id=ward.who(LI))
    claims.claim(clerk, customer_id=ward.who(LI))

    with pytest.raises(LimitReachedError):
        claims.claim(clerk, customer_id=ward.who(WANG))
    ward.now += DAY_S

    claims.claim(clerk, customer_id=ward.who(WANG))


def test_another_keepers_customer_is_not_in_the_pool(ward: Ward) -> None:
    ward.keep(LI, ward.colleague)

    with pytest.raises(NotAllowedError, match=r"calls\.kept"):
        claims.claim(ward.clerk, customer_id=ward.who(LI))


def test_a_customer_out_of_sight_is_not_there(ward: Ward) -> None:
    with pytest.raises(NotFoundError):
        claims.claim(ward.clerk, customer_id=ward.who(ABROAD))


def test_only_the_holder_gives_a_customer_back(ward: Ward) -> None:
    claims.claim(ward.clerk, customer_id=ward.who(LI))

    with pytest.raises(NotAllowedError, match=r"calls\.taken"):
        claims.release(ward.colleague, customer_id=ward.who(LI))
    with pytest.raises(NotAllowedError, match=r"calls\.not_claimed"):
        claims.release(ward.clerk, customer_id=ward.who(WANG))


def test_a_customer_nobody_talked_to_for_long_is_anybodys_again(ward: Ward) -> None:
    claims.claim(ward.clerk, customer_id=ward.who(LI))
    claims.claim(ward.clerk, customer_id=ward.who(WANG))
    days = ward.ask.settings.calls.recycle_days("D")
    ward.now += (days - 1) * DAY_S
    ward.save(ward.clerk, WANG, CallCode.OK)
    ward.now += 2 * DAY_S

    told = look_after(ward.ask, ward.now)

    assert told["recycled"] == 1
    assert (keeper_of(ward, LI), keeper_of(ward, WANG)) == ("", "clerk")
    with pytest.raises(NotAllowedError, match=r"calls\.banned"):
        claims.claim(ward.clerk, customer_id=ward.who(LI))


def test_a_lock_ends_by_itself_and_leaves_the_way_free(ward: Ward) -> None:
    ward.plan(LI, ward.clerk)
    calling.dial(ward.clerk, customer_id=ward.who(LI), purpose=CallPurpose.KEEP)
    assert calling.claimed_by(ward.colleague, customer_id=ward.who(LI)) == "clerk"
    with pytest.raises(NotAllowedError, match=r"calls\.taken"):
        claims.claim(ward.colleague, customer_id=ward.who(LI))
    ward.now += DAY_S

    claims.claim(ward.colleague, customer_id=ward.who(LI))

    assert keeper_of(ward, LI) == "colleague"


def test_all_that_somebody_looked_after_goes_into_other_hands(anywhere: Ward) -> None:
    ward = anywhere
    claims.claim(ward.clerk, customer_id=ward.who(LI))
    ward.keep(WANG, ward.clerk)
    ward.keep(ABROAD, ward.clerk)
    call = ward.plan(LI, ward.clerk)
    ward.save(ward.clerk, WANG, CallCode.OK)

    handed = claims.hand_over(ward.manager, leaver="clerk", to=["colleague"], reason="离职")
    again = claims.hand_over(ward.manager, leaver="clerk", to=["colleague"], reason="离职")

    assert handed == claims.Handed(customers=2, calls=1, dates=1)
    assert again == claims.Handed(customers=0, calls=0, dates=0)
    assert (keeper_of(ward, LI), keeper_of(ward, ABROAD)) == ("colleague", "clerk")
    with ward.ask.db.reading() as conn:
        planned = agenda.find(conn, call)
        assert planned is not None
        assert planned.account_id == ward.colleague.scope.account_id
        (held,) = claiming.active(conn, [ward.who(LI)])
        assert (held.account_id, held.kind) == (ward.colleague.scope.account_id, ClaimKind.PRIVATE)
    (date,) = reminding.due(ward.colleague, days=100)
    assert (date.customer_id, date.account) == (ward.who(WANG), "colleague")
    told = audit.events(ward.ask, from_on=today(), to_on=today(), account="boss")["object"]
    assert f"account:{ward.clerk.scope.account_id}:customers" in set(told)


def test_nothing_is_handed_to_nobody_or_without_a_reason(ward: Ward) -> None:
    for to, reason in (([], "离职"), (["clerk"], "离职"), (["colleague"], " ")):
        with pytest.raises(BadValueError):
            claims.hand_over(ward.manager, leaver="clerk", to=to, reason=reason)
    with pytest.raises(NotFoundError):
        claims.hand_over(ward.manager, leaver="clerk", to=["far"], reason="离职")
    with pytest.raises(NotAllowedError):
        claims.hand_over(ward.clerk, leaver="clerk", to=["colleague"], reason="离职")


def test_the_manager_sees_who_looks_after_whom_and_who_is_gone(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    ward.keep(WANG, ward.elsewhere)

    told = claims.keepers(ward.manager).set_index("account")

    assert told["customers"].to_dict() == {"clerk": 1, "far": 1}
    assert told["is_gone"].to_dict() == {"clerk": False, "far": True}
    assert claims.who_may_keep(ward.manager) == ["boss", "clerk", "colleague"]


def test_of_two_claims_of_one_customer_the_older_stands(ward: Ward) -> None:
    claims.claim(ward.clerk, customer_id=ward.who(LI))
    claims.claim(ward.colleague, customer_id=ward.who(WANG))
    with ward.ask.db.writing() as conn:
        merging.add(
            conn, kept_id=ward.who(WANG), gone_id=ward.who(LI), account="boss", at=TEN, reason="x"
        )

    with ward.ask.db.writing() as conn:
        claims.settle(conn, book.same(conn, ward.who(LI)), TEN)
        (held,) = claiming.active(conn, book.same(conn, ward.who(LI)))

    assert held.account_id == ward.clerk.scope.account_id
    assert calling.claimed_by(ward.clerk, customer_id=ward.who(WANG)) == "clerk"


def test_whoever_keeps_the_files_calls_nobody(ward: Ward) -> None:
    with pytest.raises(NotAllowedError, match=r"calls\.nobody"):
        claims.claim(ward.ask, customer_id=ward.who(LI))

"""A receipt of nobody is claimed once; somebody else's never."""

from dataclasses import replace
from datetime import date
from threading import Barrier, Thread

import pytest
from people import enter, make_account
from services.points.counter import NOON
from services.points.forecourt import ANNA, BERT, CARL, Fill, Forecourt
from sqlalchemy import text
from town import at

from station.archive.verify import verify
from station.errors import LimitReachedError, NotFoundError, PointsError
from station.model import DAY_S, Role
from station.services import access
from station.services.customers import merging
from station.services.personal import privacy
from station.services.points import claiming
from station.services.points.claiming import Claimed, Slip
from station.services.points.members import By, Named

STRANGER = "粤B99999"
SLIP = Slip("S1", "100001", date(2026, 9, 1), 10_000)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "time", lambda: NOON)


def claim(till: Forecourt, person: object = ANNA, slip: Slip = SLIP) -> Claimed:
    member = Named(By.CARD, person.card)  # type: ignore[attr-defined]
    return claiming.claim(till.ask, member=member, slip=slip)


def test_a_receipt_of_nobody_gives_its_points_once(till_anywhere: Forecourt) -> None:
    till_anywhere.take([Fill(1, plate=STRANGER)])

    first, again = claim(till_anywhere), claim(till_anywhere)

    assert (first.points, first.is_new, again.points, again.is_new) == (100, True, 100, False)
    with pytest.raises(PointsError, match="claimed_before"):
        claim(till_anywhere, BERT)
    assert till_anywhere.points() == {ANNA.code: 100}
    assert verify(till_anywhere.ask.db).ok


def test_nobody_claims_the_purchase_of_another(till: Forecourt) -> None:
    till.take([Fill(1, plate=BERT.plate), Fill(2, plate=STRANGER, card=CARL.card)])

    for number in ("100001", "100002"):
        with pytest.raises(PointsError, match="claim_of_other"):
            claim(till, ANNA, Slip("S1", number, date(2026, 9, 1), 10_000))

    assert till.points() == {BERT.code: 100, CARL.code: 100}


def test_of_whoever_was_erased_nobody_claims(till: Forecourt) -> None:
    with till.ask.db.writing() as conn:
        conn.execute(text("UPDATE customers SET erased_at = 1 WHERE code = :c"), {"c": BERT.code})
    till.take([Fill(1, plate=BERT.plate)])

    with pytest.raises(PointsError, match="claim_of_other"):
        claim(till)


@pytest.mark.parametrize(
    "slip",
    [
        Slip("S1", "100009", date(2026, 9, 1), 10_000),
        Slip("S2", "100001", date(2026, 9, 1), 10_000),
        Slip("S1", "100001", date(2026, 9, 2), 10_000),
        Slip("S1", "100001", date(2026, 9, 1), 10_001),
    ],
)
def test_every_word_of_the_receipt_must_be_right(till: Forecourt, slip: Slip) -> None:
    till.take([Fill(1, plate=STRANGER)])

    with pytest.raises(NotFoundError, match="no_receipt"):
        claim(till, slip=slip)


def test_a_receipt_is_not_claimed_after_its_time(till: Forecourt) -> None:
    till.take([Fill(1, plate=STRANGER, day="2026-08-01")])

    with pytest.raises(PointsError, match="claim_late"):
        claim(till, slip=Slip("S1", "100001", date(2026, 8, 1), 10_000))


def test_what_was_taken_back_before_is_not_claimed(till: Forecourt) -> None:
    till.take([Fill(1, plate=STRANGER), Fill(2, 40, plate=STRANGER, back=1)])

    assert claim(till).points == 60
    assert till.points() == {ANNA.code: 60}


def of_number(number: int) -> Slip:
    return Slip("S1", str(100_000 + number), date(2026, 9, 1), 10_000)


def limited(till: Forecourt, **limits: int) -> Forecourt:
    programme = replace(till.ask.settings.programme, **limits)
    return replace(
        till, ask=replace(till.ask, settings=replace(till.ask.settings, programme=programme))
    )


def test_a_member_claims_so_many_receipts_a_day_by_all_his_records(
    till_anywhere: Forecourt, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = limited(till_anywhere, claims_member_day=2)
    till.take([Fill(number, plate=STRANGER) for number in (1, 2, 3)])
    claim(till, slip=of_number(1))
    claim(till, BERT, of_number(2))
    merging.merge(till.ask, kept_id=till.ids[ANNA.code], gone_id=till.ids[BERT.code], reason="one")

    with pytest.raises(LimitReachedError, match="claims_member"):
        claim(till, slip=of_number(3))
    assert not claim(till, slip=of_number(1)).is_new  # told again, whatever the limit

    monkeypatch.setattr(claiming, "time", lambda: NOON + DAY_S)
    assert claim(till, slip=of_number(3)).is_new


def test_an_account_claims_so_many_receipts_a_day_for_whomever(till: Forecourt) -> None:
    till = limited(till, claims_account_day=1)
    till.take([Fill(number, plate=STRANGER) for number in (1, 2, 3)])
    for name in ("joe", "moe"):
        make_account(till.ask.db, name, at(till.ask.db, "S1", Role.STAFF))
    joe, moe = as_account(till, "joe"), as_account(till, "moe")
    claim(joe, slip=of_number(1))

    with pytest.raises(LimitReachedError, match="claims_account"):
        claim(joe, BERT, of_number(2))
    assert claim(moe, BERT, of_number(2)).is_new


def as_account(till: Forecourt, name: str) -> Forecourt:
    scope = access.scope_of(till.ask.db, enter(till.ask.db, name), till.ask.settings.sign_in)
    return replace(till, ask=replace(till.ask, scope=scope))


def test_a_persons_file_tells_what_he_claimed(till: Forecourt) -> None:
    till.take([Fill(1, plate=STRANGER)])
    claim(till)

    told = privacy.person_file(
        till.ask, customer_id=till.ids[ANNA.code], identity="card", reason="asked"
    )

    assert told["claims"] == [{"on": "2026-09-01", "bought_on": "2026-09-01", "points": 100}]


def test_of_twenty_who_claim_at_once_one_gets_the_points(till_anywhere: Forecourt) -> None:
    till_anywhere.take([Fill(1, plate=STRANGER)])
    gate, won = Barrier(20), list[bool]()

    def run(person: object) -> None:
        gate.wait()
        try:
            won.append(claim(till_anywhere, person).is_new)
        except PointsError:
            won.append(False)

    threads = [Thread(target=run, args=((ANNA, BERT)[n % 2],)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(won), sum(won)) == (20, 1)
    assert sum(till_anywhere.points().values()) == 100

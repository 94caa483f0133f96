"""A key stands for one deed of one asker: nobody else hits it, and no other kind of deed."""

from dataclasses import replace

import pytest
from services.points.counter import ANNA, BERT, Counter, by_card, opened

from station.archive.database import Database
from station.errors import KeyReusedError, NotFoundError
from station.guard.rules import TillRules
from station.model import PointMove, Role, Unit
from station.services import access
from station.services.ask import Ask
from station.services.incoming import receipts
from station.services.incoming.receipts import Line, Receipt
from station.services.people import terminals
from station.services.points import booking, members, spending, tills

KEY = "a1-000001"


@pytest.fixture
def shop(db: Database) -> Counter:
    made = opened(db)
    settings = replace(made.ask.settings, till=TillRules(receipt_days=3_650))
    made.ask = replace(made.ask, settings=settings)
    made.earn(ANNA, 1_000)
    return made


def till_of(shop: Counter, name: str = "a1") -> Ask:
    made = terminals.add(shop.ask, name=name, station="S1", number="")
    return replace(shop.ask, scope=access.scope_of_till(shop.ask.db, made.key, address=""))


def test_a_till_may_use_one_key_for_each_kind_of_deed(shop: Counter) -> None:
    till = till_of(shop)
    sold = Receipt("R1", shop.now, (Line("92#", 10_000, Unit.LITRE, 8_000),), plate=ANNA.plate)

    held = tills.reserve(till, key=KEY, member=by_card(ANNA), points=300)
    assert receipts.take(till, key=KEY, receipt=sold).accepted == 1
    spent = tills.confirm(till, key=KEY, of=KEY, points=200)
    back = tills.reverse(till, key=KEY, of=KEY, reason="other")

    assert [held.move, spent.move, back.move] == ["hold", "confirm", "reverse"]
    again = tills.reserve(till, key=KEY, member=by_card(ANNA), points=300)
    assert again == held
    with pytest.raises(KeyReusedError):
        tills.reserve(till, key=KEY, member=by_card(ANNA), points=301)
    with pytest.raises(NotFoundError):
        tills.release(till, key="a1-000002", of="a1-000002")


def test_no_key_of_a_person_is_a_tills(shop: Counter) -> None:
    till = till_of(shop)
    (clerk,) = shop.staff(joe=Role.STAFF)
    id_ = till.scope.terminal_id
    ours = [f"t{id_}/{KEY}", f"t{id_}/hold/{KEY}", f"{id_}/{KEY}", KEY]

    for key in ours:
        spending.redeem(clerk, key=key, member=by_card(ANNA), points=1, station="S1")
    held = tills.reserve(till, key=KEY, member=by_card(ANNA), points=100)

    assert held.points == 100
    assert not booking.KEY.fullmatch(booking.key_of(till, PointMove.HOLD, KEY))


def test_a_key_answers_only_who_used_it_first(shop: Counter) -> None:
    joe, kim = shop.staff(joe=Role.STAFF, kim=Role.STAFF)
    asked = {"key": KEY, "member": by_card(ANNA), "points": 10, "station": "S1"}
    first = spending.redeem(joe, **asked)

    for other in (kim, shop.ask):
        with pytest.raises(KeyReusedError) as refused:
            spending.redeem(other, **asked)
        assert refused.value.key == "points.key_of_another"

    assert spending.redeem(joe, **asked) == first
    assert shop.balance(ANNA).balance == 990


def test_a_member_is_looked_for_without_a_turn_to_write(shop: Counter) -> None:
    till = till_of(shop)

    with shop.ask.db.writing(changes_figures=False), shop.ask.db.hurried(0):
        found = [members.find(till, member=by_card(one)).name for one in (ANNA, BERT)]

    assert len(found) == 2

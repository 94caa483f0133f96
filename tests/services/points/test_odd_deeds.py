"""What was reversed or entered late is told by who did it, and by how much else he did."""

from dataclasses import replace
from datetime import date
from time import time

import pandas as pd
import pytest
from people import enter, make_account
from services.points.counter import ANNA, NOON, TODAY, Counter, by_card
from services.points.forecourt import Fill, Forecourt
from town import at

from station.model import DAY_S, Role
from station.services import access, noticing
from station.services.ask import Ask
from station.services.noticing import Material
from station.services.points import booking, claiming, correcting, spending
from station.services.points.claiming import Slip
from station.services.points.members import By, Named


def seen_of(ask: Ask, day: int) -> Material:
    with ask.db.reading() as conn:
        return noticing.material(conn, {}, ask.settings.oddities, day)


def deeds(seen: Material, sign: str) -> pd.DataFrame:
    return seen.deeds[seen.deeds["sign"] == sign]


def test_of_an_accounts_redemptions_those_are_odd_that_were_reversed(anywhere: Counter) -> None:
    anywhere.earn(ANNA, 1_000)
    (clerk,) = anywhere.staff(joe=Role.STAFF)
    done = [
        spending.redeem(clerk, key=anywhere.key(), member=by_card(ANNA), points=10, station="S1")
        for _ in range(3)
    ]
    anywhere.redeem(ANNA, 10)  # of nobody's account
    for receipt in done[:2]:
        key = anywhere.key()
        correcting.reverse(anywhere.ask, key=key, number=receipt.number, reason="mistake")

    seen = seen_of(anywhere.ask, TODAY)

    told = deeds(seen, "reversed")
    assert (len(told), set(told["kind"]), int(told["points"].sum())) == (3, {"account"}, 30)
    odd = set(told.loc[told["is_odd"], "deed_id"])
    assert odd == {receipt.number for receipt in done[:2]}
    assert {seen.doers["reversed", n] for n in odd} == {frozenset({clerk.scope.account_id})}


def test_of_a_members_earnings_those_are_odd_that_were_entered_after_the_import(
    till_anywhere: Forecourt, monkeypatch: pytest.MonkeyPatch
) -> None:
    till, now = till_anywhere, int(time())
    till.take([Fill(1, plate="粤B99999"), Fill(2)])
    make_account(till.ask.db, "joe", at(till.ask.db, "S1", Role.STAFF))
    scope = access.scope_of(till.ask.db, enter(till.ask.db, "joe"), till.ask.settings.sign_in)
    monkeypatch.setattr(booking, "time", lambda: now + 60)
    monkeypatch.setattr(claiming, "time", lambda: NOON)
    slip = Slip("S1", "100001", date(2026, 9, 1), 10_000)
    claiming.claim(replace(till.ask, scope=scope), member=Named(By.CARD, ANNA.card), slip=slip)

    seen = seen_of(till.ask, now // DAY_S + 1)

    told = deeds(seen, "entered_late")
    assert (len(told), set(told["kind"])) == (2, {"member"})
    ((number, points),) = told.loc[told["is_odd"], ["deed_id", "points"]].to_numpy().tolist()
    assert points == 100
    assert seen.doers["entered_late", number] == frozenset({scope.account_id})

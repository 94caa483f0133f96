"""A till sets points apart, redeems them, lets go and gives back; once, and only its own."""

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import time

import pytest
from api.tilling import ANNA, BERT, SETTINGS, Place, Till, by_plate, receipt

from station.services.people import terminals


def test_a_member_is_shown_by_a_masked_name_and_what_he_has(anywhere: Place) -> None:
    till = anywhere.till()
    anywhere.counter.earn(ANNA, 50, days=36_000, sale="another gift")

    for by, text in (("plate", ANNA.plate), ("card", ANNA.card), ("phone", ANNA.phone)):
        found = till.ok("/members/find", {"member": {"by": by, "text": text}})

        assert found["name"] == "甲**"
        assert found["balance"] == 1_050
        assert [one["points"] for one in found["endings"]] == [50, 1_000]


def test_points_are_set_apart_confirmed_in_part_and_given_back(anywhere: Place) -> None:
    till = anywhere.till()

    held = till.hold(ANNA, 600)
    assert held["balance"] == 400
    assert held["until_at"] > held["at"]
    done = till.ok("/holds/confirm", {"of": held["number"], "points": 500})
    assert (done["points"], done["balance"]) == (500, 500)
    back = till.ok("/redemptions/reverse", {"of": done["number"], "reason": "customer_left"})
    assert (back["points"], back["balance"]) == (500, 1_000)
    gone = till.hold(ANNA, 100)
    assert till.ok("/holds/release", {"of": gone["number"]})["balance"] == 1_000


def test_the_same_again_is_answered_as_before_and_anything_else_is_refused(shop: Place) -> None:
    till = shop.till()

    first, again = (till.hold(ANNA, 600, key="a1-000001") for _ in range(2))
    other = till.send("/holds", {"member": by_plate(ANNA), "points": 5}, key="a1-000001")

    assert first == again
    assert (other.status_code, other.json()["action"]) == (409, "new_key")
    assert till.balance(ANNA) == 400


def test_a_till_that_lost_an_answer_names_the_hold_by_its_key(shop: Place) -> None:
    till, other = shop.till(), shop.till("a2")
    till.hold(ANNA, 600, key="a1-000001")

    stranger = other.send("/holds/confirm", {"of": "a1-000001", "points": 600})
    assert (stranger.status_code, stranger.json()["code"]) == (404, "till.no_key")
    assert till.ok("/holds/confirm", {"of": "a1-000001", "points": 600})["balance"] == 400


def test_two_terminals_may_choose_the_same_key(shop: Place) -> None:
    one, two = shop.till(), shop.till("a2")

    numbers = [till.hold(ANNA, 100, key="0000-0001")["number"] for till in (one, two)]

    assert numbers[0] != numbers[1]
    assert one.balance(ANNA) == 800


def test_what_another_station_set_apart_is_not_there(anywhere: Place) -> None:
    here, there = anywhere.till(), anywhere.till("b1", station="S2")
    held = there.hold(ANNA, 100)["number"]
    spent = there.redeem(ANNA, 50)["number"]

    for path, body in (
        ("/holds/confirm", {"of": held, "points": 100}),
        ("/holds/release", {"of": held}),
        ("/redemptions/reverse", {"of": spent, "reason": "other"}),
    ):
        answer = here.send(path, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "points.no_transaction")
    assert there.ok("/holds/release", {"of": held})["balance"] == 950


def test_a_till_reverses_its_own_redemptions_only_and_only_for_a_while(shop: Place) -> None:
    one, two = shop.till(), shop.till("a2")
    spent = one.redeem(ANNA, 50)["number"]
    held = one.hold(ANNA, 10)["number"]

    refused = two.send("/redemptions/reverse", {"of": spent, "reason": "other"})

    assert refused.status_code == 404
    assert two.ok("/holds/confirm", {"of": held, "points": 10})["points"] == 10
    by_staff = shop.counter.redeem(ANNA, 20).number
    assert one.send("/redemptions/reverse", {"of": by_staff, "reason": "other"}).status_code == 404


def test_refusals_say_what_to_do_in_the_tills_language(shop: Place) -> None:
    till = shop.till()

    body = {"member": by_plate(BERT), "points": 10}
    english, chinese = (
        till.send("/holds", body, **{"Accept-Language": lang}).json() for lang in ("en-GB", "zh-CN")
    )
    nobody = till.send("/members/find", {"member": {"by": "phone", "text": "10013579999"}})

    assert english["code"] == chinese["code"] == "points.not_enough"
    assert english["action"] == "correct"
    assert english["message"].startswith("The member may spend 0 points")
    assert "积分" in chinese["message"]
    assert (nobody.status_code, nobody.json()["code"]) == (404, "points.no_member")


def test_of_eight_tills_at_once_only_as_many_succeed_as_there_are_points(anywhere: Place) -> None:
    tills, together = [anywhere.till(f"a{n}") for n in range(8)], Barrier(8)

    def ring(till: Till) -> int:
        together.wait()
        return till.send("/holds", {"member": by_plate(ANNA), "points": 300}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(ring, tills))

    assert answers == [200] * 3 + [409] * 5
    assert tills[0].balance(ANNA) == 100


def test_a_queue_sent_three_times_in_any_order_is_done_once(anywhere: Place) -> None:
    till, now = anywhere.till(), int(time())
    held = [till.hold(ANNA, 100)["number"] for _ in range(3)]
    waiting = [
        {"do": "hold", "key": "queue-01", "made_at": now, "member": by_plate(ANNA), "points": 200},
        {"do": "confirm", "key": "queue-02", "made_at": now, "of": "queue-01", "points": 150},
        {"do": "confirm", "key": "queue-03", "made_at": now, "of": held[0], "points": 100},
        {"do": "release", "key": "queue-04", "made_at": now, "of": held[1]},
        {"do": "receipt", "key": "queue-05", "made_at": now, **receipt("R1", plate=ANNA.plate)},
        {"do": "receipt", "key": "queue-06", "made_at": now, **receipt("R2", plate=BERT.plate)},
        {"do": "reverse", "key": "queue-07", "made_at": now, "of": "queue-03", "reason": "other"},
    ]
    told: dict[str, object] = {}
    for chance in map(random.Random, range(3)):
        some = [*waiting, *chance.sample(waiting, 3)]
        chance.shuffle(some)
        answers = till.ok("/queue", {"requests": some})["answers"]
        assert [one["key"] for one in answers] == [one["key"] for one in some]
        for one in answers:
            if one["status"] == 200:
                assert told.setdefault(one["key"], one["answer"]) == one["answer"]

    till.ok("/queue", {"requests": waiting})
    answers = till.ok("/queue", {"requests": waiting})["answers"]

    assert [one["status"] for one in answers] == [200] * 7
    assert till.balance(ANNA) == 1_000 - 150 - 100  # one hold of 100 is still open
    assert till.ok("/members/find", {"member": by_plate(ANNA)})["held"] == 100


def test_a_hold_that_waited_too_long_in_a_queue_is_told_clearly(shop: Place) -> None:
    till = shop.till()
    made_at = int(time()) - SETTINGS.ledger.hold_min * 60 - 1
    late = {"do": "hold", "key": "queue-01", "made_at": made_at, **body_of_hold()}

    (answer,) = till.ok("/queue", {"requests": [late]})["answers"]

    assert (answer["status"], answer["refused"]["code"]) == (409, "till.reserve_over")
    assert till.balance(ANNA) == 1_000


def test_a_hold_whose_answer_was_lost_is_answered_though_its_time_is_over(shop: Place) -> None:
    till = shop.till()
    first = till.hold(ANNA, 100, key="queue-01")
    made_at = int(time()) - SETTINGS.ledger.hold_min * 60 - 1
    late = {"do": "hold", "key": "queue-01", "made_at": made_at, **body_of_hold()}

    (answer,) = till.ok("/queue", {"requests": [late]})["answers"]

    assert answer["answer"] == first


def body_of_hold() -> dict[str, object]:
    return {"member": by_plate(ANNA), "points": 100}


@pytest.mark.parametrize("how", ["revoked", "rotated"])
def test_a_key_that_was_taken_away_opens_nothing_from_then_on(shop: Place, how: str) -> None:
    till, ask = shop.till(), shop.counter.ask
    held = till.hold(ANNA, 100, key="a1-000001")

    if how == "revoked":
        terminals.revoke(ask, name="a1", reason="stolen")
    else:
        new = shop.with_key(terminals.rotate(ask, name="a1", reason="stolen").key)
        assert new.hold(ANNA, 100, key="a1-000001") == held

    answer = till.send("/holds/release", {"of": held["number"]})
    assert (answer.status_code, answer.json()["code"]) == (401, "till.bad_key")
    assert answer.headers["WWW-Authenticate"] == "Bearer"

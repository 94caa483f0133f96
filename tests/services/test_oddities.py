"""What is worth a look is listed once a week, looked into by two, remembered, and never shouted."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from makers import NOON
from people import enter, make_account
from sqlalchemy import insert, select
from town import Person, ask_of, one, sell, settle, visit

from station.archive import oddities as kept
from station.archive.database import Database
from station.archive.oddities import Case
from station.archive.tables import audit, customers
from station.config import Settings
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.loyalty.ledger import Earning
from station.model import Grant, OdditySort, OddityState, Role, Sale, day_number
from station.services import access, noticing, oddities
from station.services.ask import Ask
from station.services.personal import erasure, privacy, retention
from station.services.points import crediting
from station.services.points.crediting import Credit

ORDINARY, ODD = [Person(n) for n in range(1, 41)], Person(99)
MINUTE_S, DAY_S = 60, 86_400
EXPLAINED, COACHED, PROPOSED, CONFIRMED, OPEN = (
    OddityState.EXPLAINED,
    OddityState.COACHED,
    OddityState.PROPOSED,
    OddityState.CONFIRMED,
    OddityState.OPEN,
)
MONDAY = noticing.monday_of(NOON // DAY_S)


def fills(person: Person, days: Sequence[int], again_min: int = 0) -> list[Sale]:
    """Return a fill on each day so many days ago, and one more so many minutes later."""
    made = []
    for day in days:
        first = visit(person, day, nozzle=str((person.number + day) % 4 + 1))
        made.append(replace(first, amount_minor=20_000 + person.number * 37 + day * 11))
        if again_min:
            later = first.sold_at + again_min * MINUTE_S
            no = f"{first.receipt_no}-again"
            local_at = first.local_at + again_min * MINUTE_S
            more = {"sold_at": later, "local_at": local_at, "receipt_no": no, "natural_key": no}
            made.append(replace(first, **more))
    return made


def month_of(person: Person) -> list[Sale]:
    return fills(person, range(2 + person.number % 3, 28, 4))


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on forty ordinary cards and one that fills twice."""
    settle(db, [*ORDINARY, ODD])
    sell(db, [sale for person in ORDINARY for sale in month_of(person)])
    sell(db, fills(ODD, range(2, 20, 3), again_min=8))
    sell(db, [visit(ORDINARY[0], 0)])
    return ask_of(db)


def case(subject: str, sort: OdditySort = OdditySort.MEMBER, **changes: object) -> Case:
    evidence = [{"sign": "adjusted", "found": 6, "of": 8, "usual": 0.01, "hand": "",
                 "ids": [1], "around": []}]  # fmt: skip
    made = Case(0, 1, sort, subject, "member", MONDAY, 1, 1e-6, 300, 0, evidence, OPEN)
    return replace(made, **changes)


def put(ask: Ask, *cases: Case, monday: int = MONDAY) -> None:
    with ask.db.writing() as conn:
        kept.put_week(conn, monday, cases)


@pytest.fixture
def listed(db: Database) -> Ask:
    """Return the question on a list that was kept: a member, a card and a vehicle."""
    settle(db, [ODD])
    sell(db, [visit(ODD)])
    ask = ask_of(db)
    put(ask, case("1"), case(ODD.card, OdditySort.CARD), case("1", OdditySort.VEHICLE))
    return ask


As = Callable[[str], Ask]
PEOPLE = {
    "mona": (Role.MANAGER, "M"),
    "mona.two": (Role.MANAGER, "M"),
    "rita": (Role.REGIONAL, "R"),
    "otto": (Role.AUDITOR, "O"),
    "sven": (Role.STAFF, "S"),
}


@pytest.fixture
def signed_in(listed: Ask) -> As:
    """Return what gives the question of somebody who works at the first station."""
    for name, (role, person) in PEOPLE.items():
        where = None if role is Role.AUDITOR else 1
        make_account(listed.db, name, Grant(role, station_id=where), person=person)

    def entered(name: str) -> Ask:
        scope = access.scope_of(listed.db, enter(listed.db, name), Settings().sign_in)
        return replace(listed, scope=scope)

    return entered


def say(ask: Ask, state: OddityState, oddity_id: int = 1, **more: object) -> None:
    oddities.review(ask, oddity_id=oddity_id, state=state, words="asked the driver", **more)


def states(ask: Ask) -> list[OddityState]:
    return [one.state for one in sorted(oddities.week(ask).cases, key=lambda one: one.id)]


# --- the list -------------------------------------------------------------------------------------


def test_what_differs_from_its_kind_is_listed_for_a_week_and_opened_with_its_fills(
    ask: Ask,
) -> None:
    assert noticing.renew(ask) == 1

    (shown,) = oddities.week(ask).cases
    told = oddities.opened(ask, oddity_id=shown.id)

    assert shown.label == f"···{ODD.card[-4:]}"
    assert ODD.card not in repr(shown)
    signs = {sign["sign"]: sign for sign in shown.signs}
    assert (signs["soon_again"]["found"], signs["soon_again"]["of"]) == (6, 12)
    assert shown.litres >= 180
    rows = {sign["sign"]: rows for sign, rows in told.evidence}["soon_again"]
    assert (len(rows), int(rows["bears"].sum())) == (12, 6)
    assert told.bound == ()

    # the list of a week stays as it is, whatever comes in
    before = oddities.week(ask).cases
    sell(ask.db, more_of(ORDINARY[5], range(3, 27), 5))

    assert noticing.renew(ask) == 0
    assert oddities.week(ask).cases == before


def keep(ask: Ask, weeks: int = 0) -> Sequence[oddities.Shown]:
    """Return the list of a week, worked out and kept as the night does; uses are not told."""
    monday = MONDAY + 7 * weeks
    found = noticing.noticed(ask, {}, as_of_day=monday - 1)
    put(ask, *(replace(one, week_day=monday) for one in found), monday=monday)
    return oddities.week(ask).cases


def more_of(person: Person, days: Sequence[int], again_min: int) -> list[Sale]:
    made = fills(person, days, again_min)
    numbers = [f"{sale.receipt_no}+{again_min}" for sale in made]
    return [replace(s, natural_key=n, receipt_no=n) for s, n in zip(made, numbers, strict=True)]


def test_what_was_explained_stays_away_until_it_is_clearly_more_frequent(ask: Ask) -> None:
    (shown,) = keep(ask)
    say(ask, EXPLAINED, shown.id)
    sell(ask.db, more_of(ODD, [0, -1], 8))

    assert keep(ask, 1) == ()
    say(ask, OPEN, shown.id)
    assert [one.id for one in keep(ask, 1)] == [shown.id]  # what was opened again comes again
    say(ask, EXPLAINED, shown.id)
    sell(ask.db, [sale for n in (30, 60) for sale in more_of(ODD, range(-8, 12), n)])
    assert [(one.id, one.state) for one in keep(ask, 2)] == [(shown.id, OPEN)]
    assert len(oddities.opened(ask, oddity_id=shown.id).steps) == 3


def test_what_is_open_from_a_week_before_is_not_forgotten(listed: Ask) -> None:
    say(listed, EXPLAINED)

    put(listed, monday=MONDAY + 7)

    assert [(one.id, one.is_older) for one in oddities.week(listed).cases] == [(2, True), (3, True)]


def test_of_what_bears_a_sign_only_what_is_in_sight_is_shown(listed: Ask, signed_in: As) -> None:
    far = Person(98, station="S2")
    settle(listed.db, [far])
    sell(listed.db, [visit(far)])
    with listed.db.writing() as conn:
        for customer_id, station_id in ((1, 1), (1, 2), (2, None), (1, None)):
            earning = Earning(5, None, f"gift-{customer_id}-{station_id}")
            crediting.credit(conn, listed, [Credit(customer_id, station_id, earning)])
    signs = {"adjusted": [1, 2, 3, 4], "soon_again": [1], "burst": [1, 2]}
    evidence = [
        {"sign": sign, "found": 1, "of": 2, "usual": 0.1, "hand": "", "ids": ids, "around": [2]}
        for sign, ids in signs.items()
    ]
    put(listed, case("9", OdditySort.ACCOUNT, evidence=evidence), monday=MONDAY + 7)

    def shown(ask: Ask) -> list[list[int]]:
        told = oddities.opened(ask, oddity_id=4).evidence
        return [rows.iloc[:, 0].tolist() for _, rows in told]

    assert shown(listed) == [[1, 2, 3, 4], [1, 2], [1, 2]]
    assert shown(signed_in("mona")) == [[1, 4], [1], [1]]


# --- two people, and nobody in his own cause ------------------------------------------------------


def test_only_another_person_confirms_what_one_proposed(listed: Ask, signed_in: As) -> None:
    mona, other = signed_in("mona"), signed_in("mona.two")
    rita = signed_in("rita")
    with pytest.raises(BadValueError):
        say(mona, CONFIRMED)
    say(mona, PROPOSED)

    for same in (mona, other):
        assert CONFIRMED not in oddities.opened(same, oddity_id=1).next
        with pytest.raises(NotAllowedError, match="same_person"):
            say(same, CONFIRMED)
    say(rita, CONFIRMED)

    assert states(listed)[0] is CONFIRMED
    told = [(step.account, step.state) for step in oddities.opened(listed, oddity_id=1).steps]
    assert told == [("rita", CONFIRMED), ("mona", PROPOSED)]


def test_a_proposal_waits_for_its_second_person_over_the_weeks(listed: Ask, signed_in: As) -> None:
    say(signed_in("mona"), PROPOSED)

    put(listed, case("1", week_day=MONDAY + 7), monday=MONDAY + 7)

    (now, *older) = oddities.week(listed).cases
    assert now.state is PROPOSED
    assert [one.is_older for one in older] == [True, True]


def test_nobody_is_shown_what_points_at_his_own_doings(listed: Ask, signed_in: As) -> None:
    mona, two = signed_in("mona"), signed_in("mona.two")
    otto, rita = signed_in("otto"), signed_in("rita")
    put(listed, case("1", account_ids=frozenset({mona.scope.account_id})))

    for own in (mona, two):
        assert len(oddities.week(own).cases) == 2
        with pytest.raises(NotFoundError):
            oddities.opened(own, oddity_id=1)
        with pytest.raises(NotFoundError):
            say(own, EXPLAINED)
    assert len(oddities.week(otto).cases) == 3
    assert oddities.opened(otto, oddity_id=1).next == frozenset()
    assert oddities.opened(rita, oddity_id=1).accounts == ("mona",)


def test_staff_never_see_it_and_an_auditor_only_looks(signed_in: As) -> None:
    with pytest.raises(NotAllowedError):
        oddities.week(signed_in("sven"))
    with pytest.raises(NotAllowedError):
        say(signed_in("otto"), EXPLAINED)


def test_every_look_is_written_down_once(listed: Ask, signed_in: As) -> None:
    mona = signed_in("mona")

    for _ in range(2):
        oddities.week(mona)
        oddities.opened(mona, oddity_id=1)

    with listed.db.reading() as conn:
        told = conn.execute(select(audit.c.object).where(audit.c.account == "mona")).scalars()
        assert [what for what in told if what.startswith("odd")] == ["oddities:list", "oddity:1"]


@pytest.mark.parametrize("words", ["", "   ", "x" * 501])
def test_a_review_says_something_and_not_too_much(listed: Ask, words: str) -> None:
    with pytest.raises(BadValueError):
        oddities.review(listed, oddity_id=1, state=EXPLAINED, words=words)


def test_an_explanation_does_not_end_before_today(listed: Ask) -> None:
    with pytest.raises(BadValueError, match="day_over"):
        say(listed, EXPLAINED, until_on=access.today() - timedelta(days=1))

    say(listed, EXPLAINED, until_on=access.today())

    (step,) = oddities.opened(listed, oddity_id=1).steps
    assert step.until_day == day_number(access.today())


def test_how_cases_ended_is_counted(listed: Ask) -> None:
    say(listed, EXPLAINED)
    say(listed, COACHED, 2)

    week = oddities.week(listed)

    assert week.reviewed == 2
    assert week.outcomes == {EXPLAINED: 1, COACHED: 1, OPEN: 1}


# --- what is kept of a person ---------------------------------------------------------------------


def test_what_was_found_out_lies_sealed(listed: Ask) -> None:
    say(listed, EXPLAINED)

    bare = one(listed, "SELECT words_sealed FROM oddity_steps")

    assert b"driver" not in bytes(bare)
    assert oddities.opened(listed, oddity_id=1).steps[0].words == "asked the driver"


def test_a_persons_file_tells_what_was_worth_a_look_and_an_erasure_takes_it(listed: Ask) -> None:
    for number in (1, 2, 3):
        say(listed, EXPLAINED, number)
    file = privacy.person_file(listed, customer_id=1, identity="passport", reason="asked for it")

    assert [told["signs"] for told in file["oddities"]] == [{"adjusted": 6}] * 3
    assert file["oddities"][0]["found_out"][0]["words"] == "asked the driver"

    erasure.erase(listed, customer_id=1, reason="asked for it")

    assert one(listed, "SELECT count(*) FROM oddities") == 0
    assert one(listed, "SELECT count(*) FROM oddity_steps") == 0


def test_a_case_is_forgotten_with_its_years(listed: Ask) -> None:
    years = listed.settings.privacy.notes_years * 366 * DAY_S

    assert retention.forget_old(listed.db, listed.settings, NOON)["oddities"] == 0
    assert retention.forget_old(listed.db, listed.settings, NOON + years + 8 * DAY_S)["oddities"]
    assert one(listed, "SELECT count(*) FROM oddities") == 0


# --- points and sign-ups --------------------------------------------------------------------------


def test_movements_of_points_and_sign_ups_bear_their_signs(listed: Ask, signed_in: As) -> None:
    clerk = signed_in("mona").scope.account_id
    day_s, rules = MONDAY * DAY_S - 3 * DAY_S, listed.settings.oddities
    with listed.db.writing() as conn:
        made = {"is_organisation": 0, "owner_kind": "private", "organisation_name": ""}
        made |= {"station_id": 1, "phone_index": "same", "made_at": day_s, "made_by": "mona"}
        codes = [{"code": f"NEW-{n}"} | made for n in range(rules.burst_signups)]
        conn.execute(insert(customers), codes)

    with listed.db.reading() as conn:
        seen = noticing.material(conn, {}, rules, MONDAY - 1)

    odd = seen.deeds[seen.deeds["is_odd"]]
    assert odd.groupby("sign").size().to_dict() == {"burst": 10, "shared_phone": 10}
    assert set(odd["kind"]) == {"account"}
    doers = {seen.doers[sign, id_] for sign, id_ in zip(odd["sign"], odd["deed_id"], strict=True)}
    assert doers == {frozenset({clerk})}

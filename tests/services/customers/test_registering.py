"""Self-registration: kept sealed, confirmed by staff, the same answer to everybody."""

from dataclasses import replace
from time import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import scope_for
from town import NOW, Person, ask_of, at, one, sell, settle, visit

from station.archive.customers import book, consents
from station.archive.customers import registrations as store
from station.archive.customers.tables import registrations
from station.archive.database import Database
from station.config import Settings
from station.contact.registrations import RegisterRules, box
from station.errors import BadValueError, LimitReachedError, NotFoundError
from station.model import DAY_S, Channel, ConsentSource, Purpose, Role
from station.services import keeping
from station.services.ask import Ask
from station.services.customers import contacts, prospects, registering
from station.services.personal import erasure, privacy

KNOWN = Person(1)
NAME, PHONE, PLATE = "甲示川", "100 1234 5678", "粤B24680"
FORM = {"name": NAME, "phone": PHONE, "plate": PLATE}
CARE = (Purpose.CARE, Channel.SMS)
REWARD = "a car wash"
RULES = replace(Settings(), registering=RegisterRules(reward=REWARD))


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on one customer of S1."""
    settle(db, [KNOWN])
    sell(db, [visit(KNOWN, days) for days in (0, 5, 9)])
    return ask_of(db, RULES)


def register(ask: Ask, form: dict[str, str] | None = None, address: str = "192.0.2.1") -> None:
    registering.register(
        ask.db, ask.settings, station="S1", form=FORM if form is None else form, address=address
    )


def confirmed(ask: Ask) -> registering.Confirmed:
    (waiting,) = registering.waiting(ask)
    return registering.confirm(ask, registration_id=waiting.id)


def staff(ask: Ask, code: str = "S1") -> Ask:
    scope = scope_for(ask.db, f"clerk.{code.lower()}", at(ask.db, code, Role.STAFF))
    return replace(ask, scope=replace(scope, version=None))


def test_whoever_registers_waits_masked_and_sealed(ask: Ask) -> None:
    register(ask, FORM | {box(*CARE): "yes"})

    (waiting,) = registering.waiting(staff(ask))

    assert (waiting.name, waiting.phone, waiting.plate) == ("甲**", "100****5678", PLATE)
    assert (waiting.agreed, waiting.reward) == ((CARE,), REWARD)
    stored = bytes(one(ask, "SELECT words_sealed FROM registrations"))
    assert NAME.encode() not in stored
    assert registering.waiting(staff(ask, "S2")) == []


def test_confirming_makes_a_customer_with_his_consents_vehicle_and_reward(ask: Ask) -> None:
    register(ask, FORM | {box(*CARE): "yes"})
    clerk = staff(ask)

    told = confirmed(clerk)

    assert (told.was_known, told.has_vehicle, told.reward) == (False, True, REWARD)
    shown = contacts.of_customer(clerk, customer_id=told.customer_id)
    assert (shown.name, shown.phone, shown.keeper) == ("甲**", "100****5678", "clerk.s1")
    with ask.db.reading() as conn:
        (word,) = consents.of_customer(conn, told.customer_id)
        assert len(book.vehicles_of(conn, [told.customer_id])) == 1
    assert (word.purpose, word.channel, word.given) == (*CARE, True)
    assert (word.source, word.text_version) == (ConsentSource.ONLINE, "join-1")
    row = prospects.listing(clerk).to_dict("records")[0]
    assert (row["source"], row["reliability"], row["standing"]) == ("self_registered", "A", "open")
    assert one(ask, "SELECT words_sealed FROM registrations") is None
    with pytest.raises(NotFoundError):
        registering.confirm(clerk, registration_id=1)


@pytest.mark.parametrize(("name", "is_same"), [(KNOWN.name, True), ("乙示山", False)])
def test_only_the_same_name_and_telephone_complete_a_customer(
    ask: Ask, name: str, *, is_same: bool
) -> None:
    register(ask, {"name": name, "phone": KNOWN.phone, "plate": KNOWN.plate})

    told = confirmed(ask)

    assert told.was_known == is_same
    assert (told.customer_id == 1) == is_same
    assert told.has_vehicle == is_same


@pytest.mark.parametrize("name", [NAME, "乙示山"])
def test_what_was_promised_is_due_once_to_a_telephone(ask: Ask, name: str) -> None:
    register(ask)
    assert confirmed(ask).reward == REWARD

    register(ask, FORM | {"name": name})

    told = confirmed(ask)
    assert (told.was_known, told.reward) == (name == NAME, "")
    assert one(ask, "SELECT count(*) FROM registrations WHERE reward <> ''") == 1


def test_a_name_that_was_missing_is_completed(ask: Ask) -> None:
    with ask.db.writing() as conn:
        conn.exec_driver_sql("UPDATE customers SET name_sealed = NULL, name_index = NULL")
    register(ask, {"name": "乙示山", "phone": KNOWN.phone})

    assert confirmed(ask).customer_id == 1
    assert contacts.of_customer(ask, customer_id=1).name == "乙**"


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ({}, "join.no_name"),
        ({"name": NAME}, "join.no_phone"),
        ({"name": NAME, "phone": "12"}, "join.no_phone"),
        ({"name": NAME, "phone": "无"}, "join.no_phone"),
        (FORM | {"plate": "??"}, "join.bad_plate"),
        (FORM | {"name": "甲" * 41}, "join.long_name"),
        (FORM | {"phone": "1" * 41}, "join.long_phone"),
        (FORM | {"plate": "B" * 21}, "join.long_plate"),
    ],
)
def test_a_form_that_is_none_is_refused_and_keeps_nothing(
    ask: Ask, form: dict[str, str], key: str
) -> None:
    with pytest.raises(BadValueError) as refused:
        register(ask, form)

    assert refused.value.key == key
    assert registering.waiting(ask) == []


def test_a_program_that_fills_in_the_trap_is_answered_and_forgotten(ask: Ask) -> None:
    register(ask, FORM | {registering.TRAP: "http://x.example"})

    assert registering.waiting(ask) == []


def test_from_one_address_come_so_many_and_from_its_whole_home_no_more(ask: Ask) -> None:
    ask = replace(ask, settings=with_rules(attempts_per_address=3))
    for last in "123":
        register(ask, address=f"2001:db8::{last}")

    with pytest.raises(LimitReachedError, match=r"join\.too_many"):
        register(ask, address="2001:db8::9")
    register(ask, address="2001:db8:1::9")

    assert len(registering.waiting(ask)) == 4


def test_a_station_takes_so_many_in_a_day(ask: Ask) -> None:
    ask = replace(ask, settings=with_rules(per_station_day=2))
    for last in (1, 2):
        register(ask, address=f"192.0.2.{last}")

    with pytest.raises(LimitReachedError, match=r"join\.full_today"):
        register(ask, address="192.0.2.3")


def with_rules(**numbers: object) -> Settings:
    return replace(Settings(), registering=replace(RegisterRules(), **numbers))


@pytest.mark.parametrize("station", ["S9", "", "S1"])
def test_a_page_that_is_closed_and_a_station_that_is_none_answer_alike(
    ask: Ask, station: str
) -> None:
    closed = with_rules(is_open=station != "S1")

    with pytest.raises(NotFoundError, match=r"join\.closed"):
        registering.station_at(ask.db, closed, station)


def test_declining_forgets_what_was_written_and_needs_a_reason_without_his_name(ask: Ask) -> None:
    register(ask)
    for reason in ("", f"{NAME} was not here"):
        with pytest.raises(BadValueError):
            registering.decline(ask, registration_id=1, reason=reason)

    registering.decline(ask, registration_id=1, reason="nobody came")

    assert registering.waiting(ask) == []
    assert one(ask, "SELECT words_sealed FROM registrations") is None


def test_another_stations_registration_answers_like_none(ask: Ask) -> None:
    register(ask)
    abroad, answers = staff(ask, "S2"), []
    for registration_id in (1, 999):
        for deed in (
            lambda n: registering.confirm(abroad, registration_id=n),
            lambda n: registering.decline(abroad, registration_id=n, reason="x"),
        ):
            with pytest.raises(NotFoundError) as refused:
                deed(registration_id)
            answers.append((refused.value.key, str(refused.value.facts)))

    assert len(set(answers)) == 1


def test_an_erased_person_waits_nowhere_any_more(ask: Ask) -> None:
    register(ask, {"name": KNOWN.name, "phone": KNOWN.phone})
    register(ask)

    erasure.erase(ask, customer_id=1, reason="asked")

    assert [waiting.name for waiting in registering.waiting(ask)] == ["甲**"]
    assert one(ask, "SELECT count(*) FROM registrations") == 1


def test_his_file_tells_by_which_registration_he_came(ask: Ask) -> None:
    register(ask)
    customer_id = confirmed(ask).customer_id

    file = privacy.person_file(ask, customer_id=customer_id, identity="card", reason="asked")

    assert [row["reward"] for row in file["registrations"]] == [REWARD]
    assert file["prospect"]["source"] == "self_registered"


def test_the_code_of_a_station_leads_to_its_page(ask: Ask) -> None:
    code = registering.counter_code(staff(ask), station="S1", server="http://h:1/")

    assert code is not None
    assert code.address == "http://h:1/join?station=S1"
    assert code.picture.startswith(b"\x89PNG")
    closed = replace(ask, settings=with_rules(is_open=False))
    assert registering.counter_code(closed, station="S1", server="http://h") is None


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ages=st.lists(st.integers(0, 90), min_size=1, max_size=6), days=st.integers(1, 60))
def test_unconfirmed_ones_are_forgotten_when_their_days_are_over_and_no_sooner(
    ask: Ask, ages: list[int], days: int
) -> None:
    with ask.db.writing() as conn:
        conn.execute(registrations.delete())
        for age in ages:
            store.add(conn, station_id=1, words_sealed=b"x", made_at=NOW - age * 86_400, reward="")

        gone = store.forget(conn, NOW - days * 86_400)

        assert gone == sum(age > days for age in ages)
        assert store.forget(conn, NOW - days * 86_400) == 0


def test_the_nightly_work_forgets_whom_nobody_confirmed(ask: Ask) -> None:
    register(ask)
    register(ask)
    registering.confirm(ask, registration_id=1)

    keeping.nightly(ask, now_s=int(time()) + 31 * DAY_S)

    assert one(ask, "SELECT count(*) FROM registrations WHERE status = 'waiting'") == 0
    assert one(ask, "SELECT count(*) FROM registrations WHERE status = 'confirmed'") == 1

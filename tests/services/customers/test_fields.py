"""What is known of a customer is dated, checked, masked, and answers for every day of the past."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import scope_for
from sqlalchemy import text
from town import Person, ask_of, at, one, sell, settle, visit

from station.archive.customers import fields as store
from station.archive.database import Database
from station.archive.tables import customers
from station.config import Settings
from station.contact.fields import Field, FieldKind
from station.errors import BadValueError, LimitReachedError, NotAllowedError, NotFoundError
from station.guard.rules import LookRules
from station.model import Purpose, Role
from station.services import access
from station.services.ask import Ask
from station.services.customers import contacts, fields, kept
from station.services.personal import erasure, privacy

FIRST, SECOND, ELSEWHERE = Person(1), Person(2), Person(3, station="S2")
TEA = Field(
    "tea", "own", FieldKind.CHOICE, choices=("龙井", "普洱"), labels={"zh": "茶", "en": "tea"}
)
START = 1_700_000_000


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on two people of S1 and one of S2."""
    settle(db, [FIRST, SECOND, ELSEWHERE])
    sell(db, [visit(p, days) for p in (FIRST, SECOND, ELSEWHERE) for days in (0, 5)])
    return replace(ask_of(db), settings=replace(Settings(), fields=(TEA,)))


def staff_of(ask: Ask, name: str = "clerk", code: str = "S1", role: Role = Role.STAFF) -> Ask:
    return replace(ask, scope=scope_for(ask.db, name, at(ask.db, code, role)))


def told(ask: Ask, field: str, customer_id: int = 1, on: date | None = None) -> fields.Told:
    known = fields.known(ask, customer_id=customer_id, on=on)
    return next(one for one in known if one.name == field)


def change(ask: Ask, customer_id: int = 1, reason: str = "", **values: str) -> list[str]:
    return fields.change(ask, customer_id=customer_id, values=values, reason=reason)


def merge(ask: Ask, gone: int, into: int) -> None:
    put = customers.update().where(customers.c.id == gone).values(merged_into=into)
    with ask.db.writing() as conn:
        conn.execute(put)


def test_every_kind_of_field_is_changed_and_read_back(ask: Ask) -> None:
    values = {
        "channel": "referral",
        "litres_month": "1,200.50",
        "since": "2025/3/1",
        "email": "x@y.example",
        "need": "line one\nline two",
        "tea": "普洱",
        "phone": "100 0000 0009",
        "name": "丙示川",
        "owner_kind": "company",
    }

    assert change(ask, **values) == list(values)

    assert (told(ask, "litres_month").value, told(ask, "since").value) == ("1200.5", "2025-03-01")
    assert (told(ask, "need").value, told(ask, "tea").value) == ("line one\nline two", "普洱")
    assert (told(ask, "phone").value, told(ask, "email").value) == ("100****0009", "x***")
    assert (told(ask, "name").value, told(ask, "owner_kind").value) == ("丙**", "company")
    with ask.db.reading() as conn:
        assert kept.standing(conn, ask.db, [1])[1]["phone"] == "+8610000000009"
    assert contacts.find_by_phone(ask, phone="10000000009") == [1]


def test_the_same_value_again_changes_nothing(ask: Ask) -> None:
    assert change(ask, channel="event", name=FIRST.name) == ["channel"]
    assert change(ask, channel="event", phone=FIRST.phone) == []
    assert len(fields.history(ask, customer_id=1)) == 1


@pytest.mark.parametrize(
    ("field", "typed", "key"),
    [
        ("phone", "12", "bad_phone"),
        ("channel", "moon", "bad_choice"),
        ("litres_month", "many", "bad_number"),
        ("litres_month", "-1", "number_range"),
        ("since", "2025-13-01", "bad_day"),
        ("email", "nobody", "bad_mail"),
        ("name", "x" * 81, "too_long"),
        ("rival_stations", "x" * 201, "too_long"),
        ("station", "S9", "station_needed"),
        ("station", "", "station_needed"),
        ("moon", "x", "unknown"),
        ("industry", "steel", "not_asked"),
    ],
)
def test_a_bad_value_is_refused_by_its_field_and_nothing_else_is_changed(
    ask: Ask, field: str, typed: str, key: str
) -> None:
    with pytest.raises(BadValueError) as refused:
        fields.change(ask, customer_id=1, values={"pay_method": "cash", field: typed})

    assert (refused.value.key, refused.value.facts["field"]) == (f"fields.{key}", field)
    assert not told(ask, "pay_method").is_kept


def test_a_reason_may_not_name_him_as_he_was_or_will_be(ask: Ask) -> None:
    for reason in (f"was {FIRST.name}", "now 丁示川"):
        with pytest.raises(BadValueError):
            change(ask, name="丁示川", reason=reason)

    assert change(ask, name="丁示川", reason="misread") == ["name"]


@pytest.mark.parametrize("way", ["wechat", "address"])
def test_a_reason_may_not_tell_how_else_he_was_reached(ask: Ask, way: str) -> None:
    change(ask, **{way: "formerly here"})

    with pytest.raises(BadValueError, match=r"contacts\.reason_names"):
        change(ask, reason="no more Formerly-Here", **{way: "now there"})


def test_history_says_who_when_what_and_why_and_masks_how_he_is_reached(ask: Ask) -> None:
    clerk = staff_of(ask)

    change(clerk, phone="10000000009", channel="event", reason="said so")

    rows = fields.history(clerk, customer_id=1).set_index("field")
    assert rows.loc["phone", ["old", "new", "account", "reason"]].tolist() == [
        "100****0001",
        "100****0009",
        "clerk",
        "said so",
    ]
    assert rows.loc["channel", ["old", "new"]].tolist() == ["", "event"]
    assert abs(rows.loc["phone", "written_at"] - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_was_told_in_confidence_is_read_by_who_looks_after_him_only(ask: Ask) -> None:
    change(ask, forbidden_topics="his horse")
    clerk = staff_of(ask)

    shown = told(clerk, "forbidden_topics")
    assert (shown.value, shown.is_kept, shown.is_open) == ("", True, False)
    assert fields.history(clerk, customer_id=1)["new"].tolist() == [None]
    with pytest.raises(NotAllowedError):
        change(clerk, forbidden_topics="")
    contacts.assign(ask, customer_id=1, keeper="clerk")
    assert told(clerk, "forbidden_topics").value == "his horse"
    assert told(staff_of(ask, "boss", role=Role.MANAGER), "forbidden_topics").value == "his horse"


@pytest.mark.parametrize(("noted", "named"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_what_is_kept_from_somebody_is_not_written_over_by_way_of_his_other_record(
    ask: Ask, noted: int, named: int
) -> None:
    change(ask, noted, open_problems="the pump was broken")
    merge(ask, 2, into=1)
    clerk = staff_of(ask)

    with pytest.raises(NotAllowedError, match=r"fields\.kept_from_you"):
        change(clerk, named, open_problems="none")

    assert told(ask, "open_problems").value == "the pump was broken"


def test_a_change_by_way_of_his_other_record_tells_what_stood_there(ask: Ask) -> None:
    merge(ask, 2, into=1)
    change(ask, 1, rival_stations="Ferry Oil")

    change(ask, 2, rival_stations="Hill Oil")

    newest = fields.history(ask, customer_id=1).iloc[0]
    assert (newest["old"], newest["new"]) == ("Ferry Oil", "Hill Oil")


def test_another_stations_customer_is_neither_read_nor_changed(ask: Ask) -> None:
    clerk = staff_of(ask)

    for act in (
        lambda: fields.known(clerk, customer_id=3),
        lambda: fields.history(clerk, customer_id=3),
        lambda: change(clerk, 3, channel="event"),
        lambda: fields.check(clerk, customer_id=3, field="phone", is_good=True),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_a_customer_goes_to_a_station_in_sight_and_from_one(ask: Ask) -> None:
    clerk = staff_of(ask)
    sell(ask.db, [visit(ELSEWHERE, 1, station="S1", receipt_no="away")])

    with pytest.raises(BadValueError):
        change(clerk, station="S2")
    with pytest.raises(NotAllowedError):
        change(clerk, 3, station="S1")
    assert not told(clerk, "station", 3).value
    assert change(ask, station="S2") == ["station"]
    assert told(ask, "station").value == "S2"
    assert fields.history(ask, customer_id=1)[["old", "new"]].to_numpy().tolist() == [["S1", "S2"]]


def test_a_new_telephone_counts_as_checked_and_one_that_went_does_not(ask: Ask) -> None:
    assert told(ask, "phone").checked_day is None

    change(ask, phone="10000000009")
    assert told(ask, "phone").is_good
    fields.check(ask, customer_id=1, field="phone", is_good=False)
    assert told(ask, "phone").is_good is False
    change(ask, phone="")

    assert not told(ask, "phone").is_kept
    with pytest.raises(BadValueError):
        fields.check(ask, customer_id=1, field="phone", is_good=True)
    with pytest.raises(BadValueError):
        fields.check(ask, customer_id=1, field="channel", is_good=True)


def test_an_address_is_opened_one_at_a_time_for_a_reason_and_counted(ask: Ask) -> None:
    change(ask, wechat="wx-100200")
    clerk = staff_of(ask)
    opened = {"customer_id": 1, "field": "wechat", "reason": "car left on"}

    assert fields.reveal(ask, purpose=Purpose.SERVICE, **opened) == "wx-100200"
    with pytest.raises(NotAllowedError):
        fields.reveal(ask, purpose=Purpose.MARKETING, **opened)
    with pytest.raises(NotAllowedError):
        fields.reveal(clerk, purpose=Purpose.SERVICE, **opened)
    with pytest.raises(NotFoundError):
        fields.reveal(ask, purpose=Purpose.SERVICE, **opened | {"field": "channel"})
    with pytest.raises(BadValueError):
        fields.reveal(ask, purpose=Purpose.SERVICE, **opened | {"reason": "ask wx-100200"})
    none_left = replace(ask, settings=replace(ask.settings, looks=LookRules(reveals_per_day=1)))
    with pytest.raises(LimitReachedError):
        fields.reveal(none_left, purpose=Purpose.SERVICE, **opened)


def test_of_two_that_are_one_the_standing_value_is_shown_else_the_others(ask: Ask) -> None:
    change(ask, 1, channel="event", wechat="wx-1")
    change(ask, 2, channel="referral")
    change(ask, 2, phone="")

    merge(ask, gone=1, into=2)

    for customer_id in (1, 2):
        assert told(ask, "channel", customer_id).value == "referral"
        assert told(ask, "wechat", customer_id).value == "w***"
        assert told(ask, "phone", customer_id).value == "100****0001"
        assert told(ask, "phone", customer_id).checked_day is None
        assert len(fields.history(ask, customer_id=customer_id)) == 4
    fields.check(ask, customer_id=2, field="phone", is_good=True)
    assert told(ask, "phone", 1).is_good


def test_nothing_was_known_before_he_was_written_down(ask: Ask) -> None:
    with ask.db.writing() as conn:
        conn.execute(customers.update().where(customers.c.id == 1).values(made_at=START))
    made_on = datetime.fromtimestamp(START, UTC).astimezone().date()

    assert not any(one.is_kept for one in fields.known(ask, customer_id=1, on=date(2020, 1, 1)))
    assert told(ask, "phone", on=made_on).value == "100****0001"
    assert fields.known(ask, customer_id=1, on=access.today()) == [
        replace(one, checked_day=None, is_good=None) for one in fields.known(ask, customer_id=1)
    ]


NAMES = ("channel", "need", "phone", "litres_month", "organisation_name")
STEP = st.tuples(
    st.integers(0, 3),  # seconds that pass before
    st.sampled_from(NAMES),
    st.sampled_from(["", "a", "b", "c"]),
)


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, max_size=12), imported=st.sampled_from(["", "z"]))
def test_the_value_at_any_instant_is_that_of_a_replay(
    ask: Ask, steps: Sequence[tuple[int, str, str]], imported: str
) -> None:
    now = dict.fromkeys(NAMES, imported)
    known = fields.known_fields(ask.settings)
    history = {START - 1: dict(now)}
    at_s = START
    with ask.db.writing() as conn:
        conn.execute(text("UPDATE customers SET erased_at = 1"))
        conn.execute(text("DELETE FROM field_changes"))
        conn.execute(text("UPDATE customers SET erased_at = NULL"))
        customer = kept.book.find(conn, 1)
        kept.put(conn, ask.db, customer, {known[name]: words for name, words in now.items()})
        for passed, name, words in steps:
            at_s += passed
            customer = kept.book.find(conn, 1)
            kept.put(conn, ask.db, customer, {known[name]: words})
            news = [kept.News(1, name, now[name], words)]
            kept.note(conn, ask.db, news, account="x", written_at=at_s, reason="")
            now[name] = words
            history[at_s] = dict(now)

    with ask.db.reading() as conn:
        standing = kept.standing(conn, ask.db, [1])
        for second in range(START - 1, at_s + 2):
            then = kept.stood(conn, ask.db, standing, second)[1]
            wanted = history[max(moment for moment in history if moment <= second)]
            assert {name: then.get(name, "") for name in NAMES} == wanted


def test_erasing_leaves_nothing_of_what_was_known(ask: Ask) -> None:
    change(ask, channel="event", forbidden_topics="his horse", wechat="wx-1", phone="10000000009")
    change(ask, wechat="wx-2")

    erasure.erase(ask, customer_id=1, reason="asked")

    assert not any(one.is_kept for one in fields.known(ask, customer_id=1) if one.field.is_sealed)
    assert fields.history(ask, customer_id=1).empty
    assert one(ask, "SELECT count(*) FROM customer_fields WHERE customer_id = 1") == 0
    assert one(ask, "SELECT count(*) FROM field_changes WHERE customer_id = 1") == 0
    assert one(ask, "SELECT count(*) FROM field_checks WHERE customer_id = 1") == 0
    with pytest.raises(NotAllowedError):
        change(ask, channel="event")


def test_of_a_company_how_somebody_was_reached_goes_from_its_history_too(ask: Ask) -> None:
    with ask.db.writing() as conn:
        conn.execute(text("UPDATE customers SET is_organisation = 1 WHERE id = 1"))
    change(ask, wechat="wx-1", industry="steel", phone="10000000009")
    change(ask, wechat="wx-2")

    erasure.erase(ask, customer_id=1, reason="asked")

    assert told(ask, "industry").value == "steel"
    rows = fields.history(ask, customer_id=1)
    assert set(rows[rows["field"] != "industry"][["old", "new"]].to_numpy().ravel()) == {""}
    assert not told(ask, "wechat").is_kept


def test_the_persons_file_holds_every_field_its_history_and_checks(ask: Ask) -> None:
    change(ask, channel="event", need="a lift", wechat="wx-1", reason="said so")

    file = privacy.person_file(ask, customer_id=1, identity="ID seen", reason="asked")

    known = {row["field"]: row["value"] for row in file["fields"]}
    assert known == {"channel": "event", "need": "a lift", "wechat": "wx-1"}
    assert next(r for r in file["fields"] if r["field"] == "wechat")["checked_good"]
    changes = {row["field"]: (row["old"], row["new"]) for row in file["field_changes"]}
    assert changes["need"] == ("", "a lift")
    assert all("account" not in row for row in file["field_changes"])


def test_a_value_moved_to_another_customer_stays_shut(ask: Ask) -> None:
    change(ask, wechat="wx-1")
    with ask.db.writing() as conn:
        conn.execute(text("UPDATE customer_fields SET customer_id = 2"))

    assert told(ask, "wechat", 2).is_shut


def test_changes_stay_in_the_order_in_which_they_were_made(ask: Ask) -> None:
    for value in ("event", "referral", "event"):
        change(ask, channel=value)

    with ask.db.reading() as conn:
        assert [kept.new_of(ask.db, row) for row in store.changes(conn, [1])] == [
            "event",
            "referral",
            "event",
        ]

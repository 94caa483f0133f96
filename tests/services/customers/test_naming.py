"""What a customer is called: the same everywhere, masked, whichever of his records tells it."""

from collections.abc import Collection

import pytest
from sqlalchemy import text
from town import Person, ask_of, settle

from station.archive.database import Database
from station.services.ask import Ask
from station.services.customers import merging, naming

ANNA, BERT, CARL = Person(1), Person(2), Person(3)


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the question on three customers, of whom Carl was found to be Bert."""
    assert list(settle(db, [ANNA, BERT, CARL]).values()) == [1, 2, 3]
    made = ask_of(db)
    merging.merge(made, kept_id=2, gone_id=3, reason="one telephone")
    return made


def changed(ask: Ask, customer_id: int, **values: object) -> None:
    told = ", ".join(f"{name} = :{name}" for name in values)
    with ask.db.writing() as conn:
        conn.execute(
            text(f"UPDATE customers SET {told} WHERE id = :id"),  # noqa: S608 - names of columns
            {"id": customer_id, **values},
        )


def called(ask: Ask, *ids: int) -> dict[int, str]:
    with ask.db.reading() as conn:
        return naming.in_list(conn, ask, ids)


def at_counter(ask: Ask, *ids: int, far: Collection[int] = ()) -> dict[int, str]:
    with ask.db.reading() as conn:
        return naming.at_counter(conn, ask, ids, far=far)


def test_a_company_is_called_by_its_name_anybody_else_by_his_masked_or_by_his_code(
    ask: Ask,
) -> None:
    changed(ask, 1, name_sealed=None, name_index=None)
    changed(ask, 2, organisation_name="Example Haulage")

    assert called(ask, 1, 2) == {1: ANNA.code, 2: "Example Haulage"}


def test_what_was_found_to_be_him_tells_what_he_is_called(ask: Ask) -> None:
    assert called(ask, 2, 3) == {2: "甲**", 3: "甲**"}
    changed(ask, 2, name_sealed=None, name_index=None)

    assert called(ask, 2, 3) == {2: "甲**", 3: "甲**"}

    changed(ask, 3, organisation_name="Example Haulage")
    assert called(ask, 2, 3) == dict.fromkeys((2, 3), "Example Haulage")


def test_of_a_stranger_neither_code_nor_company_is_told(ask: Ask) -> None:
    changed(ask, 1, name_sealed=None, name_index=None)
    changed(ask, 2, organisation_name="示例运输")

    assert at_counter(ask, 1, 2) == {1: "", 2: "示例运输"}
    assert at_counter(ask, 1, 2, far=[1, 2]) == {1: "", 2: "示**"}


def test_nobody_is_called_anything(ask: Ask) -> None:
    assert called(ask) == {}

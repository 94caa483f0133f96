"""The last mark of a person counts, whichever of his records it was written to."""

from sqlalchemy import update
from town import Person, settle

from station.archive.customers import marks
from station.archive.customers.marks import GradeMark, StageMark
from station.archive.database import Database
from station.archive.tables import customers
from station.services.customers import grades, stages

PEOPLE = [Person(1), Person(2), Person(3)]


def graded(customer_id: int, day: int, grade: str, was: str = "") -> GradeMark:
    return GradeMark(customer_id, day, grade, was, "first", 0, {"value_minor": 7})


def test_the_newest_mark_is_the_grade_and_whoever_has_none_is_d(db: Database) -> None:
    first, second, third = settle(db, PEOPLE).values()
    with db.writing() as conn:
        marks.add_grades(conn, [graded(first, 10, "B"), graded(second, 10, "C")])
        marks.add_grades(conn, [graded(first, 20, "A", "B")])

        assert grades.now(conn, [first, second, third]) == {first: "A", second: "C", third: "D"}
        assert grades.on(conn, [first, second], 19) == {first: "B", second: "C"}
        assert grades.now(conn, []) == {}
        assert [one["was"] for one in marks.history(conn, marks.GRADE, [first])] == ["", "B"]


def test_of_two_records_that_are_one_person_the_newest_mark_counts(db: Database) -> None:
    first, second, third = settle(db, PEOPLE).values()
    with db.writing() as conn:
        mark = StageMark(second, 10, "returning", "", "second_purchase", 0, {"days": 2})
        marks.add_stages(conn, [mark])
        gone = update(customers).where(customers.c.id == second)
        conn.execute(gone.values(merged_into=first))

        told = stages.now(conn, [first, second, third])

    assert told == {first: "returning", second: "returning", third: "prospect"}

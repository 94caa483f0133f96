"""What was sold is taken back, and so are its points; what is undone is as if it had never been."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nights import by_night
from services.points.forecourt import ANNA, BERT, CARL, Fill, Forecourt, opened
from town import one

from station.archive.database import open_database
from station.archive.verify import verify
from station.services.incoming import intake
from station.services.points import correcting


def undo(till: Forecourt, batch_id: int | None) -> None:
    assert batch_id is not None
    intake.undo(till.ask, batch_id=batch_id)


def test_a_reversal_takes_back_what_the_rest_would_not_have_earned(
    till_anywhere: Forecourt,
) -> None:
    till_anywhere.take([Fill(1, 100)])
    till_anywhere.take([Fill(2, 30, back=1)])
    till_anywhere.take([Fill(3, 70, back=1)])

    assert till_anywhere.points() == {}
    assert verify(till_anywhere.ask.db).ok


def test_an_undone_import_takes_back_and_earns_again_when_it_returns(
    till_anywhere: Forecourt,
) -> None:
    first = till_anywhere.take([Fill(1), Fill(2, 50, plate=BERT.plate)])

    undo(till_anywhere, first.batch_id)
    assert till_anywhere.points() == {}

    till_anywhere.take([Fill(1), Fill(2, 50, plate=BERT.plate)])
    assert till_anywhere.points() == {ANNA.code: 100, BERT.code: 50}
    assert verify(till_anywhere.ask.db).ok


def test_an_undone_reversal_gives_again_and_can_come_again(till_anywhere: Forecourt) -> None:
    till_anywhere.take([Fill(1)])
    lines = [Fill(2, 40, back=1)]
    undo(till_anywhere, till_anywhere.take(lines).batch_id)
    assert till_anywhere.points() == {ANNA.code: 100}

    till_anywhere.take(lines)
    assert till_anywhere.points() == {ANNA.code: 60}
    undo(till_anywhere, till_anywhere.take([Fill(3, 60, back=1)]).batch_id)

    assert till_anywhere.points() == {ANNA.code: 60}
    assert verify(till_anywhere.ask.db).ok


@pytest.mark.parametrize(("refunded", "held"), [(100, 0), (60, 40)])
def test_what_a_manager_took_back_does_not_come_again_with_an_undone_reversal(
    till_anywhere: Forecourt, refunded: int, held: int
) -> None:
    till_anywhere.take([Fill(1)])
    number = one(till_anywhere.ask, "SELECT max(id) FROM point_transactions")
    correcting.refund(
        till_anywhere.ask, key="form-0001", number=number, points=refunded, reason="not his"
    )

    for turn in (2, 3):
        undo(till_anywhere, till_anywhere.take([Fill(turn, back=1)]).batch_id)

        assert till_anywhere.points().get(ANNA.code, 0) == held
    assert verify(till_anywhere.ask.db).ok


def test_what_came_again_and_was_then_taken_back_by_hand_does_not_come_a_third_time(
    till: Forecourt,
) -> None:
    till.take([Fill(1)])
    undo(till, till.take([Fill(2, back=1)]).batch_id)
    number = one(till.ask, "SELECT max(id) FROM point_transactions")
    correcting.refund(till.ask, key="form-0001", number=number, points=100, reason="not his")

    undo(till, till.take([Fill(3, back=1)]).batch_id)

    assert till.points() == {}


NAMES = (ANNA, BERT, CARL)
SALES = st.lists(
    st.tuples(st.sampled_from((*NAMES, None)), st.integers(1, 400), st.integers(1, 28)),
    min_size=1,
    max_size=8,
)
BACKS = st.lists(st.tuples(st.integers(0, 7), st.integers(1, 400)), max_size=6)


def balance(files: list[list[Fill]], undone: set[int]) -> dict[str, int]:
    """Return what members have by another way: what of each sale stands, a point each yuan."""
    standing = [fill for at, file in enumerate(files) if at not in undone for fill in file]
    sold = {fill.number: fill for fill in standing if not fill.back}
    left = {number: fill.yuan for number, fill in sold.items()}
    for fill in standing:
        if fill.back in left:
            left[fill.back] -= fill.yuan
    of_plate = {person.plate: person.code for person in NAMES}
    points = Counter[str]()
    for number, yuan in left.items():
        if sold[number].plate in of_plate:
            points[of_plate[sold[number].plate]] += yuan
    return {code: number for code, number in points.items() if number}


@given(sales=SALES, backs=BACKS, cut=st.integers(1, 7), undone=st.sets(st.integers(0, 2)))
@settings(
    max_examples=by_night(400, by_day=12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.slow
def test_whatever_comes_and_is_undone_a_member_has_what_stands(
    tmp_path_factory: pytest.TempPathFactory,
    empty_file: Path,
    sales: list[tuple[object, int, int]],
    backs: list[tuple[int, int]],
    cut: int,
    undone: set[int],
) -> None:
    till = made(tmp_path_factory.mktemp("law"), empty_file)
    fills = [
        Fill(n, yuan, plate=getattr(who, "plate", "粤B99999"), day=f"2026-08-{day:02}")
        for n, (who, yuan, day) in enumerate(sales, start=1)
    ]
    left = {fill.number: fill.yuan for fill in fills}
    reversals = list[Fill]()
    for n, (at, yuan) in enumerate(backs, start=100):
        number = 1 + at % len(fills)
        if yuan <= left[number]:
            left[number] -= yuan
            plate = fills[number - 1].plate
            reversals.append(Fill(n, yuan, plate=plate, day="2026-09-10", back=number))
    files = [fills[:cut], [*fills[cut:], *reversals[::2]], reversals[1::2]]

    reports = [till.take(file) if file else None for file in files]
    gone = {at for at in undone if reports[at] is not None}
    for at in sorted(gone, reverse=True):
        report = reports[at]
        assert report is not None
        undo(till, report.batch_id)

    assert till.points() == balance(files, gone)
    assert verify(till.ask.db).ok
    till.ask.db.close()


def made(folder: Path, empty_file: Path) -> Forecourt:
    shutil.copy(empty_file, folder / "station.db")
    return opened(open_database(f"sqlite:///{folder}/station.db"), folder / "till")

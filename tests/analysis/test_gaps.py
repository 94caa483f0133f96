"""What is missing is found, and what is only odd is not taken for missing."""

import random
from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.analysis.gaps import Gap, GapRules, Gaps, Scope, Verdict, compare_totals, find_gaps

DAY = 20_000
MINUTE = 60
RULES = GapRules()


def line(number: int, **changes: object) -> dict[str, object]:
    """Return the sale of a minute: 30 litres at nozzle 3."""
    at = DAY * 86_400 + number * MINUTE
    usual: dict[str, object] = {
        "id": number + 1,
        "station_id": 1,
        "business_day": DAY,
        "sold_at": at,
        "local_at": at,
        "key_kind": "receipt",
        "natural_key": f"r||{number}|G92|20241004",
        "nozzle": "3",
        "receipt_no": str(number),
        "serial_no": number,
        "meter_from_milli": 1_000_000 + number * 30_000,
        "meter_to_milli": 1_030_000 + number * 30_000,
        "quantity_milli": 30_000,
        "is_fuel": 1,
    }
    return usual | changes


def found(lines: Sequence[dict[str, object]]) -> Gaps:
    return find_gaps(pd.DataFrame(lines), RULES)


def kinds(gaps: Gaps) -> list[str]:
    return sorted(gaps.findings["kind"])


def scope(gaps: Gaps) -> str:
    return str(gaps.basis["scope"].iloc[0])


def test_a_day_without_a_gap_has_none() -> None:
    gaps = found([line(number) for number in range(1, 41)])

    assert kinds(gaps) == []
    assert gaps.nozzles[
        ["lines", "missing_numbers", "missing_milli", "edited"]
    ].to_numpy().tolist() == [[40, 0, 0, 0]]


def test_a_sale_that_was_not_imported_is_missed_by_number_and_by_meter() -> None:
    gaps = found([line(number) for number in range(1, 41) if number not in (20, 21)])

    serial = gaps.findings[gaps.findings["kind"] == Gap.SERIAL].iloc[0]
    meter = gaps.findings[gaps.findings["kind"] == Gap.METER].iloc[0]
    assert kinds(gaps) == ["meter", "serial"]
    assert (serial["first"], serial["last"], serial["count"]) == (20, 21, 2)
    assert (meter["nozzle"], meter["quantity_milli"]) == ("3", 60_000)
    assert serial["from_at"] == DAY * 86_400 + 19 * MINUTE
    assert gaps.nozzles["missing_milli"].tolist() == [60_000]


def test_a_quantity_that_is_not_what_the_meter_moved_was_edited() -> None:
    lines = [line(number) for number in range(1, 41)]
    lines[7] = line(8, quantity_milli=25_000)
    gaps = found(lines)

    assert kinds(gaps) == ["edited"]
    assert gaps.findings["quantity_milli"].tolist() == [-5_000]
    assert gaps.findings["sale_id"].tolist() == [9]


def test_two_sales_of_the_same_fuel_overlap() -> None:
    lines = [line(number) for number in range(1, 41)]
    lines[7] = line(8, meter_from_milli=1_200_000, quantity_milli=70_000)

    assert set(kinds(found(lines))) == {"overlap"}


def test_a_sale_rung_again_is_the_same_fuel() -> None:
    lines = [line(number) for number in range(1, 41)]
    again = line(
        41,
        meter_from_milli=lines[-1]["meter_from_milli"],
        meter_to_milli=lines[-1]["meter_to_milli"],
    )

    assert kinds(found([*lines, again])) == []


def test_a_meter_that_runs_over_its_last_digit_goes_on() -> None:
    over = 1_000_000_000  # 999,999.999 litres are the last
    lines = [
        line(
            number,
            meter_from_milli=(over - 600_000 + number * 30_000) % over,
            meter_to_milli=(over - 570_000 + number * 30_000) % over,
        )
        for number in range(1, 41)
    ]

    assert kinds(found(lines)) == []
    assert kinds(found([row for row in lines if row["id"] != 22])) == ["meter", "serial"]


def test_a_meter_that_was_replaced_proves_nothing() -> None:
    lines = [line(n, meter_from_milli=n * 30_000 + 10**10 * (n < 20), meter_to_milli=(n + 1) * 30_000 + 10**10 * (n < 20)) for n in range(1, 41)]  # fmt: skip # noqa: E501

    assert kinds(found(lines)) == []


def test_a_meter_that_leaps_is_told_and_not_taken_for_sales() -> None:
    lines = [line(n, meter_from_milli=n * 30_000 + 10**10 * (n > 20), meter_to_milli=(n + 1) * 30_000 + 10**10 * (n > 20)) for n in range(1, 41)]  # fmt: skip # noqa: E501
    gaps = found(lines)

    assert kinds(gaps) == ["jump"]
    assert gaps.findings["quantity_milli"].tolist() == [0]


def test_numbers_that_start_anew_each_day_prove_nothing_about_midnight() -> None:
    lines = [
        line(number, business_day=DAY + number // 200, serial_no=number % 200 + 1)
        for number in range(600)
    ]

    assert kinds(found(lines)) == []
    assert kinds(found([row for row in lines if row["id"] != 301])) == ["meter", "serial"]


def test_numbers_behind_a_date_are_counted_within_their_day() -> None:
    lines = [
        line(
            number + 1440 * day,
            business_day=DAY + day,
            serial_no=(20_241_004 + day) * 1_000 + number,
            meter_from_milli=None,
        )
        for day in range(3)
        for number in range(1, 601)
    ]

    assert scope(found(lines)) == Scope.STATION or scope(found(lines)) == Scope.NOZZLE
    assert kinds(found(lines)) == []


def test_numbers_that_run_over_their_last_digit_prove_nothing_there() -> None:
    lines = [line(n, serial_no=(9_970 + n) % 10_000) for n in range(60)]

    assert kinds(found(lines)) == []


def shuffled(chance: int, nozzles: int) -> list[dict[str, object]]:
    """Return sales whose numbers count the station, at several nozzles without meters."""
    return [line(n, nozzle=str(n * chance % nozzles), meter_from_milli=None) for n in range(1, 201)]


def test_numbers_of_a_station_are_not_missed_at_its_nozzles() -> None:
    gaps = found(shuffled(7, 5))

    assert scope(gaps) == Scope.STATION
    assert kinds(gaps) == []


@pytest.mark.parametrize("apart", [0, 50_000])
def test_numbers_of_each_nozzle_are_missed_at_that_nozzle(apart: int) -> None:
    lines = [
        line(
            n, id=n + 1000 * nozzle, nozzle=str(nozzle), serial_no=n + apart * nozzle,
            sold_at=DAY * 86_400 + n * MINUTE + nozzle, meter_from_milli=None,
        )
        for nozzle in (1, 2, 3)
        for n in range(1, 101)
        if not (nozzle == 2 and n == 50)
    ]  # fmt: skip
    gaps = found(lines)

    assert scope(gaps) == Scope.NOZZLE
    assert gaps.findings["nozzle"].tolist() == ["2"]
    assert gaps.nozzles["missing_numbers"].tolist() == [0, 1, 0]


def test_numbers_that_do_not_run_on_prove_nothing() -> None:
    gaps = found([line(n, serial_no=n * 7_919 % 1_000_003, meter_from_milli=None) for n in range(1, 99)])  # fmt: skip # noqa: E501

    assert scope(gaps) == Scope.NONE
    assert kinds(gaps) == []


def test_without_numbers_or_meters_nothing_is_said() -> None:
    gaps = found([line(n, serial_no=None, meter_from_milli=None) for n in range(9)])

    assert kinds(gaps) == []
    assert gaps.basis[["lines", "numbered", "scope", "metered"]].to_numpy().tolist() == [
        [9, 0, "none", 0]
    ]


def test_no_line_at_all_is_no_gap() -> None:
    empty = find_gaps(pd.DataFrame(columns=list(line(1))), RULES)

    assert (len(empty.findings), len(empty.basis), len(empty.nozzles)) == (0, 0, 0)


@settings(deadline=None)
@given(gone=st.sets(st.integers(2, 79), max_size=20), order=st.randoms(use_true_random=False))
@pytest.mark.slow
def test_exactly_what_was_left_out_is_missing_whatever_the_order(
    gone: set[int], order: random.Random
) -> None:
    lines = [line(number) for number in range(1, 81) if number not in gone]
    order.shuffle(lines)
    gaps = found(lines)

    numbers = gaps.findings[gaps.findings["kind"] == Gap.SERIAL]
    meters = gaps.findings[gaps.findings["kind"] == Gap.METER]
    assert int(numbers["count"].sum()) == len(gone)
    assert int(meters["quantity_milli"].sum()) == len(gone) * 30_000


# --- totals ---------------------------------------------------------------------------------------


def compared(told: int, held: int, tested: int = 0) -> pd.Series:
    totals = pd.DataFrame(
        [
            (1, DAY, "grade", "001", told, told * 2),
            (1, DAY, "test", "001", tested, 0),
            (1, DAY, "position", "9", told, told * 2),
        ],
        columns=["station_id", "business_day", "kind", "name", "quantity_milli", "amount_minor"],
    )
    sold = pd.DataFrame(
        [(1, DAY, "001 UNLEAD REG", "9", held, held * 2), (1, DAY, "002 PLUS", "9", 7, 7)],
        columns=["station_id", "business_day", "code", "nozzle", "quantity_milli", "amount_minor"],
    )
    (_, row), *rest = compare_totals(totals, sold, RULES).iterrows()
    assert rest == []
    return row


@pytest.mark.parametrize(
    ("told", "held", "tested", "verdict"),
    [
        (100_000, 100_400, 0, Verdict.EVEN),
        (100_000, 80_000, 20_000, Verdict.TESTS),
        (100_000, 80_000, 0, Verdict.MISSING),
        (100_000, 120_000, 0, Verdict.MORE),
        (100_000, 100_000, 20_000, Verdict.EVEN),
    ],
)
def test_the_sales_held_are_told_against_the_tills_total(
    told: int, held: int, tested: int, verdict: Verdict
) -> None:
    row = compared(told, held, tested)

    assert row["verdict"] == verdict
    assert row["difference_milli"] == held - told
    assert row["difference_minor"] == 2 * (held - told)


def test_without_a_total_there_is_nothing_to_compare() -> None:
    columns = ["station_id", "business_day", "kind", "name", "quantity_milli", "amount_minor"]
    sold = ["station_id", "business_day", "code", "nozzle", "quantity_milli", "amount_minor"]

    rows = compare_totals(pd.DataFrame(columns=columns), pd.DataFrame(columns=sold), RULES)

    assert rows.empty

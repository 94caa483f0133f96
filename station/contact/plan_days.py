"""On which day is who called? Chosen so that it brings most, with a bound that no plan exceeds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ortools.linear_solver.python import model_builder_helper as linear
from ortools.sat.python import cp_model

from station.contact.plan_sheet import Sheet, grouped

WHOLE_COLUMNS = 4_000
"""Up to so many possibilities all are weighed; beyond, those that the relaxed plan leaves open."""
EFFORT, NEAR_ENOUGH = 1.0, 0.001
"""Of the search: its deterministic time, and the gap at which it may stop."""
TINY, FINE = 1e-6, 100


@dataclass(frozen=True, slots=True)
class Relief:
    """The plan if a call could be made in parts: how much of each column, and what it counts.

    `spare` is what a column would add if the rest stayed as it is, in the prices of what is scarce.
    """

    part: np.ndarray
    spare: np.ndarray
    weight: float
    worth: float


def relief_of(sheet: Sheet) -> Relief:
    """Return the best plan if calls could be made in parts: no plan counts for more."""
    count = len(sheet.weight)
    if not count:
        return Relief(np.zeros(0), np.zeros(0), 0.0, 0.0)
    none, whole = np.zeros(count), np.ones(count)
    least = np.full(len(sheet.most), -np.inf)
    told: tuple[Any, ...] = (none, whole, sheet.weight, least, sheet.most, sheet.rows)
    model = linear.ModelBuilderHelper()
    model.fill_model_from_sparse_data(*told)
    model.set_maximize(True)
    solver = linear.ModelSolverHelper("GLOP")
    solver.solve(model)
    part = np.array(solver.variable_values())
    spare = np.array(solver.reduced_costs())
    return Relief(part, spare, float(solver.objective_value()), float(sheet.worth @ part))


def near(sheet: Sheet, relief: Relief, others: int) -> dict[int, frozenset[int]]:
    """Return of each item the days that the relaxed plan uses and a few more of the best ones."""
    used = relief.part[: len(sheet.item)] > TINY
    found = {}
    for columns in grouped(sheet.item):
        order = sorted(columns, key=lambda one: (-relief.spare[one], one))
        kept = {*columns[used[columns]], *order[:others]}
        found[int(sheet.item[columns[0]])] = frozenset(int(sheet.day[one]) for one in kept)
    return found


def choose(sheet: Sheet, relief: Relief) -> dict[int, int]:
    """Return on which day each item is called that is called at all, by its place."""
    whole = np.flatnonzero(relief.part > 1 - TINY)
    if not np.any((relief.part > TINY) & (relief.part < 1 - TINY)):  # none in parts: none is better
        return _days(sheet, whole.tolist())
    kept = _kept(sheet, relief)
    model = cp_model.CpModel()
    chosen = {int(column): model.new_bool_var("") for column in kept}
    _limit(model, chosen, sheet)
    for column, variable in chosen.items():
        model.add_hint(variable, bool(relief.part[column] > 1 - TINY))
    weights = [round(FINE * float(sheet.weight[column])) for column in chosen]
    model.maximize(cp_model.LinearExpr.weighted_sum(list(chosen.values()), weights))
    solver = _solver()
    is_found = solver.solve(model) in {cp_model.OPTIMAL, cp_model.FEASIBLE}
    if not is_found or solver.objective_value < FINE * float(sheet.weight[whole].sum()):
        return _days(sheet, whole.tolist())  # the search was ended early
    return _days(sheet, [column for column, told in chosen.items() if solver.value(told)])


def _days(sheet: Sheet, columns: Iterable[int]) -> dict[int, int]:
    """Return the day of each item of some columns; trips are none."""
    calls = [column for column in columns if column < len(sheet.item)]
    return {int(sheet.item[column]): int(sheet.day[column]) for column in calls}


def _limit(model: cp_model.CpModel, chosen: dict[int, cp_model.IntVar], sheet: Sheet) -> None:
    """Let what is chosen keep every limit of the sheet."""
    rows = sheet.rows
    for row, most in enumerate(sheet.most):
        span = slice(rows.indptr[row], rows.indptr[row + 1])
        terms = [
            (chosen[column], round(factor))
            for column, factor in zip(
                rows.indices[span].tolist(), rows.data[span].tolist(), strict=True
            )
            if column in chosen
        ]
        if sum(max(0, factor) for _, factor in terms) > most:
            told, factors = zip(*terms, strict=True)
            model.add(cp_model.LinearExpr.weighted_sum(told, factors) <= int(most))


def _solver() -> cp_model.CpSolver:
    """Return a solver that comes to the same end each time: no clock, no race of threads."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = EFFORT
    solver.parameters.relative_gap_limit = NEAR_ENOUGH
    return solver


def _kept(sheet: Sheet, relief: Relief) -> np.ndarray:
    """Return which columns are weighed: all of a small task; of a large one what is undecided."""
    count = len(sheet.weight)
    if count <= WHOLE_COLUMNS:
        return np.arange(count)
    used = relief.part > TINY
    is_part = used & (relief.part < 1 - TINY)
    undecided = np.isin(sheet.item, sheet.item[np.flatnonzero(is_part[: len(sheet.item)])])
    return np.flatnonzero(used | np.append(undecided, np.ones(len(sheet.opens), dtype=bool)))

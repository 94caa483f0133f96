"""How is a cell written so that no spreadsheet runs it, and read back unchanged?"""

import re

from station.text import FORMULA_STARTS

MARK = "'"
OWN_NUMBER = re.compile(r"[+-]?\d{1,3}(?:,?\d{3})*(?:\.\d+)?", re.ASCII)


def kill(cell: str) -> str:
    """Return the cell as a spreadsheet shows it: numbers as they are, formulas as text."""
    if cell.startswith(FORMULA_STARTS) and not OWN_NUMBER.fullmatch(cell):
        return MARK + cell
    return cell


def revive(cell: str) -> str:
    """Return the cell that `kill` was given."""
    return cell[1:] if cell.startswith(MARK) and cell[1:].startswith(FORMULA_STARTS) else cell


def revive_all(cells: list[str]) -> list[str]:
    """Return the cells that `kill` was given."""
    return [revive(cell) for cell in cells]

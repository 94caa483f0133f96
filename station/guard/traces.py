"""By which words is a person recognised in a text, however they were typed?"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONG = 5
"""Signs from which on a mark is recognised inside a cell too; a shorter one must be all of it."""
CHINA = "+86"
ABROAD_DIGITS = 9
CELLS = re.compile(r'[,;|\t\r\n"，；、]+')


@dataclass(frozen=True, slots=True)
class Traces:
    """The words that give a person away: names, and marks such as phones, plates and cards."""

    names: frozenset[str]
    marks: frozenset[str]

    def __or__(self, other: "Traces") -> "Traces":
        """Return the words of both."""
        return Traces(self.names | other.names, self.marks | other.marks)

    def found_in(self, text: str) -> bool:
        """Return whether a text, such as a row of a file, names the person."""
        cells = {_plain(cell) for cell in CELLS.split(text)}
        return any(
            cell in self.names
            or cell in self.marks
            or any(name in cell for name in self.names if len(name) > 1)
            or any(mark in cell for mark in self.marks if len(mark) >= LONG)
            for cell in cells
        )


def of(*, names: Iterable[str], phones: Iterable[str], marks: Iterable[str]) -> Traces:
    """Return the traces of a person; phones come as E.164, what is empty is left out."""
    told = {_plain(mark) for mark in (*marks, *map(_national, phones))}
    return Traces(frozenset(map(_plain, names)) - {""}, frozenset(told) - {""})


def _national(phone: str) -> str:
    """Return the digits of a phone that stand however its country is written."""
    return phone.removeprefix(CHINA) if phone.startswith(CHINA) else phone[-ABROAD_DIGITS:]


def _plain(text: str) -> str:
    """Return letters and digits only, so that spaces, dots and widths make no difference."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).upper() if sign.isalnum())

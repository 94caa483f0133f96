"""Lists leave the house as CSV or XLSX, made on a click by whoever may export."""

import pandas as pd

from station.output import sheets
from station.services.access import right
from station.services.ask import Ask


@right("rows.export")
def export(ask: Ask, *, frame: pd.DataFrame, headings: dict[str, str], kind: str) -> bytes:
    """Return the columns named in `headings` as a csv or xlsx file whose cells are inert."""
    if kind == "xlsx":
        return sheets.to_xlsx(frame, headings, sheet=f"{ask.as_of:%Y-%m-%d}")
    return sheets.to_csv(frame, headings)

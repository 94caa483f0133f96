"""Lists leave the house as CSV or XLSX: made on a click, counted, and saying for whom and why."""

from datetime import UTC, datetime

import pandas as pd

from station import text
from station.archive.people import audit
from station.errors import LimitReachedError
from station.model import Act
from station.output import sheets
from station.services import trail
from station.services.access import LOCAL_ACCOUNT, acting, right, start_of_today
from station.services.ask import Ask


@right("rows.export")
def export(
    ask: Ask,
    *,
    frame: pd.DataFrame,
    headings: dict[str, str],
    kind: str,
    name: str,
    reason: str = "",
    lang: str = "zh",
) -> bytes:
    """Return the columns named in `headings` as a csv or xlsx file whose cells are inert.

    With a reason the first row says who took it out, when and why; only whoever keeps the
    archive's files may go without.

    Raises:
        BadValueError: no reason is given.
        LimitReachedError: it is more than one account may take out in a day.
    """
    count(ask, name=name, rows=len(frame), reason=reason)
    told = mark(ask, lang, len(frame), reason)
    if kind == "xlsx":
        return sheets.to_xlsx(frame, headings, sheet=f"{ask.as_of:%Y-%m-%d}", mark=told)
    return sheets.to_csv(frame, headings, mark=told)


def count(ask: Ask, *, name: str, rows: int, reason: str) -> None:
    """Write down that rows are taken out, and refuse where the day's are used up.

    Raises:
        BadValueError: no reason is given.
        LimitReachedError: it is more than one account may take out in a day.
    """
    if ask.scope.account != LOCAL_ACCOUNT:
        reason = trail.needed(reason)
    most, account = ask.settings.looks.export_rows_per_day, ask.scope.account
    with acting(ask) as conn:
        taken = audit.total(conn, account=account, act=Act.EXPORT, from_s=start_of_today())
        if account != LOCAL_ACCOUNT and taken + rows > most:
            raise LimitReachedError("error.export_limit", most=most, taken=taken)
        trail.note(
            conn,
            ask.scope,
            Act.EXPORT,
            f"list:{name}",
            station_id=trail.place_of(ask.scope),
            count=rows,
            reason=reason,
        )


def mark(ask: Ask, lang: str, rows: int, reason: str) -> str:
    """Return the first row of an export: who took it out, when and why; none without a reason."""
    if not reason.strip():
        return ""
    now = datetime.now(UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    return text.say(
        lang, "sheets.mark", account=ask.scope.account, now=now, rows=rows, reason=reason.strip()
    )

"""Whom does a station call in a month?"""

from datetime import datetime
from typing import Annotated, Any

import pandas as pd
import typer

from station import text
from station.cli.call import Call, JsonOption, command
from station.cli.printing import print_json
from station.services.access import today
from station.services.calls import months, planning
from station.services.calls.months import Month

app = typer.Typer(no_args_is_help=True)
HOUR_MIN = 60
SHOWN = ("day", "at", "account", "customer", "grade", "purpose", "channel", "why")


@app.command("plan")
@command
def calls_plan(
    context: typer.Context,
    station: Annotated[str, typer.Option("--station", help="Code.")],
    month: Annotated[
        datetime | None, typer.Option("--month", formats=["%Y-%m"], help="YYYY-MM; this one.")
    ] = None,
    make: Annotated[bool, typer.Option("--make", help="Make the plan first, anew.")] = False,
    mend: Annotated[
        bool, typer.Option("--mend", help="Plan again first what cannot be done.")
    ] = False,
    approve: Annotated[bool, typer.Option("--approve", help="Approve it first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the calls of a month: who calls whom, when and why."""
    call: Call = context.obj
    ask, first = call.ask(), (month.date() if month else today()).replace(day=1)
    if make:
        planning.make(ask, station=station, month=first)
    if mend:
        planning.mend(ask, station=station, month=first)
    if approve:
        planning.approve(ask, station=station, month=first)
    told = months.month(ask, station=station, first=first)
    calls = _calls(call, told)
    if as_json:
        print_json(_document(told, calls))
        return
    for row in calls[list(SHOWN)].to_dict("records"):
        typer.echo("  ".join(str(row[name]) for name in SHOWN if row[name]))
    value = text.money(call.lang, told.value, told.currency)
    facts = {"calls": len(calls), "unfit": len(told.unfit), "held": len(told.held)}
    status = call.say(f"planning.status_{told.status}")
    typer.echo(call.say("planning.told", **facts, value=value, gap=told.gap, status=status))


def _calls(call: Call, told: Month) -> pd.DataFrame:
    """Return the calls that are planned or made, in words."""
    rows = told.calls[told.calls["status"].isin(["planned", "done"])]
    return pd.DataFrame(
        [_plain(call, row) for row in rows.to_dict("records")],
        columns=["call_id", *SHOWN, "area", "minutes", "value", "status"],
    )


def _plain(call: Call, row: dict[Any, Any]) -> dict[str, Any]:
    hour, minute = divmod(int(row["at_min"] or 0), HOUR_MIN)
    return {
        "call_id": row["call_id"],
        "day": str(row["day"]),
        "at": f"{hour:02}:{minute:02}",
        "account": row["account"],
        "customer": row["name"],
        "grade": row["grade"],
        "purpose": call.say(f"word.call_purpose.{row['purpose']}"),
        "channel": call.say(f"word.channel.{row['channel']}"),
        "why": text.say_row(call.lang, {**row["facts"], "why": row["why"]}, "why"),
        "area": row["area"],
        "minutes": row["minutes"],
        "value": row["value"],
        "status": row["status"],
    }


def _document(told: Month, calls: pd.DataFrame) -> dict[str, Any]:
    unfit = told.unfit.rename(columns={"name": "customer"}).drop(columns="customer_id")
    return {
        "station": told.station,
        "month": f"{told.first:%Y-%m}",
        "status": told.status,
        "value": told.value,
        "bound": told.bound,
        "gap": told.gap,
        "currency": told.currency,
        "prices": dict(told.prices),
        "calls": calls.to_dict("records"),
        "loads": told.loads.to_dict("records"),
        "unfit": unfit.to_dict("records"),
        "held": len(told.held),
        "lost": told.lost,
    }

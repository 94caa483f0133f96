"""Do calls help, and is that known yet?"""

import math
from typing import Any

import typer

from station.cli.call import Call, JsonOption, command
from station.cli.printing import print_json
from station.cli.reports import AsOfOption, StationsOption
from station.services.calls import judging
from station.services.calls.judging import POINTS

app = typer.Typer(no_args_is_help=True)


@app.callback()
def calls() -> None:
    """Keep this a group while it has one command."""


@app.command("effect")
@command
def calls_effect(
    context: typer.Context,
    stations: StationsOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what win-back calls did, held against those left uncalled by lot."""
    call: Call = context.obj
    ask = call.ask_as_of(as_of)
    told = judging.effect(ask, stations=tuple(stations or ()))
    if as_json:
        print_json(judging.document(told))
        return
    key, facts = judging.sentence(told, ask.settings)
    typer.echo(call.say(key, **facts))
    if not math.isnan(told.whole.naive) and not math.isnan(told.whole.rate_held):
        rates = {"naive": told.whole.naive, "rate": told.whole.rate_held}
        typer.echo(call.say("page_effect.naive_told", **rates))
    for row in told.stations.to_dict("records"):
        typer.echo(_line(call, row))


def _line(call: Call, row: dict[Any, Any]) -> str:
    verdict = call.say(f"page_effect.{str(row['sentence']).rpartition('.')[2]}")
    limits = {
        name: row[of] * POINTS for name, of in (("low", "always_low"), ("high", "always_high"))
    }
    if math.isnan(row["always"]):
        return call.say("effect.station_unknown", station=row["station"], due=row["due"])
    at = row["always"] * POINTS
    told = {"station": row["station"], "due": row["due"], "verdict": verdict}
    return call.say("effect.station", **told, at=at, **limits)

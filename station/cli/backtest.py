"""How would every lapse rule have done on the archive's own past?"""

from typing import Annotated

import typer

from station.cli.call import Call, JsonOption, command
from station.cli.printing import print_json
from station.cli.reports import AsOfOption, StationsOption
from station.services import backtests

app = typer.Typer()


@app.command("backtest")
@command
def backtest_command(
    context: typer.Context,
    stations: StationsOption = None,
    horizon: Annotated[int, typer.Option(min=1, help="Days looked ahead.")] = 30,
    cutoffs: Annotated[int, typer.Option(min=1, help="Past days replayed.")] = 4,
    min_visits: Annotated[int, typer.Option("--min-visits", min=1, help="Visit-days.")] = 4,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay every lapse rule on the archive's own past."""
    call: Call = context.obj
    asked = backtests.Replay(horizon=horizon, cutoffs=cutoffs, min_visits=min_visits)
    ask = call.ask_as_of(as_of)
    found = backtests.replay(ask, stations=tuple(stations or ()), asked=asked)
    if as_json:
        print_json(found)
        return
    days = ", ".join(found["cutoffs"])
    typer.echo(call.say("backtest.done", rows=found["rows"], horizon=horizon, days=days))
    typer.echo(
        backtests.table(found).to_string(index=False, na_rep="", float_format="{:.3f}".format)
    )

"""How would every lapse rule have done on the archive's own past?"""

from collections.abc import Iterator
from typing import Annotated, Any

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
    horizon: Annotated[int, typer.Option(help="Days looked ahead.")] = 30,
    cutoffs: Annotated[int, typer.Option(help="Past days replayed.")] = 4,
    min_visits: Annotated[int, typer.Option("--min-visits", help="Visit-days.")] = 4,
    calls: Annotated[int | None, typer.Option(help="Calls of a station in a week.")] = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay every lapse rule on the archive's own past."""
    call: Call = context.obj
    asked = backtests.Replay(horizon, cutoffs, min_visits, calls)
    ask = call.ask_as_of(as_of)
    found = backtests.replay(ask, stations=tuple(stations or ()), asked=asked)
    if as_json:
        print_json(found)
        return
    for line in _told(call, found):
        typer.echo(line)


def _told(call: Call, found: dict[str, Any]) -> Iterator[str]:
    """Yield what was replayed and a sentence a rule."""
    days = ", ".join(found["cutoffs"])
    yield call.say("backtest.done", rows=found["rows"], horizon=found["horizon"], days=days)
    for method, figures in found["methods"].items():
        said = (_sentence(call, key, figures) for key in ("listed", "cut", "ranked", "forecast"))
        yield call.say(
            "backtest.row", rule=call.say(f"backtest.{method}"), told=" ".join(filter(None, said))
        )


def _sentence(call: Call, key: str, facts: dict[str, Any]) -> str:
    """Return one sentence of a rule, "" where it has not the figures."""
    cut = facts["at_capacity"] or {}
    needed = {
        "listed": facts["new_came_back"],
        "cut": cut.get("came_back"),
        "ranked": facts["auc"],
        "forecast": facts["log_loss"],
    }
    if needed[key] is None:
        return ""
    called = {f"cut_{name}": value for name, value in cut.items()}
    return call.say(f"backtest.{key}", **facts, **called)

"""What does an analysis say, as a table, a file or a document?"""

from pathlib import Path
from typing import Annotated

import typer

from station.cli.call import Call, JsonOption, command
from station.cli.printing import SHOWN_ROWS, print_json
from station.services import reports

app = typer.Typer()
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="YYYY-MM-DD")]
StationsOption = Annotated[list[str] | None, typer.Option("--station", help="Code; repeatable.")]


@app.command("report")
@command
def report_command(  # noqa: PLR0913, PLR0917 - one option a line of the contract
    context: typer.Context,
    name: str,
    stations: StationsOption = None,
    region: str = "",
    as_of: AsOfOption = None,
    days: Annotated[int, typer.Option(min=0)] = 0,
    horizon: Annotated[int, typer.Option(min=1, help="Days, for p_return.")] = 30,
    network: Annotated[bool, typer.Option("--network", help="All stations as one.")] = False,
    csv: Annotated[Path | None, typer.Option("--csv")] = None,
    reason: Annotated[str, typer.Option(help="Why it leaves the house.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Print an analysis as a table."""
    if csv and as_json:
        raise typer.BadParameter("--csv | --json")
    call: Call = context.obj
    question = reports.Question(
        stations=tuple(stations or ()),
        region=region,
        days=days,
        horizon_days=horizon,
        network=network,
        lang=call.lang,
        reason=reason,
    )
    ask = call.ask_as_of(as_of)
    report = reports.report(ask, name=name, question=question)
    if as_json:
        print_json(report.document())
    elif csv:
        csv.write_bytes(reports.as_csv(ask, told=report, question=question))
        typer.echo(call.say("cli.written", file=str(csv), rows=len(report.rows)))
    else:
        _echo_table(call, report)


def _echo_table(call: Call, report: reports.Report) -> None:
    shown = report.rows.head(SHOWN_ROWS)
    typer.echo(f"{report.name} · {report.as_of.isoformat()}")
    typer.echo(shown.to_string(index=False, na_rep="", float_format="{:.2f}".format))
    if len(report.rows) > SHOWN_ROWS:
        typer.echo(call.say("cli.more_rows", rows=len(report.rows) - SHOWN_ROWS))

"""The command line: one function a command; docs/en/commands.md lists them."""

import sys
from io import TextIOWrapper

import typer

from station.cli import (
    backtest,
    call,
    calls,
    effect,
    imports,
    keeping,
    oddities,
    people,
    plan,
    points,
    privacy,
    reports,
)

app = typer.Typer(
    callback=call.station,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(keeping.app)
app.add_typer(reports.app)
app.add_typer(backtest.app)
app.add_typer(imports.app, name="import", help="Bring files in.")
app.add_typer(people.users, name="users", help="Accounts and their roles.")
app.add_typer(people.tills, name="terminals", help="Keys of tills.")
app.add_typer(people.trail, name="audit", help="Who did what.")
app.add_typer(keeping.keyring, name="keys", help="Change the keys that seal names and notes.")
effect.app.add_typer(plan.app)
effect.app.add_typer(calls.app)
app.add_typer(effect.app, name="calls", help="Revisit calls.")
app.add_typer(oddities.app, name="oddities", help="What is worth a look.")
app.add_typer(points.app, name="points", help="The ledger of points.")
app.add_typer(privacy.app, name="privacy", help="What a customer may ask for.")


def main() -> None:
    """Run the command line; a sign that the terminal does not know ends no command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()

"""How is an archive made, filled with a demo, shown, proved, copied and given new keys?"""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from station.cli.call import Call, JsonOption, command
from station.cli.printing import bar, print_json
from station.services import board, demo, keeping
from station.services.personal import keys

app = typer.Typer()
keyring = typer.Typer(no_args_is_help=True)


@app.command()
@command
def init(context: typer.Context) -> None:
    """Create the archive, or upgrade it."""
    call: Call = context.obj
    keeping.create(call.settings, call.archive)
    typer.echo(call.say("cli.ready"))


@app.command("demo")
@command
def demo_command(
    context: typer.Context,
    stations: Annotated[int, typer.Option(min=1, max=200)] = 5,
    days: Annotated[int, typer.Option(min=30, max=3660)] = 540,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    out: Path = Path("data/demo"),
) -> None:
    """Write the files of a realistic network, its truth beside them, and import them."""
    call: Call = context.obj
    keeping.create(call.settings, call.archive)
    with bar(call.say("cli.demo")) as progress:
        network = demo.Network(stations, days, seed)
        lines = demo.fill(call.ask(), network=network, out=out, progress=progress)
    typer.echo(call.say("cli.demo_done", lines=lines, folder=str(out)))


@app.command()
@command
def serve(
    context: typer.Context,
    demo_data: Annotated[bool, typer.Option("--demo", help="Fill an empty archive.")] = False,
    host: str = "",
    port: int = 0,
) -> None:
    """Start the dashboard."""
    call: Call = context.obj
    rules = call.settings.server
    keeping.create(call.settings, call.archive).close()
    if demo_data and board.is_empty(call.ask()):
        demo_command(context)
    _become_server(call, host or rules.host, port or rules.port)


@app.command("api")
@command
def api_command(context: typer.Context, host: str = "", port: int = 0) -> None:
    """Answer tills alone, beside the dashboard's server or on a machine of its own."""
    call: Call = context.obj
    rules = call.settings.server
    keeping.open_archive(call.settings, call.archive).close()
    _become_server(call, host or rules.host, port or rules.port, "--only-api")


def _become_server(call: Call, host: str, port: int, *more: str) -> None:
    """Start the server in this process's place: it stands on top of all faces."""
    where = ["--host", host, "--port", str(port), "--lang", call.lang, *more]
    environment = os.environ | {"STATION_ARCHIVE": call.archive, "STATION_CONFIG": call.config}
    os.execve(sys.executable, [sys.executable, "-m", "station.server", *where], environment)  # noqa: S606 - our own interpreter


@app.command()
@command
def backup(context: typer.Context, file: Path) -> None:
    """Write a consistent copy of the archive; it may be in use."""
    call: Call = context.obj
    keeping.backup(call.ask(), path=file)
    typer.echo(call.say("cli.backed_up", file=str(file)))


@app.command()
@command
def restore(context: typer.Context, file: Path) -> None:
    """Put a backup in the archive's place, after verifying it."""
    call: Call = context.obj
    keeping.restore(call.settings, call.archive, file)
    typer.echo(call.say("cli.restored", file=str(file)))


@app.command()
@command
def verify(context: typer.Context, as_json: JsonOption = False) -> None:
    """Prove the archive; exit 1 and name the first bad row if it is not sound."""
    call: Call = context.obj
    result = keeping.verify(call.ask())
    if as_json:
        print_json({"ok": result.ok, "first_bad": result.first_bad, **asdict(result)})
    else:
        for check in result.checks:
            state = call.say("cli.check_bad" if check.first_bad else "cli.check_ok")
            typer.echo(f"{check.name}: {state} {check.first_bad}".rstrip())
    if not result.ok:
        raise typer.Exit(1)


@app.command()
@command
def nightly(context: typer.Context) -> None:
    """Do everything that is due once a day; safe to repeat."""
    call: Call = context.obj
    for done in keeping.nightly(call.ask()):
        typer.echo(call.say(f"cli.nightly_{done.name}", **done.facts))


@keyring.command("rotate")
@command
def keys_rotate(context: typer.Context) -> None:
    """Seal everything anew under new keys; may be stopped and run again."""
    call: Call = context.obj
    ask = call.ask()
    with bar(call.say("keys.sealing")) as progress:
        done = keys.rotate(ask, progress=progress)
    if done.resumed:
        typer.echo(call.say("keys.resumed"))
    typer.echo(call.say("keys.rotated", texts=done.resealed))
    if done.shut:
        typer.echo(call.say("keys.shut", texts=done.shut))


@keyring.command("forget")
@command
def keys_forget(context: typer.Context) -> None:
    """Drop retired keys; what backups from before are sealed with cannot be opened then."""
    call: Call = context.obj
    ask = call.ask()
    with bar(call.say("keys.sealing")) as progress:
        dropped = keys.forget(ask, progress=progress)
    typer.echo(call.say("keys.forgot" if dropped else "keys.none_retired", keys=dropped))

"""The command line: one function a command; docs/en/commands.md lists them."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import wraps
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress as Bar

from station import text
from station.config import Settings, load_settings
from station.errors import NotAllowedError, StationError
from station.model import Progress as ProgressCall
from station.services import (
    access,
    board,
    demo,
    intake,
    keeping,
    mappings,
    records,
    reports,
)
from station.services.ask import Ask
from station.services.files import FileOptions, FileReport, as_document

P = ParamSpec("P")
R = TypeVar("R")

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
imports = typer.Typer(no_args_is_help=True, help="Bring files in.")
app.add_typer(imports, name="import")
err = Console(stderr=True)
SHOWN_ROWS = 40
LAST_YEAR = 2999
"""Alarms lie up to a century behind a day; beyond 9999 there are no dates."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was said before the command: which rules, which archive, who, in which language."""

    settings: Settings
    config: str
    archive: str
    account: str
    lang: str

    def say(self, key: str, /, **values: object) -> str:
        """Return a sentence in the caller's language."""
        return text.say(self.lang, key, **values)

    def ask(self) -> Ask:
        """Return the caller's question on everything that ever happened."""
        if self.account not in {"", access.LOCAL_ACCOUNT}:
            raise NotAllowedError("error.no_account", account=self.account)
        db = keeping.open_archive(self.settings, self.archive)
        return Ask(db, self.settings, access.local_operator(db), date.max)

    def ask_as_of(self, words: str | None) -> Ask:
        """Return the caller's question as of a day, the last one with sales if he names none."""
        day = _day(words) if words else None
        ask = self.ask()
        return replace(ask, as_of=day or board.last_day(ask))


def _day(words: str) -> date:
    try:
        day = date.fromisoformat(words)
    except ValueError as error:
        raise typer.BadParameter(words) from error
    if day.year > LAST_YEAR:
        raise typer.BadParameter(words)
    return day


ConfigOption = Annotated[Path | None, typer.Option("--config", envvar="STATION_CONFIG")]
ArchiveOption = Annotated[str, typer.Option("--archive", envvar="STATION_ARCHIVE")]
AccountOption = Annotated[str, typer.Option("--as", envvar="STATION_ACCOUNT")]
LangOption = Annotated[str, typer.Option("--lang", help="zh or en")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="YYYY-MM-DD")]
FilesArgument = Annotated[list[Path], typer.Argument()]
MappingOption = Annotated[str, typer.Option("--mapping", help="Name or YAML file.")]
StationOption = Annotated[str, typer.Option("--station", help="Code.")]
StationsOption = Annotated[list[str] | None, typer.Option("--station", help="Code; repeatable.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Change nothing.")]


@app.callback()
def station(
    context: typer.Context,
    config: ConfigOption = None,
    archive: ArchiveOption = "",
    account: AccountOption = "",
    lang: LangOption = "",
) -> None:
    """Gas-station loyalty and visit analytics."""
    language = lang if lang in text.LANGUAGES else _machine_language()
    if lang and lang not in text.LANGUAGES:
        raise typer.BadParameter("zh | en", param_hint="--lang")
    path = config or _beside()
    with _refusing(language):
        settings = load_settings(path)
    context.obj = Call(settings, str(path or ""), archive, account, language)


def _beside() -> Path | None:
    path = Path("config.yaml")
    return path if path.exists() else None


def _machine_language() -> str:
    return "zh" if os.environ.get("LANG", "").lower().startswith("zh") else "en"


def _tell(sentence: str) -> None:
    err.print(sentence, soft_wrap=True, markup=False, highlight=False)


@contextmanager
def _refusing(lang: str) -> Iterator[None]:
    """Turn a refusal into one sentence on standard error and exit code 1."""
    try:
        yield
    except StationError as error:
        _tell(text.say(lang, error.key, **error.facts))
        raise typer.Exit(1) from error
    except BrokenPipeError:  # whoever read our output has had enough
        raise
    except OSError as error:
        _tell(
            text.say(
                lang,
                "cli.no_access",
                file=error.filename or text.say(lang, "cli.a_file"),
                reason=error.strerror,
            )
        )
        raise typer.Exit(1) from error


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` with refusals told as one sentence."""

    @wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        context = kwargs.get("context") or args[0]
        with _refusing(context.obj.lang):  # type: ignore[attr-defined]  # typer's context
            return function(*args, **kwargs)

    return told


def _print_json(document: object) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is, whatever the terminal's own
    sys.stdout.write(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def _bar(words: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a progress callback that draws on standard error."""
    with Bar(console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


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
    with _bar(call.say("cli.demo")) as progress:
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
    where = ["--host", host or rules.host, "--port", str(port or rules.port), "--lang", call.lang]
    environment = os.environ | {"STATION_ARCHIVE": call.archive, "STATION_CONFIG": call.config}
    # The server stands on top of all faces, so it is started, not imported.
    os.execve(sys.executable, [sys.executable, "-m", "station.server", *where], environment)  # noqa: S606 - our own interpreter


@imports.command("sales")
@command
def import_sales(
    context: typer.Context,
    files: FilesArgument,
    mapping_name: MappingOption = "",
    station_code: StationOption = "",
    whole_file: Annotated[bool, typer.Option("--whole-file", help="All or nothing.")] = False,
    dry_run: DryRunOption = False,
    rejects: Annotated[Path | None, typer.Option("--rejects", help="Folder.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Import what tills export: CSV or XLSX."""
    call: Call = context.obj
    ask = call.ask()
    options = intake.ImportOptions(
        mapping=mappings.find(ask, name=mapping_name) if mapping_name else None,
        station=station_code,
        whole_file=whole_file,
        dry_run=dry_run,
        rejects_dir=rejects,
        lang=call.lang,
    )
    _import_each(
        call,
        files,
        lambda path, progress: intake.import_sales(
            ask,
            path=path,
            options=replace(options, more_follow=path is not files[-1]),
            progress=progress,
        ),
        as_json=as_json,
    )


def _records_command(kind: str) -> None:
    @imports.command(kind)
    @command
    def import_records(
        context: typer.Context,
        files: FilesArgument,
        mapping_name: MappingOption = "",
        dry_run: DryRunOption = False,
        as_json: JsonOption = False,
    ) -> None:
        call: Call = context.obj
        ask = call.ask()
        options = FileOptions(
            mapping=mappings.find(ask, name=mapping_name, kind=kind) if mapping_name else None,
            dry_run=dry_run,
            lang=call.lang,
        )
        _import_each(
            call,
            files,
            lambda path, _progress: records.import_records(
                ask, kind=kind, path=path, options=options
            ),
            as_json=as_json,
        )

    import_records.__doc__ = f"Import {kind}."


for _kind in records.KINDS:
    _records_command(_kind)


def _import_each(
    call: Call,
    files: list[Path],
    take: Callable[[Path, ProgressCall], FileReport],
    *,
    as_json: bool,
) -> None:
    """Import file after file; a file that is refused stops nothing but the exit code."""
    reports_done: list[FileReport] = []
    refused = False
    for path in files:
        try:
            with _bar(path.name) as progress:
                reports_done.append(take(path, progress))
        except StationError as error:
            refused = True
            _tell(f"{path.name}: {call.say(error.key, **error.facts)}")
    if as_json:
        _print_json(as_document(reports_done))
    else:
        for report in reports_done:
            _echo_report(call, report)
    if refused:
        raise typer.Exit(1)


def _echo_report(call: Call, report: FileReport) -> None:
    counts = report.counts
    typer.echo(call.say("cli.imported", file=report.file, rows=counts.rows, **asdict(counts)))
    for reason, number in sorted(report.reasons.items()):
        typer.echo(call.say("cli.reason", number=number, reason=reason))
    if report.rejects_file:
        typer.echo(call.say("cli.rejects_file", file=str(report.rejects_file)))


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
        _print_json(report.document())
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
        _print_json({"ok": result.ok, "first_bad": result.first_bad, **asdict(result)})
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
        typer.echo(call.say(f"cli.nightly_{done}"))


def main() -> None:
    """Run the command line; a sign that the terminal does not know ends no command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()

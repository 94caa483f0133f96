"""Which files come in, and what became of their rows?"""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from station.cli.call import Call, JsonOption, StationOption, command
from station.cli.printing import bar, print_json, tell
from station.errors import StationError
from station.model import Progress
from station.services import alarms
from station.services.incoming import intake, mappings, records
from station.services.incoming.files import FileOptions, FileReport, as_document

app = typer.Typer(no_args_is_help=True)
FilesArgument = Annotated[list[Path], typer.Argument()]
MappingOption = Annotated[str, typer.Option("--mapping", help="Name or YAML file.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Change nothing.")]


@app.command("sales")
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
        then=None if dry_run else lambda: alarms.refresh(ask),
    )


def _records_command(kind: str) -> None:
    @app.command(kind)
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
            then=None if dry_run else lambda: alarms.refresh(ask),
        )

    import_records.__doc__ = f"Import {kind}."


for _kind in records.KINDS:
    _records_command(_kind)


def _import_each(
    call: Call,
    files: list[Path],
    take: Callable[[Path, Progress], FileReport],
    *,
    as_json: bool,
    then: Callable[[], object] | None = None,
) -> None:
    """Import file after file; a file that is refused stops nothing but the exit code."""
    reports_done: list[FileReport] = []
    refused = False
    for path in files:
        try:
            with bar(path.name) as progress:
                reports_done.append(take(path, progress))
        except StationError as error:
            refused = True
            tell(f"{path.name}: {call.say(error.key, **error.facts)}")
    if then is not None and any(report.counts.accepted for report in reports_done):
        then()
    if as_json:
        print_json(as_document(reports_done))
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

"""The command line: one function a command; docs/en/commands.md lists them."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import wraps
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import pandas as pd
import typer
from rich.console import Console
from rich.progress import Progress as Bar

from station import text
from station.config import Settings, load_settings
from station.errors import NotAllowedError, StationError
from station.model import Channel, ConsentSource, Grant, Purpose, Role
from station.model import Progress as ProgressCall
from station.services import (
    access,
    accounts,
    approvals,
    audit,
    board,
    contacts,
    demo,
    erasure,
    intake,
    keeping,
    keys,
    mappings,
    privacy,
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
users = typer.Typer(no_args_is_help=True, help="Accounts and their roles.")
app.add_typer(users, name="users")
trail = typer.Typer(no_args_is_help=True, help="Who did what.")
app.add_typer(trail, name="audit")
keyring = typer.Typer(no_args_is_help=True, help="Change the keys that seal names and notes.")
app.add_typer(keyring, name="keys")
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
        db = keeping.open_archive(self.settings, self.archive)
        if self.account in {"", access.LOCAL_ACCOUNT}:
            keeping.require_keeper(db)
            return Ask(db, self.settings, access.local_operator(db), date.max)
        scope = access.scope_of(db, os.environ.get("STATION_TOKEN", ""), self.settings.sign_in)
        if scope.account != self.account:
            raise NotAllowedError("error.no_account", account=self.account)
        return Ask(db, self.settings, scope, date.max)

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
        typer.echo(call.say(f"cli.nightly_{done.name}", **done.facts))


# People: accounts, roles, requests. What changes rights prints what it changed.

NameArgument = Annotated[str, typer.Argument(help="Account.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; stands in the audit log.")]
RequestArgument = Annotated[int, typer.Argument(help="Number of a request.")]


@users.command("add")
@command
def users_add(
    context: typer.Context,
    name: NameArgument,
    role: Annotated[Role | None, typer.Option(help="A role, given at once.")] = None,
    station_code: StationOption = "",
    region: str = "",
    person: Annotated[str, typer.Option(help="Staff number.")] = "",
    subject: Annotated[str, typer.Option(help="Who he is to the company's sign-in.")] = "",
    reason: ReasonOption = "",
) -> None:
    """Make an account and print the link by which its person chooses a password."""
    call: Call = context.obj
    ask = call.ask()
    token = accounts.add(ask, name=name, person=person, subject=subject)
    typer.echo(call.say("cli.account_made", account=name))
    if role is not None:
        _give(call, ask, name, role, station_code, region, reason)
    typer.echo(call.say("cli.link", path=f"/welcome#{token}"))


def _give(
    call: Call, ask: Ask, name: str, role: Role, station_code: str, region: str, reason: str
) -> None:
    given = Grant(role, accounts.station_named(ask, code=station_code), region)
    request = accounts.ask_grant(ask, name=name, given=given, reason=reason)
    key = "cli.requested" if request else "cli.role_given"
    typer.echo(call.say(key, account=name, role=role.value, request=request))


@users.command("grant")
@command
def users_grant(
    context: typer.Context,
    name: NameArgument,
    role: Annotated[Role, typer.Option()],
    station_code: StationOption = "",
    region: str = "",
    reason: ReasonOption = "",
) -> None:
    """Give an account a role at a station, in a region, or in the chain."""
    call: Call = context.obj
    _give(call, call.ask(), name, role, station_code, region, reason)


@users.command("end")
@command
def users_end(
    context: typer.Context,
    grant: Annotated[int, typer.Argument(help="Number of a role.")],
    reason: ReasonOption = "",
) -> None:
    """Take a role away."""
    call: Call = context.obj
    accounts.end_grant(call.ask(), grant_id=grant, reason=reason)
    typer.echo(call.say("cli.role_ended", grant=grant))


@users.command("list")
@command
def users_list(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the accounts and the roles they ever had."""
    call: Call = context.obj
    ask = call.ask()
    known, held = accounts.listing(ask), accounts.grants(ask)
    _print_tables(call, {"accounts": known, "roles": held}, as_json=as_json)


@users.command("requests")
@command
def users_requests(context: typer.Context, as_json: JsonOption = False) -> None:
    """List what waits for a second person."""
    call: Call = context.obj
    _print_tables(call, {"requests": approvals.waiting(call.ask())}, as_json=as_json)


def _decide(context: typer.Context, request: int, *, approve: bool) -> None:
    call: Call = context.obj
    token = approvals.decide(call.ask(), request_id=request, approve=approve)
    typer.echo(call.say("cli.approved" if approve else "cli.declined", request=request))
    if token:
        typer.echo(call.say("cli.link", path=f"/welcome#{token}"))


@users.command("approve")
@command
def users_approve(context: typer.Context, request: RequestArgument) -> None:
    """Approve what another person asked for."""
    _decide(context, request, approve=True)


@users.command("decline")
@command
def users_decline(context: typer.Context, request: RequestArgument) -> None:
    """Decline what another person asked for."""
    _decide(context, request, approve=False)


@users.command("lock")
@command
def users_lock(context: typer.Context, name: NameArgument, reason: ReasonOption = "") -> None:
    """Let an account in no more; its sessions end at once."""
    call: Call = context.obj
    accounts.disable(call.ask(), name=name, reason=reason)
    typer.echo(call.say("cli.locked", account=name))


@users.command("unlock")
@command
def users_unlock(context: typer.Context, name: NameArgument, reason: ReasonOption = "") -> None:
    """Let an account in again."""
    call: Call = context.obj
    accounts.disable(call.ask(), name=name, reason=reason, enable=True)
    typer.echo(call.say("cli.unlocked", account=name))


@users.command("link")
@command
def users_link(context: typer.Context, name: NameArgument, reason: ReasonOption = "") -> None:
    """Let the person of an account choose a new password; the old one ends."""
    call: Call = context.obj
    request, token = accounts.ask_reset(call.ask(), name=name, reason=reason)
    if token:
        typer.echo(call.say("cli.link", path=f"/welcome#{token}"))
    else:
        typer.echo(call.say("cli.requested", account=name, role="", request=request))


@users.command("token")
@command
def users_token(context: typer.Context, name: NameArgument) -> None:
    """Print a token by which an account uses this command line (STATION_TOKEN)."""
    call: Call = context.obj
    typer.echo(accounts.make_token(call.ask(), name=name))


@trail.command("list")
@command
def audit_list(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1)] = 30,
    account: Annotated[str, typer.Option(help="Of one account.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List what was opened, taken out, changed and refused, the newest first."""
    call: Call = context.obj
    last = access.today()
    told = audit.events(
        call.ask(), from_on=last - timedelta(days=days - 1), to_on=last, account=account
    )
    _print_tables(call, {"events": told}, as_json=as_json)


@trail.command("unusual")
@command
def audit_unusual(
    context: typer.Context,
    month: Annotated[str, typer.Option(help="YYYY-MM, by default this one.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List whose viewing of a month stands out, and why."""
    call: Call = context.obj
    day = _day(f"{month}-01") if month else access.today()
    _print_tables(call, {"unusual": audit.unusual(call.ask(), month=day)}, as_json=as_json)


def _print_tables(call: Call, tables: dict[str, pd.DataFrame], *, as_json: bool) -> None:
    if as_json:
        _print_json({name: reports.plain_rows(table) for name, table in tables.items()})
        return
    for name, table in tables.items():
        typer.echo(f"{name}: {len(table)}")
        if len(table):
            typer.echo(table.head(SHOWN_ROWS).to_string(index=False, na_rep=""))
        if len(table) > SHOWN_ROWS:
            typer.echo(call.say("cli.more_rows", rows=len(table) - SHOWN_ROWS))


@keyring.command("rotate")
@command
def keys_rotate(context: typer.Context) -> None:
    """Seal everything anew under new keys; may be stopped and run again."""
    call: Call = context.obj
    ask = call.ask()
    with _bar(call.say("keys.sealing")) as progress:
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
    with _bar(call.say("keys.sealing")) as progress:
        dropped = keys.forget(ask, progress=progress)
    typer.echo(call.say("keys.forgot" if dropped else "keys.none_retired", keys=dropped))


# --- privacy: what a customer may ask for --------------------------------------------------------

privacy_app = typer.Typer(no_args_is_help=True, help="What a customer may ask for.")
app.add_typer(privacy_app, name="privacy")
CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER_CODE")]
WhyOption = Annotated[str, typer.Option("--reason", help="Why; without naming the person.")]


@privacy_app.command("file")
@command
def privacy_file(
    context: typer.Context,
    code: CustomerArgument,
    identity: Annotated[str, typer.Option(help="How you made sure who asks.")],
    reason: WhyOption,
    out: Annotated[Path | None, typer.Option("--out")] = None,
) -> None:
    """Print all that is kept of a customer, as one JSON document."""
    call: Call = context.obj
    ask = call.ask_as_of(None)
    customer_id = contacts.by_code(ask, code=code)
    document = privacy.person_file(ask, customer_id=customer_id, identity=identity, reason=reason)
    if out is None:
        _print_json(document)
        return
    privacy.write_file(out, document)
    typer.echo(call.say("cli.written_file", file=str(out)))


@privacy_app.command("erase")
@command
def privacy_erase(context: typer.Context, code: CustomerArgument, reason: WhyOption) -> None:
    """Erase a person for good; figures stay as they are."""
    call: Call = context.obj
    ask = call.ask_as_of(None)
    customer_id = contacts.by_code(ask, code=code)
    is_clean = erasure.erase(ask, customer_id=customer_id, reason=reason)
    typer.echo(call.say("cli.erased" if is_clean else "cli.erased_soon"))


@privacy_app.command("consent")
@command
def privacy_consent(
    context: typer.Context,
    code: CustomerArgument,
    purpose: Annotated[Purpose | None, typer.Option()] = None,
    channel: Annotated[Channel, typer.Option()] = Channel.PHONE,
    withdraw: Annotated[bool, typer.Option("--withdraw")] = False,
    source: Annotated[ConsentSource, typer.Option()] = ConsentSource.COUNTER,
    text_version: Annotated[str, typer.Option("--text", help="Version of the words.")] = "",
    on: Annotated[str | None, typer.Option("--on", help="YYYY-MM-DD")] = None,
) -> None:
    """Record that a customer agrees or no longer does; without a purpose list what he said."""
    call: Call = context.obj
    ask = call.ask_as_of(None)
    customer_id = contacts.by_code(ask, code=code)
    if purpose is None:
        typer.echo(privacy.consents(ask, customer_id=customer_id).to_string(index=False))
        return
    privacy.record_consent(
        ask,
        customer_id=customer_id,
        purpose=purpose,
        channel=channel,
        given=not withdraw,
        source=source,
        text_version=text_version,
        on=_day(on) if on else None,
    )
    typer.echo(call.say("cli.consent_recorded"))


# --- end of privacy ------------------------------------------------------------------------------


def main() -> None:
    """Run the command line; a sign that the terminal does not know ends no command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()

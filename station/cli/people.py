"""Who may do what, and who did?"""

from datetime import timedelta
from typing import Annotated

import pandas as pd
import typer

from station.cli.call import Call, JsonOption, StationOption, command, day_of
from station.cli.printing import SHOWN_ROWS, print_json
from station.model import Grant, Role
from station.services import access, reports
from station.services.ask import Ask
from station.services.people import accounts, approvals, audit, sign_in, terminals
from station.services.people.terminals import Keyed

users = typer.Typer(no_args_is_help=True)
trail = typer.Typer(no_args_is_help=True)
tills = typer.Typer(no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="Account.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; stands in the audit log.")]
TerminalArgument = Annotated[str, typer.Argument(help="Terminal.")]
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
        given = Grant(role, accounts.station_named(ask, code=station_code), region)
        _give(call, ask, name=name, given=given, reason=reason)
    _echo_link(call, token)


def _echo_link(call: Call, token: str) -> None:
    typer.echo(call.say("cli.link", path=sign_in.welcome_link(token)))


def _give(call: Call, ask: Ask, *, name: str, given: Grant, reason: str) -> None:
    request = accounts.ask_grant(ask, name=name, given=given, reason=reason)
    key = "cli.requested" if request else "cli.role_given"
    typer.echo(call.say(key, account=name, role=given.role.value, request=request))


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
    ask = call.ask()
    given = Grant(role, accounts.station_named(ask, code=station_code), region)
    _give(call, ask, name=name, given=given, reason=reason)


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
        _echo_link(call, token)


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
        _echo_link(call, token)
    else:
        typer.echo(call.say("cli.requested", account=name, role="", request=request))


@users.command("token")
@command
def users_token(context: typer.Context, name: NameArgument) -> None:
    """Print a token by which an account uses this command line (STATION_TOKEN)."""
    call: Call = context.obj
    typer.echo(accounts.make_token(call.ask(), name=name))


@tills.command("add")
@command
def terminals_add(
    context: typer.Context,
    name: TerminalArgument,
    station_code: StationOption,
    number: Annotated[str, typer.Option(help="As the export files call it; empty: they do not.")],
    reason: ReasonOption = "",
) -> None:
    """Ask that a till be let in; the only person there is gets its key at once."""
    call: Call = context.obj
    wanted = {"name": name, "station": station_code, "number": number}
    _echo_key(call, terminals.add(call.ask(), **wanted, reason=reason))


@tills.command("rotate")
@command
def terminals_rotate(
    context: typer.Context, name: TerminalArgument, reason: ReasonOption = ""
) -> None:
    """Ask for a new key for a till; the old one serves until the new one is printed."""
    call: Call = context.obj
    _echo_key(call, terminals.rotate(call.ask(), name=name, reason=reason))


@tills.command("key")
@command
def terminals_key(context: typer.Context, name: TerminalArgument) -> None:
    """Print the key that you asked for and another agreed to, once."""
    call: Call = context.obj
    _echo_key(call, terminals.collect(call.ask(), name=name))


def _echo_key(call: Call, keyed: Keyed) -> None:
    if keyed.request:
        typer.echo(call.say("cli.terminal_asked", terminal=keyed.name, request=keyed.request))
        return
    typer.echo(call.say("cli.terminal_key", terminal=keyed.name, key=keyed.key))


@tills.command("revoke")
@command
def terminals_revoke(
    context: typer.Context, name: TerminalArgument, reason: ReasonOption = ""
) -> None:
    """Take a till's key away for good."""
    call: Call = context.obj
    terminals.revoke(call.ask(), name=name, reason=reason)
    typer.echo(call.say("cli.terminal_revoked", terminal=name))


@tills.command("list")
@command
def terminals_list(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the tills, where they are and when each asked last."""
    call: Call = context.obj
    _print_tables(call, {"terminals": terminals.listing(call.ask())}, as_json=as_json)


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
    day = day_of(f"{month}-01") if month else access.today()
    _print_tables(call, {"unusual": audit.unusual(call.ask(), month=day)}, as_json=as_json)


def _print_tables(call: Call, tables: dict[str, pd.DataFrame], *, as_json: bool) -> None:
    if as_json:
        print_json({name: reports.plain_rows(table) for name, table in tables.items()})
        return
    for name, table in tables.items():
        typer.echo(f"{name}: {len(table)}")
        if len(table):
            typer.echo(table.head(SHOWN_ROWS).to_string(index=False, na_rep=""))
        if len(table) > SHOWN_ROWS:
            typer.echo(call.say("cli.more_rows", rows=len(table) - SHOWN_ROWS))

"""What may be done with a member's points?"""

import secrets
from collections.abc import Hashable
from dataclasses import asdict, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from station.cli.call import Call, JsonOption, StationOption, command, day_of
from station.cli.printing import print_json
from station.cli.reports import AsOfOption, StationsOption
from station.config import load_version
from station.model import day_date, minor_per_major
from station.services.points import balances, correcting, lapsing, reporting, spending, trying
from station.services.points.booking import Receipt
from station.services.points.members import By, Named

app = typer.Typer(no_args_is_help=True)
WhoArgument = Annotated[str, typer.Argument(metavar="MEMBER", help="In full, see --by.")]
ByOption = Annotated[By, typer.Option("--by", help="What MEMBER is.")]
KeyOption = Annotated[str, typer.Option("--key", help="The same key again is the same act.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; without naming the person.")]
RANDOM_BYTES = 12


def _key(key: str) -> str:
    return key or secrets.token_hex(RANDOM_BYTES)


def _tell(call: Call, receipt: Receipt, key: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(receipt) | {"key": key})
        return
    typer.echo(call.say(f"points.done_{receipt.move}", **asdict(receipt)))
    typer.echo(call.say("points.key_was", key=key))


@app.command("balance")
@command
def points_balance(
    context: typer.Context,
    who: WhoArgument,
    by: ByOption = By.PLATE,
    as_json: JsonOption = False,
) -> None:
    """Print what a member may spend, and when what of it runs out."""
    call: Call = context.obj
    held = balances.balance(call.ask(), member=Named(by, who))
    if as_json:
        endings = [
            {"points": one.points, "until": None if one.day is None else str(day_date(one.day))}
            for one in held.endings
        ]
        print_json(asdict(held) | {"day": str(day_date(held.day)), "endings": endings})
        return
    typer.echo(call.say("points.balance", **asdict(held)))
    for one in held.endings:
        key = "points.stays" if one.day is None else "points.ends"
        typer.echo(call.say(key, points=one.points, day=one.day and day_date(one.day)))
    if held.is_frozen:
        typer.echo(call.say("points.frozen"))


@app.command("history")
@command
def points_history(
    context: typer.Context,
    who: WhoArgument,
    by: ByOption = By.PLATE,
    as_json: JsonOption = False,
) -> None:
    """Print what moved a member's points, the newest first."""
    call: Call = context.obj
    moves = balances.history(call.ask(), member=Named(by, who))
    if as_json:
        print_json(moves.astype("object").where(moves.notna(), None).to_dict("records"))
        return
    shown = moves[["id", "at", "move", "points", "member", "held", "debt", "balance", "account"]]
    typer.echo(shown.to_string(index=False))


@app.command("redeem")
@command
def points_redeem(
    context: typer.Context,
    who: WhoArgument,
    points: int,
    station: StationOption,
    by: ByOption = By.PLATE,
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Redeem points of a member."""
    call: Call = context.obj
    key, member = _key(key), Named(by, who)
    told = spending.redeem(call.ask(), key=key, member=member, points=points, station=station)
    _tell(call, told, key, as_json=as_json)


@app.command("reverse")
@command
def points_reverse(
    context: typer.Context,
    number: int,
    reason: ReasonOption,
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Undo a redemption: each point is where it was."""
    call: Call = context.obj
    key = key or f"reverse-{number}"
    told = correcting.reverse(call.ask(), key=key, number=number, reason=reason)
    _tell(call, told, key, as_json=as_json)


@app.command("adjust")
@command
def points_adjust(
    context: typer.Context,
    who: WhoArgument,
    points: Annotated[int, typer.Option("--points", help="Below 0: taken away.")],
    reason: ReasonOption,
    expires: Annotated[str, typer.Option("--expires", help="Last day, YYYY-MM-DD.")] = "",
    by: ByOption = By.PLATE,
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask for points to be given or taken away; a second person must agree."""
    call: Call = context.obj
    key = _key(key)
    told = correcting.adjust(
        call.ask(),
        key=key,
        member=Named(by, who),
        points=points,
        reason=reason,
        expires_on=day_of(expires) if expires else None,
    )
    if told is not None:
        _tell(call, told, key, as_json=as_json)
    elif as_json:
        print_json({"key": key, "waits": True})
    else:
        typer.echo(call.say("points.waits"))


@app.command("expire")
@command
def points_expire(context: typer.Context, as_json: JsonOption = False) -> None:
    """Book out points whose last day has passed; the nightly work does so too."""
    call: Call = context.obj
    done = lapsing.expire(call.ask())
    if as_json:
        print_json(asdict(done))
        return
    typer.echo(call.say("cli.nightly_points", **asdict(done)))


@app.command("liability")
@command
def points_liability(
    context: typer.Context,
    as_of: Annotated[str, typer.Option("--as-of", help="YYYY-MM-DD; now, if not given.")] = "",
    stations: StationsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what the open points may cost, and the points of each month."""
    call: Call = context.obj
    day = day_of(as_of) if as_of else None
    wanted = tuple(stations or ())
    told = reporting.liability(call.ask(), stations=wanted, day=day)
    flows = reporting.movements(call.ask(), stations=wanted, day=day)
    if as_json:
        more = {"breakage": told.open - told.use.expected, "flows": rows(flows.cells)}
        print_json(document(told) | more)
        return
    typer.echo(call.say("points.open", day=told.day, open=told.open, held=told.held))
    if told.money:
        per = minor_per_major(told.money.currency)
        names = ("open", "expected", "low", "high")
        sums = {name: getattr(told.money, f"{name}_minor") / per for name in names}
        key = "points.cost" if told.is_known else "points.cost_unknown"
        typer.echo(call.say(key, currency=told.money.currency, **sums))
    if len(told.cohorts):
        typer.echo(told.cohorts.to_string(index=False))
    typer.echo(flows.months.drop(columns="is_hidden").to_string(index=False))


@app.command("simulate")
@command
def points_simulate(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A version of the rules, as YAML.")] = None,
    next_: Annotated[bool, typer.Option("--next", help="The next of config.yaml.")] = False,
    days: Annotated[int, typer.Option("--days", help="Sales of so many last days.")] = 90,
    as_of: AsOfOption = None,
    stations: StationsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what other rules of points would have given for past sales."""
    if (file is None) == (not next_):
        raise typer.BadParameter("FILE | --next")
    call: Call = context.obj
    ask = call.ask_as_of(as_of)
    version = load_version(file, ask.settings.programme) if file else None
    told = trying.trial(ask, version=version, days=days, stations=tuple(stations or ()))
    if as_json:
        print_json(document(told))
        return
    _tell_trial(call, told)


def document(record: reporting.Liability | trying.Trial) -> dict[str, object]:
    """Return a record as JSON can hold it: tables by rows, days as text."""
    told: dict[str, object] = {}
    for name in (one.name for one in fields(record)):
        value = getattr(record, name)
        if isinstance(value, pd.DataFrame):
            told[name] = rows(value)
        elif is_dataclass(value) and not isinstance(value, type):
            told[name] = asdict(value)
        else:
            told[name] = str(value) if isinstance(value, date) else value
    return told


def rows(table: pd.DataFrame) -> list[dict[Hashable, object]]:
    """Return the rows of a table as JSON can hold them."""
    return table.astype("object").where(table.notna(), None).to_dict("records")


def _tell_trial(call: Call, told: trying.Trial) -> None:
    """Write what a trial found, in words and tables."""
    per = minor_per_major(told.currency)
    facts = {
        "name": told.name,
        "old": told.old or call.say("points.no_rules"),
        "starts": told.starts,
        "first": told.first,
        "last": told.last,
        "lines": told.lines,
        "members": told.members,
        "before": told.points_before,
        "after": told.points_after,
        "worth_before": told.worth_before_minor / per,
        "worth_after": told.worth_after_minor / per,
        "currency": told.currency,
        "gaining": told.gaining,
        "losing": told.losing,
    }
    for part in ("what", "points", "members"):
        typer.echo(call.say(f"points.trial_{part}", **facts))
    for table in (told.stations, told.months, told.levels):
        if len(table):
            typer.echo(table.to_string(index=False))

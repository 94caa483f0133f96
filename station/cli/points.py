"""What may be done with a member's points?"""

import secrets
from dataclasses import asdict
from typing import Annotated

import typer

from station.cli.call import Call, JsonOption, StationOption, command, day_of
from station.cli.printing import print_json
from station.model import day_date
from station.services.points import balances, correcting, lapsing, spending
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
    correcting.adjust(
        call.ask(),
        key=key,
        member=Named(by, who),
        points=points,
        reason=reason,
        expires_on=day_of(expires) if expires else None,
    )
    if as_json:
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

"""What may be done with a member's points?"""

import secrets
from dataclasses import asdict
from typing import Annotated

import typer

from station.cli.call import Call, JsonOption, StationOption, command, day_of
from station.cli.printing import print_json
from station.model import day_date, minor_per_major
from station.services.points import (
    balances,
    claiming,
    correcting,
    lapsing,
    levels,
    offering,
    spending,
    vouchers,
)
from station.services.points.booking import Receipt
from station.services.points.members import By, Named
from station.services.points.offering import Choice, Purchase

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


@app.command("standing")
@command
def points_standing(
    context: typer.Context,
    who: WhoArgument,
    by: ByOption = By.PLATE,
    as_json: JsonOption = False,
) -> None:
    """Print which level a member has, what is missing to the next, and what it gives him."""
    call: Call = context.obj
    told = levels.standing(call.ask(), member=Named(by, who), lang=call.lang)
    if as_json:
        print_json(_plain(told))
        return
    sentences = [*told.told, *told.because, *told.benefits] or [("levels.none", {})]
    for key, facts in sentences:
        typer.echo(call.say(key, **facts))


def _plain(told: levels.Standing) -> dict[str, object]:
    """Return a standing as names and numbers."""
    found = told.standing
    return {
        "customer_id": told.customer_id,
        "day": str(day_date(told.day)),
        "level": told.level,
        "grade": told.grade,
        "have": found and found.have,
        "days_left": found and found.days_left,
        "above": found and found.above and found.above.name,
        "missing": found and found.missing,
        "falls_on": found and found.fall and str(day_date(found.fall.day)),
        "falls_to": found and found.fall and found.fall.to.name,
        "keep": found and found.fall and found.fall.keep,
        "benefits": [facts["benefit"] for _, facts in told.benefits],
    }


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


@app.command("claim")
@command
def points_claim(
    context: typer.Context,
    who: WhoArgument,
    station: StationOption,
    receipt: Annotated[str, typer.Option("--receipt", help="Its number.")],
    on: Annotated[str, typer.Option("--on", help="Its day, YYYY-MM-DD.")],
    amount: Annotated[int, typer.Option("--amount", help="What was paid, in fen.")],
    by: ByOption = By.PLATE,
    as_json: JsonOption = False,
) -> None:
    """Give a member the points of a purchase of which nobody was known, by its receipt."""
    call: Call = context.obj
    slip = claiming.Slip(station, receipt, day_of(on), amount)
    told = claiming.claim(call.ask(), member=Named(by, who), slip=slip)
    if as_json:
        print_json(asdict(told))
        return
    key = "points.claimed" if told.is_new else "points.claimed_already"
    typer.echo(call.say(key, points=told.points))


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


@app.command("offers")
@command
def points_offers(
    context: typer.Context,
    who: WhoArgument,
    station: StationOption,
    by: ByOption = By.PLATE,
    as_json: JsonOption = False,
) -> None:
    """Print what a member may have today, and what stands in the way of the rest."""
    call: Call = context.obj
    found = offering.offers(call.ask(), member=Named(by, who), station=station)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        typer.echo(_offer_line(call, one))
        if one.refusal:
            typer.echo("  " + call.say(one.refusal.key, **one.refusal.facts))
    if not found:
        typer.echo(call.say("coupons.none"))


def _offer_line(call: Call, one: Choice) -> str:
    key = "coupons.line" if one.left is None else "coupons.line_left"
    name = str(getattr(one, call.lang))
    return call.say(key, offer=one.name, name=name, points=one.points, left=one.left)


@app.command("take")
@command
def points_take(
    context: typer.Context,
    who: WhoArgument,
    offer: str,
    station: StationOption,
    by: ByOption = By.PLATE,
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let a member have an offer; its points are redeemed with it."""
    call: Call = context.obj
    key, member = _key(key), Named(by, who)
    told = offering.take(call.ask(), key=key, member=member, offer=offer, station=station)
    _tell_slip(call, told, key, as_json=as_json)


@app.command("use")
@command
def points_use(
    context: typer.Context,
    code: str,
    station: StationOption,
    amount_minor: Annotated[
        int, typer.Option("--amount", help="Of the purchase, in fen; none: a reward.")
    ] = 0,
    receipt: Annotated[str, typer.Option("--receipt", help="Its number.")] = "",
    product: Annotated[str, typer.Option("--product", help="Code, such as G92.")] = "",
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Use a coupon for a purchase, or hand out a reward."""
    call: Call = context.obj
    key, ask = _key(key), call.ask()
    if amount_minor:
        bought = Purchase(amount_minor, receipt=receipt, product=product)
        told = offering.use(ask, key=key, code=code, station=station, purchase=bought)
    else:
        told = offering.hand_out(ask, key=key, code=code, station=station)
    _tell_slip(call, told, key, as_json=as_json)


def _tell_slip(call: Call, slip: vouchers.Slip, key: str, *, as_json: bool) -> None:
    day = day_date(slip.last_day)
    if as_json:
        print_json(asdict(slip) | {"last_day": str(day), "key": key})
        return
    minors = {"amount": slip.amount_minor, "off": slip.off_minor, "due": slip.due_minor}
    unit = minor_per_major(slip.currency)
    money = {name: f"{minor / unit:.2f} {slip.currency}" for name, minor in minors.items()}
    facts = {"name": getattr(slip, call.lang), "code": slip.code, "day": day, **money}
    facts |= {"points": slip.points, "balance": slip.balance}
    done = "hand_out" if slip.act == "use" and not slip.is_coupon else slip.act
    typer.echo(call.say(f"coupons.done_{done}", **facts))
    typer.echo(call.say("points.key_was", key=key))

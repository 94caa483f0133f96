"""What is worth a look?"""

from datetime import datetime
from typing import Annotated, Any

import typer

from station.cli.call import Call, JsonOption, StationOption, command
from station.cli.printing import print_json
from station.model import OddityState, day_date
from station.services import noticing, oddities
from station.services.oddities import Shown

app = typer.Typer(no_args_is_help=True)
CaseArgument = Annotated[int, typer.Argument(metavar="CASE", help="Its number in the list.")]


def _plain(call: Call, one: Shown) -> dict[str, Any]:
    """Return a case as plain data, each sign as its sentence."""
    names = ("id", "station", "label", "kind", "points", "worth", "currency", "litres", "is_older")
    told = {name: getattr(one, name) for name in names}
    told |= {"sort": one.sort.value, "state": one.state.value, "chance": one.chance}
    return told | {"week_of": str(day_date(one.week_day)), "signs": _signs(call, one)}


def _signs(call: Call, one: Shown) -> list[str]:
    return [call.say(f"oddities.{s['sign']}", **{**s, "sign": ""}) for s in one.signs]


@app.command("list")
@command
def oddities_list(
    context: typer.Context, station: StationOption = "", as_json: JsonOption = False
) -> None:
    """List what is worth a look this week, the least likely first."""
    call: Call = context.obj
    week = oddities.week(call.ask(), stations=[station] if station else [])
    if as_json:
        cases = [_plain(call, one) for one in week.cases]
        monday = None if week.monday is None else str(week.monday)
        print_json({"week_of": monday, "cases": cases})
        return
    for one in week.cases:
        state = call.say(f"word.oddity_state.{one.state}")
        sort = call.say(f"word.oddity_sort.{one.sort}")
        typer.echo(f"{one.id}  {one.station}  {sort} {one.label}  [{state}]")
        for words in _signs(call, one):
            typer.echo(f"    {words}")
    typer.echo(call.say("oddities.note" if week.cases else "oddities.none"))


@app.command("review")
@command
def oddities_review(
    context: typer.Context,
    case: CaseArgument,
    state: Annotated[OddityState, typer.Option("--state", help="What it is found to be.")],
    words: Annotated[str, typer.Option("--words", help="What was found out; kept sealed.")],
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Holds until then.")
    ] = None,
) -> None:
    """Write down what was found out of a case."""
    call: Call = context.obj
    until_on = None if until is None else until.date()
    oddities.review(call.ask(), oddity_id=case, state=state, words=words, until_on=until_on)
    typer.echo(call.say("page_oddities.saved", state=call.say(f"word.oddity_state.{state}")))


@app.command("refresh")
@command
def oddities_refresh(context: typer.Context) -> None:
    """Make the list of this week, if the night has not made it yet."""
    call: Call = context.obj
    typer.echo(call.say("cli.nightly_listed", number=noticing.refresh(call.ask())))

"""Revisit calls: who is to be called, whose is a customer, what was heard?"""

import secrets
from datetime import datetime
from time import time
from typing import Annotated, Any

import typer

from station.cli.call import Call, JsonOption, StationOption, command
from station.cli.printing import print_json
from station.model import CallCode, CallPurpose, LapseReason, day_date
from station.services.calls import calling, claims, recording, rostering
from station.services.calls.calling import Task
from station.services.calls.recording import Report, Saved
from station.services.customers import contacts

app = typer.Typer(no_args_is_help=True)
CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER", help="His code.")]
NextOption = Annotated[
    datetime | None,
    typer.Option("--next-contact", formats=["%Y-%m-%d"], help="When to contact him next."),
]


def _plain(task: Task) -> dict[str, Any]:
    """Return a call as plain data, the customer masked."""
    names = ("customer_id", "call_id", "station", "name", "grade", "at_min", "minutes", "account")
    told: dict[str, Any] = {name: getattr(task, name) for name in names}
    return told | {
        "labels": list(task.labels),
        "purpose": task.purpose.value,
        "channel": task.channel.value,
        "day": str(day_date(task.day)),
        "late_days": task.late_days,
        "why": task.why,
        "facts": dict(task.facts),
        "against": list(task.against),
        "taken_by": task.taken_by,
    }


@app.command("list")
@command
def calls_list(
    context: typer.Context,
    station: StationOption = "",
    everybody: Annotated[bool, typer.Option("--all", help="Of everybody at the station.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the calls to be made now, those that may be made first."""
    call: Call = context.obj
    named = [station] if station else []
    listed = calling.of_station if everybody else calling.mine
    tasks = listed(call.ask(), stations=named)
    if as_json:
        print_json({"calls": [_plain(task) for task in tasks]})
        return
    for task in tasks:
        purpose = call.say(f"word.call_purpose.{task.purpose}")
        told = f"{day_date(task.day)}  {task.station}  {task.name}  {task.grade}  {purpose}"
        against = ", ".join(call.say(f"word.contact_refusal.{one}") for one in task.against)
        typer.echo(f"{told}  [{against or task.taken_by}]" if not task.may_be_made else told)
    if not tasks:
        typer.echo(call.say("page_calls.answer_none"))


@app.command("law")
@command
def calls_law(
    context: typer.Context,
    law: Annotated[str, typer.Argument(metavar="LAW", help="A place of contact.laws.")] = "",
    station: StationOption = "",
) -> None:
    """Let the law of a place hold at a station from today on, without one that of the chain."""
    call: Call = context.obj
    rostering.set_law(call.ask(), station=station, law=law)
    typer.echo(call.say("roster.is_law", law=law or call.ask().settings.contact.law))


@app.command("claim")
@command
def calls_claim(
    context: typer.Context,
    customer: CustomerArgument,
    release: Annotated[bool, typer.Option("--release", help="Give him back.")] = False,
) -> None:
    """Take a customer from the pool into one's own care, or give him back."""
    call: Call = context.obj
    ask = call.ask()
    customer_id = contacts.by_code(ask, code=customer)
    if release:
        claims.release(ask, customer_id=customer_id)
        typer.echo(call.say("page_calls.given_back", name=customer))
    else:
        claims.claim(ask, customer_id=customer_id)
        typer.echo(call.say("page_calls.took", name=customer))


@app.command("record")
@command
def calls_record(
    context: typer.Context,
    customer: CustomerArgument,
    code: Annotated[CallCode, typer.Option("--code", help="How it went.")],
    reason: Annotated[
        LapseReason | None, typer.Option("--reason", help="Why he stays away, if he is lost.")
    ] = None,
    next_contact: NextOption = None,
    words: Annotated[str, typer.Option("--words", help="What he said; kept sealed.")] = "",
    key: Annotated[str, typer.Option("--key", help="The same key again changes nothing.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Write down what was heard in the call that is due with a customer, or in another."""
    call: Call = context.obj
    ask = call.ask()
    report = Report(
        customer_id=contacts.by_code(ask, code=customer),
        code=code,
        purpose=CallPurpose.WIN_BACK if reason else CallPurpose.KEEP,
        opened_at=int(time()),
        reason=reason,
        next_on=next_contact.date() if next_contact else None,
        words=words,
    )
    saved = recording.record(ask, key=key or secrets.token_urlsafe(16), report=report)
    _tell(call, saved, as_json=as_json)


def _tell(call: Call, saved: Saved, *, as_json: bool) -> None:
    if as_json:
        told = {"result": saved.result_id, "code": saved.code.value}
        days = {"next": saved.next_on, "promise": saved.promise_on}
        print_json(told | {name: str(day) if day else None for name, day in days.items()})
        return
    typer.echo(call.say("page_calls.saved", code=call.say(f"word.call_code.{saved.code}")))
    if saved.next_on is not None:
        typer.echo(call.say("page_calls.saved_next", day=saved.next_on))

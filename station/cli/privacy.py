"""What may a customer ask for?"""

from pathlib import Path
from typing import Annotated

import typer

from station.cli.call import Call, command, day_of
from station.cli.printing import print_json
from station.model import Channel, ConsentSource, Purpose
from station.services.customers import contacts
from station.services.personal import erasure, privacy

app = typer.Typer(no_args_is_help=True)
CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER_CODE")]
WhyOption = Annotated[str, typer.Option("--reason", help="Why; without naming the person.")]


@app.command("file")
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
        print_json(document)
        return
    privacy.write_file(out, document)
    typer.echo(call.say("cli.written_file", file=str(out)))


@app.command("erase")
@command
def privacy_erase(context: typer.Context, code: CustomerArgument, reason: WhyOption) -> None:
    """Erase a person for good; figures stay as they are."""
    call: Call = context.obj
    ask = call.ask_as_of(None)
    customer_id = contacts.by_code(ask, code=code)
    is_clean = erasure.erase(ask, customer_id=customer_id, reason=reason)
    typer.echo(call.say("cli.erased" if is_clean else "cli.erased_soon"))


@app.command("consent")
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
        on=day_of(on) if on else None,
    )
    typer.echo(call.say("cli.consent_recorded"))

"""What somebody says of himself who registers: what is asked, and what may be kept of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from station.errors import BadValueError
from station.model import Channel, Purpose


@dataclass(frozen=True, slots=True)
class RegisterRules:
    """The page on which people register themselves, its brakes and what is promised for it."""

    is_open: bool = True
    reward: str = ""
    consent_version: str = "join-1"
    attempts_per_address: int = 20
    attempts_min: int = 60
    per_station_day: int = 200
    form_min: int = 120
    waiting_days: int = 30


LONGEST = {"name": 40, "phone": 40, "plate": 20}
"""How long what is typed may be."""
ASKED = (
    (Purpose.SERVICE, Channel.PHONE),
    (Purpose.MARKETING, Channel.SMS),
    (Purpose.MARKETING, Channel.WECHAT),
    (Purpose.MARKETING, Channel.PHONE),
    (Purpose.CARE, Channel.SMS),
    (Purpose.CARE, Channel.PHONE),
)
"""To what he may agree, each by itself."""
YES = "yes"


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody wrote into the form; `agreed` holds what he ticked.

    `version` names the words he was shown.
    """

    name: str
    phone: str
    plate: str
    agreed: tuple[tuple[Purpose, Channel], ...] = ()
    version: str = ""


def box(purpose: Purpose, channel: Channel) -> str:
    """Return the name of the box by which somebody agrees."""
    return f"{purpose}_{channel}"


def read(form: Mapping[str, str]) -> Told:
    """Return what was written into a form, on one line each and without signs that nobody sees.

    Raises:
        BadValueError: the name is missing, or something is too long.
    """
    words = {name: _line(form.get(name, "")) for name in LONGEST}
    for name, limit in LONGEST.items():
        if len(words[name]) > limit:
            raise BadValueError(f"join.long_{name}", limit=limit)
    if not words["name"]:
        raise BadValueError("join.no_name")
    if not words["phone"]:
        raise BadValueError("join.no_phone")
    agreed = tuple(pair for pair in ASKED if form.get(box(*pair)) == YES)
    return Told(**words, agreed=agreed)


def _line(words: str) -> str:
    return "".join(sign for sign in " ".join(words.split()) if sign.isprintable())

"""Who calls, with which rules, and how is he told what goes wrong?"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer

from station import text
from station.cli.printing import tell
from station.config import Settings, load_settings
from station.errors import NotAllowedError, StationError
from station.services import access, board, keeping
from station.services.ask import Ask

P = ParamSpec("P")
R = TypeVar("R")

ConfigOption = Annotated[Path | None, typer.Option("--config", envvar="STATION_CONFIG")]
ArchiveOption = Annotated[str, typer.Option("--archive", envvar="STATION_ARCHIVE")]
AccountOption = Annotated[str, typer.Option("--as", envvar="STATION_ACCOUNT")]
LangOption = Annotated[str, typer.Option("--lang", help="zh or en")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
StationOption = Annotated[str, typer.Option("--station", help="Code.")]
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
        day = day_of(words) if words else None
        ask = self.ask()
        return replace(ask, as_of=day or board.last_day(ask))


def day_of(words: str) -> date:
    """Return the day that somebody typed."""
    try:
        day = date.fromisoformat(words)
    except ValueError as error:
        raise typer.BadParameter(words) from error
    if day.year > LAST_YEAR:
        raise typer.BadParameter(words)
    return day


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


@contextmanager
def _refusing(lang: str) -> Iterator[None]:
    """Turn a refusal into one sentence on standard error and exit code 1."""
    try:
        yield
    except StationError as error:
        tell(text.say(lang, error.key, **error.facts))
        raise typer.Exit(1) from error
    except BrokenPipeError:  # whoever read our output has had enough
        raise
    except OSError as error:
        tell(
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

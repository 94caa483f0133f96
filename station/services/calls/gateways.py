"""Where messages leave the house: read from a file beside the archive."""

import os
import tomllib
from pathlib import Path

from station.errors import ConfigError
from station.output.gateway import FILE as FILE  # noqa: PLC0414 - tests name it
from station.output.gateway import Gateway, is_safe

NAMES = frozenset({"url", "secret"})
SHORTEST_SECRET = 32


def read(folder: Path) -> Gateway:
    """Return what `gateway.toml` in a folder says.

    Raises:
        ConfigError: there is none, others can read it, or it says what cannot be.
    """
    told = _read(folder / FILE)
    for key in sorted(NAMES ^ told.keys()):
        raise ConfigError("gateway.bad_key", file=FILE, key=key)
    url, secret = str(told["url"]), str(told["secret"])
    if not is_safe(url):
        raise ConfigError("gateway.bad_address", file=FILE)
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError("gateway.short_secret", file=FILE, least=SHORTEST_SECRET)
    return Gateway(url, secret)


def _read(file: Path) -> dict[str, object]:
    try:
        with file.open("rb") as opened:
            if os.name == "posix" and os.fstat(opened.fileno()).st_mode & 0o077:
                raise ConfigError("gateway.readable", file=FILE)
            return tomllib.load(opened)
    except OSError as error:
        raise ConfigError("gateway.no_file", file=FILE) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("gateway.no_toml", file=FILE) from error

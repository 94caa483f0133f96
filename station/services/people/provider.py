"""Where the company's own sign-in is: read from a file beside the archive."""

import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from station.errors import ConfigError

FILE = "company.toml"
"""Beside the archive, as its key is; like that, only its owner may read it."""
LIBRARIES = ("authlib", "httpx2")
CALLBACK = "/oauth2callback"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PROMPTS = ("login", "select_account")


@dataclass(frozen=True, slots=True)
class Provider:
    """Where the company's own sign-in is, and who we are to it."""

    server_metadata_url: str
    redirect_uri: str
    client_id: str
    client_secret: str = field(repr=False)
    prompt: str = PROMPTS[0]


def provider(folder: Path, hosts: Collection[str]) -> Provider:
    """Return what `company.toml` in a folder says, for a dashboard that is called by `hosts`.

    Raises:
        ConfigError: library or file are missing, others can read it, or it says what cannot be.
    """
    if not all(find_spec(name) for name in LIBRARIES):
        raise ConfigError("company.no_library")
    told = _built(_read(folder / FILE))
    for key in ("server_metadata_url", "redirect_uri"):
        if not _is_safe(getattr(told, key)):
            raise ConfigError("company.bad_address", file=FILE, key=key)
    if not _leads_back(told.redirect_uri, hosts):
        raise ConfigError("company.bad_redirect", file=FILE, path=CALLBACK)
    return told


def _read(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as opened:
            if os.name == "posix" and os.fstat(opened.fileno()).st_mode & 0o077:
                raise ConfigError("company.readable", file=str(file))
            return tomllib.load(opened)
    except OSError as error:
        raise ConfigError("company.no_file", file=str(file)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("company.no_toml", file=str(file)) from error


def _built(values: Mapping[str, Any]) -> Provider:
    names = {f.name for f in fields(Provider)}
    needed = names - {"prompt"}
    for key in sorted(needed - values.keys() | values.keys() - names):
        raise ConfigError("company.bad_key", file=FILE, key=key)
    for key, value in values.items():
        if not isinstance(value, str) or not value.strip():
            raise ConfigError("company.bad_value", file=FILE, key=key)
    if values.get("prompt", PROMPTS[0]) not in PROMPTS:
        raise ConfigError("company.bad_value", file=FILE, key="prompt")
    return Provider(**values)


def _is_safe(address: str) -> bool:
    """Return whether nobody between here and an address can change what is said."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_here = parts.scheme == "http" and parts.hostname in LOOPBACK
    return (parts.scheme == "https" and bool(parts.hostname)) or is_here


def _leads_back(address: str, hosts: Collection[str]) -> bool:
    parts = urlsplit(address)
    is_callback = (parts.path, parts.query, parts.fragment) == (CALLBACK, "", "")
    return is_callback and parts.hostname in {host.lower() for host in hosts}

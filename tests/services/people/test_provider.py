"""company.toml says where the company's own sign-in is, and what cannot be is refused by name."""

import os
from pathlib import Path

import pytest

from station.archive.database import Database
from station.errors import ConfigError
from station.server import company_secrets
from station.services.people.provider import FILE, Provider, provider

HOSTS = ("station.example", "localhost")
GOOD = {
    "server_metadata_url": "https://login.example/.well-known/openid-configuration",
    "redirect_uri": "https://station.example/oauth2callback",
    "client_id": "station",
    "client_secret": "invented",
}


def write(folder: Path, mode: int = 0o600, **values: str) -> None:
    lines = [f'{key} = "{value}"' for key, value in (GOOD | values).items() if value != "left out"]
    (folder / FILE).write_text("\n".join(lines), encoding="utf-8")
    (folder / FILE).chmod(mode)


def refused(folder: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        provider(folder, HOSTS)
    return caught.value


def test_the_file_beside_the_archive_names_the_provider(tmp_path: Path) -> None:
    write(tmp_path)

    assert provider(tmp_path, HOSTS) == Provider(**GOOD, prompt="login")


def test_the_secret_is_not_shown_with_the_rest(tmp_path: Path) -> None:
    write(tmp_path)

    assert "invented" not in repr(provider(tmp_path, HOSTS))


@pytest.mark.skipif(os.name != "posix", reason="files have no mode there")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o777])
def test_a_file_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    write(tmp_path, mode)

    assert refused(tmp_path).key == "company.readable"


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path)

    assert (error.key, error.facts) == ("company.no_file", {"file": str(tmp_path / FILE)})


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    write(tmp_path, client_id='"')

    assert refused(tmp_path).key == "company.no_toml"


@pytest.mark.parametrize("key", [*GOOD, "cookie_secret", "expose_tokens"])
def test_a_key_that_is_missing_or_unknown_is_named(tmp_path: Path, key: str) -> None:
    write(tmp_path, **{key: "left out" if key in GOOD else "more"})

    assert (refused(tmp_path).key, refused(tmp_path).facts["key"]) == ("company.bad_key", key)


@pytest.mark.parametrize(("key", "value"), [("client_id", " "), ("prompt", "none")])
def test_a_value_that_cannot_be_is_named(tmp_path: Path, key: str, value: str) -> None:
    write(tmp_path, **{key: value})

    assert (refused(tmp_path).key, refused(tmp_path).facts["key"]) == ("company.bad_value", key)


@pytest.mark.parametrize("key", ["server_metadata_url", "redirect_uri"])
@pytest.mark.parametrize(
    "address",
    [
        "http://station.example/oauth2callback",
        "station.example",
        "https://",
        "http://[",
        "file:///",
    ],
)
def test_an_address_that_others_can_listen_to_is_refused(
    tmp_path: Path, key: str, address: str
) -> None:
    write(tmp_path, **{key: address})

    assert (refused(tmp_path).key, refused(tmp_path).facts["key"]) == ("company.bad_address", key)


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/oauth2callback",
        "https://station.example/",
        "https://station.example/oauth2callback/",
        "https://station.example/oauth2callback?x=1",
        "https://station.example@elsewhere.example/oauth2callback",
    ],
)
def test_people_are_sent_back_to_the_dashboard_only(tmp_path: Path, address: str) -> None:
    write(tmp_path, redirect_uri=address)

    assert refused(tmp_path).key == "company.bad_redirect"


def test_loopback_needs_no_tls(tmp_path: Path) -> None:
    write(tmp_path, redirect_uri="http://localhost:8501/oauth2callback")

    assert provider(tmp_path, HOSTS).redirect_uri.startswith("http://localhost")


def test_streamlit_is_told_this_and_a_key_of_this_start(db: Database) -> None:
    write(db.folder, prompt="select_account")

    told = company_secrets(db, HOSTS)["auth"]

    assert GOOD.items() <= told.items()
    assert told["client_kwargs"] == {"scope": "openid", "prompt": "select_account"}
    assert len(told["cookie_secret"]) >= 32
    assert told["cookie_secret"] != company_secrets(db, HOSTS)["auth"]["cookie_secret"]

"""What a customer may ask for, from the command line."""

import json
import stat
from pathlib import Path

import pytest
from terminal import Apart, Station

pytestmark = pytest.mark.slow

STATIONS = "站点编码,站点名称\nA0001,示范一站\n"
CUSTOMERS = "客户编号,客户类型,姓名,手机号,登记站点\nC-1001,个人,甲示川,10012345678,A0001\n"
WHO = ("--identity", "ID card seen", "--reason", "asked on 1 September")


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """Return an archive with one customer."""
    made = Station(tmp_path)
    made.run("init")
    for kind, content in (("stations", STATIONS), ("customers", CUSTOMERS)):
        made.run("import", kind, made.write(f"{kind}.csv", content))
    return made


def test_a_person_gets_his_file_and_is_forgotten_on_his_word(station: Station) -> None:
    consent = ("privacy", "consent", "C-1001")
    station.run(*consent, "--purpose", "marketing", "--channel", "sms", "--text", "2026-1")
    station.run(*consent, "--purpose", "marketing", "--channel", "sms", "--withdraw")
    told = json.loads(station.run("privacy", "file", "C-1001", *WHO).stdout)
    assert (told["customer"]["phone"], told["complete"]) == ("+8610012345678", True)
    assert [word["given"] for word in told["consents"]] == [True, False]
    station.run("privacy", "file", "C-1001", *WHO, "--out", "one.json")
    assert stat.S_IMODE((station.folder / "one.json").stat().st_mode) == 0o600

    said = station.run("privacy", "erase", "C-1001", "--reason", "asked for it").stdout

    assert "No trace" in said
    assert "no such customer" in station.run("privacy", "file", "C-1001", *WHO, code=1).stderr
    assert station.document("verify")["ok"]
    station.run("nightly")
    assert b"10012345678" not in station.archive.read_bytes()
    again = station.run("import", "customers", station.write("c.csv", CUSTOMERS)).stdout
    assert "rejected 1" in again


def test_a_reason_that_names_the_person_is_refused(station: Station) -> None:
    station = Apart(station.folder)
    refused = station.run("privacy", "erase", "C-1001", "--reason", "甲示川 asked", code=1)

    assert "without naming" in refused.stderr
    station.run("privacy", "file", "C-1001", "--reason", "x", code=2)

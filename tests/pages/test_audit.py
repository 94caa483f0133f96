"""Audit: every event is a sentence, and nobody reads of another station."""

import re
from datetime import timedelta
from pathlib import Path
from time import time
from typing import Any

import pytest
from nights import each_lang
from opened import desk_of
from pages.office import WHY, Office, said

from station.archive.people import audit as log
from station.archive.people.audit import Event
from station.model import Act, Grant, PaperForm, Role
from station.pages.audit import thing
from station.services import access, sites
from station.services.people import accounts, approvals, audit
from station.text import has

pytestmark = pytest.mark.slow
SOURCES = Path(access.__file__).parent
LIMIT = 60


def tell(office: Office, *events: dict[str, Any]) -> None:
    """Write events down as they would have been."""
    usual = {"at": int(time()), "account": "sven", "person": "S1", "address": "10.0.0.9"}
    usual |= {"act": Act.CARD_OPENED, "object": "vehicle:41", "station_id": office.ids["N1"]}
    with office.db.writing(changes_figures=False) as conn:
        for event in events:
            log.append(conn, Event(**usual | event))


def listed(app: Any, at: int = 0) -> list[str]:
    """Return what the list says of each event."""
    frame = app.main.dataframe[at].value
    return [" ".join(str(cell) for cell in row) for row in frame.itertuples(index=False)]


@each_lang
def test_every_act_is_a_sentence_in_both_languages(office: Office, lang: str) -> None:
    tell(office, *({"act": act, "count": 3, "reason": "error.not_allowed"} for act in Act))

    page = office.open("otto", "audit", lang)

    assert not page.exception
    assert all(has(lang, f"page_audit.said_{act}") for act in Act)
    assert all(has(lang, f"word.act.{act}") for act in Act)
    shown = "\n".join(listed(page))
    assert "sven" in shown
    assert "page_audit" not in shown


def test_the_first_sentence_counts_what_the_list_holds(office: Office) -> None:
    tell(office, {}, {}, {"act": Act.EXPORT, "object": "list:lapsed_list", "count": 250})

    page = office.open("otto", "audit")

    first = str(page.main.markdown[0].value).replace("\\", "")
    assert "2 cards" in first
    assert "250 rows" in first
    assert str(page.main.subheader[0].value).replace("\\", "").endswith(f"{len(listed(page))}")


def test_a_station_manager_reads_of_his_own_station_only(office: Office) -> None:
    tell(
        office,
        {"object": "vehicle:41"},
        {"object": "vehicle:977", "station_id": office.ids["N2"], "account": "nils"},
        {"object": "vehicle:978", "station_id": None, "account": "nils"},
    )

    page = office.open("mona", "audit")

    assert "own stations" in said(page)
    shown = "\n".join(listed(page))
    assert "no. 41" in shown
    assert "97" not in shown
    assert "nils" not in shown + said(page)
    accounts_shown = page.selectbox(key="audit_account").options
    assert "nils" not in accounts_shown


def test_a_pill_and_a_person_narrow_the_list(office: Office) -> None:
    tell(office, {}, {"act": Act.REVEAL, "object": "customer:5"}, {"account": "mona"})
    page = office.open("otto", "audit")

    page.get_by_key("audit_act").set_value(Act.REVEAL.value).run()
    assert len(listed(page)) == 1
    page.get_by_key("audit_act").set_value(None).run()
    page.selectbox(key="audit_account").set_value("mona").run()

    assert {row.split()[2] for row in listed(page)} == {"mona"}


def test_older_events_come_with_their_days(office: Office) -> None:
    tell(office, {"at": int(time()) - 20 * 86_400, "object": "vehicle:555"})
    page = office.open("otto", "audit")
    assert "555" not in "\n".join(listed(page))

    today = access.today()
    page.date_input(key="audit_period").set_value((today - timedelta(days=30), today)).run()

    assert "555" in "\n".join(listed(page))


def test_whoever_used_up_the_day_is_named_here_and_on_today(office: Office) -> None:
    tell(office, {"act": Act.REVEAL, "object": "customer:5", "count": LIMIT})

    assert "sven" in str(office.open("otto", "audit").main.warning[0].value)
    assert audit.limits_reached(office.ask("mona")) == ["sven"]
    page = office.open("rita", "audit")
    assert "sven" in str(page.main.warning[0].value)


def test_unusual_viewing_says_why(office: Office) -> None:
    tell(office, {"count": 900}, {"account": "mona", "count": 20})

    page = office.open("otto", "audit")

    odd = listed(page, at=1)
    assert odd[0].startswith("sven Opened 900 cards; the others usually open 20")


def test_an_export_of_the_log_is_in_the_log(office: Office) -> None:
    tell(office, {})
    page = office.open("mona", "audit")

    page.text_input(key="audit_events_reason").set_value(WHY).run()

    assert page.get("download_button")


def objects() -> set[str]:
    """Return every object that the services write down, with 7 for each number."""
    text = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*.py"))
    kinds = "account|session|batch|vehicle|archive|customer|keys"
    found = set(re.findall(rf'f?"((?:{kinds}):[^"\s]*)', text)) - {sites.BY_FILE}
    return {re.sub(r"\{[^}]*\}", "7", name) for name in found if name.count("{") == name.count("}")}


def refusals() -> set[str]:
    """Return the key of every sentence by which a right or a limit is refused."""
    text = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*.py"))
    return set(re.findall(r'(?:NotAllowed|LimitReached|RightsChanged)Error\(\s*"([^"]+)"', text))


@each_lang
def test_whatever_is_written_down_has_words(office: Office, lang: str) -> None:
    desk = desk_of(office.ask("otto"), lang)
    named = objects() - {"account:7:7", "archive:7", "customer:7:form:7", "customer:", "vehicle:"}
    named -= {"customer:7:gift:7"}
    named |= {f"customer:7:gift:{event}" for event in ("survey", "sign_in")}
    named |= {f"customer:7:form:{kind}" for kind in PaperForm}
    named |= {f"account:7:{what}" for what in ("disabled", "enabled")}
    named |= {f"archive:{duty}" for duty in ("nightly", "verify", "backup")}
    named |= {f"customer:7:{what}" for what in ("consent:given", "consent:withdrawn", "keeper:8")}
    named |= {"customer:7:keeper:nobody"}
    named |= {f"station:7:{field}" for field in sites.FIELDS}
    named |= {f"{kind}:7" for kind in approvals.EFFECTS} | set(access.SERVICES)

    wordless = {name for name in named if thing(desk, name, {"7": "sven"}) == name}

    assert wordless == set()


@each_lang
def test_whatever_is_refused_has_words(lang: str) -> None:
    keys = {key: f"page_audit.refused_{key.replace('.', '_')}" for key in refusals()}

    assert [key for key, name in keys.items() if not has(lang, name)] == []


def test_what_nobody_has_words_for_stays_as_it_is(office: Office) -> None:
    assert thing(desk_of(office.ask("otto")), "moon:7:full", {}) == "moon:7:full"


def test_accounts_are_named_only_to_whoever_may_know_them(office: Office) -> None:
    given = Grant(Role.STAFF, station_id=office.ids["N1"])
    accounts.ask_grant(office.operator(), name="rita", given=given, reason=WHY)

    shown = "\n".join(listed(office.open("mona", "audit")))

    assert "a role was given" in shown
    assert "rita" not in shown
    assert "rita: a role was given" in "\n".join(listed(office.open("otto", "audit")))

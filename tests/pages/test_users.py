"""Users: who comes in is asked for by one person, decided by another, and ended at once."""

from collections.abc import Callable
from typing import Any

import pytest
from nights import each_lang
from opened import desk_of
from opened import open_page as open_alone
from pages.office import WHY, Office, errors, fresh, press, said
from streamlit.testing.v1 import AppTest

from station.errors import NotAllowedError, NotFoundError, SignInError
from station.guard.rules import SignInRules
from station.model import Grant, Role
from station.pages.users import link_of
from station.services import access
from station.services.people import accounts, approvals, audit, sign_in
from station.text import say

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_passwords")]
RULES = SignInRules()


def links(app: AppTest) -> list[str]:
    """Return the links that the page shows; those in a window over it count."""
    codes: list[Any] = list(app.get("code"))
    return [str(code.value) for code in codes if "/welcome#" in str(code.value)]


def choose(app: AppTest, office: Office, name: str) -> AppTest:
    """Choose the account to change."""
    listed = accounts.listing(office.operator())
    account_id = str(listed.loc[listed["name"] == name, "id"].iloc[0])
    app.selectbox(key="users_account").set_value(account_id)
    return app.run()


def with_reason(app: AppTest, key: str, reason: str = WHY) -> AppTest:
    """Fill the reason behind a button and press it."""
    app.text_input(key=fresh(app, f"{key}_reason")).set_value(reason)
    return press(app, f"{key}_do")


def add(app: AppTest, name: str, person: str = "") -> AppTest:
    app.text_input(key=fresh(app, "users_add_name")).set_value(name)
    app.text_input(key=fresh(app, "users_add_person")).set_value(person)
    return press(app, "users_add_do")


def give(app: AppTest, role: Role, reason: str = WHY) -> AppTest:
    app.selectbox(key=fresh(app, "users_role")).set_value(role).run()
    app.text_input(key=fresh(app, "users_give_reason")).set_value(reason)
    return press(app, "users_give_do")


@each_lang
def test_the_first_sentence_counts_accounts_and_requests(office: Office, lang: str) -> None:
    given = Grant(Role.STAFF, station_id=office.ids["N2"])
    accounts.ask_grant(office.ask("bert"), name="sven", given=given, reason=WHY)

    page = office.open("anna", "users", lang)

    assert not page.exception
    first = str(page.main.markdown[0].value)
    assert "7" in first
    assert "1" in first


def test_a_new_account_comes_in_by_a_link_that_is_shown_once(office: Office) -> None:
    page = add(office.open("anna", "users"), "nora", "N9")

    assert len(links(page)) == 1
    token = links(page)[0].partition("#")[2]
    assert sign_in.invited(office.db, token) == "nora"
    assert not links(page.run())
    held = accounts.grants(office.operator())
    assert "nora" not in set(held["account"])


def test_a_name_that_is_none_is_refused_and_stays_typed(office: Office) -> None:
    page = add(office.open("anna", "users"), "no good", "N9")

    assert errors(page)
    assert page.text_input(key=fresh(page, "users_add_person")).value == "N9"


@pytest.mark.parametrize(
    ("page", "link"),
    [
        (
            "https://station.example:8443/users?lang=en",
            "https://station.example:8443/welcome#t",
        ),
        ("http://127.0.0.1:8501/users", "http://127.0.0.1:8501/welcome#t"),
        ("", "/welcome#t"),
    ],
)
def test_a_link_leads_to_the_server_that_showed_it(page: str, link: str) -> None:
    assert link_of(page, "t") == link


def test_a_role_holds_only_when_a_second_person_has_approved(office: Office) -> None:
    page = give(choose(office.open("anna", "users"), office, "sven"), Role.MANAGER)

    assert "second person" in said(page)
    assert "rows.export" not in office.ask("sven").scope.rights
    second = press(office.open("bert", "users"), "users_approve")
    assert not second.exception
    assert "approved" in said(second)
    assert "rows.export" in office.ask("sven").scope.rights


@pytest.mark.parametrize("checker", ["anna", "anna.two"])
def test_nobody_approves_his_own_request_whatever_the_account(office: Office, checker: str) -> None:
    give(choose(office.open("anna", "users"), office, "sven"), Role.MANAGER)

    page = press(office.open(checker, "users"), "users_approve")

    assert "second person" in errors(page)
    assert len(approvals.waiting(office.ask("bert"))) == 1
    assert "rows.export" not in office.ask("sven").scope.rights


def test_whoever_asked_may_withdraw(office: Office) -> None:
    page = give(choose(office.open("anna", "users"), office, "sven"), Role.MANAGER)

    page = press(page, "users_decline")

    assert not errors(page)
    assert approvals.waiting(office.ask("bert")).empty


def test_a_role_without_a_reason_is_not_asked_for(office: Office) -> None:
    page = give(choose(office.open("anna", "users"), office, "sven"), Role.MANAGER, reason="  ")

    assert errors(page)
    assert approvals.waiting(office.ask("bert")).empty


def test_nobody_asks_for_a_role_for_himself(office: Office) -> None:
    page = give(choose(office.open("anna", "users"), office, "anna"), Role.MANAGER)

    assert "himself" in errors(page)


def test_a_regional_manager_sees_what_he_may_decide_and_nothing_else(office: Office) -> None:
    asked = {
        code: accounts.ask_grant(
            office.ask("anna"),
            name="sven",
            given=Grant(Role.STAFF, station_id=office.ids[code]),
            reason=f"for {code}",
        )
        for code in ("N2", "S1")
    }

    page = office.open("rita", "users")

    assert not page.exception
    assert "for N2" in said(page)
    assert "for S1" not in said(page)
    assert not page.main.dataframe
    assert "otto" not in said(page)
    with pytest.raises(NotAllowedError):
        approvals.decide(office.ask("rita"), request_id=asked["S1"], approve=True)
    assert not errors(press(page, "users_approve"))
    assert office.ids["N2"] in office.ask("sven").scope.station_ids


def test_a_locked_account_is_out_at_once_and_comes_in_again(office: Office) -> None:
    sven = office.ask("sven")

    page = with_reason(choose(office.open("anna", "users"), office, "sven"), "users_lock")

    assert not errors(page)
    with pytest.raises(SignInError):
        accounts.change_password(sven, old="x", new="y")
    with_reason(choose(office.open("anna", "users"), office, "sven"), "users_unlock")
    assert office.ask("sven").scope.rights


def test_a_role_ends_with_a_reason_only(office: Office) -> None:
    page = choose(office.open("anna", "users"), office, "sven")
    held = accounts.grants(office.operator())
    grant_id = held.loc[held["account"] == "sven", "id"].iloc[0]

    page = with_reason(page, f"users_end_{grant_id}", reason=" ")
    assert errors(page)
    assert office.ask("sven").scope.rights
    page = with_reason(page, f"users_end_{grant_id}")

    assert not errors(page)
    assert not office.ask("sven").scope.rights


def test_a_new_link_goes_to_whoever_approved_it(office: Office) -> None:
    asked = with_reason(choose(office.open("anna", "users"), office, "sven"), "users_link_for")
    assert not links(asked)

    page = press(office.open("bert", "users"), "users_approve")

    token = links(page)[0].partition("#")[2]
    assert sign_in.invited(office.db, token) == "sven"
    assert not links(page.run())


def test_a_used_link_is_none(office: Office) -> None:
    page = add(office.open("anna", "users"), "nora", "N9")
    token = links(page)[0].partition("#")[2]
    password = "four slow herons by the mill"  # noqa: S105 - invented
    sign_in.choose_password(office.db, RULES, token=token, password=password, address="127.0.0.1")

    with pytest.raises(NotFoundError):
        sign_in.invited(office.db, token)


def test_whoever_may_not_see_users_is_refused_and_it_is_written_down(office: Office) -> None:
    page = open_alone("users", desk_of(office.ask("sven")))

    assert len(page.exception) == 1
    today = access.today()
    told = audit.events(office.ask("otto"), from_on=today, to_on=today, acts=("refusal",))
    assert told.iloc[0][["account", "object"]].tolist() == ["sven", "approvals.waiting"]


def rights_change(office: Office) -> None:
    listed = accounts.grants(office.operator())
    grant_id = int(listed.loc[listed["account"] == "sven", "id"].iloc[0])
    accounts.end_grant(office.operator(), grant_id=grant_id, reason=WHY)


def signs_out(office: Office) -> None:
    accounts.disable(office.operator(), name="anna", reason=WHY)


@pytest.mark.parametrize("changed", [rights_change, signs_out])
@pytest.mark.parametrize("name", ["users", "audit", "sites", "archive"])
def test_a_desk_from_before_is_refused(
    office: Office, name: str, changed: Callable[[Office], None]
) -> None:
    desk = desk_of(office.ask("anna"))

    changed(office)

    assert len(open_alone(name, desk).exception) == 1


MAY_OPEN = {
    "users": {"anna", "rita"},
    "audit": {"anna", "rita", "mona", "otto"},
    "sites": {"anna"},
    "archive": {"anna", "otto"},
}


@pytest.mark.parametrize("person", ["anna", "rita", "mona", "sven", "otto"])
def test_the_menu_holds_a_page_only_for_whoever_may_open_it(office: Office, person: str) -> None:
    for name, allowed in MAY_OPEN.items():
        if person in allowed:
            page = office.open(person, name)
            assert not page.exception
            assert page.main.title[0].value == say("en", f"page_{name}.title")
        else:
            with pytest.raises(ValueError, match="navigation page"):
                office.open(person, name)


@pytest.mark.parametrize("person", ["rita", "mona", "sven"])
def test_nobody_is_shown_a_link_to_a_page_that_is_closed_to_him(
    office: Office, person: str
) -> None:
    page = office.open(person, "today")

    assert not page.exception
    links = [link.proto.page for link in page.main.get("page_link")]
    assert links == (["intake"] if person == "mona" else [])


def keys(app: AppTest) -> list[str]:
    """Return the keys of tills that the page shows."""
    codes: list[Any] = list(app.get("code"))
    return [str(code.value) for code in codes if str(code.value).startswith("till_")]


def test_a_till_gets_a_key_that_two_agree_to_and_one_is_shown_once(office: Office) -> None:
    app = office.open("anna", "users")
    app.text_input(key=fresh(app, "tills_add_name")).set_value("n1-till")
    app.text_input(key=fresh(app, "tills_add_number")).set_value("07")
    app.text_input(key=fresh(app, "tills_add_reason")).set_value(WHY)
    assert "waits for a second person" in said(press(app, "tills_add_do"))
    bert = office.open("bert", "users")
    assert "a till n1-till at Station N1, called 7" in said(bert)
    assert keys(press(bert, "users_approve")) == []

    app = office.open("anna", "users")
    (first,) = keys(press(app, "tills_key_n1-till"))
    access.scope_of_till(office.operator().db, first, address="")
    assert keys(app.run()) == []
    app.selectbox(key="tills_one").set_value("n1-till").run()
    with_reason(app, "tills_rotate")
    assert keys(app) == []
    app.selectbox(key="tills_one").set_value("n1-till").run()
    with_reason(app, "tills_revoke")

    with pytest.raises(SignInError):
        access.scope_of_till(office.operator().db, first, address="")
    assert errors(app) == ""

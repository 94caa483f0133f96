"""The counter: whoever is found is shown, redeems once, is enrolled, loses his card."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pages.office import Office, errors, press, said
from streamlit.testing.v1 import AppTest
from town import Person, one, settle

from station.archive.calls import wishes
from station.archive.calls.wishes import Complaint
from station.loyalty.ledger import Earning
from station.pages.parts import drafts, member
from station.services.points import balances, crediting
from station.services.points.members import By, Named

pytestmark = pytest.mark.slow
ANNA = Person(1, station="N1")
BERT = Person(2, station="S1")


@dataclass(frozen=True, slots=True)
class Till:
    """The office with two members, of whom one may be served in the south only."""

    office: Office
    ids: dict[str, int]

    def open(self, name: str = "sven", lang: str = "en") -> AppTest:
        return self.office.open(name, "counter", lang)

    def balance(self, person: Person = ANNA) -> int:
        return balances.balance(self.office.operator(), member=Named(By.CARD, person.card)).balance

    def redeemed(self) -> int:
        return int(one(self.office.operator(), COUNT))


COUNT = "SELECT count(*) FROM point_transactions WHERE move = 'redeem'"


RULES = """
programme:
  versions:
    - name: usual
      starts: 2026-01-01
      earning: {rules: [{name: money, zh: 每元 1 分, en: 1 a yuan, per: 1}]}
      redeeming: {least: 100, step: 50, worth: {points: 100, minor: 100}}
      offers:
        - {name: ten, zh: 满百减十, en: ten off, points: 300, off_minor: 1000, least_minor: 10000}
        - {name: kettle, zh: 水壶, en: a kettle, points: 9000}
"""


@pytest.fixture
def till(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    monkeypatch.setattr(member, "READ_S", 0.0)
    ids, ask = settle(office.db, [ANNA, BERT]), office.operator()
    with ask.db.writing(changes_figures=False) as conn:
        given = [
            crediting.Credit(customer_id, None, Earning(900, None, code))
            for code, customer_id in ids.items()
        ]
        crediting.credit(conn, ask, given)
    return Till(office, ids)


def find(app: AppTest, words: str) -> AppTest:
    key = next(str(one.key) for one in app.main.text_input if "counter_words" in str(one.key))
    app.text_input(key=key).set_value(words)
    return press(app, "counter_send")


def address(app: AppTest, name: str) -> str:
    return "".join(app.query_params.get(name, []))


@pytest.mark.parametrize(("name", "lang"), [("sven", "zh"), ("mona", "en")])
def test_the_page_opens_for_staff_and_managers(till: Till, name: str, lang: str) -> None:
    page = till.open(name, lang)

    assert not page.exception
    assert not errors(page)


def test_a_member_of_another_station_is_found_by_his_card_and_shown_masked(till: Till) -> None:
    page = find(till.open(), BERT.card)

    assert not page.exception
    assert "900" in said(page)
    assert "甲**" in said(page)
    assert BERT.name not in said(page)
    assert BERT.card not in str(page.query_params)


def test_an_open_complaint_is_told_first_at_the_counter_and_on_the_card(till: Till) -> None:
    with till.office.db.writing(changes_figures=False) as conn:
        for person in (ANNA, BERT):
            customer_id, station_id = till.ids[person.code], till.office.ids[person.station]
            wishes.complain(conn, Complaint(customer_id, station_id, None, "somebody", 1))

    assert len(find(till.open(), ANNA.card).main.warning) == 1
    assert not find(till.open(), BERT.card).main.warning
    card = till.office.open("mona", "card", "en")
    card.query_params["customer"] = str(till.ids[ANNA.code])
    (link,) = card.run().main.get("page_link")
    assert link.proto.query_string == f"customer={till.ids[ANNA.code]}&card_part=calls"


def test_points_are_redeemed_after_a_sentence_and_shown_on_a_slip(till: Till) -> None:
    page = find(till.open(), ANNA.plate)
    page = press(page, "counter_quick_200")
    sentence = said(page)
    assert till.redeemed() == 0

    page = press(page, "counter_do")

    assert not page.exception
    assert "Redeem 200 points of 甲** (粤B00001); 700 are left." in sentence
    assert (till.redeemed(), till.balance()) == (1, 700)
    assert "200 :small" in said(page)
    assert "**700**" in said(page)


def test_a_press_that_nobody_can_have_meant_does_nothing(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "READ_S", 60.0)
    page = press(find(till.open(), ANNA.plate), "counter_quick_200")

    page = press(page, "counter_do")

    assert till.redeemed() == 0
    assert "Redeem 200 points" in said(page)


def test_a_reload_of_a_form_that_was_booked_shows_its_slip(till: Till) -> None:
    page = press(find(till.open(), ANNA.plate), "counter_quick_200")
    form = address(page, drafts.FORM)
    press(page, "counter_do")

    again = till.open()
    again.query_params.update({drafts.FORM: form, drafts.STEP: member.CONFIRM})
    again.run()

    assert "200 :small" in said(again)
    assert not [one for one in again.main.button if one.key == "counter_do"]


def test_a_second_tab_of_the_same_form_redeems_nothing_more(till: Till) -> None:
    first = press(find(till.open(), ANNA.plate), "counter_quick_200")
    second = till.open()
    second.query_params.update({drafts.FORM: address(first, drafts.FORM), "step": member.CONFIRM})
    second.run()

    press(first, "counter_do")
    second = press(second, "counter_do")

    assert "200 :small" in said(second)
    assert (till.redeemed(), till.balance()) == (1, 700)


def test_two_forms_for_one_member_redeem_once_and_the_second_is_told(till: Till) -> None:
    first, second = (
        press(find(till.open(name), ANNA.plate), "counter_quick_200") for name in ("sven", "mona")
    )
    press(first, "counter_do")

    second = press(second, "counter_do")

    assert "nothing was redeemed here" in errors(second)
    assert "were redeemed today" in said(second)
    assert (till.redeemed(), till.balance()) == (1, 700)


def test_another_amount_is_typed(till: Till) -> None:
    page = find(till.open(), ANNA.plate)
    form = address(page, drafts.FORM)
    page.number_input(key=f"counter_points_{form}").set_value(123)
    page = press(press(page, "counter_check"), "counter_do")

    assert till.balance() == 777


def test_nobody_is_told_so_and_may_be_typed_again_or_written_down(till: Till) -> None:
    page = find(till.open(), "粤B99999")
    assert "Nobody by “粤B99999”" in said(page)

    page = press(page, "counter_new")

    plate = next(one for one in page.main.text_input if "counter_plate" in str(one.key))
    assert plate.value == "粤B99999"


def test_somebody_new_is_written_down_once_and_served(till: Till) -> None:
    page = press(find(till.open(), "粤B99999"), "counter_new")
    form = address(page, drafts.FORM)
    page.text_input(key=f"counter_name_{form}").set_value("乙示川")
    page.text_input(key=f"counter_phone_{form}").set_value("100 9999 0001")

    page = press(page, "counter_save")

    assert not page.exception
    assert not errors(page)
    assert "乙**（粤B99999）" in said(page) or "乙** (粤B99999)" in said(page)
    again = till.open()
    again.query_params.update({drafts.FORM: form, drafts.STEP: "enrol"})
    assert "乙**" in said(again.run())
    made = "SELECT count(*) FROM customers WHERE made_by = 'sven'"
    assert one(till.office.operator(), made) == 1


def test_who_may_be_known_already_is_offered_and_served_instead(till: Till) -> None:
    page = press(till.open(), "counter_new")
    form = address(page, drafts.FORM)
    page.text_input(key=f"counter_phone_{form}").set_value(ANNA.phone)
    page = press(page, "counter_save")
    assert "甲**" in said(page)

    page = press(page, f"counter_alike_{till.ids[ANNA.code]}")

    assert "900" in said(page)


def test_a_lost_card_is_frozen_with_a_reason_and_only_a_manager_lifts_it(till: Till) -> None:
    page = find(till.open(), ANNA.plate)
    reason = next(one for one in page.main.text_input if "counter_freeze" in str(one.key))
    reason.set_value("lost at the pump")
    page = press(page, "counter_freeze_do")

    assert "reported lost" in said(page)
    assert not [one for one in page.main.button if "quick" in str(one.key)]
    assert not [one for one in page.main.button if "counter_thaw_do" in str(one.key)]
    manager = find(till.open("mona"), ANNA.plate)
    assert [one for one in manager.main.button if "counter_thaw_do" in str(one.key)]


def test_a_manager_undoes_a_mistake_from_the_list_of_today(till: Till) -> None:
    page = press(find(till.open(), ANNA.plate), "counter_quick_500")
    press(page, "counter_do")
    assert not [one for one in page.main.button if "slip_undo" in str(one.key)]

    page = press(till.open("mona"), "counter_slip_")
    reason = next(one for one in page.main.text_input if "slip_undo" in str(one.key))
    reason.set_value("typed 500 for 50")
    page = press(
        page,
        next(
            str(b.key)
            for b in page.main.button
            if "slip_undo" in str(b.key) and "_do" in str(b.key)
        ),
    )

    assert not errors(page)
    assert "500 points went back; 900 can be spent now." in said(page)
    assert till.balance() == 900


def test_a_coupon_is_taken_after_a_sentence_shown_by_its_code_and_used_once(
    till: Till, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    monkeypatch.setenv("STATION_CONFIG", str(tmp_path / "rules.yaml"))
    page = find(till.open(), ANNA.plate)
    assert "worth CN¥9.00" in said(page)
    assert "This takes 9,000 points, and there are 900." in said(page)

    page = press(press(page, "counter_offer_ten"), "counter_do")

    assert "Taken: Ten off" in said(page)
    assert till.balance() == 600
    held = next(str(w.key) for w in page.main.number_input if "counter_held" in str(w.key))
    page.number_input(key=held).set_value(120.5)
    page = press(page, held.replace("_amount", "_do"))
    assert "type its number" in said(page)
    page.text_input(key=held.replace("_amount", "_receipt")).set_value("0815")
    page = press(page, held.replace("_amount", "_do"))
    assert "Ten off: CN¥10.00 off, CN¥110.50 to pay." in said(page)
    assert "Taken:" not in said(page)  # it cannot be used again
    assert not [w for w in page.main.number_input if "counter_held" in str(w.key)]

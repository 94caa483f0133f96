"""Lists of messages: only to who agrees, once each, out of the house with right and reason."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from output.test_gateway import SECRET, listening, with_status
from services.calls.kindness import ANNA, BERT, CARL, DORA, ELSE, TODAY, Town

from station.archive.people import audit
from station.config import Settings
from station.errors import ConfigError, NotAllowedError, NotFoundError, StationError
from station.guard import mask
from station.model import DAY_S, Act, Channel, Purpose, Role
from station.output.gateway import Answer, GatewayRules
from station.services.ask import Ask
from station.services.calls import caring, gateways, messages, wording
from station.services.calls.caring import Glad, Grief

NOW = {"station": "S1", "kind": Glad.BIRTHDAY, "way": Channel.SMS, "lang": "zh"}
KEY = "form-000001"


@pytest.fixture
def birthdays(town: Town) -> Town:
    """Return a town where four of the first station and one of the second have birthdays."""
    for day, one in enumerate((ANNA, BERT, CARL, DORA, ELSE), start=2):
        town.born(one, 9, day)
    return town


def made(town: Town, ask: Ask | None = None, key: str = KEY, **changes: Any) -> int:
    return messages.make(ask or town.ask, key=key, **(NOW | changes))


def thoughts(town: Town, list_id: int) -> set[int]:
    with town.ask.db.reading() as conn:
        return {one.customer_id for one in messages.store.members(conn, list_id)}


def set_up(town: Town, url: str) -> None:
    file = town.ask.db.folder / gateways.FILE
    file.write_text(f'url = "{url}"\nsecret = "{SECRET}"\n', encoding="utf-8")
    file.chmod(0o600)


@pytest.fixture
def quick(birthdays: Town) -> Town:
    """Return the town with a gateway that is tried twice without waiting."""
    rules = GatewayRules(timeout_s=1, tries=2, wait_s=0)
    birthdays.ask = messages.replace(
        birthdays.ask, settings=messages.replace(Settings(), gateway=rules)
    )
    return birthdays


# --- who gets one ---------------------------------------------------------------------------------


def test_whoever_agrees_is_in_a_list_and_nobody_else(birthdays: Town) -> None:
    birthdays.agree(BERT, Channel.SMS, given=False)
    birthdays.bar(CARL, Channel.SMS)

    seen = messages.preview(birthdays.ask, **NOW)
    list_id = made(birthdays)

    assert (seen.people, seen.aside) == (2, {"denied": 1, "do_not_call": 1})
    assert thoughts(birthdays, list_id) == {birthdays.id(ANNA), birthdays.id(DORA)}


def test_a_preview_tells_no_name_and_no_number(birthdays: Town) -> None:
    seen = messages.preview(birthdays.ask, **NOW)

    assert all(mask.name(ANNA.name)[:1] in text for text in seen.samples)
    assert not any(one.name in text for text in seen.samples for one in (ANNA, BERT, CARL))


def test_a_list_is_made_once_under_one_key_and_nobody_is_in_two(birthdays: Town) -> None:
    first = made(birthdays)

    assert made(birthdays) == first
    with pytest.raises(NotFoundError, match="nobody"):
        made(birthdays, key="form-000002")
    assert [one for one in caring.due(birthdays.ask) if one.kind is Glad.BIRTHDAY][:1] != []
    assert {one.customer_id for one in caring.due(birthdays.ask) if one.kind is Glad.BIRTHDAY} == {
        birthdays.id(ELSE)
    }


def test_a_grief_and_a_family_day_are_never_sent(birthdays: Town) -> None:
    for kind in (Grief.BEREAVEMENT, Glad.PARENTS_BIRTHDAY, Glad.WEDDING):
        with pytest.raises(NotAllowedError, match="by_mouth_only"):
            made(birthdays, kind=kind)


def test_what_words_need_and_a_card_does_not_tell_puts_somebody_aside(birthdays: Town) -> None:
    wording.change(
        birthdays.ask, station="S1", kind=Glad.BIRTHDAY, lang="zh", reason="ours",
        words="{name}您好，{wash_on}", offer="到店送{day}礼品",
    )  # fmt: skip

    assert messages.preview(birthdays.ask, **NOW).aside == {"no_words": 4}


def test_everybody_of_a_station_is_greeted_on_a_festival(
    town: Town,
) -> None:
    eve = date(2026, 9, 20)
    town.now += (eve - TODAY).days * DAY_S
    ask = messages.replace(town.ask, as_of=eve)

    list_id = messages.make(ask, key=KEY, **(NOW | {"kind": Glad.MID_AUTUMN}))

    assert thoughts(town, list_id) == {town.id(one) for one in (ANNA, BERT, CARL, DORA)}


# --- out of the house -----------------------------------------------------------------------------


def test_an_export_holds_numbers_and_texts_and_is_counted(birthdays: Town) -> None:
    list_id = made(birthdays)

    file = messages.export(birthdays.ask, list_id=list_id, kind="csv", reason="greet", lang="zh")

    words = file.decode("utf-8-sig")
    assert ANNA.phone.lstrip("+") in words
    assert f"{ANNA.name}您好" in words
    with birthdays.ask.db.reading() as conn:
        assert audit.total(conn, account="local", act=Act.EXPORT, from_s=0) == 4


def test_whoever_withdrew_meanwhile_leaves_the_list(birthdays: Town) -> None:
    list_id = made(birthdays)
    birthdays.agree(ANNA, Channel.SMS, given=False)

    file = messages.export(birthdays.ask, list_id=list_id, kind="csv", reason="greet", lang="zh")

    assert ANNA.name not in file.decode("utf-8-sig")
    assert birthdays.id(ANNA) not in thoughts(birthdays, list_id)


@pytest.mark.parametrize("role", [Role.STAFF, Role.REGIONAL, Role.AUDITOR])
def test_only_who_may_reach_everybody_takes_a_list_out(birthdays: Town, role: Role) -> None:
    list_id = made(birthdays)
    ask = birthdays.as_("someone", role)

    for act in (
        lambda: messages.export(ask, list_id=list_id, kind="csv", reason="x", lang="zh"),
        lambda: messages.send(ask, list_id=list_id, reason="x"),
    ):
        with pytest.raises(NotAllowedError):
            act()


def test_a_list_of_another_station_is_not_there(birthdays: Town) -> None:
    list_id = made(birthdays)
    ask = birthdays.as_("max", Role.MANAGER, station=2)

    with pytest.raises(NotFoundError, match="no_list"):
        messages.export(ask, list_id=list_id, kind="csv", reason="x", lang="zh")
    with pytest.raises(NotFoundError):
        made(birthdays, ask, key="form-000003")


def test_a_list_that_is_taken_back_lets_everybody_be_thought_of_again(birthdays: Town) -> None:
    first = made(birthdays)

    messages.withdraw(birthdays.ask, list_id=first, reason="wrong words")

    assert thoughts(birthdays, first) == set()
    assert thoughts(birthdays, made(birthdays, key="form-000002")) != set()


def test_a_gateway_gets_each_message_once(quick: Town) -> None:
    list_id = made(quick)
    with listening(with_status(200)) as (url, told):
        set_up(quick, url)
        done = messages.send(quick.ask, list_id=list_id, reason="greet")
        with pytest.raises(NotAllowedError, match="has_left"):
            messages.send(quick.ask, list_id=list_id, reason="greet")

    (got,) = told
    said = json.loads(got["body"])
    assert (done.status, done.people, done.answer) == ("sent", 4, 200)
    assert {one["to"] for one in said["messages"]} == {p.phone for p in (ANNA, BERT, CARL, DORA)}
    assert said["list"] == got["headers"]["Idempotency-Key"] == KEY
    with pytest.raises(NotAllowedError, match="has_left"):
        messages.withdraw(quick.ask, list_id=list_id, reason="x")


def test_what_is_on_its_way_is_neither_taken_back_nor_taken_out(
    quick: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id = made(quick)

    def meanwhile(*_: object, **__: object) -> Answer:
        with pytest.raises(NotAllowedError, match="has_left"):
            messages.withdraw(quick.ask, list_id=list_id, reason="x")
        with pytest.raises(NotAllowedError, match="has_left"):
            messages.export(quick.ask, list_id=list_id, kind="csv", reason="x", lang="zh")
        return Answer(200, 1)

    set_up(quick, "https://sms.example/")
    monkeypatch.setattr(messages.out, "deliver", meanwhile)

    assert messages.send(quick.ask, list_id=list_id, reason="greet").status == "sent"


def test_nothing_is_sent_by_night_and_the_list_stays(quick: Town) -> None:
    list_id = made(quick)
    quick.now += DAY_S // 2
    with listening(with_status(200)) as (url, told):
        set_up(quick, url)
        with pytest.raises(NotAllowedError, match="out_of_hours"):
            messages.send(quick.ask, list_id=list_id, reason="greet")

    assert told == []
    assert len(thoughts(quick, list_id)) == 4


def test_a_list_that_did_not_arrive_is_sent_again_under_the_same_key(quick: Town) -> None:
    list_id = made(quick)
    with listening(with_status(503)) as (url, told):
        set_up(quick, url)
        failed = messages.send(quick.ask, list_id=list_id, reason="greet")
    with listening(with_status(200)) as (url, again):
        set_up(quick, url)
        done = messages.send(quick.ask, list_id=list_id, reason="greet")

    assert (failed.status, failed.tries, done.status) == ("failed", 2, "sent")
    assert {one["headers"]["Idempotency-Key"] for one in [*told, *again]} == {KEY}
    assert len({one["body"] for one in [*told, *again]}) == 1


@pytest.mark.parametrize(
    ("words", "mode", "key"),
    [
        ("", 0o600, "bad_key"),
        (f'url = "http://sms.example/"\nsecret = "{SECRET}"', 0o600, "bad_address"),
        ('url = "https://sms.example/"\nsecret = "short"', 0o600, "short_secret"),
        (f'url = "https://sms.example/"\nsecret = "{SECRET}"', 0o644, "readable"),
        ("url = ", 0o600, "no_toml"),
        (f'url = "https://sms.example/"\nsecret = "{SECRET}"\nmore = 1', 0o600, "bad_key"),
    ],
)
def test_a_gateway_is_set_up_as_it_must_be(tmp_path: Path, words: str, mode: int, key: str) -> None:
    (tmp_path / gateways.FILE).write_text(words)
    (tmp_path / gateways.FILE).chmod(mode)

    with pytest.raises(ConfigError, match=f"gateway.{key}"):
        gateways.read(tmp_path)


def test_without_a_gateway_nothing_is_sent_and_nothing_changes(birthdays: Town) -> None:
    list_id = made(birthdays)

    with pytest.raises(ConfigError, match="no_file"):
        messages.send(birthdays.ask, list_id=list_id, reason="greet")
    assert [one.status for one in messages.lists(birthdays.ask)] == ["waiting"]
    assert not messages.has_gateway(birthdays.ask)


# --- words ----------------------------------------------------------------------------------------


def test_words_are_the_station_s_own_and_their_history_is_kept(anytown: Town) -> None:
    def change(words: str, offer: str = "") -> None:
        wording.change(
            anytown.ask, station="S1", kind=Glad.BIRTHDAY, lang="zh", words=words, offer=offer,
            reason="ours",
        )  # fmt: skip

    def now(station: str) -> wording.Wording:
        return wording.words(anytown.ask, station=station, kind=Glad.BIRTHDAY, lang="zh")

    change("甲")
    change("乙", "送水")

    assert (now("S1").template.words, now("S1").offer, now("S1").is_own) == ("乙", "送水", True)
    assert [one.words for one in now("S1").history] == ["乙", "甲"]
    assert not now("S2").is_own


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_house_has_words_for_every_occasion(town: Town, lang: str) -> None:
    for kind in wording.KINDS:
        told = wording.words(town.ask, station="S1", kind=kind, lang=lang)
        asked = caring.care.placeholders(told.template.words)
        assert asked <= set(wording.OWN)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("{phone}", "unknown_name"),
        ("{wechat}您好", "unknown_name"),
        ("{rival_stations}", "unknown_name"),
        ("{credit_limit}", "unknown_name"),
        ("打 100 1234 5678", "reach"),
        ("写信到 a@b.example", "reach"),
    ],
)
def test_words_name_nothing_that_was_told_in_confidence(town: Town, words: str, error: str) -> None:
    with pytest.raises(StationError, match=error):
        wording.change(
            town.ask, station="S1", kind=Glad.BIRTHDAY, lang="zh", words=words, reason="x"
        )


def test_the_archive_itself_refuses_an_offer_in_grief(anytown: Town) -> None:
    new = wording.Words(1, "bereavement", "zh", "节哀", "满减", "local", 1, "x")

    with pytest.raises(Exception, match=r"(?i)check"), anytown.ask.db.writing() as conn:
        wording.store.put_words(conn, new)


def test_who_agrees_to_service_only_is_reminded_and_not_greeted(town: Town) -> None:
    town.born(ANNA, 9, 2)
    town.agree(ANNA, Channel.SMS, to=Purpose.SERVICE)
    town.tell(ANNA, wash_on="2026-08-03")
    town.agree(ANNA, Channel.SMS, given=False)

    assert messages.preview(town.ask, **(NOW | {"kind": Glad.WASH})).people == 1
    assert messages.preview(town.ask, **NOW).people == 0

"""A mask shows who is meant to whoever knows him, and nothing to anybody else."""

import io
import logging
import re
import sys
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nights import by_night

from station.guard import mask

LOG_LINES = by_night(1_000_000, by_day=100_000)
WIDE = {ord(str(n)): 0xFF10 + n for n in range(10)}
mobiles = st.integers(0, 10**8 - 1).map("100{:08}".format)
words = st.text(st.sampled_from("订单 call 王示川 :,，@a."), max_size=12)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8610012345678", "100****5678"),
        ("10012345678", "100****5678"),
        ("+86 100-1234-5678", "100****5678"),
        ("１００１２３４５６７８", "100****5678"),
        ("+8675510001000", "755****1000"),
        ("+861010001000", "****1000"),
        ("+442079460123", "+44****0123"),
        ("+15555550123", "+1****0123"),
        ("+4520000012", "+45****12"),
        ("1000100", "****00"),
        ("12345", "****"),
        ("", ""),
    ],
)
def test_a_phone_shows_its_ends(number: str, shown: str) -> None:
    assert mask.phone(number) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王明", "王*"), ("王小明", "王**"), ("欧阳小明", "欧**"), ("王", "王*"), ("", ""),
        ("William Smith", "W. **"), ("émile", "É. **"), ("ßeta", "ß. **"), ("10012345678", "1**"),
    ],
)  # fmt: skip
def test_a_name_shows_its_beginning(name: str, shown: str) -> None:
    assert mask.name(name) == shown


@given(mobiles, st.sampled_from(["", "+86", "+86 ", "0086"]))
def test_a_masked_phone_lacks_the_middle_digits(number: str, code: str) -> None:
    shown = mask.phone(code + number)

    assert len(re.sub(r"\D", "", shown)) == 7
    assert number[3:7] not in shown or number[3:7] == number[-4:]


@given(st.text() | st.text("+0123456789 -*"))
@example("+")
def test_a_phone_masked_twice_is_masked_once_and_hides_three_digits(text: str) -> None:
    shown = mask.phone(text)

    assert mask.phone(shown) == shown
    digits = sum(sign.isdigit() for sign in text)
    assert sum(sign.isdigit() for sign in shown) <= max(digits - 3, 7)


@given(st.text())
@example("ŉ")
@example("ʇ")
def test_a_name_masked_twice_is_masked_once(text: str) -> None:
    shown = mask.name(text)

    assert mask.name(shown) == shown
    assert len(shown) <= len("W. **")


@given(words, mobiles, words, st.sampled_from(["", " ", "-", ".", "—"]))
def test_no_telephone_stays_in_free_text(before: str, number: str, after: str, sign: str) -> None:
    written = sign.join((number[:3], number[3:7], number[7:]))

    for spelt in (written, f"+86{written}", f"(+86) {written}", written.translate(WIDE)):
        shown = mask.redact(f"{before}{spelt}{after}")
        assert not re.search(r"\d{3}", shown)


@given(st.text() | st.text(st.sampled_from("0123456789-. @a一+:"), max_size=60))
@example("a@b@@c")
@example("2026-11-26 13800")
def test_redacting_twice_is_redacting_once(text: str) -> None:
    assert mask.redact(mask.redact(text)) == mask.redact(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("客户来电10012345678，请回电", "客户来电***，请回电"),
        ("一零零一二三四五六七八", "***"),
        ("写信到 who.ever+x@mail.example 即可", "写信到 *** 即可"),
        ("请联系someone＠mail.example。谢谢", "请联系***。谢谢"),
        ("2026-11-26 19:01:02 batch 12345 done in 0.12 s", None),
        ("GET /card from 192.168.100.100 port 8501", None),
        ("第一二三四五六号油枪 3 kg @ 5", None),
        ("2026-11-26 10012345678", "2026-11-26 ***"),
        ("2026-11-2610012345678", "***"),
    ],
)
def test_what_is_kept_and_what_is_hidden(text: str, shown: str | None) -> None:
    assert mask.redact(text) == (text if shown is None else shown)


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    mask.guard_logs(handler)
    mask.guard_logs(handler)
    assert len(handler.filters) == 1
    logger = logging.Logger("till.counter")  # noqa: LOG001 - ours alone, in no tree
    logger.addHandler(handler)
    yield logger, written
    handler.close()


def test_a_log_holds_no_telephone(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log

    logger.warning("call %s or %d", "100-1234-5678", 10_012_345_678)
    logger.warning("card %(number)s", {"number": "10012345678"})
    logger.warning("plain %s", 7)

    assert written.getvalue().splitlines() == [
        "WARNING call *** or ***",
        "WARNING card ***",
        "WARNING plain 7",
    ]


def test_a_trace_in_a_log_holds_no_telephone(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log

    try:
        int("call 100 1234 5678")
    except ValueError:
        logger.exception("no number", stack_info=True)

    assert "ValueError" in written.getvalue()
    assert "5678" not in written.getvalue()


def test_a_record_that_does_not_fit_its_facts_is_told_all_the_same(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, written = log

    logger.warning("%d %d", "10012345678")  # noqa: PLE1206 - that is the point

    assert written.getvalue() == "WARNING %d %d ('***',)\n"


def test_every_handler_is_guarded_when_none_is_named() -> None:
    handlers = [logging.StreamHandler(sys.stderr) for _ in range(2)]
    loggers = [logging.getLogger(), logging.getLogger("test.of.ours")]
    for logger, handler in zip(loggers, handlers, strict=True):
        logger.addHandler(handler)
    before = {one: list(one.filters) for one in mask._handlers()}
    try:
        mask.guard_logs()
        assert all(isinstance(one.filters[-1], mask.LogFilter) for one in handlers)
    finally:
        for logger, handler in zip(loggers, handlers, strict=True):
            logger.removeHandler(handler)
        for one, filters in before.items():
            one.filters[:] = filters


@pytest.mark.slow
def test_a_long_log_holds_no_telephone(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    signs = ["", " ", "-"]

    for n in range(LOG_LINES):
        serial = f"{n * 38_196_601 % 10**8:08}"
        logger.warning(
            "row %d: call %s", n % 100, signs[n % 3].join(("100", serial[:4], serial[4:]))
        )

    lines = written.getvalue()
    assert lines.count("\n") == LOG_LINES
    assert not re.search(r"100[ -]?\d{4}[ -]?\d{4}", lines)

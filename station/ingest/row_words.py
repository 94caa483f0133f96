"""What do the words of a row say of it: a total, a test, a reversal, a night shift?"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

TOTAL_WORDS = frozenset(
    {
        *("合计", "小计", "总计", "共计", "本页合计", "本页小计", "累计"),
        *("total", "totals", "subtotal", "grand total", "sum"),
    }
)
FOOTER = re.compile(
    r"(?:制表|填表|审核|复核|打印|导出|经办|负责)[^:]{0,6}:"
    r"|(?:prepared|printed|checked) (?:by|on|at)\b"
)
"""How the lines below a table begin that say who made it and when."""
KINDS = (
    ("pump_test", re.compile("检测|测试|自校|回罐|校泵|pump ?test|calibration")),
    ("own_use", re.compile("自用|own ?use")),
    ("late_deduction", re.compile("补扣|late deduction")),
    ("cancelled", re.compile("取消|作废|无效|cancel|void")),
    ("reversal", re.compile("冲销|冲正|红冲|撤单|撤销|退款|退货|退油|refund|revers|return")),
)
"""What a transaction type says, by the first that fits; anything else is an ordinary sale."""
NAMED_SALE = re.compile(
    r"(?:撤单|冲销|冲正|红冲|原单|原流水|撤销|退款|退货|退油|revers\w*|refund\w*|original)"
    r"[^0-9]{0,12}([0-9]{3,40})"
)
LONGEST_NOTE = 200
"""Characters of a note that are searched for a number."""
ONLY_NUMBER = re.compile(r"\s*([0-9A-Za-z\-]{1,40})\s*")
SHIFTS = (
    (re.compile("夜|晚|night"), 3),
    (re.compile("[中乙]|二|^b$|swing|evening"), 2),
    (re.compile("[早白甲]|一|^a$|day|morning"), 1),
    (re.compile("丙|三|^c$"), 3),
)
SHIFT_NUMBER = re.compile(r"[0-9]+")


@lru_cache(maxsize=10_000)
def is_total_word(text: str) -> bool:
    """Return whether a cell says that its row sums up others, or who made the table."""
    words = unicodedata.normalize("NFKC", text).casefold().strip(" '\t")
    return words.strip(":") in TOTAL_WORDS or bool(FOOTER.match(words))


def is_total(cells: Iterable[str]) -> bool:
    """Return whether the first cell that is not empty is the word for a total."""
    return is_total_word(next((cell for cell in cells if cell.strip()), ""))


@lru_cache(maxsize=10_000)
def kind_of(txn_type: str) -> str:
    """Return what a transaction type means: a kind of `KINDS`, or empty for a sale."""
    words = unicodedata.normalize("NFKC", txn_type).casefold()
    return next((kind for kind, pattern in KINDS if pattern.search(words)), "")


@lru_cache(maxsize=10_000)
def shift_number(text: str) -> int:
    """Return the number of a shift, 0 if the text tells none."""
    words = unicodedata.normalize("NFKC", text).casefold().strip()
    if number := SHIFT_NUMBER.search(words):
        return int(number[0][:4])
    return next((number for pattern, number in SHIFTS if pattern.search(words)), 0)


def reversed_number(original: str, note: str, own: str) -> str:
    """Return the receipt number that a reversal names, in the form of its own number."""
    named = ONLY_NUMBER.fullmatch(original) or NAMED_SALE.search(
        unicodedata.normalize("NFKC", note[:LONGEST_NOTE]).casefold()
    )
    number = named[1] if named else ""
    if number.isdigit() and own.isdigit() and len(number) != len(own):
        bare = number.lstrip("0")
        return bare.zfill(len(own)) if own.startswith("0") else bare
    return number

"""What did the person type, freed of what carries no information?"""

import math
import re
import unicodedata
from collections.abc import Iterator

LONGEST_TEXT = 200
"""No plate field holds more characters; longer texts are not looked into."""

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
NICKNAMES = {"黔": "贵", "滇": "云", "蜀": "川", "陇": "甘", "申": "沪", "秦": "陕"}

_SIMPLER = str.maketrans(
    "滬雲遼魯蘇贛晉陝閩貴粵寧瓊隴學掛領試應臨軍東車號碼無裝藍黃綠漸變雙燈臺機農輛場樁購",
    "沪云辽鲁苏赣晋陕闽贵粤宁琼陇学挂领试应临军东车号码无装蓝黄绿渐变双灯台机农辆场桩购",
)
_HIDDEN = dict.fromkeys(
    [
        *(code for code in [*range(32), *range(127, 160)] if chr(code) not in "\t\n\r\x85"),
        *(0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF),  # soft hyphen, joiners, marks
        *range(0x200B, 0x2010),  # zero width
        *range(0x202A, 0x202F),  # direction of writing
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),  # variation selectors
    ]
)
_CLEANING = {**_HIDDEN, **_SIMPLER}
_SEPARATORS = re.compile(r"[\W_]+")
_MASK = re.compile(r"[*?#×✕✖□■●○◆�]")
_LIST = re.compile(r"[,;、/|+&\n\r\\和及]+")
_NEXT_PLATE = re.compile(rf"(?<=.)(?<!WJ)(?=(?:临|WJ)?[{PROVINCES}{''.join(NICKNAMES)}])")
_CHINESE_LABEL = r"(?:机动)?车牌(?:号码?|照)?|号牌(?:号码)?|牌照(?:号码?)?|牌号|车号|车辆号?"
_ENGLISH_LABEL = (
    r"(?:(?:LICEN[CS]E\s+|NUMBER\s+|VEHICLE\s+)?PLATE|REG(?:ISTRATION)?|VRM|VRN)"
    r"(?:\s*(?:NO|NUMBER))?\s*\.?\s*[:=]"
)
_LABELS = re.compile(rf"(?:[\W_]*(?:{_CHINESE_LABEL}|{_ENGLISH_LABEL})\s*[:=]?)+")
_JOINED_LABELS = re.compile(rf"(?:{_CHINESE_LABEL})+")
_PHONE = re.compile(r"(?:00)?(?:86)?1[3-9][0-9]{9}|0[1-9][0-9]{8,10}")
_ID_NUMBER = re.compile(
    r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"
)
_CARD = re.compile(r"[0-9]{12,20}")
_VIN = re.compile(r"(?=.*[0-9])(?=.*[A-Z])[A-Z0-9]{17}")

_NO_PLATE_WORDS = re.compile(
    r"无|没有|无牌照|无车牌|无号|未知|不详|不明|不知道|空|暂无|待定|其[他它]|散客|现金客户|过路车"
    r"|新车|未登记|看不清|军车|警车|摩托车?|三轮车?|电动车"
    r"|NA|NAN|NIL|NULL|NONE|NOPLATE|NOTAG|UNKNOWN|UNREGISTERED|TEST|TBD|CASH"
)
_NO_PLATE_HINTS = re.compile(r"无牌|未上牌|没上牌|没有?牌|未挂牌|无车牌|无号牌|散客")
_CONTAINER_HINTS = re.compile(
    r"桶|散装|挖机|挖掘机|铲车|装载机|叉车|吊机|推土机|压路机|发电机|收割机|拖拉机|割草机"
    r"|抽水机|水泵|机械|农机|设备|JERRY ?CAN|CONTAINER|GENERATOR|FORKLIFT|EXCAVATOR"
)
_FILLING = re.compile(r"0{3,}|X{3,}")


def clean(raw: object) -> str:
    """Return the text in upper-case half-width simplified characters, separators kept."""
    text = _as_text(raw).strip()
    if len(text) > LONGEST_TEXT:
        return text
    upper = unicodedata.normalize("NFKC", text).upper()
    plain = unicodedata.normalize("NFKC", upper).translate(_CLEANING)
    return _without(_LABELS, plain)


def _as_text(raw: object) -> str:
    """Return a cell of a table as text: a missing number is empty, 12345.0 is 12345."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, float) and math.isnan(raw):
        return ""
    if isinstance(raw, float) and raw.is_integer():
        return f"{raw:.0f}"
    return "" if raw is None else str(raw)


def compact(text: str) -> str:
    """Return the letters, digits and characters of a cleaned text alone."""
    joined = unicodedata.normalize("NFKC", _SEPARATORS.sub("", text))  # halves may have met
    return _without(_JOINED_LABELS, joined)


def _without(labels: re.Pattern[str], text: str) -> str:
    """Return the text behind its labels."""
    found = labels.match(text)
    return text[found.end() :] if found else text


def is_masked(text: str) -> bool:
    """Return whether some character was hidden or could not be read."""
    return _MASK.search(text) is not None


def is_placeholder(typed: str) -> bool:
    """Return whether a compact text is a word or filling for "no plate"."""
    return (_NO_PLATE_WORDS.fullmatch(typed) or _FILLING.fullmatch(typed)) is not None


def mentions_no_plate(typed: str) -> bool:
    """Return whether a text that is no plate says so."""
    return _NO_PLATE_HINTS.search(typed) is not None


def mentions_container(typed: str) -> bool:
    """Return whether a text that is no plate speaks of a container or a machine."""
    return _CONTAINER_HINTS.search(typed) is not None


def resemblance(typed: str) -> str:
    """Return the flag of what was typed instead of a plate, empty if nothing known."""
    if _PHONE.fullmatch(typed):
        return "looks_like_phone"
    if _ID_NUMBER.fullmatch(typed):
        return "looks_like_id_number"
    if _CARD.fullmatch(typed):
        return "looks_like_card"
    return "looks_like_vin" if _VIN.fullmatch(typed) else ""


def divisions(text: str) -> Iterator[list[str]]:
    """Yield the ways to cut a cleaned text into several plates, the surest first."""
    for parts in (_LIST.split(text), _NEXT_PLATE.split(compact(text))):
        filled = [part for part in parts if compact(part)]
        if len(filled) > 1:
            yield filled

"""At which station were the lines of a file sold?"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from station.errors import FileRefusedError, UnreadableFileError
from station.model import Station

LABEL = r"(?:加油站|油站|站点|station)\s?(?:名称|编码|代码|编号|name|code)?"
WITH_VALUE = re.compile(rf"{LABEL}\s*:\s*(\S.*)", re.IGNORECASE)
LABEL_ALONE = re.compile(rf"{LABEL}\s*:?", re.IGNORECASE)
CODE_IN_BRACKETS = re.compile(r"\(([A-Za-z0-9_\-]{1,40})\)")
CODE = re.compile(r"[A-Za-z0-9_\-]{1,40}")
LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class Sites:
    """The station of each text met in the file, and of rows without a text.

    `title` is what the lines above the heading say; `new` are stations that the file names, the
    archive does not know and the mapping creates.
    """

    by_text: dict[str, Station]
    default: Station | None
    title: str = ""
    new: tuple[Station, ...] = ()


def tidy(text: str) -> str:
    """Return a station's code or name as it is compared."""
    return unicodedata.normalize("NFKC", text).strip().strip("'").casefold()


def named_in(head: Iterable[Sequence[str]]) -> str:
    """Return the station that the lines above the heading name, empty if none.

    The name stands behind a colon or in the next cell, its code in brackets behind it.
    """
    for cells in head:
        texts = [unicodedata.normalize("NFKC", cell).strip() for cell in cells]
        for text, following in pairwise([*texts, ""]):
            written = WITH_VALUE.search(text)
            value = written[1] if written else following * bool(LABEL_ALONE.fullmatch(text))
            if value:
                code = CODE_IN_BRACKETS.search(value)
                return code[1] if code else value
    return ""


def choose(
    stations: Mapping[str, Station], *, asked: str | None, title: str, texts: Iterable[str] | None
) -> Sites:
    """Return whose lines the file holds: as asked, by its column, or by its title.

    Args:
        stations: every known station by its code.
        asked: the code given by whoever imports, or None.
        title: what the lines above the heading say.
        texts: the distinct cells of the station column, None without such a column.

    Raises:
        FileRefusedError: these contradict each other, or the station asked for is unknown.
        UnreadableFileError: nothing says which station it is.
    """
    known = _index(stations.values())
    if asked is not None and asked not in stations:
        raise FileRefusedError("error_ingest.station_unknown", station=asked)
    if asked is None and not title and texts is None:
        raise UnreadableFileError("error_ingest.no_station")
    by_text = {text: site for text in texts or () if (site := _find(text, known))}
    titled = _find(title, known)
    default = stations[asked] if asked is not None else titled
    if default and titled != default and (titled or CODE.fullmatch(title)):
        raise _contradiction(default, title)
    for text in sorted(texts or ()):
        if default and text.strip() and by_text.get(text) != default:
            raise _contradiction(default, text.strip())
    return Sites(by_text, default, title)


def _contradiction(one: Station, other: str) -> FileRefusedError:
    return FileRefusedError("error_ingest.station_contradiction", one=one.code, other=other[:80])


def _index(stations: Iterable[Station]) -> dict[str, Station | None]:
    """Return the stations by code, and by name where only one has it."""
    index: dict[str, Station | None] = {}
    every = list(stations)
    for site in every:
        name = tidy(site.name)
        index[name] = None if name in index else site
    return index | {tidy(site.code): site for site in every}


def _find(text: str, known: Mapping[str, Station | None]) -> Station | None:
    plain = tidy(text)
    if not plain:
        return None
    code = CODE_IN_BRACKETS.search(plain)
    return known.get(plain) or (known.get(code[1]) if code else None)


def with_new(sites: Sites, texts: Iterable[str], like: Station) -> Sites:
    """Return the sites with a new station, otherwise as `like`, for each unknown text."""
    new: dict[str, Station] = {}
    by_text = dict(sites.by_text)
    for text in sorted(texts):
        code = unicodedata.normalize("NFKC", text).strip()
        if text not in by_text and 0 < len(code) <= LONGEST_CODE:
            site = Station(code=code, name=code, zone=like.zone, currency=like.currency)
            by_text[text] = new.setdefault(tidy(code), site)
    return Sites(by_text, sites.default, sites.title, tuple(new.values()))

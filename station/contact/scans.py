"""Is this a scan that may be kept? Told by its content, whatever it is called."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from station.errors import BadValueError, LimitReachedError

KILO = 1024


class ScanKind(StrEnum):
    """What a scan shows."""

    CONTRACT = "contract"
    APPLICATION = "application"
    INVOICE = "invoice"
    PICTURE = "picture"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AttachmentRules:
    """How much may be kept of one customer."""

    max_kilobytes: int = 5_120
    max_files: int = 20
    max_total_kilobytes: int = 25_600


PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
ENDINGS = {PDF: ".pdf", PNG: ".png", JPEG: ".jpg"}
BEGINS_AND_ENDS = {
    PDF: (b"%PDF-", b"%%EOF"),
    PNG: (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"IEND\xaeB`\x82"),
    JPEG: (b"\xff\xd8\xff", b"\xff\xd9"),
}
END_BYTES = 1_024
"""The end of a file is looked for in so many last bytes: some programs write a little behind it."""
ACTS = (b"/JavaScript", b"/Launch", b"/EmbeddedFile")
"""What makes a PDF do something when it is opened, as far as it stands in clear."""
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
LONGEST_NAME = 80
NO_NAME = "scan"


def media_type(content: bytes, rules: AttachmentRules) -> str:
    """Return of what kind a file is.

    Raises:
        BadValueError: it is empty, too large, no PDF, PNG or JPEG, not whole, or acts when opened.
    """
    if len(content) > rules.max_kilobytes * KILO:
        raise BadValueError("attachments.too_large", limit=rules.max_kilobytes)
    for kind, (begin, end) in BEGINS_AND_ENDS.items():
        if content.startswith(begin):
            if end not in content[-END_BYTES:]:
                raise BadValueError("attachments.not_whole")
            if kind == PDF and any(act in _spelled(content) for act in ACTS):
                raise BadValueError("attachments.acts")
            return kind
    raise BadValueError("attachments.unknown_kind")


def _spelled(content: bytes) -> bytes:
    """Return a PDF with its signs in clear that a name may write as #4A."""
    return ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)


def check_room(*, files: int, total_bytes: int, size_bytes: int, rules: AttachmentRules) -> None:
    """Refuse a file for which a customer has no room left.

    Raises:
        LimitReachedError: he has too many, or they are too large together.
    """
    is_full = files >= rules.max_files
    is_too_much = total_bytes + size_bytes > rules.max_total_kilobytes * KILO
    if is_full or is_too_much:
        raise LimitReachedError(
            "attachments.no_room", files=rules.max_files, limit=rules.max_total_kilobytes
        )


def tidy(name: str, media: str) -> str:
    """Return a file's name without a path or signs that nobody sees, ending as its content does."""
    plain = unicodedata.normalize("NFKC", name).replace("\\", "/")
    stem = PurePosixPath(plain).name.rpartition(".")[0] or PurePosixPath(plain).name
    kept = "".join(sign if sign.isalnum() or sign in " -_()" else "_" for sign in stem)
    return (" ".join(kept.split())[:LONGEST_NAME].strip(" _.") or NO_NAME) + ENDINGS[media]

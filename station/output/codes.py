"""An address as a picture that a telephone's camera reads."""

import io
from urllib.parse import urlencode

import segno

PIXELS, QUIET_PIXELS = 8, 4
"""Size of a dot, and dots of white around the picture, without which no camera finds it."""


def address(server: str, path: str, **facts: str) -> str:
    """Return the address of a page; `facts` stand behind its question mark."""
    return f"{server.rstrip('/')}{path}?{urlencode(facts)}"


def picture(words: str) -> bytes:
    """Return a PNG that shows `words` as a QR code; a quarter of it may be soiled."""
    out = io.BytesIO()
    segno.make(words, error="q", micro=False).save(
        out, kind="png", scale=PIXELS, border=QUIET_PIXELS
    )
    return out.getvalue()

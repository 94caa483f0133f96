"""How pages and the counter look, how a slip is printed: fixed words of ours only."""

from pathlib import Path

import streamlit as st

LOOKS = Path(__file__).parent
FOCUS = """<script>
if (matchMedia("(pointer: fine)").matches) {
  document.querySelector("[class*='st-key-counter_words'] input")?.focus();
}
</script>"""
"""Whoever has a keyboard types at once; on a phone the keys would hide half the page."""
PRINT = "<script>window.print();</script>"


def every_page() -> None:
    """Let words on coloured buttons be read in the dark."""
    st.html(LOOKS / "house.css")


def look(name: str = "counter") -> None:
    """Make what is tapped large enough for a thumb, and let a slip print alone."""
    st.html(LOOKS / f"{name}.css")


def focus() -> None:
    """Put the keys into the field in which somebody is looked for."""
    st.html(FOCUS, unsafe_allow_javascript=True)


def print_slip() -> None:
    """Open the browser's own way to print."""
    st.html(PRINT, unsafe_allow_javascript=True)

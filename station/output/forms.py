"""Forms to print and to sign, filled with what is known: one page of HTML that runs nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from station import text
from station.model import PaperForm

BOX = "☐"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a form: the catalogue's name of it, and how high it is to write in."""

    name: str
    height_mm: int = 9


@dataclass(frozen=True, slots=True)
class Layout:
    """What a form asks: its lines by section, its boxes to tick, and who signs."""

    sections: Mapping[str, Sequence[Line]]
    boxes: Mapping[str, Sequence[str]]
    signatures: Sequence[str]


_WHO = (Line("organisation_name"), Line("name"), Line("phone"))
LAYOUTS: Mapping[PaperForm, Layout] = {
    PaperForm.CARD_APPLICATION: Layout(
        sections={
            "applicant": (*_WHO, Line("code"), Line("address")),
            "card": (Line("vehicles", 20), Line("cards", 14), Line("limits"), Line("fuels")),
        },
        boxes={"card_kind": ("card_single", "card_fleet"), "purpose": ("new", "more", "replace")},
        signatures=("applicant", "station"),
    ),
    PaperForm.INVOICE_TITLE: Layout(
        sections={
            "invoice": (
                Line("invoice_title"),
                Line("tax_number"),
                Line("registered_address"),
                Line("bank"),
            ),
            "receiver": (Line("name"), Line("phone"), Line("email")),
        },
        boxes={"invoice_kind": ("ordinary", "special"), "invoice_by": ("monthly", "each")},
        signatures=("applicant", "station"),
    ),
    PaperForm.COMPLAINT: Layout(
        sections={
            "complainant": (*_WHO, Line("vehicles", 14)),
            "matter": (Line("happened"), Line("what", 42), Line("wish", 18)),
            "answer": (Line("measures", 24), Line("answered_on")),
        },
        boxes={"about": ("quality", "quantity", "price", "service", "card", "other")},
        signatures=("applicant", "handler"),
    ),
}
STYLE = """
@page { size: A4; margin: 16mm 18mm; }
* { box-sizing: border-box; }
body { font: 11pt/1.45 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  color: #000; background: #fff; max-width: 174mm; margin: 8mm auto; padding: 0 4mm; }
h1 { font-size: 18pt; text-align: center; margin: 0 0 1mm; letter-spacing: 0.08em; }
.head { display: flex; justify-content: space-between; flex-wrap: wrap; font-size: 9.5pt;
  border-bottom: 0.5mm solid #000; padding-bottom: 1.5mm; margin-bottom: 4mm; }
h2 { font-size: 11pt; margin: 4mm 0 1mm; break-after: avoid; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { border: 0.2mm solid #444; padding: 1mm 2.5mm; vertical-align: middle; text-align: left; }
th { width: 34mm; font-weight: 600; font-size: 10pt; }
td { overflow-wrap: anywhere; word-break: keep-all; white-space: pre-line; }
tr { break-inside: avoid; }
.boxes span { display: inline-block; margin-right: 6mm; }
.sign { display: flex; gap: 12mm; margin-top: 12mm; break-inside: avoid; }
.sign div { flex: 1; border-top: 0.2mm solid #000; padding-top: 1mm; font-size: 9.5pt; }
.note { margin-top: 6mm; font-size: 8.5pt; color: #333; }
@media print { body { margin: 0; padding: 0; max-width: none; } }
"""


def page(kind: PaperForm, facts: Mapping[str, str], *, lang: str, station: str, on: date) -> str:
    """Return a form as one page of HTML that fits A4; what is not known stays empty to write in.

    Every word of `facts` is shown and never run: it is escaped, and the page allows no script,
    no picture and nothing from elsewhere.
    """
    layout = LAYOUTS[kind]
    title = _said(lang, f"title_{kind}")
    parts = [
        _head(lang, title, station, on),
        *(_section(lang, name, lines, facts) for name, lines in layout.sections.items()),
        _boxes(lang, layout.boxes),
        _signatures(lang, layout.signatures),
        f'<p class="note">{_said(lang, "note")}</p>',
    ]
    return _document(lang, title, "\n".join(parts))


def _document(lang: str, title: str, body: str) -> str:
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(lang)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _said(lang: str, name: str, **facts: object) -> str:
    return escape(text.say(lang, f"forms.{name}", **facts))


def _head(lang: str, title: str, station: str, on: date) -> str:
    printed = _said(lang, "printed", day=on)
    return (
        f"<h1>{title}</h1>\n"
        f'<div class="head"><span>{_shown(station)}</span><span>{printed}</span></div>'
    )


def _section(lang: str, name: str, lines: Sequence[Line], facts: Mapping[str, str]) -> str:
    rows = "\n".join(
        f'<tr style="height: {line.height_mm}mm"><th>{_said(lang, f"line_{line.name}")}</th>'
        f"<td>{_shown(facts.get(line.name, ''))}</td></tr>"
        for line in lines
    )
    return f"<h2>{_said(lang, f'section_{name}')}</h2>\n<table>\n{rows}\n</table>"


def _shown(words: str) -> str:
    """Return words as they are read; signs that turn or hide the text around them fall out."""
    return escape("".join(sign for sign in words if sign.isprintable() or sign == "\n"))


def _boxes(lang: str, boxes: Mapping[str, Sequence[str]]) -> str:
    rows = "\n".join(
        f"<tr><th>{_said(lang, f'choice_{name}')}</th><td>"
        + "".join(f"<span>{BOX} {_said(lang, f'box_{choice}')}</span>" for choice in choices)
        + "</td></tr>"
        for name, choices in boxes.items()
    )
    return f'<h2>{_said(lang, "section_choices")}</h2>\n<table class="boxes">\n{rows}\n</table>'


def _signatures(lang: str, signatures: Sequence[str]) -> str:
    parts = "".join(f"<div>{_said(lang, f'sign_{name}')}</div>" for name in signatures)
    return f'<div class="sign">{parts}</div>'

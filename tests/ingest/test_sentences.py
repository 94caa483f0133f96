"""Everything the room says has its sentence in both languages."""

import re
from pathlib import Path

from station import ingest
from station.text import catalogue

SOURCES = [path.read_text("utf-8") for path in Path(ingest.__path__[0]).glob("*.py")]
IGNORED = "pump_test|own_use|cancelled|late_deduction|training|prepaid|nothing_sold"
REASON = re.compile(rf'BadValueError\(\s*"(\w+)"|"({IGNORED})"')
REFUSAL = re.compile(r'"(error_ingest\.\w+)"')
OF_THE_ARCHIVE = {
    "bad_field",
    "reversal_without_sale",
    "unknown_customer",
    "erased_customer",
    "not_in_sight",
    "region_by_two",
    "conflict",
    "duplicate",
    "total_line",
}


def test_every_reason_and_refusal_has_a_sentence_and_none_is_idle() -> None:
    reasons = {a or b for text in SOURCES for a, b in REASON.findall(text)} | OF_THE_ARCHIVE
    refusals = {key for text in SOURCES for key in REFUSAL.findall(text)}
    refusals |= {"error_ingest.encrypted_workbook", "error_ingest.legacy_workbook"}

    for lang in ("zh", "en"):
        keys = set(catalogue(lang))
        assert {key for key in keys if key.startswith("reason.")} == {
            f"reason.{r}" for r in reasons
        }
        assert {key for key in keys if key.startswith("error_ingest.")} == refusals

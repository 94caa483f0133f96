"""How large, how old and how odd may a file be before it is refused?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IngestRules:
    """The limits of an import; files and rows beyond them are refused, never cut."""

    max_rows: int = 1_000_000
    max_columns: int = 500
    max_line_chars: int = 1_000_000
    max_event_chars: int = 200_000
    max_text_bytes: int = 2 * 2**30
    max_workbook_bytes: int = 20 * 2**20
    max_workbook_ratio: int = 100
    max_workbook_unpacked_bytes: int = 300 * 2**20
    max_workbook_cells: int = 12_000_000
    heading_search_lines: int = 30
    horizon_years: int = 15
    future_tolerance_s: int = 600
    max_quantity: int = 100_000
    max_amount: int = 10_000_000
    phone_region: str = "CN"
    journal_volume: str = "us_gallon"
    min_common_share: float = 0.8

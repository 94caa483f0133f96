"""Renews docs/openapi.json: `python tests/api/describe.py`."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from station import api
from station.config import Settings
from station.services import keeping
from station.services.ask import Database

DESCRIPTION = Path(__file__).parents[2] / "docs" / "openapi.json"


def described(db: Database) -> str:
    """Return the description of the till's interface as it stands in the docs."""
    document: dict[str, Any] = api.build(db, Settings()).openapi()
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        opened = keeping.create(Settings(), f"sqlite:///{folder}/station.db")
        DESCRIPTION.write_text(described(opened), encoding="utf-8")
        opened.close()

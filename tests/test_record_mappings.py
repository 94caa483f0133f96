"""A mapping reads a foreign file of stations, customers, vehicles or cards, too."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from station.cli import app


def run(archive: str, *words: str) -> str:
    result = CliRunner().invoke(app, ["--archive", archive, "--lang", "en", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    ("kind", "columns", "cells"),
    [
        ("stations", {"code": "Site", "name": "Title"}, ("Z1", "Zed")),
        ("customers", {"code": "Account", "owner_kind": "Who"}, ("C1", "company")),
        ("vehicles", {"plate": "Registration mark", "use": "Job"}, ("粤B12345", "taxi")),
        ("cards", {"number": "Token", "kind": "Sort"}, ("1000110000000000001", "fleet")),
    ],
)
def test_the_fields_of_a_mapping_are_those_of_its_file(
    tmp_path: Path, kind: str, columns: dict[str, str], cells: tuple[str, str]
) -> None:
    archive = f"sqlite:///{tmp_path}/station.db"
    mapping, file = tmp_path / "theirs.yaml", tmp_path / "theirs.csv"
    mapping.write_text(json.dumps({"columns": columns}), encoding="utf-8")
    file.write_text(f"{','.join(columns.values())}\n{','.join(cells)}\n", encoding="utf-8")
    run(archive, "init")

    done = json.loads(run(archive, "import", kind, str(file), "--mapping", str(mapping), "--json"))

    assert done["totals"]["accepted"] == 1

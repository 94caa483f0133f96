"""Archive: what was found is told in words, and a backup lies where it says."""

from pathlib import Path

import pytest
from pages.office import Office, press, said
from sqlalchemy import text

from station.errors import BackupError, NotAllowedError
from station.pages.archive import size
from station.services import keeping
from station.text import has

pytestmark = pytest.mark.slow
LANGUAGES = ("zh", "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_archive_that_nobody_looked_after_says_so(office: Office, lang: str) -> None:
    page = office.open("anna", "archive", lang)

    assert not page.exception
    never = {"zh": "从未", "en": "never"}[lang]
    assert str(page.main.markdown[0].value).count(never) == 3


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_check_has_words(office: Office, lang: str) -> None:
    found = keeping.verify(office.operator())

    assert [c.name for c in found.checks if not has(lang, f"page_archive.check_{c.name}")] == []


def test_verifying_tells_each_check_and_is_remembered(office: Office) -> None:
    page = press(office.open("otto", "archive"), "archive_verify")

    assert not page.exception
    assert "Nothing was changed in, or taken from, the audit log." in said(page)
    assert "found sound" in said(office.open("anna", "archive"))


def test_damage_is_named_and_what_to_do(office: Office) -> None:
    office.ask("otto")  # who signs in is written down
    with office.db.writing() as conn:
        conn.execute(text("DROP TRIGGER audit_keep"))
        conn.execute(text("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)"))

    page = press(office.open("anna", "archive"), "archive_verify")

    assert "The archive is damaged" in said(page)
    assert "First found at" in said(page)
    assert "found damaged" in str(office.open("otto", "archive").main.markdown[0].value)


def test_a_backup_lies_in_the_archives_own_folder_and_nobody_else_reads_it(
    office: Office,
) -> None:
    page = press(office.open("anna", "archive"), "archive_backup")

    assert not page.exception
    (copy,) = (office.db.folder / "backups").iterdir()
    assert copy.name in said(page)
    assert page.main.dataframe[1].value["name"].tolist() == [copy.name]
    assert copy.stat().st_mode & 0o077 == 0
    assert copy.parent.stat().st_mode & 0o077 == 0
    assert copy.name.startswith("station-")


def test_a_backup_can_be_restored(office: Office, tmp_path: Path) -> None:
    name = keeping.backup_here(office.ask("anna"))
    url = f"sqlite:///{tmp_path / 'other' / 'station.db'}"

    keeping.restore(office.operator().settings, url, office.db.folder / "backups" / name)

    assert (tmp_path / "other" / "station.db").exists()


def test_an_auditor_proves_and_copies_nothing(office: Office) -> None:
    page = office.open("otto", "archive")

    keys = [button.key for button in page.main.button]
    assert "archive_verify" in keys
    assert "archive_backup" not in keys
    with pytest.raises(NotAllowedError):
        keeping.backup_here(office.ask("otto"))


def test_a_place_that_cannot_be_written_is_refused_in_words(office: Office) -> None:
    (office.db.folder / "backups").write_text("in the way", encoding="utf-8")

    with pytest.raises(BackupError):
        keeping.backup_here(office.ask("anna"))


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (1023, "1,023 B"),
        (1024, "1.0 KiB"),
        (15_300_000, "14.6 MiB"),
        (2**50, "1,024.0 TiB"),
    ],
)
def test_a_size_is_written_in_the_unit_that_suits_it(count: int, words: str) -> None:
    assert size(count) == words


def test_whoever_keeps_a_stations_archive_is_named(office: Office) -> None:
    page = office.open("otto", "archive")

    kept = page.main.dataframe[0].value
    assert kept["code"].tolist() == ["N1", "N2", "S1"]
    assert set(kept["archivist"]) == {"nobody"}

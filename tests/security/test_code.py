"""What the code itself must never do, read from its syntax."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

CODE = Path(__file__).parents[2] / "station"
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
RUNS_COMMANDS = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}
UNPACKS_OBJECTS = {"pickle", "shelve", "marshal", "dill", "jsonpickle"}
READS_XML = {"xml", "lxml", "xmltodict", "bs4"}
OTHER_CHANCE = {"random"}
HASHES = {"sha256", "sha384", "sha512", "blake2b", "file_digest"}
HASH_MODULES = {"hashlib", "hashes"}
NAMED_HASHES = {"file_digest", "new", "digest", "pbkdf2_hmac"}
CIPHERS = {"AESGCM"}
SHOWS_HTML = {"html", "iframe", "unsafe_allow_html", "allow_html"}
RUNS_SQL = {"execute", "executemany", "exec_driver_sql", "sql", "text", "read_sql"}
SQL = re.compile(
    r"\s*(select|insert|update|delete|create|drop|alter|with|pragma|attach)\s", re.IGNORECASE
)
FIXED_WORDS = {
    # PRAGMA and VACUUM take no parameters; what they name are our own constants and tables.
    "archive/sqlite.py": 3,
    "archive/database.py": 1,
}
"""How many statements of a file are put together, of words that the file itself holds."""
OWN_HTML = {
    "pages/parts/entrance.py": 1,  # goes on to another path of ours, in which nobody typed anything
    "pages/parts/screen.py": 4,  # two style sheets, focus, print dialogue: no word of a person
}
"""How many times a page shows HTML, of words that the file itself holds."""


@cache
def trees() -> Sequence[tuple[str, ast.Module]]:
    """Return the path and the syntax of every file of the program."""
    return [
        (path.relative_to(CODE).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in sorted(CODE.rglob("*.py"))
    ]


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield the last word of what is called, with the call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", "")), node


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the whole name of everything imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def importers(libraries: set[str]) -> list[str]:
    return [
        f"{path}: {name}"
        for path, tree in trees()
        for name in imported(tree)
        if name.partition(".")[0] in libraries
    ]


def put_together(node: ast.AST) -> bool:
    """Return whether a text is made of a pattern and values."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod) and "str" in kinds(node)
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format"


def kinds(node: ast.AST) -> set[str]:
    constants = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return {type(value).__name__ for value in constants}


def first_words(node: ast.AST) -> str:
    constants = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return next((value for value in constants if isinstance(value, str)), "")


def statements_put_together(tree: ast.AST) -> list[ast.AST]:
    """Return the texts of SQL that are put together, run at once or kept for later."""
    run = [node.args[0] for name, node in called(tree) if name in RUNS_SQL and node.args]
    kept = [node for node in ast.walk(tree) if SQL.match(first_words(node))]
    return [node for node in {*run, *kept} if put_together(node)]


def test_no_text_is_run_as_code() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        for name, node in called(tree)
        if isinstance(node.func, ast.Name) and name in RUNS_TEXT
    ]

    assert found == []


def test_nothing_is_unpacked_that_could_run() -> None:
    assert importers(UNPACKS_OBJECTS) == []


def test_no_shell_is_asked() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        for name, node in called(tree)
        if name in RUNS_COMMANDS or any(word.arg == "shell" for word in node.keywords)
    ]

    assert found == []


def test_xml_is_read_in_one_place_which_refuses_document_types() -> None:
    assert importers(READS_XML) == ["ingest/xml_stream.py: xml.parsers.expat"]


def test_secrets_are_not_drawn_from_another_chance() -> None:
    assert importers(OTHER_CHANCE) == []


def test_values_reach_sql_as_parameters_only() -> None:
    found = {
        path: len(statements_put_together(tree))
        for path, tree in trees()
        if not path.startswith("archive/migrations/")  # all their words are their own
    }

    assert {path: count for path, count in found.items() if count} == FIXED_WORDS


@pytest.mark.parametrize(
    "code",
    [
        "conn.exec_driver_sql(f'select {name}')",
        "conn.execute('select ' + name)",
        "duck.sql('from {}'.format(name))",
        "query = 'select %s' % name",
        "query = f'''\n  UPDATE sales SET x = {name}'''",
    ],
)
def test_a_statement_put_together_is_noticed(code: str) -> None:
    assert statements_put_together(ast.parse(code)) != []


def test_only_strong_hashes_are_used() -> None:
    found = {name for _, tree in trees() for name in hashes_of(tree)}

    assert found <= HASHES
    assert "sha256" in found


def hashes_of(tree: ast.Module) -> Iterator[str]:
    """Yield the hashes that are imported, taken from their module, or asked for by name."""
    for name in imported(tree):
        module, _, last = name.rpartition(".")
        if module in {"hashlib", "cryptography.hazmat.primitives.hashes"}:
            yield last.lower()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in HASH_MODULES:
            yield node.attr.lower()
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in NAMED_HASHES:
            yield from (str(part.value) for part in node.args if isinstance(part, ast.Constant))


@pytest.mark.parametrize(
    "code",
    [
        "import hashlib; hashlib.md5(b'')",
        "from hashlib import sha1",
        "hashlib.file_digest(file, 'md5')",
        "hmac.digest(key, text, 'md5')",
    ],
)
def test_a_weak_hash_is_noticed(code: str) -> None:
    assert not set(hashes_of(ast.parse(code))) <= HASHES


def test_the_only_cipher_is_aes_gcm() -> None:
    found = {
        name.rpartition(".")[2]
        for _, tree in trees()
        for name in imported(tree)
        if ".ciphers." in name or "padding" in name or "fernet" in name
    }

    assert found == CIPHERS


def test_no_page_shows_html_of_its_own() -> None:
    found = {
        path: sum(shows_html(name, node) for name, node in called(tree))
        for path, tree in trees()
        if path.startswith("pages/")
    }

    assert {path: count for path, count in found.items() if count} == OWN_HTML


def shows_html(name: str, node: ast.Call) -> bool:
    return name in SHOWS_HTML or any(word.arg in SHOWS_HTML for word in node.keywords)


def test_a_program_is_started_with_a_list_of_words() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        for name, node in called(tree)
        if name in {"run", "Popen", "check_call", "check_output"}
        and getattr(getattr(node.func, "value", None), "id", "") == "subprocess"
        and put_together(node.args[0])
    ]

    assert found == []

"""config.yaml says what is built in, and what it cannot say is refused by name."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from station.config import RANGES, Settings, build, load_settings, read_yaml
from station.errors import ConfigError

CONFIG = Path(__file__).parents[1] / "config.yaml"
ENGINE = {
    "ingest": {
        *("max_columns", "max_line_chars", "max_workbook_ratio", "max_workbook_unpacked_bytes"),
        *("max_workbook_cells", "heading_search_lines", "min_common_share"),
        "max_event_chars",
    },
    "gaps": {
        *("serial_cover", "serial_jump", "serial_restart"),
        *("meter_jump_milli", "meter_restart_milli"),
    },
    "lake": {"buckets", "most_parts", "rows_per_pass"},
    "usage": {"clues"},
    "ownership": {"clues"},
}
"""What config.yaml leaves out: no manager has a reason to change it."""


def sections() -> Iterator[tuple[str, Any]]:
    for section in fields(Settings):
        rules = getattr(Settings(), section.name)
        if is_dataclass(rules):
            yield section.name, rules


def refused(document: dict[str, Any]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        build(Settings, document, at="")
    return caught.value


def test_the_config_file_holds_exactly_the_built_in_numbers_and_rules_of_points() -> None:
    settings = load_settings(CONFIG)

    (usual,) = settings.programme.versions
    assert usual.name == "usual"
    bare = replace(settings.programme, versions=())
    assert replace(settings, hash="", programme=bare) == Settings()


def test_the_config_file_names_every_number_but_those_of_the_engine() -> None:
    data = read_yaml(CONFIG.read_text("utf-8"), name="config.yaml")

    wanted = {
        name: {f.name for f in fields(rules)} - ENGINE.get(name, set())
        for name, rules in sections()
    }
    assert data.pop("fields") == []
    assert {name: set(part) for name, part in data.items()} == wanted


@pytest.mark.parametrize(
    "words",
    [
        "lake: {threads: 0}",
        "lake: {memory: lots}",
        "ingest: {phone_region: China}",
        "lake: {threads: 99999999999999999999}",
        "dashboard: {page_rows: 0}",
        "sign_in: {min_password: 7}",
        "server: {port: 99999999}",
        "stability: {regular_p_alive: .nan}",
        "stability: {regular_p_alive: .inf}",
        "ingest: {horizon_years: 999999999999999999999}",
    ],
)
def test_a_number_that_cannot_be_is_refused_by_name(words: str) -> None:
    error = refused(yaml.safe_load(words))

    assert error.key == "error.config_range"
    assert str(error.facts["key"]) in ".".join(re.findall(r"\w+", words))


@pytest.mark.parametrize(
    "words",
    ["[" * 5000, "a: " + "{a: " * 3000, f"lake: {{threads: {'9' * 5000}}}", "a: 2025-99-99"],
)
def test_words_that_break_the_reader_of_yaml_are_refused(words: str) -> None:
    with pytest.raises(ConfigError, match=r"error\.yaml_broken"):
        read_yaml(words, name="config.yaml")


def test_every_number_is_explained_in_english_and_chinese() -> None:
    lines = [line for line in CONFIG.read_text("utf-8").splitlines() if re.match(r" +\w", line)]

    silent = [line for line in lines if not re.search(r"# [ -~…]+ \| .*[\u4e00-\u9fff]", line)]
    assert silent == []


def test_without_a_file_the_built_in_numbers_hold() -> None:
    assert load_settings(None) == Settings()


def test_the_hash_of_the_file_is_kept_and_cannot_be_set_by_it(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("hash: mine\nlapse: {horizon_days: 14}\n", encoding="utf-8")

    settings = load_settings(path)

    assert settings.hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert settings.lapse.horizon_days == 14


def test_what_a_file_leaves_out_keeps_its_number() -> None:
    settings = build(Settings, {"stability": {"new_days": 60}}, at="")

    assert settings.stability == replace(Settings().stability, new_days=60)
    assert settings.lapse == Settings().lapse


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("# nothing\n", encoding="utf-8")

    assert replace(load_settings(path), hash="") == Settings()


@pytest.mark.parametrize(
    ("document", "key"),
    [
        ({"lapses": {}}, "lapses"),
        ({"lapse": {"horizon": 14}}, "lapse.horizon"),
        ({"lapse": {"horizon_days": 14, "zeal": 1}}, "lapse.zeal"),
    ],
)
def test_an_unknown_key_is_refused_by_its_path(document: dict[str, Any], key: str) -> None:
    error = refused(document)

    assert (error.key, error.facts) == ("error.config_unknown", {"key": key})


@pytest.mark.parametrize(
    ("document", "key"),
    [
        ({"lapse": 14}, "lapse"),
        ({"lapse": None}, "lapse"),
        ({"lapse": {"horizon_days": "14"}}, "lapse.horizon_days"),
        ({"lapse": {"horizon_days": 14.5}}, "lapse.horizon_days"),
        ({"lapse": {"horizon_days": True}}, "lapse.horizon_days"),
        ({"lapse": {"overdue_below": True}}, "lapse.overdue_below"),
        ({"server": {"allowed_hosts": "localhost"}}, "server.allowed_hosts"),
        ({"server": {"allowed_hosts": [1]}}, "server.allowed_hosts"),
        ({"usage": {"prior": {"taxi": "many"}}}, "usage.prior.taxi"),
        ({"pace": {"k": "one"}}, "pace.k"),
    ],
)
def test_a_wrong_type_is_refused_by_its_path(document: dict[str, Any], key: str) -> None:
    error = refused(document)

    assert (error.key, error.facts["key"]) == ("error.config_type", key)


def test_nested_values_lists_and_null_are_taken() -> None:
    settings = build(
        Settings,
        {
            "usage": {"prior": {"taxi": 1}},
            "server": {"allowed_hosts": ["a.example", "b.example"]},
            "pace": {"k": None, "prior": 2},
        },
        at="",
    )

    assert settings.usage.prior == {"taxi": 1.0}
    assert settings.server.allowed_hosts == ("a.example", "b.example")
    assert (settings.pace.k, settings.pace.prior) == (None, 2.0)


@pytest.mark.parametrize(
    ("text", "key"),
    [("a: [", "error.yaml_broken"), ("- 1", "error.yaml_no_mapping")],
)
def test_a_text_that_is_no_mapping_is_refused(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load_settings(path)

    assert (caught.value.key, caught.value.facts) == (key, {"file": "config.yaml"})


@pytest.mark.parametrize("content", [None, b"lapse: \xff"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "config.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        load_settings(path)

    assert caught.value.key == "error.config_unreadable"


NUMBERS = [
    (name, number.name, type(getattr(rules, number.name)))
    for name, rules in sections()
    for number in fields(rules)
    if type(getattr(rules, number.name)) in (int, float)
]


@given(st.sampled_from(NUMBERS), st.data())
def test_any_number_set_comes_back_in_its_own_type(
    place: tuple[str, str, type], data: st.DataObject
) -> None:
    section, name, kind = place
    low, high = RANGES.get(f"{section}.{name}", (-(10**9), 10**9))
    value = data.draw(st.integers(int(low), int(high)))
    text = yaml.safe_dump({section: {name: value}})

    settings = build(Settings, read_yaml(text, name="config.yaml"), at="")

    found = getattr(getattr(settings, section), name)
    assert (found, type(found)) == (value, kind)
    assert replace(settings, **{section: getattr(Settings(), section)}) == Settings()


TEA = {"name": "tea", "zh": "茶", "en": "tea", "kind": "choice", "choices": ["龙井"]}


def test_a_chain_names_fields_of_its_own() -> None:
    parking = {"name": "parking", "zh": "车位", "en": "lots", "kind": "number", "weight": 5}

    settings = build(Settings, {"fields": [TEA, parking | {"for": "organisation"}]}, at="")

    first, second = settings.fields
    assert (first.name, first.choices, first.labels["zh"]) == ("tea", ("龙井",), "茶")
    assert (second.whose, second.weight, second.group) == ("organisation", 5, "own")


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("tea", "fields.1"),
        (TEA | {"colour": "green"}, "fields.1.colour"),
        (TEA | {"whose": "both"}, "fields.1.whose"),
        (TEA | {"for": "cats"}, "fields.1.for"),
        (TEA | {"kind": "colour"}, "fields.1.kind"),
        (TEA | {"kind": "phone"}, "fields.1.kind"),
        (TEA | {"choices": []}, "fields.1.choices"),
        (TEA | {"name": "name"}, "fields.1.name"),
        (TEA | {"en": 5}, "fields.1.en"),
        (TEA | {"weight": 1000}, "fields.1.weight"),
        ({**TEA, "zh": ""}, "fields.1.zh"),
    ],
)
def test_a_field_that_cannot_be_is_refused_by_place_and_part(field: Any, key: str) -> None:
    error = refused({"fields": [field]})

    assert error.facts["key"] == key


def test_fields_are_a_list() -> None:
    assert refused({"fields": {"tea": TEA}}).facts["key"] == "fields"

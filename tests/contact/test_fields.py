"""The house's own fields keep the rules that a chain's fields are held to."""

import pytest

from station import text
from station.contact.fields import CORE, FIELDS, OWN_GROUP, Field, FieldKind, faults
from station.ingest.headings import CUSTOMERS, FACTS, plain
from station.services.customers import fields

NAMES = [field.name for field in FIELDS]


def own(**changes: object) -> Field:
    facts = {"name": "tea", "group": OWN_GROUP, "kind": FieldKind.TEXT}
    labels = {"labels": {"zh": "茶", "en": "tea"}}
    return Field(**(facts | labels | changes))


def test_every_field_has_one_name_and_a_core_one_is_known() -> None:
    assert len(NAMES) == len(set(NAMES))
    assert set(CORE) <= set(NAMES)


def test_a_file_of_customers_may_tell_every_field_that_is_not_core() -> None:
    assert list(FACTS) == [name for name in NAMES if name not in CORE]


def test_no_heading_of_a_customer_file_means_two_fields() -> None:
    headings = [plain(heading) for some in CUSTOMERS.values() for heading in some]

    assert sorted({h for h in headings if headings.count(h) > 1}) == []


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_every_field_and_choice_is_called_something(lang: str) -> None:
    for field in FIELDS:
        assert fields.label(lang, field)
        assert text.has(lang, f"fields.group_{field.group}")
        for choice in field.choices:
            key = f"fields.choice.{field.name}.{choice}"
            assert text.has(lang, key) or field.name == "owner_kind", key


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_heading_may_be_what_the_page_calls_a_field(lang: str) -> None:
    for name in FACTS:
        assert plain(text.say(lang, f"field.{name}")) in {plain(h) for h in FACTS[name]}, name


def test_a_field_of_a_chain_that_is_well_made_has_no_fault() -> None:
    tea = own()
    cup = own(name="cup", kind=FieldKind.CHOICE, choices=("大", "小"), weight=5,
              labels={"zh": "杯", "en": "cup"})  # fmt: skip

    assert list(faults([tea, cup])) == []


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"name": "Tea"}, "name"),
        ({"name": "phone"}, "name"),
        ({"name": "code"}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"labels": {"zh": "", "en": "tea"}}, "zh"),
        ({"labels": {"zh": "茶", "en": "t" * 41}}, "en"),
        ({"kind": FieldKind.PHONE}, "kind"),
        ({"kind": FieldKind.CHOICE}, "choices"),
        ({"choices": ("a",)}, "choices"),
        ({"kind": FieldKind.CHOICE, "choices": ("a", "a")}, "choices"),
        ({"weight": 101}, "weight"),
        ({"weight": -1}, "weight"),
    ],
)
def test_a_fault_is_told_by_place_and_part(changes: dict[str, object], part: str) -> None:
    good = own(name="first", labels={"zh": "一", "en": "first"})

    assert list(faults([good, own(**changes)])) == [(1, part)]


def test_two_fields_share_neither_name_nor_label_and_too_many_are_refused() -> None:
    many = [own(name=f"f{n}", labels={"zh": f"第{n}", "en": f"no {n}"}) for n in range(41)]

    assert {part for _, part in faults([own(), own()])} == {"name", "zh", "en"}
    assert next(faults(many)) == (40, "name")

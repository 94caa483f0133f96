"""What a text in the plate field is read as."""

import csv
import random
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import text
from station.errors import BadValueError
from station.ingest import plates
from station.ingest.plate_text import PROVINCES
from station.ingest.plates import PlateResult, PlateStatus, normalise
from station.model import PlateColour

VECTORS = Path(__file__).with_name("plate_vectors.csv")
SERIAL = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
OFFICES = SERIAL[:24]
SEPARATORS = ["", "", " ", "·", "•", "・", ".", "-", "_", "/", "\u200b", "\ufeff", "\u2060"]


def vectors() -> list[tuple[str, str, dict[str, str], tuple[str, ...]]]:
    with VECTORS.open(encoding="utf-8", newline="") as lines:
        return [
            (
                row["raw"],
                row["profile"],
                dict([row["option"].split("=")]) if row["option"] else {},
                tuple(row[name] for name in ("status", "norm", "kind", "energy", "flags")),
            )
            for row in csv.DictReader(lines)
        ]


def fields(result: PlateResult) -> tuple[str, ...]:
    return result.status, result.norm, result.kind, result.energy, result.flags


@pytest.mark.parametrize(("raw", "profile", "options", "expected"), vectors())
def test_every_vector_is_read_as_written(
    raw: str, profile: str, options: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert fields(normalise(raw, profile, **options)) == expected


@pytest.mark.parametrize(
    ("raw", "status", "norm", "kind", "flags"),
    [
        ("粤O12345", "ok", "粤O12345", "standard", ""),
        ("粵B・D1２345", "ok", "粤BD12345", "nev_small", ""),
        ("粤Ｂ１２３４５Ｄ", "ok", "粤B12345D", "nev_large", ""),
        ("黑A12345", "ok", "黑A12345", "standard", ""),
        ("黑黑A12345", "ok", "黑A12345", "standard", "colour:black"),
        ("沪12345领", "ok", "沪12345领", "consulate", ""),
        ("滬A1234領", "ok", "沪A1234领", "consulate", ""),
        ("使O24578", "ok_fixed", "使024578", "embassy", "io_fixed"),
        ("川A1234超", "ok", "川A1234超", "oversize", ""),
        ("川A1234試", "ok", "川A1234试", "test", ""),
        ("粤0112345", "ok", "粤0112345", "tractor", ""),
        ("粤-01-12345", "ok", "粤0112345", "tractor", ""),
        ("军A12345", "ok", "军A12345", "military", ""),
        ("軍A12345", "ok", "军A12345", "military", ""),
        ("VM12345", "ok", "VM12345", "military", ""),
        ("VM1O345", "ok_fixed", "VM10345", "military", "io_fixed"),
        ("WJ12345", "ok", "WJ12345", "armed_police", ""),
        ("WJ1234X", "ok", "WJ1234X", "armed_police", ""),
        ("WJ京1O34X", "ok_fixed", "WJ京1034X", "armed_police", "io_fixed"),
        ("浙S0001應急", "ok", "浙S0001应急", "emergency", ""),
        ("民航B12C4", "ok", "民航B12C4", "airport", ""),
        ("临粤B12345", "ok", "粤B12345", "temporary", "transient"),
        ("臨 粤B·12345", "ok", "粤B12345", "temporary", "transient"),
        ("临时牌照粤B12345", "ok", "粤B12345", "temporary", "transient"),
        ("粤B12345临时", "ok", "粤B12345", "temporary", "transient"),
        ("临B12345", "partial", "B12345", "no_province", "transient;province_missing"),
        ("摩托粤B12345", "ok", "粤B12345", "motorcycle", ""),
        ("粤B12345摩", "ok", "粤B12345", "motorcycle", ""),
        ("粤B12345低速货车", "ok", "粤B12345", "low_speed", ""),
        ("黄牌临粤B12345", "ok", "粤B12345", "temporary", "colour:yellow;transient"),
        ("粤B1I345黄", "ok_fixed", "粤B11345", "standard", "colour:yellow;io_fixed"),
        ("秦AO1234", "ok_fixed", "陕A01234", "standard", "province_alias;io_fixed"),
        ("申A12345", "ok_fixed", "沪A12345", "standard", "province_alias"),
        ("滇A12345", "ok_fixed", "云A12345", "standard", "province_alias"),
        ("TD12345", "partial", "TD12345", "no_province", "province_missing"),
        ("B1234警", "partial", "B1234警", "no_province", "province_missing"),
        ("B12345黄", "partial", "B12345", "no_province", "colour:yellow;province_missing"),
        ("车牌号:粤B12345", "ok", "粤B12345", "standard", ""),
        ("车牌号码:蓝牌 粤B12345", "ok", "粤B12345", "standard", "colour:blue"),
        ("車牌號:粵B12345", "ok", "粤B12345", "standard", ""),
        ("车牌 粤B12345", "ok", "粤B12345", "standard", ""),
        ("Plate no.: 粤B12345", "ok", "粤B12345", "standard", ""),
        ("粤B12345 blue", "ok", "粤B12345", "standard", "colour:blue"),
        ("粤BD12345 渐变绿", "ok", "粤BD12345", "nev_small", "colour:green"),
        ("粤B12345D黄绿双拼", "ok", "粤B12345D", "nev_large", "colour:yellow_green"),
        ("粤BD1234绿", "ambiguous", "粤BD1234", "standard", "colour:green;colour_mismatch"),
        ("\u202a粤B\u00a012345\u202c", "ok", "粤B12345", "standard", ""),
        ("'粤B12345", "ok", "粤B12345", "standard", ""),
    ],
)
def test_a_chinese_form_is_recognised(
    raw: str, status: str, norm: str, kind: str, flags: str
) -> None:
    result = normalise(raw)

    assert (result.status, result.norm, result.kind, result.flags) == (status, norm, kind, flags)


@pytest.mark.parametrize(
    ("raw", "norm", "flags"),
    [
        ("粤B12345/粤B1234挂", "粤B12345", "trailer:粤B1234挂"),
        ("粤B1234掛，粤B12345", "粤B12345", "trailer:粤B1234挂"),
        ("粤B12345粤B1234挂", "粤B12345", "trailer:粤B1234挂"),
        ("粤B12345黄 / 粤B1234挂", "粤B12345", "colour:yellow;trailer:粤B1234挂"),
        ("粤B12345/B1234挂", "粤B12345", "trailer:B1234挂"),
        ("粤B12345 粤B12345", "粤B12345", ""),
        ("粤B1234挂/粤B1234挂", "粤B1234挂", ""),
    ],
)
def test_the_tractor_is_kept_and_its_trailer_noted(raw: str, norm: str, flags: str) -> None:
    result = normalise(raw)

    assert (result.status, result.norm, result.flags) == ("ok", norm, flags)


@pytest.mark.parametrize(
    ("raw", "plates_named"),
    [
        ("粤B12345粤B67890", "粤B12345+粤B67890"),
        ("粤B/12345/粤B/67890", "粤B12345+粤B67890"),
        ("北A12345,WJ京1234X", "北A12345+WJ京1234X"),
        ("粤B12345\n粤BD12345\n粤B1234挂", "粤B12345+粤BD12345+粤B1234挂"),
        ("蓝粤B12345、黄粤B67890", "粤B12345+粤B67890"),
        ("粤B1234挂/粤B1235挂", "粤B1234挂+粤B1235挂"),
    ],
)
def test_several_vehicles_are_refused_by_name(raw: str, plates_named: str) -> None:
    assert fields(normalise(raw)) == ("invalid", "", "multiple", "", f"multiple:{plates_named}")


@pytest.mark.parametrize(
    ("raw", "status", "kind", "flags"),
    [
        (None, "empty", "", ""),
        (float("nan"), "empty", "", ""),
        ("\u200b\x00", "empty", "", ""),
        ("nan", "placeholder", "no_plate", ""),
        ("N/A", "placeholder", "no_plate", ""),
        ("无", "placeholder", "no_plate", ""),
        ("無牌", "placeholder", "no_plate", ""),
        ("无牌三轮车", "placeholder", "no_plate", ""),
        ("临牌", "placeholder", "no_plate", ""),
        ("散客", "placeholder", "no_plate", ""),
        (12345, "placeholder", "no_plate", ""),
        (12345.0, "placeholder", "no_plate", ""),
        ("粤BXXXXX", "invalid", "unrecognised", ""),
        ("油桶2个", "placeholder", "container", ""),
        ("挖掘机3号", "placeholder", "container", ""),
        ("粤B1●345", "invalid", "masked", "masked"),
        ("粤B1#345", "invalid", "masked", "masked"),
        ("粤B", "invalid", "too_short", ""),
        ("粤B1234临", "invalid", "too_short", ""),
        ("BANANA", "invalid", "unrecognised", ""),
        ("TM12345", "invalid", "unrecognised", ""),
        ("临粤B1234警", "invalid", "unrecognised", ""),
        ("+86 138 0013 8000", "invalid", "unrecognised", "looks_like_phone"),
        ("0755-12345678", "invalid", "unrecognised", "looks_like_phone"),
        ("1M8GDM9AXKP042788", "invalid", "unrecognised", "looks_like_vin"),
        ("440300199001011230", "invalid", "unrecognised", "looks_like_id_number"),
        ("\ud800", "empty", "", ""),
        ("粤" * 10_000, "invalid", "unrecognised", ""),
    ],
)
def test_what_is_no_plate_says_why(raw: object, status: str, kind: str, flags: str) -> None:
    assert fields(normalise(raw)) == (status, "", kind, "", flags)


@pytest.mark.parametrize(
    ("raw", "options", "norm", "flags"),
    [
        ("B1234警", {"default_province": "粤"}, "粤B1234警", "province_defaulted"),
        ("BI2345", {"default_province": "粵"}, "粤B12345", "io_fixed;province_defaulted"),
        ("ZF123港", {"default_province": "粤"}, "粤ZF123港", "province_defaulted"),
        ("A12345", {"default_province": "黔"}, "贵A12345", "province_defaulted"),
    ],
)
def test_the_stations_province_is_added_with_a_flag(
    raw: str, options: dict[str, str], norm: str, flags: str
) -> None:
    assert fields(normalise(raw, **options))[:2] == ("ok_fixed", norm)
    assert normalise(raw, **options).flags == flags


def test_an_unknown_default_province_counts_as_none() -> None:
    assert normalise("B12345", default_province="台") == normalise("B12345")


@pytest.mark.parametrize(
    ("raw", "profile", "expected"),
    [
        ("AB12 CD0", "GB", ("ok_fixed", "AB12CDO", "current", "", "io_fixed")),
        ("A1 12 CDE", "GB", ("ok", "A112CDE", "generic", "", "")),
        ("ABC 123D", "GB", ("ok", "ABC123D", "generic", "", "")),
        ("reg: ab12 cde", "GB", ("ok", "AB12CDE", "current", "", "")),
        ("b ma 1234", "DE", ("ok", "B-MA 1234", "standard", "", "")),
        ("MÜ·AB·123H", "DE", ("ok", "MÜ-AB 123H", "standard", "", "historic")),
        ("MA1234", "DE", ("ok_fixed", "M-A 1234", "standard", "", "separator_restored")),
        ("MTKAB12E", "DE", ("ok_fixed", "MTK-AB 12E", "standard", "bev", "separator_restored")),
        ("BMA 1234", "DE", ("partial", "BMA1234", "separator_missing", "", "ambiguous_district")),
        ("AB-123-CD", "DE", ("ok", "AB123CD", "generic", "", "other_form")),
        ("AB-1O3-CD", "FR", ("ok_fixed", "AB103CD", "siv", "", "io_fixed")),
        ("123 ABC 75", "FR", ("ok", "123ABC75", "departmental", "", "")),
        ("B-MA 1234", "FR", ("ok", "BMA1234", "generic", "", "other_form")),
        ("ABC-DEFG-HI", "US", ("invalid", "", "unrecognised", "", "")),
        ("12345", "US", ("partial", "12345", "region_missing", "", "region_missing")),
        ("no plate", "US", ("placeholder", "", "no_plate", "", "")),
        ("DL 1C AB 123", "IN", ("ok_fixed", "DL01CAB0123", "generic", "", "zeros_restored")),
        ("GJ 1 AB 12", "IN", ("ok_fixed", "GJ01AB0012", "generic", "", "zeros_restored")),
        ("22 BH 1234 AA", "IN", ("ok", "22BH1234AA", "generic", "", "")),
        ("品川 500 12", "generic", ("ok", "品川50012", "generic", "", "")),
        ("ABCDEF", "generic", ("invalid", "", "unrecognised", "", "")),
        ("13800138000", "generic", ("invalid", "", "unrecognised", "", "looks_like_phone")),
    ],
)
def test_a_foreign_form_is_recognised(raw: str, profile: str, expected: tuple[str, ...]) -> None:
    assert fields(normalise(raw, profile)) == expected


@pytest.mark.parametrize("raw", ["-车牌号:AB12", "车牌号:车牌号:AB12", "车-牌-号-AB12"])
def test_a_label_never_becomes_part_of_a_foreign_plate(raw: str) -> None:
    assert normalise(raw, "generic").norm == "AB12"


def test_letters_that_meet_when_a_separator_goes_are_composed() -> None:
    norm = normalise("\u1100-\u1161 12", "generic").norm

    assert norm == "\uac0012"
    assert normalise(norm, "generic").norm == norm


def test_a_new_profile_can_be_registered() -> None:
    plates.register("XX", lambda text, _: PlateResult(PlateStatus.OK, text, "own"))
    try:
        assert normalise("ab-1", "XX") == PlateResult(PlateStatus.OK, "AB-1", "own")
    finally:
        del plates.PROFILES["XX"]


def test_an_unknown_profile_is_refused_by_name() -> None:
    with pytest.raises(BadValueError) as refusal:
        normalise("AB123", "Atlantis")

    assert refusal.value.facts["name"] == "Atlantis"


def test_a_green_plate_knows_its_energy() -> None:
    letters = {letter: normalise(f"粤B{letter}12345").energy for letter in "ABCDEFGHJK"}

    assert [key for key, energy in letters.items() if energy == "bev"] == list("ABCDE")
    assert {normalise(f"粤B12345{letter}").energy for letter in "FGHJK"} == {"non_bev"}


@pytest.mark.parametrize(("raw", "profile", "options", "expected"), vectors())
def test_every_result_can_be_said_in_both_languages(
    raw: str, profile: str, options: dict[str, str], expected: tuple[str, ...]
) -> None:
    result = normalise(raw, profile, **options)

    assert text.has("zh", f"plates.status_{result.status}")
    assert not result.kind or text.has("zh", f"plates.kind_{result.kind}")
    said = [text.say("en", key, **facts) for key, facts in plates.remarks(result.flags)]
    assert bool(said) == bool(expected[4])


def test_a_remark_carries_its_fact() -> None:
    remarks = plates.remarks(normalise("粤B12345黄/粤B1234挂").flags)

    assert remarks == [
        ("plates.colour_yellow", {}),
        ("plates.flag_trailer", {"value": "粤B1234挂"}),
    ]


FRAGMENTS = st.sampled_from(
    [
        *PROVINCES,
        *"临使领警学挂试超港澳黄蓝绿黑军北",
        *SERIAL,
        *"OI0011·- /、,",
        "WJ",
        "民航",
        "应急",
        *("粤B12345", "粤B1234挂", "BD12345", "车牌号:", "AB12CDE", "B-MA 1234", "E", "Ａ１", "台"),
    ]
)
TYPED = st.one_of(st.text(max_size=30), st.lists(FRAGMENTS, max_size=10).map("".join))


@given(
    raw=TYPED,
    profile=st.sampled_from(sorted(plates.PROFILES)),
    province=st.sampled_from([None, "粤", "京", "?"]),
    region=st.sampled_from([None, "CA"]),
)
def test_reading_a_norm_again_changes_nothing(
    raw: str, profile: str, province: str | None, region: str | None
) -> None:
    first = normalise(raw, profile, province, region)

    if first.norm:
        assert normalise(first.norm, profile, province, region).norm == first.norm
    assert bool(first.norm) == (first.status in {"ok", "ok_fixed", "partial", "ambiguous"})


@given(
    raw=st.one_of(st.none(), st.integers(), st.floats(), st.binary(), st.text(st.characters())),
    profile=st.sampled_from(sorted(plates.PROFILES)),
    province=st.none() | st.text(max_size=3),
)
def test_no_cell_makes_it_raise(raw: object, profile: str, province: str | None) -> None:
    assert isinstance(normalise(raw, profile, province), PlateResult)


PLATES = st.one_of(
    st.from_regex(rf"[{PROVINCES}][{OFFICES}](?!XXXXX)[{SERIAL}]{{5}}", fullmatch=True),
    st.from_regex(rf"[{PROVINCES}][{OFFICES}][A-HJK][{SERIAL}][0-9]{{4}}", fullmatch=True),
    st.from_regex(rf"[{PROVINCES}][{OFFICES}][0-9]{{5}}[A-HJK]", fullmatch=True),
    st.from_regex(rf"[{PROVINCES}][{OFFICES}][{SERIAL}]{{4}}[警学挂]", fullmatch=True),
)
WIDE = str.maketrans({c: chr(ord(c) + 0xFEE0) for c in string.ascii_letters + string.digits})


@given(plate=PLATES, noise=st.randoms(use_true_random=False))
def test_typing_noise_brings_the_same_plate_back(plate: str, noise: random.Random) -> None:
    typed = "".join(
        noise.choice([c, c.lower(), c.translate(WIDE), c.lower().translate(WIDE)])
        + noise.choice(SEPARATORS)
        for c in plate
    )

    assert normalise(typed) == normalise(plate)
    assert normalise(plate).norm == plate
    assert normalise(plate).status == "ok"


@pytest.mark.parametrize(
    ("raw", "codes", "colour"),
    [
        ("蓝", "", PlateColour.BLUE),
        ("藍色", "", PlateColour.BLUE),
        ("黄牌", "", PlateColour.YELLOW),
        ("黄底黑字", "", PlateColour.YELLOW),
        ("渐变绿", "", PlateColour.GREEN),
        ("渐变绿色", "", PlateColour.GREEN),
        ("黄绿双拼色", "", PlateColour.YELLOW_GREEN),
        ("yellow-green", "", PlateColour.YELLOW_GREEN),
        ("Blue", "", PlateColour.BLUE),
        ("gradient green", "", PlateColour.GREEN),
        ("白", "", PlateColour.WHITE),
        ("黑牌", "", PlateColour.BLACK),
        ("蓝白渐变", "", PlateColour.UNKNOWN),
        (None, "", PlateColour.UNKNOWN),
        ("1", "", PlateColour.UNKNOWN),
        ("1", "etc", PlateColour.YELLOW),
        (1, "jtt697", PlateColour.BLUE),
        (94.0, "jtt697", PlateColour.GREEN),
        ("6", "etc", PlateColour.UNKNOWN),
        ("黄", "etc", PlateColour.YELLOW),
    ],
)
def test_a_colour_is_read_from_its_word_or_from_the_code_of_a_named_set(
    raw: object, codes: str, colour: PlateColour
) -> None:
    assert plates.read_colour(raw, codes) is colour


def test_an_unknown_code_set_is_refused() -> None:
    with pytest.raises(BadValueError):
        plates.read_colour("1", "guess")


@pytest.mark.parametrize(
    ("raw", "colour"),
    [
        ("粤B12345黄", PlateColour.YELLOW),
        ("粤B12345", PlateColour.UNKNOWN),
        ("粤BD12345", PlateColour.GREEN),
        ("粤B1234警", PlateColour.WHITE),
        ("无牌", PlateColour.UNKNOWN),
    ],
)
def test_a_plate_has_the_colour_typed_or_that_of_its_form(raw: str, colour: PlateColour) -> None:
    assert plates.colour_of(normalise(raw)) is colour


def test_a_green_plate_of_ordinary_length_does_not_fit() -> None:
    assert not plates.colour_fits("standard", PlateColour.GREEN)
    assert plates.colour_fits("standard", PlateColour.UNKNOWN)
    assert plates.colour_fits("police", PlateColour.WHITE)

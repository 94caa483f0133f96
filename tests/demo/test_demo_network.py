"""A demo network holds what its parameters promise and the truth beside it says."""

import copy
import re
import time
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from station import demo
from station.demo.generate import DemoFiles, write_network
from station.demo.journal_files import HEADINGS
from station.errors import ConfigError

LAST_DAY = date(2026, 3, 31)
PLATE = re.compile(r"[一-龥][A-Z][A-Z0-9]{4,6}[警学]?")
COLOUR_WORDS = re.compile("(黄绿|[蓝黄绿白黑])$")


@cache
def _parsed() -> dict[str, Any]:
    path = Path(demo.__file__).with_name("network.yaml")
    parsed: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return parsed


def parameters(shrink: int = 10) -> dict[str, Any]:
    """Return the default parameters with fewer vehicles and no workbook."""
    changed = copy.deepcopy(_parsed())
    for station in changed["stations"]:
        station["regulars"] //= shrink
        station["passing_per_day"] /= shrink / 4
        station["last_file_xlsx"] = False
    return changed


def read_sales(path: Path) -> pd.DataFrame:
    raw = path.read_bytes()
    encoding = "utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "gb18030"
    return pd.read_csv(path, skiprows=2, dtype=str, encoding=encoding, keep_default_na=False)


@dataclass(frozen=True)
class Written:
    files: DemoFiles
    lines: pd.DataFrame
    truth: pd.DataFrame
    events: pd.DataFrame


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Return a network of three stations and 180 days, written once for all tests."""
    out = tmp_path_factory.mktemp("network")
    files = write_network(parameters(), stations=3, days=180, seed=7, out=out, last_day=LAST_DAY)
    parts = [read_sales(path).assign(station=path.name[:5]) for path in files.sales_files]
    lines = pd.concat(parts, ignore_index=True)
    lines = lines[lines["序号"] != "合计"].drop_duplicates(["station", "流水号"])
    table = {"dtype": str, "keep_default_na": False}
    truth, events = (pd.read_csv(path, **table) for path in (files.truth_file, files.events_file))
    return Written(files, lines.reset_index(drop=True), truth, events)


def every_byte(files: DemoFiles) -> list[tuple[str, bytes]]:
    root = files.truth_file.parent
    return [
        (str(path.relative_to(root)), path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file()
    ]


def write_tiny(out: Path, *, seed: int = 1, days: int = 40) -> DemoFiles:
    return write_network(
        parameters(40), stations=1, days=days, seed=seed, out=out, last_day=LAST_DAY
    )


def numbers(cells: pd.Series) -> pd.Series:
    return pd.to_numeric(cells.str.replace(",", ""))


def clock(lines: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(lines["交易时间"], format="mixed")


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    first, second = write_tiny(tmp_path / "a"), write_tiny(tmp_path / "b")

    assert every_byte(first) == every_byte(second)


def test_another_seed_writes_another_network(tmp_path: Path) -> None:
    first, second = write_tiny(tmp_path / "a"), write_tiny(tmp_path / "b", seed=2)

    assert first.truth_file.read_bytes() != second.truth_file.read_bytes()


def test_twice_the_days_give_about_twice_the_lines(tmp_path: Path) -> None:
    short, long = write_tiny(tmp_path / "a", days=60), write_tiny(tmp_path / "b", days=120)

    counts = [sum(len(read_sales(path)) for path in f.sales_files) for f in (short, long)]

    assert 1.4 < counts[1] / counts[0] < 2.8


def test_a_workbook_is_the_same_each_time(tmp_path: Path) -> None:
    workbook = parameters(40)
    workbook["stations"][0]["last_file_xlsx"] = True

    runs = [
        write_network(workbook, stations=1, days=30, out=tmp_path / name, last_day=LAST_DAY)
        for name in ("a", "b")
    ]

    assert every_byte(runs[0]) == every_byte(runs[1])
    sheet = pd.read_excel(runs[0].sales_files[-1], skiprows=2, engine="calamine")
    assert tuple(sheet.columns) == HEADINGS
    assert sheet["应收金额"].iloc[:-1].sum() == pytest.approx(sheet["应收金额"].iloc[-1])


@pytest.mark.parametrize("column", ["数量(升)", "应收金额", "优惠金额", "实收金额"])
def test_the_total_line_is_the_sum_of_its_file(small: Written, column: str) -> None:
    for path in small.files.sales_files:
        cells = numbers(read_sales(path)[column])

        assert cells.iloc[:-1].sum() == pytest.approx(cells.iloc[-1], abs=0.001)


def test_serials_run_on_without_gaps(small: Written) -> None:
    for _, own in small.lines.groupby("station"):
        steps = own["流水号"].astype(int).sort_values().diff().iloc[1:]

        assert (steps == 1).all()


def test_a_meter_begins_where_it_ended(small: Written) -> None:
    lines = small.lines
    metered = lines[lines["起泵码"] != ""]
    metered = metered.assign(
        start=numbers(metered["起泵码"]), end=numbers(metered["止泵码"])
    ).sort_values(["station", "枪号", "start", "end"])

    nozzle = metered.groupby(["station", "枪号"])

    assert (metered["start"] == nozzle["end"].shift().fillna(metered["start"])).all()


def test_files_of_a_station_overlap_by_a_few_lines(small: Written) -> None:
    own = [read_sales(path) for path in small.files.sales_files if path.name < "A0002"]

    for before, after in pairwise(own):
        assert before["流水号"].iloc[-7:-1].tolist() == after["流水号"].iloc[:6].tolist()


def test_every_legible_plate_is_in_the_truth(small: Written) -> None:
    typed = small.lines["车牌号"].map(
        lambda text: unicodedata.normalize("NFKC", text).upper().replace("·", "")
    )
    plates = {COLOUR_WORDS.sub("", text) for text in typed}
    legible = {p[:2] + p[2:].replace("O", "0") for p in plates if PLATE.fullmatch(p)}

    assert len(legible) > 1_000
    assert legible <= set(small.truth["plate"])


def test_plates_of_the_truth_are_unique_and_successors_exist(small: Written) -> None:
    truth = small.truth

    assert truth["plate"].is_unique
    assert set(truth["new_plate"]) - {""} <= set(truth["plate"])
    assert ((truth["change"] == "plate_changed") == (truth["new_plate"] != "")).all()


def test_hands_spoil_about_the_share_of_plates_they_should(small: Written) -> None:
    lines = small.lines
    fuel = lines[(lines["交易类型"] == "正常") & (lines["station"] == "A0003")]

    spoilt = ~fuel["车牌号"].isin(small.truth["plate"])

    assert 0.05 < spoilt.mean() < 0.11


def test_a_reversal_names_the_sale_it_takes_back(small: Written) -> None:
    lines = small.lines
    reversals = lines[lines["交易类型"] == "冲销"]
    named = reversals.assign(流水号=reversals["备注"].str.removeprefix("撤单"))
    pairs = named.merge(lines, on=["station", "流水号"], suffixes=("", "_sale"))

    assert len(pairs) == len(reversals) > 0
    assert (numbers(pairs["实收金额"]) == -numbers(pairs["实收金额_sale"])).all()


def test_every_sort_of_line_occurs(small: Written) -> None:
    lines = small.lines

    assert set(lines["交易类型"]) == {"正常", "冲销", "检测(回罐)", "自用", "散装", "非油品"}
    assert {"油桶", "无牌", "散客", ""} <= set(lines["车牌号"])
    assert {"补录", "纯电车牌?"} <= set(lines["备注"])
    assert {"车用尿素", "矿泉水", "CNG"} <= set(lines["油品名称"])
    assert set(lines["班次"]) == {"1", "2"}


def test_the_dead_camera_leaves_plates_blank_at_its_nozzle_only(small: Written) -> None:
    event = small.events.set_index("event").loc["dead_camera"]
    lines = small.lines
    on = clock(lines).between(event["from"], f"{event['to']} 23:59:59")
    nozzle = (lines["station"] == event["station"]) & (lines["枪号"] == event["nozzle"])

    assert (on & nozzle).any()
    assert (lines.loc[on & nozzle & (lines["交易类型"] != "散装"), "车牌号"] == "").all()
    assert (lines.loc[~on & nozzle, "车牌号"] != "").mean() > 0.9


def test_a_closed_station_sells_nothing(small: Written) -> None:
    event = small.events.set_index("event").loc["closure"]
    own = small.lines[small.lines["station"] == event["station"]]

    assert len(own) > 500
    assert not clock(own).between(event["from"], f"{event['to']} 23:59:59").any()


def test_price_days_and_the_festival_are_told_and_felt(small: Written) -> None:
    events, lines = small.events, small.lines
    festival = events.set_index("event").loc["spring_festival"]
    within = clock(lines).between(festival["from"], f"{festival['to']} 23:59:59")
    heavy = lines["车牌号"].isin(small.truth.query("kind == 'truck_heavy'")["plate"])

    assert {"price_rise", "price_cut"} <= set(events["event"])
    assert (heavy & within).sum() / heavy.sum() < 0.6 * 15 / 180
    assert lines.loc[lines["油品名称"].isin(["92#", "92号汽油"]), "单价(元/升)"].nunique() > 5


def test_every_change_happens_to_somebody(small: Written) -> None:
    assert set(small.truth["change"]) == {
        "none", "lost", "share_fell", "moved", "fleet_left", "plate_changed",
    }  # fmt: skip


def test_the_lost_are_not_seen_again(small: Written) -> None:
    truth = small.truth
    gone = truth[truth["lost_on"] != ""]
    seen = small.lines.merge(gone, left_on="车牌号", right_on="plate")
    on_time = seen["备注"] != "补录"

    assert (clock(seen) < pd.to_datetime(seen["lost_on"]))[on_time].all()


def test_archives_hold_about_half_of_the_regulars_and_name_their_owners(small: Written) -> None:
    files, truth = small.files, small.truth
    vehicles = pd.read_csv(files.vehicles_file, dtype=str)
    customers = pd.read_csv(files.customers_file, dtype=str)
    fleets = truth[(truth["passing"] == "0") & truth["customer"].isin(
        customers.loc[customers["客户类型"] == "单位", "客户编号"]
    )].groupby("customer").size()  # fmt: skip

    assert 0.35 < len(vehicles) / (truth["passing"] == "0").sum() < 0.5
    assert set(vehicles["客户编号"]) <= set(customers["客户编号"])
    assert fleets.between(3, 25).all()


def test_customers_have_invented_names_and_telephones_nobody_holds(small: Written) -> None:
    table = pd.read_csv(small.files.customers_file, dtype=str, keep_default_na=False)
    firms = table["客户类型"] == "单位"
    named, phones = table["姓名"] + table["联系人"], table["手机号"]

    assert (table.loc[firms, "姓名"] == "").all()
    assert (table.loc[~firms, "联系人"] == "").all()
    assert named[named != ""].str.fullmatch("[甲乙丙丁戊己庚辛壬癸][一-龥]{1,2}").all()
    assert phones[phones != ""].str.fullmatch("100[0-9]{8}").all()
    assert phones[phones != ""].is_unique
    assert all(0.07 < (column == "").mean() < 0.13 for column in (named, phones))
    assert named.nunique() > 0.7 * len(table)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kinds", "taxi", "speed"), 3),
        (("kinds", "taxi", "use"), "flying"),
        (("kinds", "taxi", "hours"), "never"),
        (("kinds", "taxi", "litres"), True),
        (("lines", "overlap_lines"), True),
        (("lines", "late_days"), 3),
        (("defaults", "last_day"), "yesterday"),
    ],
)
def test_a_wrong_parameter_is_named(path: tuple[str, ...], value: object) -> None:
    wrong = parameters()
    table = wrong
    for name in path[:-1]:
        table = table[name]
    table[path[-1]] = value

    with pytest.raises(ConfigError) as refused:
        write_network(wrong, out=Path("unused"), last_day=LAST_DAY)

    assert refused.value.facts["name"] == ".".join(("demo", *path))


def test_a_missing_parameter_is_named() -> None:
    wrong = parameters()
    del wrong["prices"]["step_fen"]

    with pytest.raises(ConfigError) as refused:
        write_network(wrong, out=Path("unused"), last_day=LAST_DAY)

    assert refused.value.facts["name"] == "demo.prices.step_fen"


def test_an_impossible_size_is_refused() -> None:
    with pytest.raises(ConfigError):
        write_network(parameters(), stations=0, out=Path("unused"), last_day=LAST_DAY)


@pytest.mark.slow
def test_the_default_network_is_as_large_as_promised_and_soon_written(tmp_path: Path) -> None:
    began = time.perf_counter()

    files = write_network(_parsed(), out=tmp_path, last_day=date(2026, 10, 31))

    seconds = time.perf_counter() - began
    rows = sum(
        path.read_bytes().count(b"\n") for path in files.sales_files if path.suffix == ".csv"
    )
    truth = pd.read_csv(files.truth_file, dtype=str)
    assert 225_000 < rows < 275_000
    assert (truth["passing"] == "0").sum() >= 8_000
    assert seconds < 30

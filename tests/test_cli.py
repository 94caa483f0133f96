"""The command line keeps what docs/en/commands.md promises to other programs."""

import csv
import shutil
import stat
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest
from terminal import Apart, Station, add_up

SAMPLES = Path(__file__).parent / "ingest" / "samples"
UTF_8 = SAMPLES / "cn_station_trades_utf8bom.csv"
GBK = SAMPLES / "cn_station_trades_gbk.csv"
SAMPLE = UTF_8.read_text(encoding="utf-8-sig")
LINES = SAMPLE.splitlines(keepends=True)
HEADING = LINES[2]
STATIONS = "站点编码,站点名称,区域,省份\nA0001,示范一站,南,粤\nA0002,示范二站,北,粤\n"
ACCOUNT = ("rows", "accepted", "duplicates", "conflicts", "rejected", "ignored")
slow = pytest.mark.slow

CONTRACT = {
    "profiles": (
        "vehicle station visits first_on last_on days_silent litres amount mean_gap_days "
        "median_gap_days gap_cv litres_per_visit share_of_visits"
    ),
    "lapsed": (
        "vehicle station last_on days_silent usual_gap_days p_alive alarm_on p_return "
        "monthly_amount state sentence"
    ),
    "stability": "vehicle station stability regularity p_alive visits sentence",
    "use": "vehicle use source probability sentence",
    "ownership": "vehicle owner_kind source probability sentence",
    "compare": "station",
    "frequency": "vehicle station",
}
"""The columns that other programs read, in their order; ours follow."""


def without_column(heading: str) -> str:
    """Return the sample without a column; the lines above the heading stay."""
    rows = list(csv.reader(LINES))
    at = rows[2].index(heading)
    return "".join(LINES[:2]) + "".join(
        ",".join(f'"{cell}"' for cell in row[:at] + row[at + 1 :]) + "\n" for row in rows[2:]
    )


REFUSED = {
    "wrong_encoding": (
        "流水號,交易時間,油品,數量,金額\n1,2025-03-03,臺灣電腦學會繁體讀書,1,2\n".encode("big5"),
        "Big5",
    ),
    "missing_column": (without_column("交易时间"), "is missing"),
    "two_same_headings": (SAMPLE.replace("应收金额", "实收金额", 1), "Two columns"),
    "second_table": (SAMPLE + "".join(LINES[2:5]), "second heading"),
    "empty": ("", "is empty"),
    "no_table": ("Hello,\nthis is a letter.\n", "hold no heading"),
}
REJECTED = {
    "text_in_amount": (SAMPLE.replace("0.00,200.00,微信", "0.00,二百,微信"), {"bad_amount": 1}),
    "future_date": (SAMPLE.replace("2025/3/3 8:05", "2099/3/3 8:05"), {"future": 1}),
    "card_of_15_digits": (
        SAMPLE.replace("\t1000110000000000007", "1000110000000000000"),
        {"digits_lost": 2},
    ),
    "unknown_station": (SAMPLE.replace("A0001", "A0099"), {"unknown_station": 11}),
    "reversal_alone": (
        "".join(line for line in LINES if ",000012805," not in line),
        {"reversal_without_sale": 1},
    ),
    "cut_off": (SAMPLE[: SAMPLE.index("200.00,1410") + 3], {"truncated_row": 1}),
}


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """Return a new archive with two stations."""
    return founded(tmp_path)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Station:
    """Return an archive with the sample, which no test changes."""
    made = founded(tmp_path_factory.mktemp("shop"))
    made.run("import", "sales", UTF_8)
    return made


def founded(folder: Path) -> Station:
    made = Station(folder)
    made.run("init")
    made.run("import", "stations", made.write("stations.csv", STATIONS))
    return made


def rows_of(archive: Path, query: str) -> list[tuple[object, ...]]:
    with closing(connect(archive)) as conn:
        return conn.execute(query).fetchall()


def contents(station: Station) -> list[tuple[object, ...]]:
    return rows_of(station.archive, "SELECT * FROM sales, batches ORDER BY sales.id, batches.id")


# --- importing ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_both_samples_are_the_same_sales_and_come_in_once(station: Station) -> None:
    station = Apart(station.folder)
    first = station.document("import", "sales", UTF_8)
    both = station.document("import", "sales", UTF_8, GBK)

    assert list(first) == ["files", "totals"]
    assert list(first["files"][0]) == ["file", *ACCOUNT, "rejects_file", "reasons"]
    assert list(first["totals"]) == list(ACCOUNT)
    assert first["totals"] == dict(zip(ACCOUNT, (13, 11, 0, 0, 0, 2), strict=True))
    assert both["totals"] == dict(zip(ACCOUNT, (26, 0, 22, 0, 0, 4), strict=True))
    assert all(add_up(counts) for counts in (*both["files"], both["totals"]))


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> tuple[Station, dict[str, str]]:
    """Return an archive after an import of nothing but unusable files, and what it said of each."""
    made = founded(tmp_path_factory.mktemp("refusals"))
    files = [made.write(f"{name}.csv", content) for name, (content, _) in REFUSED.items()]
    done = made.run("import", "sales", *files, "nowhere.csv", "--json", code=1)
    said = dict(line.split(": ", 1) for line in done.stderr.splitlines())
    return made, said


@slow
@pytest.mark.parametrize("name", REFUSED)
def test_an_unusable_file_is_refused_in_one_sentence(
    refusals: tuple[Station, dict[str, str]], name: str
) -> None:
    assert REFUSED[name][1] in refusals[1][f"{name}.csv"]


@slow
def test_a_file_that_is_not_there_is_refused(refusals: tuple[Station, dict[str, str]]) -> None:
    assert "no file" in refusals[1]["nowhere.csv"]


@slow
def test_refused_files_leave_nothing_behind(refusals: tuple[Station, dict[str, str]]) -> None:
    station, _ = refusals

    assert rows_of(station.archive, "SELECT count(*) FROM batches WHERE kind = 'sales'") == [(0,)]
    assert rows_of(station.archive, "SELECT count(*) FROM sales") == [(0,)]
    assert not list(station.folder.glob("*.rejected.csv"))


@slow
@pytest.mark.parametrize("name", REJECTED)
def test_a_bad_row_is_set_aside_and_the_rest_comes_in(station: Station, name: str) -> None:
    content, reasons = REJECTED[name]

    result = station.document("import", "sales", station.write(f"{name}.csv", content))

    assert result["files"][0]["reasons"] == reasons
    assert result["totals"]["rejected"] == sum(reasons.values())
    assert add_up(result["totals"])
    quarantine = Path(result["files"][0]["rejects_file"])
    rows = list(csv.reader(quarantine.read_text(encoding="utf-8-sig").splitlines()))[3:]
    assert [row[-2] for row in rows] == [next(iter(reasons))] * len(rows)
    assert all(len(row[-1]) > len("a reason") for row in rows)


@slow
def test_a_file_beside_a_refused_one_comes_in(station: Station) -> None:
    empty = station.write("empty.csv", "")

    result = station.document("import", "sales", empty, UTF_8, code=1)

    assert result["totals"]["accepted"] == 11


@pytest.mark.slow
def test_the_corrected_quarantine_brings_only_the_missing_row(station: Station) -> None:
    broken = station.write("till.csv", REJECTED["text_in_amount"][0])
    rejects = station.folder / "aside"
    first = station.document("import", "sales", broken, "--rejects", rejects)
    quarantine = rejects / "till.rejected.csv"
    corrected = quarantine.read_text(encoding="utf-8-sig").replace("二百", "200.00")

    second = station.document("import", "sales", station.write("corrected.csv", corrected))

    assert first["files"][0]["rejects_file"] == str(quarantine)
    assert stat.S_IMODE(quarantine.stat().st_mode) == 0o600
    assert not list(station.folder.glob("*.rejected.csv"))
    assert (second["totals"]["rows"], second["totals"]["accepted"]) == (1, 1)
    assert station.document("import", "sales", UTF_8)["totals"]["duplicates"] == 11


@slow
def test_a_whole_file_comes_in_whole_or_not_at_all(station: Station) -> None:
    broken = station.write("till.csv", REJECTED["text_in_amount"][0])

    refused = station.run("import", "sales", broken, "--whole-file", code=1)
    taken = station.document("import", "sales", UTF_8, "--whole-file")

    assert "nothing was imported" in refused.stderr
    assert taken["totals"]["accepted"] == 11
    assert taken["totals"]["duplicates"] == 0


@slow
def test_a_dry_run_says_what_would_happen_and_changes_nothing(station: Station) -> None:
    before = contents(station), station.document("verify")
    broken = station.write("till.csv", REJECTED["text_in_amount"][0])

    rehearsed = station.document("import", "sales", broken, "--dry-run")

    assert rehearsed["totals"]["accepted"] == 10
    assert rehearsed["files"][0]["rejects_file"] is None
    assert (contents(station), station.document("verify")) == before
    assert rows_of(station.archive, "SELECT count(*) FROM batches WHERE kind = 'sales'") == [(0,)]
    assert station.document("import", "sales", broken)["totals"] == rehearsed["totals"]


MAPPING = """\
columns:
  sold_at: ts
  vehicle_ref: vehicle
  station: station
  product: product
  litres: litres
  amount: amount
  receipt_no: source_txn
  line_no: item
identity: vehicle_ref
time: {zone: America/Chicago, formats: ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]}
units: {volume: litre}
fuel: {column: is_fuel, true_values: ["1", ""]}
defaults: {currency: USD}
unknown_stations: create
"""
CHARGES = """\
ts,vehicle,station,product,litres,amount,source_txn,item,is_fuel
2025-03-03 07:58:12,V1,N1,DIESEL,35.20,50.10,T1,1,1
2025-03-03 07:58:12,V1,N1,COFFEE,1,2.50,T1,2,0
2025-03-05,V2,N2,DIESEL,20,28.40,T2,1,
"""


@slow
def test_a_mapping_file_reads_a_chains_own_export(station: Station) -> None:
    mapping = station.write("chain.yaml", MAPPING)
    export = station.write("export.csv", CHARGES)

    result = station.document("import", "sales", export, "--mapping", mapping)
    again = station.document("import", "sales", export, "--mapping", mapping)
    report = station.document("report", "profiles")

    assert (result["totals"]["accepted"], again["totals"]["duplicates"]) == (3, 3)
    told = [(row["vehicle"], row["station"], row["litres"]) for row in report["rows"]]
    assert told == [("V1", "N1", 35.2), ("V2", "N2", 20.0)]
    assert report["totals"]["amount_by_currency"] == {"USD": 81.0}


@slow
def test_a_wrong_mapping_is_refused_with_its_key(station: Station) -> None:
    mapping = station.write("chain.yaml", MAPPING.replace("receipt_no", "reciept_no"))

    refused = station.run("import", "sales", UTF_8, "--mapping", mapping, code=1)

    assert "reciept_no" in refused.stderr


# --- reports --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def network(demo_archive: str) -> Station:
    """Return the small demo network's archive."""
    return Station(Path(demo_archive.removeprefix("sqlite:///")).parent)


@slow
def test_a_backtest_says_a_sentence_a_rule_or_one_document(network: Station) -> None:
    words = ("backtest", "--horizon", "14", "--cutoffs", "1", "--calls", "5")

    said = network.run("--lang", "zh", *words).stdout.splitlines()
    found = network.document(*words)

    assert found["calls_per_week"] == 5
    assert len(said) == 1 + len(found["methods"])
    assert any(line.startswith("本名单：每周新列 ") for line in said)


@slow
@pytest.mark.parametrize("name", CONTRACT)
def test_a_report_has_the_columns_of_the_contract(network: Station, name: str) -> None:
    report = network.document("report", name)

    assert list(report) == ["report", "as_of", "scope", "rows", "totals"]
    assert (report["report"], report["scope"]) == (name, ["A0001", "A0002"])
    wanted = CONTRACT[name].split()
    assert all(list(row)[: len(wanted)] == wanted for row in report["rows"])
    assert report["totals"]["rows"] == len(report["rows"]) > 1
    order = [tuple(row[c] for c in ("vehicle", "station") if c in row) for row in report["rows"]]
    assert order == sorted(order)


@pytest.mark.slow
def test_a_report_says_what_is_known_and_null_for_the_rest(shop: Station) -> None:
    told = Apart(shop.folder).document("report", "profiles")
    rows = {row["vehicle"]: row for row in told["rows"]}

    assert len(rows) == 7
    assert rows["粤B12345"] == {
        "vehicle": "粤B12345",
        "station": "A0001",
        "visits": 1,
        "first_on": "2025-03-03",
        "last_on": "2025-03-03",
        "days_silent": 1,
        "litres": 35.2,
        "amount": 253.79,
        "mean_gap_days": None,
        "median_gap_days": None,
        "gap_cv": None,
        "litres_per_visit": 35.2,
        "share_of_visits": 1.0,
        "visit_days": 1,
        "unit": "l",
        "currency": "CNY",
    }


@slow
def test_units_are_never_summed_together(shop: Station) -> None:
    totals = shop.document("report", "profiles")["totals"]

    assert totals["litres"] is None
    assert totals["litres_by_unit"] == {"l": 427.09, "m3": 14.1}
    assert totals["amount"] == 3106.67


@slow
def test_a_report_keeps_to_its_stations_days_and_as_of(shop: Station) -> None:
    last_day = shop.document("report", "profiles", "--days", 1)
    earlier = shop.document("report", "profiles", "--as-of", "2025-03-03")
    elsewhere = shop.document("report", "profiles", "--station", "A0002")
    south = shop.document("report", "profiles", "--region", "南")

    assert {row["vehicle"] for row in last_day["rows"]} == {"粤B1T345", "粤ZF123港"}
    assert {row["last_on"] for row in earlier["rows"]} == {"2025-03-03"}
    assert (elsewhere["scope"], elsewhere["rows"]) == (["A0002"], [])
    assert (south["scope"], len(south["rows"])) == (["A0001"], 7)


@slow
def test_the_network_is_one_row_a_vehicle(network: Station) -> None:
    apart = network.document("report", "profiles")["rows"]
    together = network.document("report", "profiles", "--network")["rows"]

    assert len(together) == len({row["vehicle"] for row in apart}) < len(apart)
    assert sum(row["visits"] for row in together) <= sum(row["visits"] for row in apart)
    assert {row["share_of_visits"] for row in together} == {1.0}


@slow
def test_a_longer_horizon_makes_a_return_likelier(network: Station) -> None:
    near = network.document("report", "lapsed")["rows"]
    far = network.document("report", "lapsed", "--horizon", 90)["rows"]

    assert len(near) == len(far) > 0
    assert all(a["p_return"] <= b["p_return"] for a, b in zip(near, far, strict=True))
    assert sum(a["p_return"] < b["p_return"] for a, b in zip(near, far, strict=True)) > 0


@slow
def test_a_csv_holds_the_rows_of_the_json(network: Station) -> None:
    file = network.folder / "profiles.csv"

    network.run("report", "profiles", "--csv", file)

    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    document = network.document("report", "profiles")["rows"]
    assert list(rows[0]) == list(document[0])
    assert [row["vehicle"] for row in rows] == [row["vehicle"] for row in document]


@slow
def test_the_sentences_follow_the_language(shop: Station) -> None:
    english = shop.document("report", "stability")["rows"]
    chinese = Station(shop.folder, "zh").document("report", "stability")["rows"]

    assert all(row["sentence"].isascii() for row in english)
    assert not any(row["sentence"].isascii() for row in chinese)


# --- keeping --------------------------------------------------------------------------------------


@slow
def test_a_restored_backup_is_the_archive_as_it_was(station: Station) -> None:
    backup = station.folder / "copies" / "one.db"
    station.run("import", "sales", UTF_8)
    before = contents(station)
    station.run("backup", backup)
    station.run("import", "sales", station.write("more.csv", SAMPLE.replace("0000128", "0000129")))
    changed = contents(station)

    station.run("restore", backup)

    assert changed != contents(station) == before
    assert station.document("verify")["ok"] is True
    assert len(station.document("report", "profiles")["rows"]) == 7


@slow
def test_a_lost_archive_is_restored(station: Station) -> None:
    station = Apart(station.folder)
    backup = station.folder / "one.db"
    station.run("backup", backup)
    station.archive.unlink()

    station.run("restore", backup)

    assert station.document("verify")["ok"] is True


@slow
def test_a_damaged_backup_is_refused_and_the_archive_stays(station: Station) -> None:
    backup = station.write("bad.db", b"SQLite format 3\0" + bytes(5000))
    before = contents(station)

    refused = station.run("restore", backup, code=1)

    assert len(refused.stderr.splitlines()) == 1
    assert contents(station) == before


@slow
def test_verify_names_the_first_bad_row(shop: Station, tmp_path: Path) -> None:
    copy = Station(tmp_path)
    shop.run("backup", copy.archive)
    with closing(connect(copy.archive)) as conn:
        conn.execute("DROP TRIGGER sales_fixed")
        conn.execute("UPDATE sales SET quantity_milli = -5 WHERE id = 3")
        conn.commit()

    sound = shop.document("verify")
    damaged = copy.document("verify", code=1)

    assert (sound["ok"], sound["first_bad"]) == (True, "")
    assert (damaged["ok"], damaged["first_bad"]) == (False, "signs: 3")


@slow
def test_verify_finds_a_page_that_cannot_be_read(shop: Station, tmp_path: Path) -> None:
    copy = Station(tmp_path)
    shop.run("backup", copy.archive)
    (page,) = rows_of(copy.archive, "SELECT rootpage FROM sqlite_master WHERE name = 'sales'")
    with copy.archive.open("r+b") as file:
        file.seek((int(str(page[0])) - 1) * 4096)
        file.write(b"\xff" * 4096)

    damaged = copy.document("verify", code=1)

    assert damaged["first_bad"].startswith("integrity: ")


@slow
def test_the_nightly_work_may_be_done_twice(station: Station) -> None:
    station = Apart(station.folder)
    *first, _head = station.run("nightly").stdout.splitlines()
    after = contents(station)

    *second, head = station.run("nightly").stdout.splitlines()
    assert second == first != []
    assert head.startswith("End of the audit log")
    assert contents(station) == after


@slow
def test_the_archive_is_made_once(shop: Station) -> None:
    before = contents(shop)

    shop.run("init")

    assert contents(shop) == before


@slow
def test_a_demo_network_comes_in_twice_as_once(tmp_path: Path) -> None:
    station = Station(tmp_path)
    words = ("demo", "--stations", 1, "--days", 30, "--seed", 3, "--out", tmp_path / "files")

    station.run(*words)
    before = rows_of(station.archive, "SELECT count(*) FROM sales")
    station.run(*words)

    assert rows_of(station.archive, "SELECT count(*) FROM sales") == before > [(1_000,)]


# --- refusals -------------------------------------------------------------------------------------


@slow
@pytest.mark.parametrize(
    "words",
    [
        ("--as", "nobody", "report", "profiles"),
        ("report", "horoscope"),
        ("report", "profiles", "--station", "A0099"),
        ("report", "profiles", "--region", "西"),
        ("backtest", "--horizon", "0"),
        ("backtest", "--calls", "-1"),
        ("report", "profiles", "--csv", "/nowhere/at/all.csv"),
        ("import", "sales", "."),
        ("import", "sales", UTF_8, "--mapping", "nowhere"),
        ("import", "sales", UTF_8, "--station", "A0099"),
        ("restore", "nowhere.db"),
        ("backup", "/proc/nowhere/at/all.db"),
        ("--config", "nowhere.yaml", "verify"),
        ("--archive", "sqlite:////nowhere/station.db", "verify"),
        ("--archive", "nonsense", "verify"),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_code_1(
    shop: Station, words: tuple[object, ...]
) -> None:
    done = shop.run(*words, code=1)

    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


@slow
def test_a_process_ends_with_the_code_of_its_command(shop: Station) -> None:
    apart = Apart(shop.folder)

    refused = apart.run("report", "horoscope", code=1)
    misused = apart.run("fly", code=2)

    assert (refused.stdout, misused.stdout) == ("", "")
    assert len(refused.stderr.splitlines()) == 1
    assert misused.stderr


@slow
@pytest.mark.parametrize(
    "words",
    [
        ("fly",),
        ("report",),
        ("report", "profiles", "--as-of", "2025-13-01"),
        ("report", "stability", "--as-of", "9999-12-31"),
        ("demo", "--seed", "-1"),
        ("report", "profiles", "--days", "many"),
        ("report", "profiles", "--json", "--csv", "a.csv"),
        ("import", "sales"),
        ("import", "sales", UTF_8, "--colour", "red"),
        ("--lang", "de", "verify"),
    ],
)
def test_wrong_usage_is_exit_code_2(shop: Station, words: tuple[object, ...]) -> None:
    done = shop.run(*words, code=2)

    assert done.stdout == ""
    assert done.stderr


@slow
def test_neither_a_file_name_nor_a_terminal_ends_a_command(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    station = Apart(station.folder)
    path = station.folder / "sales\udcff.csv"
    path.write_text(SAMPLE.replace("粤B", "=粤B"), encoding="utf-8")

    document = station.document("import", "sales", path)

    assert add_up(document["totals"])
    assert document["files"][0]["file"] == "sales?.csv"
    station.run("import", "sales", path)


def test_a_missing_archive_is_named_with_what_makes_one(tmp_path: Path) -> None:
    done = Station(tmp_path).run("verify", code=1)

    assert "station init" in done.stderr
    assert not list(tmp_path.iterdir())


@slow
def test_a_folder_that_may_not_be_written_is_no_half_archive(tmp_path: Path) -> None:
    blocked = Station(tmp_path / "blocked")
    tmp_path.joinpath("blocked").write_text("a file", encoding="utf-8")
    refused = Station(tmp_path).run("--archive", f"sqlite:///{blocked.archive}", "init", code=1)

    assert len(refused.stderr.splitlines()) == 1
    shutil.rmtree(tmp_path)

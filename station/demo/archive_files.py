"""The archives beside the journal: stations, customers, vehicles and cards."""

from pathlib import Path

import numpy as np
import pandas as pd

from station.demo import people
from station.demo.draws import Words
from station.demo.noise import COLOUR_WORDS
from station.demo.parameters import Network
from station.demo.regulars import NOBODY
from station.demo.seasons import Calendar, Ints
from station.demo.sites import Site
from station.model import OwnerKind, StationKind, Use

STATION_WORDS = {
    StationKind.CITY: "城市",
    StationKind.SUBURB: "城郊",
    StationKind.NATIONAL_ROAD: "国道",
    StationKind.MOTORWAY: "高速",
    StationKind.COUNTY: "县城",
    StationKind.OTHER: "其他",
}
USE_WORDS = {
    Use.PRIVATE: "私家车",
    Use.TAXI: "出租车",
    Use.RIDE_HAIL: "网约车",
    Use.COACH: "客车",
    Use.TRUCK_LIGHT: "轻型货车",
    Use.TRUCK_HEAVY: "重型货车",
    Use.ENGINEERING: "工程车",
    Use.OFFICIAL: "公务车",
    Use.EMERGENCY: "警用应急",
    Use.COMPANY_CAR: "公司车",
    Use.TRAINER: "教练车",
    Use.SCHOOL_BUS: "校车",
    Use.RENTAL: "租赁车",
    Use.FARM: "农用车",
    Use.OTHER: "其他",
    Use.UNKNOWN: "",
}
VEHICLE_TYPES = {
    Use.COACH: "大型客车",
    Use.TRUCK_LIGHT: "轻型普通货车",
    Use.TRUCK_HEAVY: "重型半挂牵引车",
    Use.ENGINEERING: "重型自卸货车",
}
CAR = "小型轿车"
OWNER_WORDS = {
    OwnerKind.PRIVATE: "私人",
    OwnerKind.COMPANY: "公司",
    OwnerKind.GOVERNMENT: "政府",
    OwnerKind.RENTAL: "租赁",
}
TRADES = {
    Use.TAXI: "出租汽车有限公司",
    Use.COACH: "客运有限公司",
    Use.TRUCK_LIGHT: "配送有限公司",
    Use.TRUCK_HEAVY: "物流有限公司",
    Use.ENGINEERING: "建筑工程有限公司",
    Use.OFFICIAL: "机关事务中心",
    Use.EMERGENCY: "应急救援队",
    Use.TRAINER: "驾驶培训有限公司",
    Use.RENTAL: "汽车租赁有限公司",
}
INDUSTRIES = dict.fromkeys(Use, "贸易") | {
    Use.TAXI: "出租客运",
    Use.COACH: "道路客运",
    Use.TRUCK_LIGHT: "城市配送",
    Use.TRUCK_HEAVY: "物流",
    Use.ENGINEERING: "建筑工程",
    Use.OFFICIAL: "机关",
    Use.EMERGENCY: "应急救援",
    Use.TRAINER: "驾驶培训",
    Use.RENTAL: "汽车租赁",
}
ANY_TRADE = "贸易有限公司"
FIRST_SYLLABLES, SECOND_SYLLABLES = "鹏粤海卓联恒瑞嘉宏博远盛", "澜岳翔达泰辰峰祥源途川旭"


def write_archives(
    network: Network,
    sites: tuple[Site, ...],
    vehicles: pd.DataFrame,
    calendar: Calendar,
    out: Path,
) -> tuple[Path, Path, Path, Path]:
    """Return the files of stations, customers, vehicles and cards written under `out`."""
    known = vehicles[vehicles["customer"] != NOBODY]
    facts = known.assign(
        code=known["customer"].map("C{:06d}".format),
        site=known["station"].map({site.index: site.code for site in sites}),
        use=known["kind"].map({name: kind.use for name, kind in network.kinds.items()}),
        since=_dates(known["first_day"], calendar),
    )
    return (
        write_table(_stations(sites), out / "stations.csv"),
        write_table(_customers(facts), out / "customers.csv"),
        write_table(_vehicles(facts[facts["archived"].astype(bool)]), out / "vehicles.csv"),
        write_table(_cards(facts), out / "cards.csv"),
    )


def write_table(table: pd.DataFrame, path: Path) -> Path:
    """Return `path` after writing `table` there."""
    path.write_bytes(table.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"))
    return path


def _dates(days: pd.Series, calendar: Calendar) -> pd.Series:
    first = pd.Timestamp(calendar.first_day)
    return (first + pd.to_timedelta(days, unit="D")).dt.strftime("%Y-%m-%d")


def _stations(sites: tuple[Site, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "站点编码": [site.code for site in sites],
            "站点名称": [site.name for site in sites],
            "片区": [site.template.region for site in sites],
            "类型": [STATION_WORDS[site.template.kind] for site in sites],
            "时区": "Asia/Shanghai",
            "币种": "CNY",
            "省份": "粤",
        }
    )


def _customers(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the customers, each with the station and day of the first vehicle."""
    one = facts.drop_duplicates("customer").sort_values("customer")
    fleet = (one["fleet"] != NOBODY).to_numpy()
    numbers = one["customer"].to_numpy(dtype=np.int64)
    names = people.names(numbers)
    return pd.DataFrame(
        {
            "客户编号": one["code"],
            "客户类型": np.where(fleet, "单位", "个人"),
            "单位名称": np.where(fleet, _company_names(one), ""),
            "所有权": one["owner"].map(OWNER_WORDS),
            "登记站点": one["site"],
            "建档日期": one["since"],
            "姓名": np.where(fleet, "", names),
            "联系人": np.where(fleet, names, ""),
            "手机号": people.phones(numbers),
            **people.facts(
                numbers, _fleet_sizes(facts, one), one["use"].map(INDUSTRIES).to_numpy()
            ),
        }
    )


def _fleet_sizes(facts: pd.DataFrame, one: pd.DataFrame) -> Ints:
    """Return how many vehicles each organisation has, 0 of a person."""
    sizes = facts.groupby("customer")["plate"].nunique()
    is_fleet = one["fleet"] != NOBODY
    return np.asarray(one["customer"].map(sizes).where(is_fleet, 0), dtype=np.int64)


def _company_names(customers: pd.DataFrame) -> Words:
    """Return an invented name for each organisation, different as long as syllables last."""
    width = len(SECOND_SYLLABLES)
    names = np.empty(len(customers), dtype=object)
    names[:] = [
        FIRST_SYLLABLES[number // width % len(FIRST_SYLLABLES)]
        + SECOND_SYLLABLES[number % width]
        + TRADES.get(use, ANY_TRADE)
        for number, use in zip(customers["customer"].tolist(), customers["use"], strict=True)
    ]
    return names


def _vehicles(facts: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "车牌号": facts["plate"],
            "车牌颜色": facts["colour"].map(COLOUR_WORDS),
            "用途": facts["use"].map(USE_WORDS),
            "车辆类型": facts["use"].map(VEHICLE_TYPES).fillna(CAR),
            "客户编号": facts["code"],
            "起始日期": facts["since"],
        }
    )


def _cards(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the cards; one that passed on to the next car stays bound to the first."""
    held = facts[facts["card"] != ""].drop_duplicates("card")
    return pd.DataFrame(
        {
            "卡号": "\t" + held["card"],
            "卡类型": np.where(held["fleet"] != NOBODY, "单位卡", "个人卡"),
            "客户编号": held["code"],
            "限车号": held["plate"],
            "发卡日期": held["since"],
        }
    )

"""Which kind of station, use or owner does a word in a file mean?"""

import unicodedata
from enum import StrEnum
from typing import TypeVar

from station.errors import BadValueError
from station.model import OwnerKind, StationKind, Use

Kind = TypeVar("Kind", bound=StrEnum)

WORDS: dict[type[StrEnum], dict[StrEnum, tuple[str, ...]]] = {
    StationKind: {
        StationKind.CITY: ("城市", "市区", "城区", "城市站", "urban"),
        StationKind.SUBURB: ("郊区", "城郊", "郊区站", "suburban"),
        StationKind.NATIONAL_ROAD: ("国道", "省道", "国省道", "国道站", "省道站", "highway"),
        StationKind.MOTORWAY: ("高速", "高速公路", "服务区", "高速站", "freeway", "expressway"),
        StationKind.COUNTY: ("县城", "县乡", "乡镇", "农村", "县城站", "rural"),
        StationKind.OTHER: ("其他", "其它"),
    },
    Use: {
        Use.PRIVATE: ("非营运", "私家", "私家车", "家用", "私用", "personal"),
        Use.TAXI: ("出租", "出租车", "出租客运", "的士", "cab"),
        Use.RIDE_HAIL: ("网约", "网约车", "预约出租客运", "预约出租", "ridehail", "rideshare"),
        Use.COACH: ("公路客运", "公交", "公交客运", "旅游客运", "客运", "客车", "大巴", "bus"),
        Use.TRUCK_LIGHT: ("轻型货运", "轻货", "轻卡", "轻型货车", "light truck", "van"),
        Use.TRUCK_HEAVY: ("货运", "重型货运", "重货", "重卡", "重型货车", "heavy truck", "truck"),
        Use.ENGINEERING: ("工程", "工程车", "工程车辆", "工程救险", "construction"),
        Use.OFFICIAL: ("公务", "公车", "公务车", "机关", "government"),
        Use.EMERGENCY: ("警用应急", "警用", "消防", "救护", "应急", "警车", "消防车", "救护车"),
        Use.COMPANY_CAR: (
            "公司车",
            "企业用车",
            "单位用车",
            "商务",
            "商务车",
            "公司用车",
            "business",
        ),
        Use.TRAINER: ("教练", "教练车", "驾校", "driving school"),
        Use.SCHOOL_BUS: ("校车", "幼儿校车", "小学生校车", "其他校车", "营转非校车"),
        Use.RENTAL: ("租赁", "租赁车", "租车", "hire"),
        Use.FARM: ("农用", "农业", "农机", "拖拉机", "agricultural"),
        Use.OTHER: ("其他", "其它", "危化品运输", "危险货物运输"),
        Use.UNKNOWN: ("未知", "不详"),
    },
    OwnerKind: {
        OwnerKind.PRIVATE: ("私人", "个人", "私有", "个人所有", "person", "individual"),
        OwnerKind.COMPANY: ("公司", "企业", "单位", "公司所有", "单位所有", "business"),
        OwnerKind.GOVERNMENT: ("政府", "机关", "事业单位", "公务", "public"),
        OwnerKind.RENTAL: ("租赁", "租赁公司", "租赁企业", "leasing", "lease"),
        OwnerKind.UNKNOWN: ("未知", "不详"),
    },
}
"""The words of each kind beside its own name."""

PROVINCES = {
    "北京": "京",
    "天津": "津",
    "河北": "冀",
    "山西": "晋",
    "内蒙古": "蒙",
    "辽宁": "辽",
    "吉林": "吉",
    "黑龙江": "黑",
    "上海": "沪",
    "江苏": "苏",
    "浙江": "浙",
    "安徽": "皖",
    "福建": "闽",
    "江西": "赣",
    "山东": "鲁",
    "河南": "豫",
    "湖北": "鄂",
    "湖南": "湘",
    "广东": "粤",
    "广西": "桂",
    "广西壮族": "桂",
    "海南": "琼",
    "重庆": "渝",
    "四川": "川",
    "贵州": "贵",
    "云南": "云",
    "西藏": "藏",
    "陕西": "陕",
    "甘肃": "甘",
    "青海": "青",
    "宁夏": "宁",
    "宁夏回族": "宁",
    "新疆": "新",
    "新疆维吾尔": "新",
}


def _index(kinds: type[StrEnum]) -> dict[str, StrEnum]:
    words = {word.casefold(): kind for kind, named in WORDS[kinds].items() for word in named}
    return words | {kind.value.replace("_", " "): kind for kind in kinds}


INDEX = {kinds: _index(kinds) for kinds in WORDS}


def meaning(kinds: type[Kind], text: str, otherwise: Kind) -> Kind:
    """Return the kind that a word means, `otherwise` if there is no word.

    Raises:
        BadValueError: nobody has said what the word means.
    """
    word = unicodedata.normalize("NFKC", text).strip().casefold().replace("_", " ")
    if not word:
        return otherwise
    found = INDEX[kinds].get(word)
    if not isinstance(found, kinds):
        raise BadValueError("unknown_word", value=text)
    return found

"""Which of our fields does each heading of a foreign table mean?"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from station.errors import FileRefusedError, UnreadableFileError
from station.ingest.mapping import Mapping

Dictionary = dict[str, tuple[str, ...]]
"""Our field -> its headings in any language, the surest first."""

LONGEST = 100
"""Characters of a cell that are looked at; no heading is longer."""
IN_BRACKETS = re.compile(r"[(\[{【<].*?[)\]}】>]")
FILLER = re.compile(r"[\s:_\-*./'\"]+")

SALES: Dictionary = {
    "sold_at": (
        *("交易时间", "消费时间", "加油时间", "挂枪时间", "结束时间", "时间", "endtime", "time"),
        *("sold at", "date time", "timestamp", "transaction time", "transaction date time"),
        *("sale time", "支付时间", "paytime", "结算时间"),
    ),
    "sold_date": (
        *("交易日期", "消费日期", "加油日期", "日期", "transaction date", "sale date", "date"),
    ),
    "business_date": ("营业日", "营业日期", "business date", "business day"),
    "shift": ("班次", "班号", "班别", "shift", "shift no"),
    "station": (
        *("油站编码", "站点编码", "加油站编码", "加油站编号", "站点编号", "station code"),
        *("store location id", "merchant site id", "加油站id", "加油站", "油站", "站点"),
        *("加油站名称", "油站名称", "站点名称", "station", "station name", "site"),
    ),
    "terminal": ("终端号", "终端", "pos机号", "收银机号", "terminal", "register id", "terminal id"),
    "nozzle": (
        *("枪号", "油枪", "油枪号", "加油枪号", "加油枪", "nzn", "nozzle no", "nozzle"),
        *("fuel position id", "pump", "pump no"),
    ),
    "product": (
        *("油品", "油品名称", "油号", "品号", "油品号", "油品类型", "商品名称", "oil name"),
        *("g_code", "fuel grade id", "product description", "product", "grade", "fuel"),
    ),
    "litres": (
        *("数量", "升数", "加油量", "加油升数", "体积", "vol", "volume", "sales quantity"),
        *("units", "litres", "liters", "quantity", "qty"),
    ),
    "paid": (
        *("实收", "实收金额", "实付", "实付金额", "real amount", "amount paid", "paid"),
        *("sales amount", "消费金额", "扣款金额"),
    ),
    "amount": ("金额", "交易金额", "amount", "total amount", "amn"),
    "due": ("应收", "应收金额", "应付", "应付金额", "amount due"),
    "card_no": (
        *("卡号", "加油卡号", "会员卡号", "asn", "loyalty id", "card number id", "card no"),
        *("card number", "card"),
    ),
    "plate": (
        *("车牌", "车牌号", "车牌号码", "车号", "car number", "plate", "plate no"),
        *("license plate", "licence plate", "registration", "plate number"),
    ),
    "plate_colour": ("车牌颜色", "号牌颜色", "car num color", "plate colour", "plate color"),
    "vehicle_ref": ("车辆编号", "vehicle ref", "vehicle id", "vehicle"),
    "receipt_no": (
        *("流水号", "交易流水", "交易流水号", "流水", "ttc", "tcc_no", "transaction id"),
        *("transaction ticket number", "小票号", "单号", "订单号", "交易单号", "bill no"),
        *("receipt no", "receipt", "receipt number"),
    ),
    "line_no": ("行号", "明细号", "明细行号", "line no", "item no"),
    "serial_no": ("交易序号", "泵交易号", "serial no", "serial number", "sequence no"),
    "totaliser_start": ("起泵码", "起码", "start read", "totaliser start"),
    "totaliser_end": ("止泵码", "止码", "end read", "v_tot", "totaliser end"),
    "txn_type": (
        *("交易类型", "消费类型", "消费状态", "检测类型", "t_type", "transaction type", "type"),
    ),
    "note": ("备注", "note", "remark", "remarks", "comment"),
    "original_no": ("原单号", "原流水号", "original receipt", "original receipt no"),
    "currency": ("币种", "currency"),
}

UNREAD = (
    *("序号", "单价", "价格", "优惠", "优惠金额", "折扣", "支付方式", "付款方式", "结算方式"),
    *("加油员", "操作员", "收银员", "员工号", "限制车牌号", "限车号", "加油机", "机号", "笔数"),
    *("余额", "unit price", "price", "discount", "pay method", "tender code", "cashier id"),
)
"""Headings that tell a heading line although nothing is read below them."""

STATIONS: Dictionary = {
    "code": ("站点编码", "油站编码", "加油站编码", "站点编号", "station code", "code", "station"),
    "name": ("站点名称", "油站名称", "加油站名称", "station name", "name"),
    "region": ("片区", "区域", "region", "area", "station area name"),
    "kind": ("类型", "站点类型", "kind", "type", "station type"),
    "zone": ("时区", "zone", "time zone", "timezone"),
    "currency": ("币种", "currency"),
    "province": ("省份", "省", "province"),
    "day_starts": ("营业日起点", "日结时间", "day starts", "day starts at"),
    "night_ends": ("夜班结束", "夜班结束时间", "night ends", "night ends at"),
}

CUSTOMERS: Dictionary = {
    "code": ("客户编号", "客户编码", "customer code", "customer no", "customer id", "customer"),
    "name": ("姓名", "客户姓名", "车主姓名", "full name", "person", "person name"),
    "contact": ("联系人", "联系人姓名", "contact", "contact person", "contact name"),
    "customer_name": ("客户名称", "customer name", "name"),
    "phone": (
        *("手机号", "手机号码", "手机", "联系电话", "电话", "电话号码", "联系人电话", "移动电话"),
        *("phone", "phone number", "phone no", "mobile", "mobile number", "mobile phone"),
        *("telephone", "telephone number", "tel", "contact phone"),
    ),
    "customer_kind": ("客户类型", "customer type", "customer kind"),
    "organisation_name": ("单位名称", "organisation name", "organization name", "company name"),
    "owner_kind": ("所有权", "owner kind", "ownership"),
    "station": ("登记站点", "登记油站", "所属站点", "home station", "station", "station code"),
    "since": ("建档日期", "登记日期", "since", "registered on", "created on"),
}

FACTS: Dictionary = {
    "channel": ("获客渠道", "客户来源", "来源渠道", "how he came to us", "channel"),
    "email": ("电子邮箱", "邮箱", "e-mail", "mail"),
    "wechat": ("微信号", "微信", "wechat", "wechat id"),
    "address": ("地址", "联系地址", "单位地址", "address"),
    "industry": ("行业", "所属行业", "industry", "sector"),
    "form": ("单位性质", "企业性质", "legal form"),
    "area_served": ("业务区域", "服务区域", "经营区域", "area served", "service area"),
    "fleet_size": ("车辆数", "车辆数量", "车队规模", "fleet size", "number of vehicles"),
    "litres_month": (
        "月用油量",
        "月均用油量",
        "litres a month",
        "monthly litres",
        "monthly volume",
    ),
    "character": ("用油特点", "需求特点", "pattern of demand", "demand pattern"),
    "relationship": ("关系等级", "客户关系等级", "relationship level", "relationship"),
    "influence": ("影响力", "influence"),
    "credit_class": ("信用等级", "credit class", "credit rating"),
    "credit_limit": ("授信额度", "信用额度", "credit limit"),
    "settle_day": ("结算日", "settlement day", "settle day"),
    "term_days": ("账期", "账期天数", "payment term", "payment term in days", "term days"),
    "trade_terms": ("合作条件", "交易条件", "trade terms"),
    "invoice_title": ("发票抬头", "开票抬头", "invoice title"),
    "tax_number": ("税号", "纳税人识别号", "统一社会信用代码", "tax number", "tax id"),
    "pay_method": (
        "付款方式",
        "支付方式",
        "结算方式",
        "way of paying",
        "pay method",
        "payment method",
    ),
    "rival_stations": (
        "还去哪些油站",
        "竞争油站",
        "常去的竞争油站",
        "rival stations he uses",
        "rival stations",
    ),
    "rival_reason": ("为何去别家", "去竞争油站的原因", "why he goes there", "rival reason"),
    "attitude": ("对我们的态度", "客户态度", "attitude towards us", "attitude"),
    "open_problems": ("未解决的问题", "存在问题", "open problems"),
    "our_advantages": ("我们的优势", "our advantages"),
    "next_step": ("下一步", "下一步计划", "next step"),
    "paper_holder": ("纸质资料在谁手上", "纸质档案保管人", "who holds the paper record"),
    "style": ("沟通方式", "沟通风格", "manner of talking", "style"),
    "forbidden_topics": ("忌讳话题", "忌讳", "forbidden topics"),
    "preferences": ("喜好", "客户喜好", "preferences"),
    "inspection_until": ("年检有效期至", "年检到期日", "inspection valid until"),
    "oil_on": ("上次换机油", "换机油日期", "oil last changed on"),
    "wash_on": ("上次洗车", "洗车日期", "last washed on"),
    "need": ("需求", "客户需求", "need"),
    "scene": ("用油场景", "scene", "where the fuel is used"),
    "pain_point": ("痛点", "pain point"),
}
"""What else a file of customers may tell of them; each is read by whoever knows the fields."""
CUSTOMERS |= FACTS

VEHICLES: Dictionary = {
    "plate": ("车牌号", "车牌", "车牌号码", "车号", "plate", "plate no", "plate number"),
    "plate_colour": ("车牌颜色", "号牌颜色", "plate colour", "plate color"),
    "card_no": ("卡号", "card no", "card number"),
    "vehicle_ref": ("车辆编号", "vehicle ref", "vehicle id", "vehicle"),
    "use": ("用途", "使用性质", "use"),
    "owner_kind": ("所有权", "owner kind", "ownership"),
    "vehicle_type": ("车辆类型", "车型", "vehicle type"),
    "customer_code": ("客户编号", "客户编码", "customer code", "customer no", "customer id"),
    "since": ("起始日期", "登记日期", "since", "from", "from date"),
}

CARDS: Dictionary = {
    "number": ("卡号", "加油卡号", "card no", "card number", "number"),
    "kind": ("卡类型", "卡种", "card type", "kind", "card kind"),
    "customer_code": ("客户编号", "客户编码", "customer code", "customer no", "customer id"),
    "bound_plate": ("限车号", "限制车牌号", "bound plate", "limit plate", "plate"),
    "plate_colour": ("车牌颜色", "号牌颜色", "plate colour", "plate color"),
    "since": ("发卡日期", "开卡日期", "issued on", "since"),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where our fields stand in a table: `places` by field, `headings` theirs -> ours."""

    width: int
    places: dict[str, int] = field(default_factory=dict)
    headings: dict[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    def place(self, name: str) -> int:
        """Return the column of a field, or -1, where each row read carries an empty cell."""
        return self.places.get(name, -1)


@lru_cache(maxsize=20_000)
def plain(heading: str) -> str:
    """Return a heading without units in brackets, spaces, colons and case."""
    text = unicodedata.normalize("NFKC", heading[:LONGEST]).casefold()
    return FILLER.sub("", IN_BRACKETS.sub("", text) or text)


def recognised(cells: Iterable[str], known: frozenset[str]) -> int:
    """Return how many of the cells are headings of `known` (plain texts)."""
    return sum(1 for cell in cells if cell and plain(cell) in known)


def known_headings(dictionary: Dictionary, mapping: Mapping | None) -> frozenset[str]:
    """Return every heading, in plain form, by which a heading line is recognised."""
    groups = list((mapping.columns if mapping else dictionary).values())
    groups.append((mapping.fuel_column,) if mapping else UNREAD)
    return frozenset(plain(heading) for group in groups for heading in group if heading)


def resolve(heading: Sequence[str], dictionary: Dictionary, mapping: Mapping | None) -> Columns:
    """Return where each of our fields stands.

    Raises:
        FileRefusedError: two columns have one heading.
        UnreadableFileError: a column that the mapping names is missing.
    """
    texts = [cell.strip() for cell in heading]
    _refuse_twins(texts)
    places = _mapped(texts, mapping) if mapping else _from_dictionary(texts, dictionary)
    headings = {texts[place]: name for name, place in places.items()}
    ignored = tuple(text for text in texts if text and text not in headings)
    return Columns(len(texts), places, headings, ignored)


def _refuse_twins(texts: Sequence[str]) -> None:
    twins = [text for text, times in Counter(texts).items() if text and times > 1]
    if twins:
        raise FileRefusedError("error_ingest.two_same_headings", heading=twins[0])


def _from_dictionary(texts: Sequence[str], dictionary: Dictionary) -> dict[str, int]:
    """Take for each field its surest heading; a column serves one field only."""
    plains = [plain(text) for text in texts]
    places: dict[str, int] = {}
    for name, headings in dictionary.items():
        for heading in map(plain, headings):
            if heading in plains and plains.index(heading) not in places.values():
                if plains.count(heading) > 1:
                    raise FileRefusedError("error_ingest.two_same_headings", heading=heading)
                places[name] = plains.index(heading)
                break
    return places


def _mapped(texts: Sequence[str], mapping: Mapping) -> dict[str, int]:
    places = {}
    for name, headings in mapping.columns.items():
        found = [_find(texts, heading) for heading in headings]
        if max(found) < 0:
            raise _missing(", ".join(headings), texts)
        places[name] = next(place for place in found if place >= 0)
    if mapping.fuel_column:
        places["fuel"] = _find(texts, mapping.fuel_column)
        if places["fuel"] < 0:
            raise _missing(mapping.fuel_column, texts)
    return places


def _find(texts: Sequence[str], heading: str) -> int:
    if heading.strip() in texts:
        return texts.index(heading.strip())
    plains = [plain(text) for text in texts]
    return plains.index(plain(heading)) if plains.count(plain(heading)) == 1 else -1


def require(columns: Columns, heading: Sequence[str], *groups: tuple[str, ...]) -> None:
    """Return if one field of each group has a column.

    Raises:
        UnreadableFileError: names what is missing and which headings were seen.
    """
    for group in groups:
        if not any(name in columns.places for name in group):
            raise _missing(group[0], heading)


def _missing(wanted: str, seen: Sequence[str]) -> UnreadableFileError:
    headings = ", ".join(text.strip() for text in seen if text.strip())
    return UnreadableFileError("error_ingest.missing_column", wanted=wanted, seen=headings[:500])

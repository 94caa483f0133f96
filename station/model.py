"""The nouns of the house: frozen records and the kinds they come in.

Instants are whole seconds since 1970-01-01 UTC (`sold_at`) or of the station's own clock
(`local_at`); days are whole days since 1970-01-01 of the station's calendar. Money, quantities and
points are integers: minor units of the currency, thousandths of the unit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

EPOCH = date(1970, 1, 1)
DAY_S = 86_400
MILLI = 1000
"""Thousandths in one unit of quantity."""
MINOR_PER_MAJOR = {"JPY": 1, "KRW": 1, "VND": 1}
"""Minor units in one major unit where it is not 100."""


def day_number(day: date) -> int:
    """Return the days from 1970-01-01 to `day`."""
    return (day - EPOCH).days


def day_date(number: int) -> date:
    """Return the date that lies `number` days after 1970-01-01."""
    return EPOCH + timedelta(days=number)


def next_month(day: date) -> date:
    """Return the first day of the month after that of a day."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def minor_per_major(currency: str) -> int:
    """Return how many minor units make one major unit of `currency` (100 unless known better)."""
    return MINOR_PER_MAJOR.get(currency, 100)


def currency_code(currency: str) -> int:
    """Return the number of a three-letter currency: its letters read in base 26, plus one."""
    number = 0
    for letter in currency:
        number = number * 26 + ord(letter) - ord("A")
    return number + 1


def currency_name(code: int) -> str:
    """Return the three letters of a `currency_code`, none for 0."""
    if code <= 0:
        return ""
    high, low = divmod(code - 1, 26)
    return "".join(chr(ord("A") + n) for n in (*divmod(high, 26), low))


class Unit(StrEnum):
    """What a quantity counts. Units are never summed together."""

    LITRE = "l"
    KWH = "kwh"
    CUBIC_METRE = "m3"
    KILOGRAM = "kg"
    PIECE = "pc"


class Fuel(StrEnum):
    """The family of a product; `NONE` is anything that does not drive a vehicle."""

    PETROL = "petrol"
    DIESEL = "diesel"
    GAS = "gas"
    ELECTRIC = "electric"
    OTHER = "other"
    NONE = "none"


class KeyKind(StrEnum):
    """By what a vehicle is recognised."""

    PLATE = "plate"
    CARD = "card"
    FLEET_NO = "fleet_no"
    REF = "ref"


class PlateColour(StrEnum):
    """Colour of a plate; blue and yellow plates of one number are two vehicles."""

    BLUE = "blue"
    YELLOW = "yellow"
    GREEN = "green"
    WHITE = "white"
    BLACK = "black"
    YELLOW_GREEN = "yellow_green"
    UNKNOWN = ""


class SaleKeyKind(StrEnum):
    """What makes a line of a station's file unique, fixed at the source's first import."""

    RECEIPT = "receipt"
    TOTALISER = "totaliser"
    CONTENT = "content"


class StationKind(StrEnum):
    """The surroundings of a station; its mix of customers follows from them."""

    CITY = "city"
    SUBURB = "suburb"
    NATIONAL_ROAD = "national_road"
    MOTORWAY = "motorway"
    COUNTY = "county"
    OTHER = "other"


class Use(StrEnum):
    """What a vehicle is used for (groups of GA/T 16.3, see docs/en/terms.md)."""

    PRIVATE = "private"
    TAXI = "taxi"
    RIDE_HAIL = "ride_hail"
    COACH = "coach"
    TRUCK_LIGHT = "truck_light"
    TRUCK_HEAVY = "truck_heavy"
    ENGINEERING = "engineering"
    OFFICIAL = "official"
    EMERGENCY = "emergency"
    COMPANY_CAR = "company_car"
    TRAINER = "trainer"
    SCHOOL_BUS = "school_bus"
    RENTAL = "rental"
    FARM = "farm"
    OTHER = "other"
    UNKNOWN = "unknown"


class OwnerKind(StrEnum):
    """Whom a vehicle belongs to."""

    PRIVATE = "private"
    COMPANY = "company"
    GOVERNMENT = "government"
    RENTAL = "rental"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Where a statement on a vehicle comes from, the surest first."""

    CARD = "card"
    CONFIRMED = "confirmed"
    INFERRED = "inferred"


class Stability(StrEnum):
    """Does the vehicle belong to this station (docs/en/method.md)?"""

    REGULAR = "regular"
    OCCASIONAL = "occasional"
    NEW = "new"
    PASSING = "passing"


class State(StrEnum):
    """Where a vehicle stands today against its own rhythm."""

    ACTIVE = "active"
    SLOWING = "slowing"
    SHARE_FALLING = "share_falling"
    OVERDUE = "overdue"
    LOST = "lost"
    MOVED = "moved"
    RETURNED = "returned"
    SOLD = "sold"
    FLEET_LEFT = "fleet_left"
    PAUSED = "paused"


COMING = (State.ACTIVE, State.SLOWING, State.SHARE_FALLING, State.RETURNED)
"""Still coming to this station, whatever may be changing."""
AT_RISK = (State.OVERDUE, State.LOST, State.FLEET_LEFT)
"""Gone from the chain, or about to be: what a call may still decide."""
STAYING_AWAY = (*AT_RISK, State.MOVED, State.SOLD, State.PAUSED)
"""Not coming as they used to, for whatever reason."""


class Grade(StrEnum):
    """What a customer is worth to the chain, from the best on; D is known too short, or too little.

    Each has its letter and its colour wherever it is shown.
    """

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Stage(StrEnum):
    """How far a customer has come with the chain, in the order of a life."""

    PROSPECT = "prospect"
    INTENDING = "intending"
    FIRST_PURCHASE = "first_purchase"
    RETURNING = "returning"
    MATURE = "mature"
    DECLINING = "declining"
    LOST = "lost"


class Standing(StrEnum):
    """Where a vehicle of a fleet stands, seen from all stations in view, the best first."""

    ACTIVE = "active"
    SLOWING = "slowing"
    MOVED = "moved"
    OVERDUE = "overdue"
    LOST = "lost"
    IRREGULAR = "irregular"
    UNSEEN = "unseen"


class ContactRole(StrEnum):
    """What somebody is at an organisation."""

    OWNER = "owner"
    MANAGER = "manager"
    LEGAL_REPRESENTATIVE = "legal_representative"
    PURCHASING = "purchasing"
    FINANCE = "finance"
    FLEET_MANAGER = "fleet_manager"
    DRIVER = "driver"
    OTHER = "other"


class AgreementKind(StrEnum):
    """What was agreed with a customer, or offered to him."""

    CONTRACT = "contract"
    FUEL_CARD = "fuel_card"
    PRICE_OFFER = "price_offer"
    DISCOUNT = "discount"
    CREDIT = "credit"


class PaperForm(StrEnum):
    """A form that is printed for a customer with what is known of him."""

    CARD_APPLICATION = "card_application"
    INVOICE_TITLE = "invoice_title"
    COMPLAINT = "complaint"


class LapseReason(StrEnum):
    """Why a regular stays away, as he or the station says."""

    PRICE = "price"
    COMPETITOR_PROMO = "competitor_promo"
    CARD_DEAL = "card_deal"
    SERVICE = "service"
    STAFF_CHANGE = "staff_change"
    QUEUE = "queue"
    QUALITY_DOUBT = "quality_doubt"
    QUANTITY_DOUBT = "quantity_doubt"
    PAYMENT = "payment"
    POINTS = "points"
    COMPLAINT_OPEN = "complaint_open"
    STOCKOUT = "stockout"
    FACILITY = "facility"
    CLOSURE = "closure"
    ROADWORKS = "roadworks"
    ROUTE = "route"
    MOVED_HOME = "moved_home"
    VEHICLE_SOLD = "vehicle_sold"
    ELECTRIC = "electric"
    VEHICLE_IDLE = "vehicle_idle"
    PROJECT_END = "project_end"
    CONTRACT = "contract"
    DRIVER_CHANGE = "driver_change"
    SEASON = "season"
    AWAY = "away"
    ONLY_PASSING = "only_passing"
    NOT_LAPSED = "not_lapsed"
    REFUSED_TO_SAY = "refused_to_say"
    UNKNOWN = "unknown"


class ReasonGroup(StrEnum):
    """Where the cause of a lapse lies: the first of two steps to a reason."""

    PRICE = "price"
    PLACE = "place"
    VEHICLE = "vehicle"
    SERVICE = "service"
    PRODUCT = "product"
    MODEL_ERROR = "model_error"
    UNSAID = "unsaid"


REASONS: dict[ReasonGroup, tuple[LapseReason, ...]] = {
    ReasonGroup.PRICE: (
        LapseReason.PRICE,
        LapseReason.COMPETITOR_PROMO,
        LapseReason.CARD_DEAL,
        LapseReason.POINTS,
        LapseReason.PAYMENT,
    ),
    ReasonGroup.PLACE: (
        LapseReason.ROUTE,
        LapseReason.MOVED_HOME,
        LapseReason.ROADWORKS,
        LapseReason.PROJECT_END,
        LapseReason.AWAY,
        LapseReason.SEASON,
        LapseReason.CLOSURE,
    ),
    ReasonGroup.VEHICLE: (
        LapseReason.VEHICLE_SOLD,
        LapseReason.ELECTRIC,
        LapseReason.VEHICLE_IDLE,
        LapseReason.DRIVER_CHANGE,
        LapseReason.CONTRACT,
    ),
    ReasonGroup.SERVICE: (
        LapseReason.SERVICE,
        LapseReason.QUEUE,
        LapseReason.STAFF_CHANGE,
        LapseReason.FACILITY,
        LapseReason.COMPLAINT_OPEN,
    ),
    ReasonGroup.PRODUCT: (
        LapseReason.QUALITY_DOUBT,
        LapseReason.QUANTITY_DOUBT,
        LapseReason.STOCKOUT,
    ),
    ReasonGroup.MODEL_ERROR: (LapseReason.NOT_LAPSED, LapseReason.ONLY_PASSING),
    ReasonGroup.UNSAID: (LapseReason.REFUSED_TO_SAY, LapseReason.UNKNOWN),
}
"""Every reason, in the group by which it is found."""
RIVALS = (LapseReason.PRICE, LapseReason.COMPETITOR_PROMO, LapseReason.CARD_DEAL)
"""Reasons in which another station has a part: it may be named."""


class CallStatus(StrEnum):
    """Where a planned call stands."""

    PLANNED = "planned"
    DONE = "done"
    CANCELLED = "cancelled"
    MOVED = "moved"


class PlanStatus(StrEnum):
    """Where a month's plan stands; one that was made anew replaces the one before."""

    DRAFT = "draft"
    APPROVED = "approved"
    REPLACED = "replaced"


class CancelReason(StrEnum):
    """Why a planned call is not made."""

    CAME_BACK = "came_back"
    OUR_FAULT = "our_fault"
    RULES = "rules"
    ANOTHER_CALL = "another_call"
    ERASED = "erased"
    REPLANNED = "replanned"
    MANAGER = "manager"


class CallCode(StrEnum):
    """How a call went."""

    OK = "ok"
    OK_PARTIAL = "ok_partial"
    REFUSED = "refused"
    CALLBACK = "callback"
    SECOND_VISIT = "second_visit"
    NOT_OURS = "not_ours"
    WRONG_PERSON = "wrong_person"
    COMPLAINT = "complaint"
    DNC_REQUEST = "dnc_request"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    OFF = "off"
    SUSPENDED = "suspended"
    INVALID = "invalid"
    VOICEMAIL = "voicemail"
    OTHER = "other"


NOT_REACHED = (
    CallCode.NO_ANSWER,
    CallCode.BUSY,
    CallCode.OFF,
    CallCode.SUSPENDED,
    CallCode.INVALID,
    CallCode.VOICEMAIL,
    CallCode.OTHER,
)
"""Nobody was spoken to."""
SPOKEN = (CallCode.OK, CallCode.OK_PARTIAL, CallCode.SECOND_VISIT, CallCode.COMPLAINT)
"""He was spoken to and answered."""


class CallNeed(StrEnum):
    """What a customer wants of us."""

    NONE = "none"
    INVOICE = "invoice"
    CARD = "card"
    DISCOUNT = "discount"
    DELIVERY = "delivery"
    SHOP = "shop"
    WASH = "wash"
    CREDIT = "credit"
    OTHER = "other"


class CallMeasure(StrEnum):
    """What we do after a call."""

    NONE = "none"
    THANKED = "thanked"
    OFFER = "offer"
    MANAGER = "manager"
    REPAIR = "repair"
    CARD_FIX = "card_fix"
    CALL_AGAIN = "call_again"
    VISIT = "visit"
    LET_GO = "let_go"


class ClaimKind(StrEnum):
    """For how long somebody alone may contact a customer: until further, or for this call."""

    PRIVATE = "private"
    LOCK = "lock"


class Released(StrEnum):
    """How a claim ended."""

    DONE = "done"
    GIVEN_BACK = "given_back"
    EXPIRED = "expired"
    RECYCLED = "recycled"
    HANDED_OVER = "handed_over"
    MERGED = "merged"


class Arm(StrEnum):
    """What the lot said of a customer who was due for a win-back call."""

    CALL = "call"
    HOLD = "hold"


class Role(StrEnum):
    """Who a person is to the chain."""

    STAFF = "staff"
    MANAGER = "manager"
    REGIONAL = "regional"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    TILL = "till"


SELF = frozenset({"account.own"})
READ = SELF | {"board.read", "cards.read", "points.read"}
WORK = READ | {
    *("lapse.record", "use.confirm", "contact.reveal", "consent.record"),
    *("customers.edit", "prospects.work", "points.redeem"),
    *("calls.read", "calls.record"),
}
FILES = frozenset({"sales.import", "records.import", "batches.read", "batches.undo"})
ARCHIVIST = frozenset(
    {"rows.export", "privacy.file", "keeper.assign", "contact.reveal_any", "customers.merge"}
)
"""What whoever keeps a station's customer archive may do there beyond his role."""
REPORT = frozenset({"points.report"})
ODDITIES = frozenset({"oddities.read", "oddities.review"})
CALLS = frozenset({"calls.plan", "calls.assign"})
CALLS_REPORT = frozenset({"calls.report"})
KEEP = frozenset(
    WORK
    | (FILES | ARCHIVIST | REPORT | ODDITIES | CALLS | CALLS_REPORT)
    | {"audit.read", "points.reverse", "points.adjust"}
)
GOVERN = frozenset(
    {"users.read", "users.keep", "requests.read", "requests.decide", "stations.keep"}
    | {"archive.keep", "archive.verify", "audit.read", "privacy.file", "privacy.erase"}
)
RIGHTS: dict[Role, frozenset[str]] = {
    Role.STAFF: WORK,
    Role.MANAGER: KEEP,
    Role.REGIONAL: READ
    | REPORT
    | ODDITIES
    | CALLS_REPORT
    | {"batches.read", "rows.export", "audit.read", "requests.read", "requests.decide"},
    Role.ADMINISTRATOR: READ | FILES | GOVERN | REPORT | {"rows.export", "keeper.assign"},
    Role.AUDITOR: SELF
    | {"batches.read", "audit.read", "users.read", "archive.verify", "rows.export"}
    | {"oddities.read"},
    Role.OPERATOR: KEEP | GOVERN,
    Role.TILL: frozenset({"points.read", "points.redeem", "points.reverse", "sales.import"}),
}
"""What each role may do; services name the right they need."""
CHAIN_ONLY = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles that are held for the whole chain or not at all."""
NOBODYS = frozenset({Role.OPERATOR, Role.TILL})
"""Roles that no account is given: whoever keeps the files has one, a terminal's key the other."""


class Act(StrEnum):
    """What the audit log tells of."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    CARD_OPENED = "card_opened"
    REVEAL = "reveal"
    EXPORT = "export"
    IMPORT = "import"
    UNDO = "undo"
    CHANGE = "change"
    REQUEST = "request"
    APPROVAL = "approval"
    DECLINE = "decline"
    REFUSAL = "refusal"
    ERASURE = "erasure"
    PERSON_FILE = "person_file"
    KEEPING = "keeping"


class OdditySort(StrEnum):
    """Of what something is worth a look."""

    CARD = "card"
    VEHICLE = "vehicle"
    MEMBER = "member"
    ACCOUNT = "account"


class OddityState(StrEnum):
    """What was found out of something that was worth a look."""

    OPEN = "open"
    EXPLAINED = "explained"
    COACHED = "coached"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"


CLOSED = (OddityState.EXPLAINED, OddityState.COACHED, OddityState.CONFIRMED)
"""Nothing more is to be done, unless it comes again."""


class PointAccount(StrEnum):
    """Where points are; each account of a lot is a sum of entries."""

    MEMBER = "member"
    HELD = "held"
    DEBT = "debt"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"


class PointMove(StrEnum):
    """What a transaction of points does."""

    EARN = "earn"
    REDEEM = "redeem"
    HOLD = "hold"
    CONFIRM = "confirm"
    RELEASE = "release"
    REVERSE = "reverse"
    REFUND = "refund"
    ADJUST = "adjust"
    EXPIRE = "expire"
    TRANSFER = "transfer"
    FREEZE = "freeze"
    THAW = "thaw"
    CLOSE = "close"


class Purpose(StrEnum):
    """For what a customer may be addressed."""

    SERVICE = "service"
    MARKETING = "marketing"
    CARE = "care"


class CallPurpose(StrEnum):
    """For what a customer is called."""

    WIN_BACK = "win_back"
    KEEP = "keep"  # as often as his grade asks
    PROSPECT = "prospect"
    CARE = "care"
    AFTERCARE = "aftercare"  # of a complaint
    FIRST_PURCHASE = "first_purchase"
    THIRD_VISIT = "third_visit"
    SERVICE = "service"


CONSENT_TO: Mapping[CallPurpose, Purpose] = {
    CallPurpose.WIN_BACK: Purpose.MARKETING,
    CallPurpose.KEEP: Purpose.MARKETING,
    CallPurpose.PROSPECT: Purpose.MARKETING,
    CallPurpose.CARE: Purpose.CARE,
    CallPurpose.AFTERCARE: Purpose.SERVICE,
    CallPurpose.FIRST_PURCHASE: Purpose.CARE,
    CallPurpose.THIRD_VISIT: Purpose.CARE,
    CallPurpose.SERVICE: Purpose.SERVICE,
}
"""To what a customer must have agreed to be called for it; marketing is selling."""


class Channel(StrEnum):
    """By what way a customer is addressed."""

    PHONE = "phone"
    SMS = "sms"
    WECHAT = "wechat"
    EMAIL = "email"
    VISIT = "visit"


class ConsentSource(StrEnum):
    """How a customer said that he agrees, or that he no longer does."""

    PAPER = "paper"
    COUNTER = "counter"
    CALL = "call"
    ONLINE = "online"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a customer said on a day; a later day counts more, on one day the later word."""

    customer_id: int
    purpose: Purpose
    channel: Channel
    given: bool
    source: ConsentSource
    text_version: str
    on_day: int
    account: str
    written_at: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks and which stations he may see. Made by `services.access` only.

    `station_ids` holds every station in sight, `rights` for each right the stations where he has
    it. `person` is who he is, whatever his accounts. `version` is that of the rights when this
    was made; none for whoever keeps the files. `key_hash` is that of the key of terminal
    `terminal_id`, if a till asks.
    """

    account: str
    role: Role
    station_ids: frozenset[int]
    rights: Mapping[str, frozenset[int]]
    account_id: int = 0
    person: str = ""
    version: int | None = None
    session_id: int = 0
    address: str = ""
    terminal_id: int = 0
    key_hash: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, held at a station, in a region, or (neither named) in the whole chain."""

    role: Role
    station_id: int | None = None
    region: str = ""
    from_day: int = 0
    to_day: int | None = None


@dataclass(frozen=True, slots=True)
class Station:
    """One retail site. `day_starts_at_min` and `night_ends_at_min` are minutes after midnight.

    `calls_per_week` is how many customers its staff can call in a week.
    """

    code: str
    name: str = ""
    region: str = ""
    kind: StationKind = StationKind.OTHER
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    province: str = ""
    day_starts_at_min: int = 0
    night_ends_at_min: int = 480
    calls_per_week: int = 20


@dataclass(frozen=True, slots=True)
class VehicleKey:
    """By which text a line names its vehicle; `flags` are remarks of the plate normaliser."""

    kind: KeyKind
    text: str
    colour: PlateColour = PlateColour.UNKNOWN
    plate_kind: str = ""
    energy: str = ""
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A grade after normalising: `code` such as G92, D0, CNG, UREA, or the file's own words."""

    code: str
    fuel: Fuel
    unit: Unit


@dataclass(frozen=True, slots=True)
class Sale:
    """One line of a receipt.

    `natural_key` is unique within a station. A negative quantity is a reversal or refund;
    `reverses_hint` then holds the receipt number it names, if it names one. `serial_no` is the
    till's running number, `meter_from_milli` and `meter_to_milli` the nozzle's totaliser.
    """

    station: str
    key_kind: SaleKeyKind
    natural_key: str
    vehicle: VehicleKey | None
    card_no: str
    sold_at: int
    local_at: int
    has_time: bool
    business_day: int
    product: str
    fuel: Fuel
    quantity_milli: int
    unit: Unit
    amount_minor: int
    currency: str
    receipt_no: str = ""
    nozzle: str = ""
    reverses_hint: str = ""
    serial_no: int | None = None
    meter_from_milli: int | None = None
    meter_to_milli: int | None = None


class TotalKind(StrEnum):
    """Of what a till tells a day's total: a grade, a nozzle's position, a grade's pump tests."""

    GRADE = "grade"
    POSITION = "position"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """What a till says it sold in a business day."""

    kind: TotalKind
    name: str
    business_day: int
    quantity_milli: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that could not be taken; `reason` is a key of locale/*/reason.toml, `facts` fill it."""

    line_no: int
    reason: str
    raw: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IgnoredRow:
    """A row that moved nothing sold; `reason` is a key of locale/*/reason.toml."""

    line_no: int
    reason: str


@dataclass(frozen=True, slots=True)
class SaleRow:
    """A sale with its place in the file: what an import hands on."""

    line_no: int
    raw: str
    sale: Sale


ReadRow = SaleRow | RejectedRow | IgnoredRow
"""What reading one row of a sales file gives."""


@dataclass(frozen=True, slots=True)
class VehicleRecord:
    """What a vehicle file says of one vehicle."""

    key: VehicleKey
    use: Use = Use.UNKNOWN
    owner_kind: OwnerKind = OwnerKind.UNKNOWN
    owner_code: str = ""
    vehicle_type: str = ""
    since_day: int | None = None


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """What a customer file says of one customer.

    `name` is the person, of an organisation whom to ask for; `phone` is E.164. `facts` are what
    else the file tells, by field. None is stored before it is sealed where it must be, and no
    printed record shows them.
    """

    code: str
    is_organisation: bool
    owner_kind: OwnerKind
    organisation_name: str = ""
    station: str = ""
    since_day: int | None = None
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    facts: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class CardRecord:
    """What a card file says of one card."""

    number: str
    kind: str = ""
    customer_code: str = ""
    plate: VehicleKey | None = None
    since_day: int | None = None


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """The account of one import: `rows` is always the sum of the other five."""

    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0
    ignored: int = 0

    @property
    def rows(self) -> int:
        """Every record below the heading but blank lines."""
        return self.accepted + self.duplicates + self.conflicts + self.rejected + self.ignored

    def __add__(self, other: "ImportCounts") -> "ImportCounts":
        return ImportCounts(
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            self.conflicts + other.conflicts,
            self.rejected + other.rejected,
            self.ignored + other.ignored,
        )


class CouponState(StrEnum):
    """Where a coupon is in its life."""

    ISSUED = "issued"
    USED = "used"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class CouponAct(StrEnum):
    """What is done with a coupon."""

    ISSUE = "issue"
    USE = "use"  # a reward is handed out
    LAPSE = "lapse"
    WITHDRAW = "withdraw"
    REFUND = "refund"  # the whole purchase it was used for was taken back


@dataclass(frozen=True, slots=True)
class Lot:
    """One earning: `left` may be spent, `held` is set apart, `lapsed` ran out, `taken` went back.

    `owed` is what a refund could not take back any more; the next earning pays it.
    """

    id: int
    customer_id: int
    points: int
    expires_day: int | None
    left: int = 0
    held: int = 0
    owed: int = 0
    lapsed: int = 0
    taken: int = 0

    def counts(self, day: int) -> bool:
        """Return whether its points may still be spent on a day."""
        return self.expires_day is None or day <= self.expires_day

    def after(self, entry: "PointEntry") -> "Lot":
        """Return the lot as an entry leaves it."""
        match entry.account:
            case PointAccount.MEMBER:
                return replace(self, left=self.left + entry.points)
            case PointAccount.HELD:
                return replace(self, held=self.held + entry.points)
            case PointAccount.DEBT:
                return replace(self, owed=self.owed - entry.points)
            case PointAccount.EXPIRED:
                return replace(self, lapsed=self.lapsed + entry.points)
            case PointAccount.ISSUED if entry.points > 0:
                return replace(self, taken=self.taken + entry.points)
        return self


@dataclass(frozen=True, slots=True)
class LotPart:
    """So many points of a lot."""

    lot_id: int
    points: int


@dataclass(frozen=True, slots=True)
class PointEntry:
    """One movement: added, never changed."""

    account: PointAccount
    lot_id: int
    points: int


@dataclass(frozen=True, slots=True)
class LotOpening:
    """A lot that a draft opens; its entries call the first such lot -1, the next -2."""

    customer_id: int
    points: int
    expires_day: int | None


@dataclass(frozen=True, slots=True)
class PointDraft:
    """A transaction that may be booked; `points` is how many it is about."""

    move: PointMove
    points: int
    entries: tuple[PointEntry, ...] = ()
    opened: tuple[LotOpening, ...] = ()

    def __post_init__(self) -> None:
        if sum(entry.points for entry in self.entries):
            raise ValueError(f"a {self.move} that does not sum to nothing")


Progress = Callable[[int, int], None]
"""Called with (done, total) during long work; total 0 means unknown."""


def quiet(_done: int, _total: int) -> None:
    """Show no progress."""

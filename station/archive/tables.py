"""The tables of the archive, as SQLAlchemy Core sees them; archive/migrations/ builds them.

Instants are seconds since 1970-01-01 UTC, `local_at` the same on the station's own clock, days are
days since 1970-01-01; quantities are thousandths of `unit`, money minor units of `currency`.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TAIL_LENGTH = 4
"""Characters at the end of a plate by which it is looked for."""
Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only in INTEGER keys

meta = Table(
    "meta",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Counters of the archive itself; `data_version` rises with every change."""

stations = Table(
    "stations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("region", String(80), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("zone", String(40), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("province", String(2), nullable=False),
    Column("day_starts_at_min", SmallInteger, nullable=False),
    Column("night_ends_at_min", SmallInteger, nullable=False),
    Column("archivist_id", ForeignKey("accounts.id")),
    Column("calls_per_week", SmallInteger, nullable=False, server_default="20"),
)
"""`archivist_id` names who keeps the station's customer archive."""

sources = Table(
    "sources",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("source", String(80), primary_key=True),
    Column("key_kind", String(10), nullable=False),
)
"""How the lines of a station's source are told apart, fixed at its first import."""

customers = Table(
    "customers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(80), nullable=False, unique=True),
    Column("is_organisation", SmallInteger, nullable=False),
    Column("owner_kind", String(12), nullable=False),
    Column("organisation_name", String(200), nullable=False),
    Column("station_id", ForeignKey("stations.id")),
    Column("since_day", Integer),
    Column("name_sealed", LargeBinary),  # the person, or whom to ask for at an organisation
    Column("phone_sealed", LargeBinary),
    Column("phone_index", String(64), index=True),  # keyed hash by which a phone is found
    Column("keeper_id", ForeignKey("accounts.id"), index=True),
    Column("erased_at", BigInteger),
    Column("name_index", String(64), index=True),  # keyed hash by which a name is found
    Column("made_at", BigInteger, index=True),  # none: before it was written down
    Column("made_by", String(80), nullable=False, server_default=""),
    Column("merged_into", ForeignKey("customers.id"), index=True),
    Index(
        "ix_customers_organisation_name",
        "organisation_name",
        sqlite_where=text("organisation_name <> ''"),
        postgresql_where=text("organisation_name <> ''"),
    ),
)
"""`merged_into` is the customer this one was found to be, at the end of all merges."""

vehicles = Table(
    "vehicles",
    metadata,
    Column("id", Id, primary_key=True),
    Column("use", String(20), nullable=False),
    Column("use_source", String(10), nullable=False),
    Column("owner_kind", String(12), nullable=False),
    Column("owner_source", String(10), nullable=False),
    Column("vehicle_type", String(40), nullable=False),
)

vehicle_keys = Table(
    "vehicle_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("text", String(64), nullable=False),
    Column("tail", String(TAIL_LENGTH), nullable=False, server_default="", index=True),
    Column("colour", String(12), nullable=False),
    Column("plate_kind", String(20), nullable=False),
    Column("energy", String(10), nullable=False),
    Column("flags", String(80), nullable=False),
    Column("valid_from_day", Integer, nullable=False, server_default="0"),
    Column("valid_to_day", Integer),
    UniqueConstraint("kind", "text", "colour", "valid_from_day"),
)
"""`tail` is the end of `text`, by which people look for a plate."""

vehicle_owners = Table(
    "vehicle_owners",
    metadata,
    Column("id", Id, primary_key=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("from_day", Integer, nullable=False),
    Column("to_day", Integer),
    UniqueConstraint("vehicle_id", "customer_id", "from_day"),
)

cards = Table(
    "cards",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(40), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
)

card_links = Table(
    "card_links",
    metadata,
    Column("id", Id, primary_key=True),
    Column("card_id", ForeignKey("cards.id"), nullable=False),
    Column("customer_id", ForeignKey("customers.id"), index=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), index=True),
    Column("from_day", Integer, nullable=False),
    Column("to_day", Integer),
    UniqueConstraint("card_id", "customer_id", "vehicle_id", "from_day"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(10), nullable=False),  # sales, stations, customers, vehicles, cards
    Column("source", String(80), nullable=False),
    Column("file_name", String(255), nullable=False),
    Column("file_hash", String(64), nullable=False, index=True),
    Column("whole_file", SmallInteger, nullable=False),
    Column("status", String(6), nullable=False),  # open, done, undone
    Column("account", String(80), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("accepted", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("conflicts", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
)

batch_stations = Table(
    "batch_stations",
    metadata,
    Column("batch_id", ForeignKey("batches.id"), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
)
"""Whose sales an import brought; what a person may see and undo of it follows from that."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False, index=True),
    Column("line_no", Integer, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("row_sealed", LargeBinary, nullable=False),  # raw text and facts as JSON
)
"""Rows that could not be taken; what they say is sealed, for it may name persons."""

products = Table(
    "products",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(60), nullable=False),
    Column("fuel", String(10), nullable=False),
    Column("unit", String(4), nullable=False),
    UniqueConstraint("code", "fuel", "unit"),
)

sales = Table(
    "sales",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("key_kind", String(10), nullable=False),
    Column("natural_key", String(200), nullable=False),
    Column("key_id", ForeignKey("vehicle_keys.id"), index=True),  # none: no vehicle known
    Column("card_no", String(40), nullable=False),
    Column("sold_at", BigInteger, nullable=False),
    Column("local_at", BigInteger, nullable=False),
    Column("has_time", SmallInteger, nullable=False),
    Column("business_day", Integer, nullable=False),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("quantity_milli", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("receipt_no", String(60), nullable=False),
    Column("nozzle", String(20), nullable=False),
    Column("serial_no", BigInteger),  # the till's running number
    Column("meter_from_milli", BigInteger),  # the nozzle's totaliser before and after
    Column("meter_to_milli", BigInteger),
    Column("reverses", ForeignKey("sales.id")),
    Column("voided", SmallInteger, nullable=False, server_default="0"),
    Index(
        "uq_sales_natural_key",
        "station_id",
        "natural_key",
        unique=True,
        sqlite_where=text("voided = 0"),
        postgresql_where=text("voided = 0"),
    ),
    Index("ix_sales_receipt", "station_id", "receipt_no"),
    Index("ix_sales_local", "station_id", "local_at"),
    Index(
        "ix_sales_reverses",
        "reverses",
        sqlite_where=text("reverses IS NOT NULL"),
        postgresql_where=text("reverses IS NOT NULL"),
    ),
)
"""Append-only: a trigger refuses DELETE and any UPDATE but of `voided`."""

control_totals = Table(
    "control_totals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("business_day", Integer, nullable=False),
    Column("kind", String(10), nullable=False),  # grade, position
    Column("name", String(40), nullable=False),
    Column("quantity_milli", BigInteger, nullable=False),
    Column("amount_minor", BigInteger),
    UniqueConstraint("station_id", "business_day", "kind", "name", "batch_id"),
)
"""What a till says it sold in a day; imported sales must add up to it."""

lapse_notes = Table(
    "lapse_notes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("note_sealed", LargeBinary),  # AES-GCM, see guard/seal.py
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
"""Why a regular stays away, as staff heard it; append-only, the newest counts."""

alarms = Table(
    "alarms",
    metadata,
    Column("vehicle_id", ForeignKey("vehicles.id"), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("last_day", Integer, nullable=False),
    Column("alarm_day", Integer, nullable=False),
    Column("lost_day", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # on the day it was worked out
    Column("worth", Float, nullable=False),  # what a call may decide, major units a month
    Index("ix_alarms_alarm_day", "station_id", "alarm_day"),
)
"""When each regular becomes overdue and lost if it does not come; derived, and may be emptied."""

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("person", String(40), nullable=False),
    Column("password_hash", String(200)),  # none until the person has chosen one
    Column("subject", String(200), unique=True),  # who he is to the chain's own sign-in
    Column("is_demo", SmallInteger, nullable=False, server_default="0"),
    Column("made_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)
"""Who may sign in; two accounts with one `person` (staff number) are one person."""

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("expires_at", BigInteger, nullable=False),
)
"""Links that work once: whoever opens one chooses the account's password."""

grants = Table(
    "grants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("station_id", ForeignKey("stations.id")),
    Column("region", String(80), nullable=False),  # neither station nor region: the whole chain
    Column("from_day", Integer, nullable=False),
    Column("to_day", Integer),
    Column("made_by", String(80), nullable=False),
    Column("approved_by", String(80), nullable=False),
)
"""Which role an account has where and when; `to_day` is the first day it no longer holds."""

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("kind", String(8), nullable=False),  # browser, token
    Column("address", String(64), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("account_hash", String(64), nullable=False),  # people type passwords into that box
    Column("address", String(64), nullable=False),
    Index("ix_attempts_address_at", "address", "at"),
)
"""Passwords that were looked at and found wrong; too many, and no more are looked at.

So are telephones that were looked up and are nobody's, under the account that asked.
"""

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("account", String(80), nullable=False),
    Column("person", String(40), nullable=False),
    Column("address", String(64), nullable=False),
    Column("act", String(20), nullable=False),
    Column("object", String(120), nullable=False),
    Column("station_id", Integer),
    Column("count", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("digest", String(64), nullable=False),  # of this event
    Column("hash", String(64), nullable=False),  # of the digest and the hash before
    Index("ix_audit_account_act_at", "account", "act", "at"),
)
"""Append-only and chained; what an event says may be blanked after its time, never its hashes."""

requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("payload", Text, nullable=False),  # JSON
    Column("reason", Text, nullable=False),
    Column("maker", String(80), nullable=False),
    Column("maker_person", String(40), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("status", String(10), nullable=False),  # open, approved, declined
    Column("checker", String(80), nullable=False),
    Column("checker_person", String(40), nullable=False),
    Column("decided_at", BigInteger),
)
"""What needs two people: asked for by one, decided by another."""

consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("purpose", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("given", SmallInteger, nullable=False),
    Column("source", String(40), nullable=False),
    Column("text_version", String(40), nullable=False),
    Column("on_day", Integer, nullable=False),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
"""What a customer agreed to or withdrew; append-only, the newest of its kind counts."""

erasures = Table(
    "erasures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("code_index", String(64), nullable=False),  # keyed hash of the code he had
    Column("at", BigInteger, nullable=False),
    Column("account", String(80), nullable=False),
    Column("reason", String(40), nullable=False),
)
"""Who was erased, told without saying who; also kept beside the archive for older backups."""

station_changes = Table(
    "station_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("field", String(24), nullable=False),
    Column("old", String(80), nullable=False),
    Column("new", String(80), nullable=False),
    Column("from_day", Integer, nullable=False),
    Column("applied_at", BigInteger),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)
"""The history of a station's settings; one that lies ahead is applied on its day."""

oddities = Table(
    "oddities",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("sort", String(8), nullable=False),  # card, vehicle, member, account
    Column("subject", String(64), nullable=False),  # a card's number, else an id
    Column("kind", String(40), nullable=False),
    Column("week_day", Integer, nullable=False),  # Monday of the week it was listed in last
    Column("rank", SmallInteger, nullable=False),
    Column("chance", Float, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("litres_milli", BigInteger, nullable=False),
    Column("evidence", Text, nullable=False),  # JSON: sign, numbers, and which fills or deeds
    Column("state", String(10), nullable=False),
    UniqueConstraint("station_id", "sort", "subject"),
    Index("ix_oddities_week_day", "station_id", "week_day"),
)
"""What is worth a look at a station; a subject has one case there, listed again if need be."""

oddity_steps = Table(
    "oddity_steps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("oddity_id", ForeignKey("oddities.id"), nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("account", String(80), nullable=False),
    Column("person", String(40), nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("until_day", Integer),  # how long an explanation holds
    Column("signs", Text, nullable=False),  # JSON: how many fills bore each sign then
    Column("words_sealed", LargeBinary),
)
"""What was found out of a case and by whom, one step after the other."""

oddity_accounts = Table(
    "oddity_accounts",
    metadata,
    Column("oddity_id", ForeignKey("oddities.id"), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
)
"""Whose own doings a case points at: he is not shown it, and does not review it."""

terminals = Table(
    "terminals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("keyed_at", BigInteger, nullable=False),  # when its key was made
    Column("seen_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("number", String(40), nullable=False, server_default=""),  # as the files of it say
    Column("key_for", String(80)),  # the account that may have its new key shown, once
)
"""Tills that may ask; none is ever deleted, for the ledger and the log name them."""

till_receipts = Table(
    "till_receipts",
    metadata,
    Column("terminal_id", ForeignKey("terminals.id"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("answer", Text, nullable=False),  # JSON of numbers: what came in, points, what is left
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What a till was told of each receipt it sent, under the key it sent it with."""

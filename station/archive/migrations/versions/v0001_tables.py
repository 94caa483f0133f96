"""Make the tables of the first archive, and the triggers that keep them append-only.

The tables stand here as they were on that day; station/archive/tables.py may have moved on.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
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
)

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
)

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
    Column("colour", String(12), nullable=False),
    Column("plate_kind", String(20), nullable=False),
    Column("energy", String(10), nullable=False),
    Column("flags", String(80), nullable=False),
    Column("valid_from_day", Integer, nullable=False, server_default="0"),
    Column("valid_to_day", Integer),
    UniqueConstraint("kind", "text", "colour", "valid_from_day"),
)

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

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False, index=True),
    Column("line_no", Integer, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("facts", Text, nullable=False),  # JSON object of strings
    Column("raw", Text, nullable=False),
)

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

revision = "0001"
down_revision = None

SQLITE_TRIGGERS = """
CREATE TRIGGER sales_keep BEFORE DELETE ON sales
BEGIN SELECT raise(ABORT, 'sales are append-only'); END;
CREATE TRIGGER sales_fixed BEFORE UPDATE OF {columns} ON sales
BEGIN SELECT raise(ABORT, 'sales are append-only'); END;
CREATE TRIGGER lapse_notes_keep BEFORE DELETE ON lapse_notes
BEGIN SELECT raise(ABORT, 'lapse_notes are append-only'); END;
CREATE TRIGGER lapse_notes_fixed BEFORE UPDATE ON lapse_notes
BEGIN SELECT raise(ABORT, 'lapse_notes are append-only'); END;
"""

POSTGRESQL_TRIGGERS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' are append-only'; END $$;
CREATE TRIGGER sales_keep BEFORE DELETE OR UPDATE OF {columns} ON sales
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER sales_stay BEFORE TRUNCATE ON sales
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER lapse_notes_keep BEFORE DELETE OR UPDATE ON lapse_notes
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER lapse_notes_stay BEFORE TRUNCATE ON lapse_notes
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make everything; there is no way down from the first form."""
    conn = op.get_bind()
    metadata.create_all(conn)
    conn.execute(meta.insert().values(name="data_version", value=0))
    columns = ", ".join(column.name for column in sales.c if column.name != "voided")
    for trigger in _triggers(conn.dialect.name):
        conn.exec_driver_sql(trigger.replace("{columns}", columns))


def _triggers(dialect: str) -> list[str]:
    """Return the statements one by one; each begins a line with CREATE."""
    script = SQLITE_TRIGGERS if dialect == "sqlite" else POSTGRESQL_TRIGGERS
    return [f"CREATE {body}" for body in script.split("\nCREATE ")[1:]]

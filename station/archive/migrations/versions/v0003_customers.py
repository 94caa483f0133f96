"""What is known of customers beyond who they are; meters and serials of sales; control totals.

The tables stand here as they were on that day; those of the archive may have moved on.
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

revision = "0003"
down_revision = "0002"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")

for _name, _id in (
    ("stations", Integer),
    ("batches", Integer),
    ("customers", Id),
    ("vehicles", Id),
):
    Table(_name, metadata, Column("id", _id, primary_key=True))  # made by 0001

Table(
    "customer_fields",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("field", String(40), nullable=False),
    Column("value", String(200), nullable=False),  # empty where the field is sealed
    Column("value_sealed", LargeBinary),
    UniqueConstraint("customer_id", "field"),
    Index("ix_customer_fields_value", "field", "value"),
)
Table(
    "field_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("field", String(40), nullable=False),
    Column("old_sealed", LargeBinary),  # none: nothing was known
    Column("new_sealed", LargeBinary),  # none: it was taken away
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("reason", String(200), nullable=False),
)
Table(
    "field_checks",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("field", String(40), primary_key=True),
    Column("checked_day", Integer, nullable=False),
    Column("is_good", SmallInteger, nullable=False),
    Column("account", String(80), nullable=False),
)
Table(
    "contact_persons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("role", String(20), nullable=False),
    Column("name_sealed", LargeBinary),
    Column("name_index", String(64), index=True),
    Column("phone_sealed", LargeBinary),
    Column("phone_index", String(64), index=True),
    Column("checked_day", Integer),
    Column("from_day", Integer, nullable=False),
    Column("to_day", Integer),
)
Table(
    "agreements",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("terms_sealed", LargeBinary),
    Column("from_day", Integer, nullable=False),
    Column("to_day", Integer),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
Table(
    "settlements",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("period_end_day", Integer, nullable=False),
    Column("settled_day", Integer, nullable=False),
    Column("account", String(80), nullable=False),
    UniqueConstraint("customer_id", "period_end_day"),
)
Table(
    "customer_notes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("words_sealed", LargeBinary),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
Table(
    "occasions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("words_sealed", LargeBinary, nullable=False),  # month, day, year, calendar, note: JSON
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
Table(
    "attachments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("content_sealed", LargeBinary, nullable=False),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
Table(
    "prospects",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("source", String(20), nullable=False),
    Column("reliability", String(1), nullable=False),  # A to D
    Column("belongs", String(12), nullable=False),  # ours, rivals, nobodys
    Column("standing", String(10), nullable=False, index=True),  # open, paused, given_up, won
    Column("pause_until_day", Integer),
    Column("event", String(80), nullable=False),
    Column("account", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("won_day", Integer),
)
Table(
    "registrations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("words_sealed", LargeBinary),  # name, phone, plate, consents: JSON
    Column("made_at", BigInteger, nullable=False),
    Column("status", String(10), nullable=False),  # waiting, confirmed, declined
    Column("reward", String(80), nullable=False),
    Column("customer_id", ForeignKey("customers.id"), index=True),
    Column("account", String(80), nullable=False),
    Column("decided_at", BigInteger),
)
Table(
    "tags",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id")),
    Column("vehicle_id", ForeignKey("vehicles.id")),
    Column("tag", String(40), nullable=False),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
    UniqueConstraint("customer_id", "tag"),
    UniqueConstraint("vehicle_id", "tag"),
    Index("ix_tags_tag", "tag"),
)
Table(
    "saved_filters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String(80), nullable=False),
    Column("name", String(80), nullable=False),
    Column("is_shared", SmallInteger, nullable=False),
    Column("conditions", Text, nullable=False),  # JSON
    Column("made_at", BigInteger, nullable=False),
    UniqueConstraint("account", "name"),
)
Table(
    "merges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kept_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("gone_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("account", String(80), nullable=False),
    Column("merged_at", BigInteger, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("undone_at", BigInteger),
    Column("undone_by", String(80), nullable=False),
    Index(
        "uq_merges_gone_id",
        "gone_id",
        unique=True,
        sqlite_where=text("undone_at IS NULL"),
        postgresql_where=text("undone_at IS NULL"),
    ),
)
Table(
    "strangers",
    metadata,
    Column("low_id", ForeignKey("customers.id"), primary_key=True),
    Column("high_id", ForeignKey("customers.id"), primary_key=True),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
Table(
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
Table(
    "batch_steps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False, index=True),
    Column("table_name", String(20), nullable=False),
    Column("row_id", BigInteger),  # none: the row was taken out again
    Column("is_new", SmallInteger, nullable=False),
    Column("told", Text, nullable=False),  # JSON: what stood and what was put, by column
    Column("outcome", String(4), nullable=False, server_default=""),
    Index("ix_batch_steps_row", "table_name", "row_id"),
)

COLUMNS = """
ALTER TABLE customers ADD COLUMN name_index VARCHAR(64);
ALTER TABLE customers ADD COLUMN made_at BIGINT;
ALTER TABLE customers ADD COLUMN made_by VARCHAR(80) NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN merged_into {id}
  CONSTRAINT fk_customers_merged_into REFERENCES customers (id);
ALTER TABLE vehicle_keys ADD COLUMN tail VARCHAR(4) NOT NULL DEFAULT '';
UPDATE vehicle_keys SET tail = substr(text, length(text) - 3) WHERE length(text) > 3;
UPDATE vehicle_keys SET tail = text WHERE length(text) <= 3;
ALTER TABLE sales ADD COLUMN serial_no BIGINT;
ALTER TABLE sales ADD COLUMN meter_from_milli BIGINT;
ALTER TABLE sales ADD COLUMN meter_to_milli BIGINT;
CREATE INDEX ix_customers_name_index ON customers (name_index);
CREATE INDEX ix_customers_made_at ON customers (made_at);
CREATE INDEX ix_customers_merged_into ON customers (merged_into);
CREATE INDEX ix_customers_organisation_name ON customers (organisation_name)
  WHERE organisation_name <> '';
CREATE INDEX ix_vehicle_keys_tail ON vehicle_keys (tail);
"""
FIXED_CHANGES = "id, customer_id, field, account, written_at, reason"
FIXED_SALES = "serial_no, meter_from_milli, meter_to_milli"

# A change may be sealed anew; with the person it leaves.
SQLITE_TRIGGERS = (
    f"""CREATE TRIGGER field_changes_fixed BEFORE UPDATE OF {FIXED_CHANGES} ON field_changes
BEGIN SELECT raise(ABORT, 'field_changes are append-only'); END""",
    """CREATE TRIGGER field_changes_keep BEFORE DELETE ON field_changes
WHEN (SELECT erased_at FROM customers WHERE id = OLD.customer_id) IS NULL
BEGIN SELECT raise(ABORT, 'field_changes are append-only'); END""",
    f"""CREATE TRIGGER sales_meters_fixed BEFORE UPDATE OF {FIXED_SALES} ON sales
BEGIN SELECT raise(ABORT, 'sales are append-only'); END""",
)
POSTGRESQL_TRIGGERS = (
    f"""CREATE TRIGGER field_changes_fixed BEFORE UPDATE OF {FIXED_CHANGES} ON field_changes
FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE FUNCTION refuse_unless_erased() RETURNS trigger AS $$ BEGIN
IF (SELECT erased_at FROM customers WHERE id = OLD.customer_id) IS NULL THEN
RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' are append-only'; END IF;
RETURN OLD; END $$ LANGUAGE plpgsql""",
    """CREATE TRIGGER field_changes_keep BEFORE DELETE ON field_changes
FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased()""",
    f"""CREATE TRIGGER sales_meters_fixed BEFORE UPDATE OF {FIXED_SALES} ON sales
FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
)


def upgrade() -> None:
    """Make the new tables and widen the old ones."""
    conn = op.get_bind()
    metadata.create_all(conn)
    is_sqlite = conn.dialect.name == "sqlite"
    columns = COLUMNS.replace("{id}", "INTEGER" if is_sqlite else "BIGINT")
    for statement in columns.strip().split(";\n"):
        conn.exec_driver_sql(statement.rstrip(";"))
    for statement in SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS:
        conn.exec_driver_sql(statement)

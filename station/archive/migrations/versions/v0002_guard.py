"""Accounts, grants, sessions, audit, consents, erasures; contacts and rejected rows sealed.

The tables stand here as they were on that day; station/archive/tables.py may have moved on.
Rejected rows of earlier imports are dropped: they cannot be sealed here, where no key is known,
and lie in the files that were written beside their imports.
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
)

revision = "0002"
down_revision = "0001"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")

for _name, _id in (("stations", Integer), ("customers", Id), ("batches", Integer)):
    Table(_name, metadata, Column("id", _id, primary_key=True))  # made by 0001

Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("person", String(40), nullable=False),
    Column("password_hash", String(200)),
    Column("subject", String(200), unique=True),
    Column("is_demo", SmallInteger, nullable=False, server_default="0"),
    Column("made_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)
Table(
    "invitations",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("expires_at", BigInteger, nullable=False),
)
Table(
    "grants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("station_id", ForeignKey("stations.id")),
    Column("region", String(80), nullable=False),
    Column("from_day", Integer, nullable=False),
    Column("to_day", Integer),
    Column("made_by", String(80), nullable=False),
    Column("approved_by", String(80), nullable=False),
)
Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("address", String(64), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("account_hash", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Index("ix_attempts_address_at", "address", "at"),
)
Table(
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
    Column("digest", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_account_act_at", "account", "act", "at"),
)
Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("payload", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("maker", String(80), nullable=False),
    Column("maker_person", String(40), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("status", String(10), nullable=False),
    Column("checker", String(80), nullable=False),
    Column("checker_person", String(40), nullable=False),
    Column("decided_at", BigInteger),
)
Table(
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
Table(
    "erasures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("code_index", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("account", String(80), nullable=False),
    Column("reason", String(40), nullable=False),
)
Table(
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
Table(
    "batch_stations",
    metadata,
    Column("batch_id", ForeignKey("batches.id"), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
)
Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False, index=True),
    Column("line_no", Integer, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("row_sealed", LargeBinary, nullable=False),
)

COLUMNS = """
ALTER TABLE customers ADD COLUMN name_sealed {bytes};
ALTER TABLE customers ADD COLUMN phone_sealed {bytes};
ALTER TABLE customers ADD COLUMN phone_index VARCHAR(64);
ALTER TABLE customers ADD COLUMN keeper_id INTEGER
  CONSTRAINT fk_customers_keeper_id REFERENCES accounts (id);
ALTER TABLE customers ADD COLUMN erased_at BIGINT;
ALTER TABLE stations ADD COLUMN archivist_id INTEGER
  CONSTRAINT fk_stations_archivist_id REFERENCES accounts (id);
CREATE INDEX ix_customers_phone_index ON customers (phone_index);
CREATE INDEX ix_customers_keeper_id ON customers (keeper_id);
"""

# What may still change: a note may be sealed anew or forgotten, a card number may be erased, and
# what an old audit event says may be blanked, but never its hashes.
SQLITE_TRIGGERS = """
DROP TRIGGER lapse_notes_fixed;
CREATE TRIGGER lapse_notes_fixed BEFORE UPDATE OF
  id, vehicle_id, station_id, reason, account, written_at ON lapse_notes
BEGIN SELECT raise(ABORT, 'lapse_notes are append-only'); END;
DROP TRIGGER sales_fixed;
CREATE TRIGGER sales_fixed BEFORE UPDATE OF {sales} ON sales
BEGIN SELECT raise(ABORT, 'sales are append-only'); END;
CREATE TRIGGER sales_card_fixed BEFORE UPDATE OF card_no ON sales WHEN NEW.card_no <> ''
BEGIN SELECT raise(ABORT, 'sales are append-only'); END;
CREATE TRIGGER audit_keep BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_fixed BEFORE UPDATE OF id, at, act, station_id, count, digest, hash ON audit
BEGIN SELECT raise(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_blanked BEFORE UPDATE ON audit
WHEN NEW.account || NEW.person || NEW.address || NEW.object || NEW.reason <> ''
BEGIN SELECT raise(ABORT, 'audit is append-only'); END;
CREATE TRIGGER consents_keep BEFORE DELETE ON consents
BEGIN SELECT raise(ABORT, 'consents are append-only'); END;
CREATE TRIGGER consents_fixed BEFORE UPDATE ON consents
BEGIN SELECT raise(ABORT, 'consents are append-only'); END;
CREATE TRIGGER erasures_keep BEFORE DELETE ON erasures
BEGIN SELECT raise(ABORT, 'erasures are append-only'); END;
CREATE TRIGGER erasures_fixed BEFORE UPDATE ON erasures
BEGIN SELECT raise(ABORT, 'erasures are append-only'); END;
"""

POSTGRESQL_TRIGGERS = """
DROP TRIGGER lapse_notes_keep ON lapse_notes;
CREATE TRIGGER lapse_notes_keep BEFORE DELETE OR UPDATE OF
  id, vehicle_id, station_id, reason, account, written_at ON lapse_notes
FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER sales_keep ON sales;
CREATE TRIGGER sales_keep BEFORE DELETE OR UPDATE OF {sales} ON sales
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER sales_card_keep BEFORE UPDATE OF card_no ON sales
FOR EACH ROW WHEN (NEW.card_no <> '') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_keep BEFORE DELETE OR UPDATE OF
  id, at, act, station_id, count, digest, hash ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_blanked BEFORE UPDATE ON audit FOR EACH ROW
WHEN (NEW.account || NEW.person || NEW.address || NEW.object || NEW.reason <> '')
EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_stay BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consents_keep BEFORE DELETE OR UPDATE ON consents
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consents_stay BEFORE TRUNCATE ON consents
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasures_keep BEFORE DELETE OR UPDATE ON erasures
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasures_stay BEFORE TRUNCATE ON erasures
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
FIXED_SALES = (
    "id, batch_id, station_id, key_kind, natural_key, key_id, sold_at, local_at, has_time, "
    "business_day, product_id, quantity_milli, amount_minor, currency, receipt_no, nozzle, reverses"
)


def upgrade() -> None:
    """Make the new tables, widen the old ones, and let erasure through the triggers."""
    conn = op.get_bind()
    is_sqlite = conn.dialect.name == "sqlite"
    conn.exec_driver_sql("DROP TABLE quarantine")
    metadata.create_all(conn)
    conn.exec_driver_sql(
        "INSERT INTO batch_stations SELECT DISTINCT batch_id, station_id FROM sales"
    )
    script = COLUMNS.replace("{bytes}", "BLOB" if is_sqlite else "BYTEA")
    for statement in script.strip().split(";\n"):
        conn.exec_driver_sql(statement.rstrip(";"))
    triggers = SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS
    for statement in _statements(triggers.replace("{sales}", FIXED_SALES)):
        conn.exec_driver_sql(statement)
    conn.exec_driver_sql("INSERT INTO meta (name, value) VALUES ('rights_version', 0)")


def _statements(script: str) -> list[str]:
    """Return the statements one by one; each begins a line with CREATE or DROP."""
    marked = script.replace("\nCREATE ", "\n\fCREATE ").replace("\nDROP ", "\n\fDROP ")
    return [statement.strip() for statement in marked.split("\f")[1:]]

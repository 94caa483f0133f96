"""The ledger of points: transactions, entries and lots, and the triggers that keep them.

The tables stand here as they were on that day; those of the archive may have moved on.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    text,
)

revision = "0005"
down_revision = "0004"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name, _id in (("stations", Integer), ("customers", Id)):
    Table(_name, metadata, Column("id", _id, primary_key=True))  # made by 0001

Table(
    "point_transactions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("key", String(128), nullable=False, unique=True),
    Column("request_hash", String(64), nullable=False),
    Column("move", String(10), nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("station_id", ForeignKey("stations.id")),
    Column("points", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("closes", ForeignKey("point_transactions.id")),
    Column("until_at", BigInteger),
    Column("account", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("day", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Index(
        "uq_point_transactions_closes",
        "closes",
        unique=True,
        sqlite_where=text("closes IS NOT NULL"),
        postgresql_where=text("closes IS NOT NULL"),
    ),
    Index("ix_point_transactions_customer_id", "customer_id", "id"),
    Index(
        "ix_point_transactions_spent",
        "station_id",
        "day",
        sqlite_where=text("move IN ('redeem', 'confirm')"),
        postgresql_where=text("move IN ('redeem', 'confirm')"),
    ),
    Index(
        "ix_point_transactions_until_at",
        "until_at",
        sqlite_where=text("until_at IS NOT NULL"),
        postgresql_where=text("until_at IS NOT NULL"),
    ),
)
Table(
    "point_lots",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("transaction_id", ForeignKey("point_transactions.id"), nullable=False, index=True),
    Column("points", BigInteger, nullable=False),
    Column("expires_day", Integer),
    Column("left", BigInteger, nullable=False, server_default="0"),
    Column("held", BigInteger, nullable=False, server_default="0"),
    Column("owed", BigInteger, nullable=False, server_default="0"),
    Column("lapsed", BigInteger, nullable=False, server_default="0"),
    Column("taken", BigInteger, nullable=False, server_default="0"),
    CheckConstraint('"left" >= 0', name="ck_point_lots_left"),
    CheckConstraint("held >= 0", name="ck_point_lots_held"),
    CheckConstraint("lapsed >= 0", name="ck_point_lots_lapsed"),
    CheckConstraint('"left" + held + lapsed <= points', name="ck_point_lots_points"),
    CheckConstraint("owed >= 0 AND owed <= taken", name="ck_point_lots_owed"),
    CheckConstraint("taken <= points", name="ck_point_lots_taken"),
)
Table(
    "point_entries",
    metadata,
    Column("transaction_id", ForeignKey("point_transactions.id"), primary_key=True),
    Column("place", SmallInteger, primary_key=True),
    Column("account", String(10), nullable=False),
    Column("lot_id", ForeignKey("point_lots.id"), nullable=False, index=True),
    Column("points", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# The one place that changes the sums of a lot; the CHECKs of the table then have the last word.
SUMS = """UPDATE point_lots SET
  "left" = "left" + CASE NEW.account WHEN 'member' THEN NEW.points ELSE 0 END,
  held = held + CASE NEW.account WHEN 'held' THEN NEW.points ELSE 0 END,
  owed = owed - CASE NEW.account WHEN 'debt' THEN NEW.points ELSE 0 END,
  lapsed = lapsed + CASE NEW.account WHEN 'expired' THEN NEW.points ELSE 0 END,
  taken = taken + CASE WHEN NEW.account = 'issued' AND NEW.points > 0 THEN NEW.points ELSE 0 END
WHERE id = NEW.lot_id"""
SUMMING = f"""CREATE FUNCTION sum_point_entry() RETURNS trigger AS $$ BEGIN
{SUMS};
RETURN NEW; END $$ LANGUAGE plpgsql"""
FIXED_LOTS = "id, customer_id, transaction_id, points, expires_day"
APPEND_ONLY = ("point_transactions", "point_entries")


def _sqlite() -> list[str]:
    refuse = "BEGIN SELECT raise(ABORT, '{} are append-only'); END"
    kept = refuse.format("point_lots")
    return [
        *(
            f"CREATE TRIGGER {table}_{word} BEFORE {deed} ON {table}\n" + refuse.format(table)
            for table in APPEND_ONLY
            for word, deed in (("keep", "DELETE"), ("fixed", "UPDATE"))
        ),
        f"CREATE TRIGGER point_lots_keep BEFORE DELETE ON point_lots\n{kept}",
        f"CREATE TRIGGER point_lots_fixed BEFORE UPDATE OF {FIXED_LOTS} ON point_lots\n{kept}",
        f"CREATE TRIGGER point_entries_sum AFTER INSERT ON point_entries\nBEGIN {SUMS}; END",
    ]


def _postgresql() -> list[str]:
    refuse = "EXECUTE FUNCTION refuse_change()"
    summed = "FOR EACH ROW EXECUTE FUNCTION sum_point_entry()"
    changes = dict.fromkeys(APPEND_ONLY, "DELETE OR UPDATE")
    changes["point_lots"] = f"DELETE OR UPDATE OF {FIXED_LOTS}"
    return [
        *(
            f"CREATE TRIGGER {table}_keep BEFORE {deed} ON {table} FOR EACH ROW {refuse}"
            for table, deed in changes.items()
        ),
        *(
            f"CREATE TRIGGER {table}_stay BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"
            for table in changes
        ),
        SUMMING,
        f"CREATE TRIGGER point_entries_sum AFTER INSERT ON point_entries {summed}",
    ]


def upgrade() -> None:
    """Make the three tables and what keeps them."""
    conn = op.get_bind()
    metadata.create_all(conn)
    for statement in _sqlite() if conn.dialect.name == "sqlite" else _postgresql():
        conn.exec_driver_sql(statement)

"""Revisit calls: plans, calls, results, who may call whom, hold-outs and open complaints.

The tables stand here as they were on that day; those of the archive may have moved on.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
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
    text,
)

revision = "0013"
down_revision = "0012"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name, _id in (("stations", Integer), ("accounts", Integer), ("customers", Id)):
    Table(_name, metadata, Column("id", _id, primary_key=True))  # made by 0001 and 0002

Table(
    "call_plans",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("month_day", Integer, nullable=False),
    Column("status", String(10), nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("approved_by", String(80), nullable=False, server_default=""),
    Column("approved_at", BigInteger),
    Column("told", Text, nullable=False),
    Index(
        "uq_call_plans_month_day",
        "station_id",
        "month_day",
        unique=True,
        sqlite_where=text("status <> 'replaced'"),
        postgresql_where=text("status <> 'replaced'"),
    ),
)
Table(
    "calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("plan_id", ForeignKey("call_plans.id"), index=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("account_id", ForeignKey("accounts.id")),
    Column("day", Integer, nullable=False),
    Column("at_min", SmallInteger),
    Column("minutes", SmallInteger, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("why", String(60), nullable=False),
    Column("facts", Text, nullable=False),
    Column("status", String(10), nullable=False),
    Column("cancel_reason", String(20), nullable=False, server_default=""),
    Column("moved_from", ForeignKey("calls.id")),
    Column("made_by", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Index(
        "uq_calls_customer_day",
        "customer_id",
        "day",
        unique=True,
        sqlite_where=text("status = 'planned'"),
        postgresql_where=text("status = 'planned'"),
    ),
    Index("ix_calls_day", "station_id", "day"),
    Index("ix_calls_account_day", "account_id", "day"),
)
Table(
    "call_results",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call_id", ForeignKey("calls.id"), unique=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("account", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("is_incoming", SmallInteger, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("code", String(16), nullable=False),
    Column("satisfaction", SmallInteger),
    Column("reason", String(20), nullable=False, server_default=""),
    Column("need", String(16), nullable=False, server_default=""),
    Column("measure", String(16), nullable=False, server_default=""),
    Column("promise_day", Integer),
    Column("next_day", Integer),
    Column("competitor_sealed", LargeBinary),
    Column("words_sealed", LargeBinary),
    Column("key", String(64), nullable=False, unique=True),
    CheckConstraint("satisfaction BETWEEN 1 AND 5", name="ck_call_results_satisfaction"),
    Index("ix_call_results_at", "station_id", "at"),
)
Table(
    "claims",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    Column("until_day", Integer),
    Column("released_at", BigInteger),
    Column("released", String(12), nullable=False, server_default=""),
    Index(
        "uq_claims_customer_id",
        "customer_id",
        unique=True,
        sqlite_where=text("released_at IS NULL"),
        postgresql_where=text("released_at IS NULL"),
    ),
    Index("ix_claims_account_id", "account_id", "claimed_at"),
)
Table(
    "keeper_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("old_id", ForeignKey("accounts.id")),
    Column("new_id", ForeignKey("accounts.id")),
    Column("how", String(12), nullable=False),
    Column("account", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
)
Table(
    "next_contacts",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("account_id", ForeignKey("accounts.id"), index=True),
    Column("day", Integer, nullable=False),
    Column("why", String(16), nullable=False),
    Column("set_by", String(80), nullable=False),
    Column("set_at", BigInteger, nullable=False),
    Column("told_level", SmallInteger, nullable=False, server_default="0"),
    CheckConstraint("told_level BETWEEN 0 AND 3", name="ck_next_contacts_told_level"),
    Index("ix_next_contacts_day", "station_id", "day"),
)
Table(
    "hold_outs",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("quarter", String(7), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("due_day", Integer, nullable=False),
    Column("arm", String(4), nullable=False),
    Column("p_return", Float, nullable=False),
    Column("grade", String(1), nullable=False),
    Column("gap_days", Float, nullable=False),
    Column("worth", Float, nullable=False),
    Column("share", Float, nullable=False),
    Column("is_capped", SmallInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)
Table(
    "complaints",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("said_sealed", LargeBinary),
    Column("account", String(80), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("closed_by", String(80), nullable=False, server_default=""),
)
Table(
    "contact_wishes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("channel", String(10), nullable=False),
    Column("weekdays", String(7), nullable=False),
    Column("from_min", SmallInteger),
    Column("to_min", SmallInteger),
    Column("most", SmallInteger),
    Column("is_unwanted", SmallInteger, nullable=False),
    Column("is_barred", SmallInteger, nullable=False),
    Column("source", String(10), nullable=False),
    Column("on_day", Integer, nullable=False),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)

FIXED = (
    "id, call_id, customer_id, station_id, account, at, opened_at, is_incoming, purpose, channel, "
    "code, satisfaction, reason, need, measure, promise_day, next_day, key"
)

# Words may be sealed anew or forgotten; with the customer a result leaves.
SQLITE_TRIGGERS = (
    f"""CREATE TRIGGER call_results_fixed BEFORE UPDATE OF {FIXED} ON call_results
BEGIN SELECT raise(ABORT, 'call_results are append-only'); END""",
    """CREATE TRIGGER call_results_keep BEFORE DELETE ON call_results
WHEN (SELECT erased_at FROM customers WHERE id = OLD.customer_id) IS NULL
BEGIN SELECT raise(ABORT, 'call_results are append-only'); END""",
)
POSTGRESQL_TRIGGERS = (
    f"""CREATE TRIGGER call_results_fixed BEFORE UPDATE OF {FIXED} ON call_results
FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE TRIGGER call_results_keep BEFORE DELETE ON call_results
FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased()""",
)


def upgrade() -> None:
    """Make the tables and what keeps the results."""
    conn = op.get_bind()
    metadata.create_all(conn)
    is_sqlite = conn.dialect.name == "sqlite"
    for statement in SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS:
        conn.exec_driver_sql(statement)

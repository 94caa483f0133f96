"""Which grade and stage each customer reached when and why, and who stood still for too long.

The tables stand here as they were on that day; those of the archive may have moved on.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

revision = "0014"
down_revision = "0013"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name, _id in (("customers", Id), ("accounts", Integer), ("call_results", Id)):
    Table(_name, metadata, Column("id", _id, primary_key=True))  # made by 0001 and 0013

Table(
    "grade_marks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("day", Integer, nullable=False),
    Column("grade", String(1), nullable=False),
    Column("was", String(1), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("facts", Text, nullable=False),
    Column("marked_at", BigInteger, nullable=False),
    Index("ix_grade_marks_customer_id", "customer_id", "id"),
)
Table(
    "stage_marks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("day", Integer, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("was", String(16), nullable=False),
    Column("trigger", String(20), nullable=False),
    Column("facts", Text, nullable=False),
    Column("proposed_by", String(80), nullable=False),
    Column("approved_by", String(80), nullable=False),
    Column("marked_at", BigInteger, nullable=False),
    Index("ix_stage_marks_customer_id", "customer_id", "id"),
)
Table(
    "stalls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("stage", String(16), nullable=False),
    Column("since_day", Integer, nullable=False),
    Column("due_day", Integer, nullable=False),
    Column("account_id", ForeignKey("accounts.id")),
    Column("opened_at", BigInteger, nullable=False),
    Column("decision", String(10), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("until_day", Integer),
    Column("decided_by", String(80), nullable=False),
    Column("decided_at", BigInteger),
    Index(
        "uq_stalls_open",
        "customer_id",
        unique=True,
        sqlite_where=text("decided_at IS NULL"),
        postgresql_where=text("decided_at IS NULL"),
    ),
)
Table(
    "stage_proposals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("stage", String(16), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("proposed_by", String(80), nullable=False),
    Column("proposer", String(40), nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("decided_by", String(80), nullable=False),
    Column("decided_at", BigInteger),
    Column("is_approved", SmallInteger, nullable=False),
)
Table(
    "call_checks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("result_id", ForeignKey("call_results.id"), nullable=False, unique=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("week_day", Integer, nullable=False, index=True),
    Column("outcome", String(12), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("checked_by", String(80), nullable=False),
    Column("checked_at", BigInteger),
)


def upgrade() -> None:
    """Make the five tables."""
    metadata.create_all(op.get_bind())

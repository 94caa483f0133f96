"""The tables of value and life: which grade and stage a customer reached when, and why."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from station.archive.tables import Id, metadata

grade_marks = Table(
    "grade_marks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("day", Integer, nullable=False),
    Column("grade", String(1), nullable=False),
    Column("was", String(1), nullable=False),  # empty: he had none
    Column("reason", String(20), nullable=False),
    Column("facts", Text, nullable=False),  # JSON, numbers only
    Column("marked_at", BigInteger, nullable=False),
    Index("ix_grade_marks_customer_id", "customer_id", "id"),
)
"""On which day a customer got which grade, and why; nothing of it is changed, only added to."""

stage_marks = Table(
    "stage_marks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("day", Integer, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("was", String(16), nullable=False),  # empty: he had none
    Column("trigger", String(20), nullable=False),
    Column("facts", Text, nullable=False),  # JSON, numbers only
    Column("proposed_by", String(80), nullable=False),  # empty: the figures themselves
    Column("approved_by", String(80), nullable=False),
    Column("marked_at", BigInteger, nullable=False),
    Index("ix_stage_marks_customer_id", "customer_id", "id"),
)
"""On which day a customer reached which stage of his life, and by what; only added to."""

stalls = Table(
    "stalls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("stage", String(16), nullable=False),
    Column("since_day", Integer, nullable=False),
    Column("due_day", Integer, nullable=False),  # the last day in time
    Column("account_id", ForeignKey("accounts.id")),  # who looked after him then
    Column("opened_at", BigInteger, nullable=False),
    Column(
        "decision", String(10), nullable=False
    ),  # push_on, give_up, postpone; over: moved by himself; empty: open
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
"""Who stood still for longer than his stage allows, and what was decided about it."""

stage_proposals = Table(
    "stage_proposals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("stage", String(16), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("proposed_by", String(80), nullable=False),
    Column("proposer", String(40), nullable=False),  # the person behind the account
    Column("proposed_at", BigInteger, nullable=False),
    Column("decided_by", String(80), nullable=False),
    Column("decided_at", BigInteger),
    Column("is_approved", SmallInteger, nullable=False),
)
"""Stages that somebody proposed by hand; a second person approves or declines."""

"""The ledger of points: transactions, their entries, and the lots whose points they move.

Instants and days are counted as in station/archive/tables.py, by the programme's calendar.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    text,
)

from station.archive.tables import Id, metadata

SPENT = "move IN ('redeem', 'confirm')"
"""What was spent for good; written out, or the index of these would not be seen to hold them."""

point_transactions = Table(
    "point_transactions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("key", String(128), nullable=False, unique=True),
    Column("request_hash", String(64), nullable=False),
    Column("move", String(10), nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("station_id", ForeignKey("stations.id")),
    Column("points", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),  # as it was told then; no balance rests on it
    Column("closes", ForeignKey("point_transactions.id")),
    Column("until_at", BigInteger),  # of a hold: when it goes back by itself
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
        sqlite_where=text(SPENT),
        postgresql_where=text(SPENT),
    ),
    Index(
        "ix_point_transactions_until_at",
        "until_at",
        sqlite_where=text("until_at IS NOT NULL"),
        postgresql_where=text("until_at IS NOT NULL"),
    ),
)
"""Append-only, numbered without a gap and chained; `key` is the caller's and never comes again.

`closes` is the hold that this one confirms or releases, or the redemption that it reverses.
"""

point_lots = Table(
    "point_lots",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("transaction_id", ForeignKey("point_transactions.id"), nullable=False, index=True),
    Column("points", BigInteger, nullable=False),
    Column("expires_day", Integer),  # the last day on which they count; none: they stay
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
"""What was earned at once; its sums (`left` to `taken`) are kept by a trigger on the entries."""

point_entries = Table(
    "point_entries",
    metadata,
    Column("transaction_id", ForeignKey("point_transactions.id"), primary_key=True),
    Column("place", SmallInteger, primary_key=True),
    Column("account", String(10), nullable=False),
    Column("lot_id", ForeignKey("point_lots.id"), nullable=False, index=True),
    Column("points", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Append-only; those of a transaction sum to 0."""

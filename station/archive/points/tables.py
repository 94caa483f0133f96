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
    Text,
    text,
)

from station.archive.tables import Id, metadata

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

point_versions = Table(
    "point_versions",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("mark", String(16), nullable=False),
    Column("kept_at", BigInteger, nullable=False),
)
"""What the rules of points said that have held: of a version that started, a mark is kept."""

point_awards = Table(
    "point_awards",
    metadata,
    Column("sale_id", ForeignKey("sales.id"), primary_key=True, autoincrement=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("day", Integer, nullable=False),  # of the sale, by the station's clock, as rules ask it
    Column("version", String(40), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("reason", String(20), nullable=False),  # a key of locale/*/earning.toml
    Column("multipliers", Text, nullable=False),  # JSON: their names
    Column("times_num", BigInteger, nullable=False),
    Column("times_den", BigInteger, nullable=False),
    Column("before", BigInteger, nullable=False),
    Column("counted", BigInteger, nullable=False),
    Column("base_points", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("lost", BigInteger, nullable=False),
    Column("first_base", BigInteger, nullable=False),
    Column("first_points", BigInteger, nullable=False),
    CheckConstraint("points >= 0 AND points <= first_points", name="ck_point_awards_points"),
    Index("ix_point_awards_customer_id", "customer_id", "day"),
)
"""What a member's sale earned and why; a reversal lowers `counted`, `base_points` and `points`.

`first_base` and `first_points` are what it earned as a whole. Of a sale without a row nobody was
known (or no rules held); it can be claimed.
"""

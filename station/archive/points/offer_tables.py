"""Coupons and rewards, what was done with each, and how many of an offer there are."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    text,
)

from station.archive.tables import Id, metadata

STATION_COUNTS = tuple(
    f"offer_station_counts.{name}" for name in ("version", "offer", "station_id")
)

offer_counts = Table(
    "offer_counts",
    metadata,
    Column("version", String(40), primary_key=True),
    Column("offer", String(40), primary_key=True),
    Column("most", BigInteger),  # none: as many as are asked for
    Column("taken", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("taken >= 0", name="ck_offer_counts_taken"),
    CheckConstraint("taken <= most", name="ck_offer_counts_most"),
)
"""How many of an offer of a version were taken; kept by a trigger on the coupons."""

offer_station_counts = Table(
    "offer_station_counts",
    metadata,
    Column("version", String(40), primary_key=True),
    Column("offer", String(40), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("most", BigInteger),
    Column("taken", BigInteger, nullable=False, server_default="0"),
    Column("budget_minor", BigInteger),
    Column("spent_minor", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("taken >= 0", name="ck_offer_station_counts_taken"),
    CheckConstraint("taken <= most", name="ck_offer_station_counts_most"),
    CheckConstraint("spent_minor >= 0", name="ck_offer_station_counts_spent"),
    CheckConstraint("spent_minor <= budget_minor", name="ck_offer_station_counts_budget"),
)
"""The same of a station, and how much money its coupons took off there."""

coupons = Table(
    "coupons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(10), nullable=False, unique=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("version", String(40), nullable=False),
    Column("offer", String(40), nullable=False),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("redemption_id", ForeignKey("point_transactions.id"), unique=True),
    Column("issued_at", BigInteger, nullable=False),
    Column("issued_day", Integer, nullable=False),
    Column("last_day", Integer, nullable=False),
    Column("state", String(10), nullable=False, server_default="issued"),
    Column("used_station_id", ForeignKey("stations.id")),
    Column("used_at", BigInteger),
    Column("used_day", Integer),
    Column("amount_minor", BigInteger, nullable=False, server_default="0"),
    Column("off_minor", BigInteger, nullable=False, server_default="0"),
    Column("receipt", String(64), nullable=False, server_default=""),
    ForeignKeyConstraint(("version", "offer"), ("offer_counts.version", "offer_counts.offer")),
    ForeignKeyConstraint(("version", "offer", "station_id"), STATION_COUNTS),
    ForeignKeyConstraint(("version", "offer", "used_station_id"), STATION_COUNTS),
    CheckConstraint("(points > 0) = (redemption_id IS NOT NULL)", name="ck_coupons_paid"),
    CheckConstraint(
        "(state = 'used') = (used_station_id IS NOT NULL AND used_at IS NOT NULL)",
        name="ck_coupons_used",
    ),
    CheckConstraint(
        "off_minor BETWEEN 0 AND amount_minor AND (state = 'used' OR amount_minor = 0)",
        name="ck_coupons_off",
    ),
    Index("ix_coupons_last_day", "state", "last_day"),
    Index("ix_coupons_receipt", "used_station_id", "receipt"),
)
"""What was had for points or for nothing; `redemption_id` paid for it.

`amount_minor` and `receipt` are of the purchase it was used for. A trigger lets it go only from one
state to the next that there is (`loyalty/coupons.py`), and counts it.
"""

coupon_receipts = Table(
    "coupon_receipts",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("receipt", String(64), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("coupon_id", ForeignKey("coupons.id"), nullable=False, index=True),
    Column("used_at", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("off_minor", BigInteger, nullable=False),
    Column("gone", SmallInteger, nullable=False, server_default="0"),
    Index("ix_coupon_receipts_day", "day"),
    Index(
        "ix_coupon_receipts_gone",
        "station_id",
        "receipt",
        sqlite_where=text("gone = 1"),
        postgresql_where=text("gone = 1"),
    ),
)
"""For which purchases coupons were used: a receipt of a day takes one, whatever became of it since.

A trigger on the coupons writes a row as one is used. `gone` is a purchase that was taken back, or
whose import was undone; the coupon follows. `day` is of the use, by the programme's calendar.
"""

coupon_acts = Table(
    "coupon_acts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(128), nullable=False, unique=True),
    Column("request_hash", String(64), nullable=False),
    Column("coupon_id", ForeignKey("coupons.id"), nullable=False, index=True),
    Column("act", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("station_id", ForeignKey("stations.id")),
    Column("account", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("day", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("off_minor", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),  # as it was told then
)
"""Append-only: what was done with a coupon; `key` is the caller's and never comes again."""

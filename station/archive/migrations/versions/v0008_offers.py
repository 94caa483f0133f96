"""Coupons and rewards: how many of each offer there are, who has which, and what was done with it.

The tables stand here as they were on that day; those of the archive may have moved on.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

revision = "0008"
down_revision = "0007"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name, _id in (("stations", Integer), ("customers", Id), ("point_transactions", Id)):
    Table(_name, metadata, Column("id", _id, primary_key=True))  # made by 0001 and 0005

STATION_COUNTS = tuple(
    f"offer_station_counts.{name}" for name in ("version", "offer", "station_id")
)

Table(
    "offer_counts",
    metadata,
    Column("version", String(40), primary_key=True),
    Column("offer", String(40), primary_key=True),
    Column("most", BigInteger),
    Column("taken", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("taken >= 0", name="ck_offer_counts_taken"),
    CheckConstraint("taken <= most", name="ck_offer_counts_most"),
)
Table(
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
Table(
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
Table(
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
    Column("balance", BigInteger, nullable=False),
)

# The one place that counts; the CHECKs of the two tables then have the last word.
TAKEN = """UPDATE offer_counts SET taken = taken + 1
  WHERE version = NEW.version AND offer = NEW.offer;
UPDATE offer_station_counts SET taken = taken + 1
  WHERE version = NEW.version AND offer = NEW.offer AND station_id = NEW.station_id;"""
# What is withdrawn is there again, and what a use took off is no more once it is taken back.
CHANGED = """UPDATE offer_counts SET taken = taken - 1
  WHERE version = NEW.version AND offer = NEW.offer AND NEW.state = 'withdrawn';
UPDATE offer_station_counts SET taken = taken - 1
  WHERE version = NEW.version AND offer = NEW.offer AND station_id = NEW.station_id
  AND NEW.state = 'withdrawn';
UPDATE offer_station_counts SET spent_minor = spent_minor - OLD.off_minor
  WHERE version = OLD.version AND offer = OLD.offer AND station_id = OLD.used_station_id;
UPDATE offer_station_counts SET spent_minor = spent_minor + NEW.off_minor
  WHERE version = NEW.version AND offer = NEW.offer AND station_id = NEW.used_station_id;"""
USED = "state, off_minor, used_station_id"
FIXED = (
    "id, code, customer_id, version, offer, station_id, points, redemption_id, issued_at,"
    " issued_day, last_day"
)
NO_NEXT = """NOT ((OLD.state = 'issued' AND NEW.state IN ('used', 'lapsed', 'withdrawn'))
  OR (OLD.state = 'used' AND NEW.state = 'issued'))"""
CALL = "EXECUTE FUNCTION {}()"
FUNCTIONS = {"count_coupon": TAKEN, "recount_coupon": CHANGED}


def _sqlite() -> list[str]:
    refuse = "BEGIN SELECT raise(ABORT, '{}'); END"
    kept = refuse.format("coupons are kept")
    return [
        "CREATE TRIGGER coupon_acts_keep BEFORE DELETE ON coupon_acts\n"
        + refuse.format("coupon_acts are append-only"),
        "CREATE TRIGGER coupon_acts_fixed BEFORE UPDATE ON coupon_acts\n"
        + refuse.format("coupon_acts are append-only"),
        f"CREATE TRIGGER coupons_keep BEFORE DELETE ON coupons\n{kept}",
        f"CREATE TRIGGER coupons_fixed BEFORE UPDATE OF {FIXED} ON coupons\n{kept}",
        f"CREATE TRIGGER coupons_life BEFORE UPDATE OF {USED} ON coupons\nWHEN {NO_NEXT}\n"
        + refuse.format("coupons have one next state"),
        f"CREATE TRIGGER coupons_taken AFTER INSERT ON coupons\nBEGIN {TAKEN} END",
        f"CREATE TRIGGER coupons_changed AFTER UPDATE OF {USED} ON coupons\nBEGIN {CHANGED} END",
    ]


def _postgresql() -> list[str]:
    refuse = "EXECUTE FUNCTION refuse_change()"
    return [
        *(
            f"CREATE FUNCTION {name}() RETURNS trigger AS $$ BEGIN\n{deed}\n"
            "RETURN NEW; END $$ LANGUAGE plpgsql"
            for name, deed in FUNCTIONS.items()
        ),
        *(
            f"CREATE TRIGGER {name} {when} FOR EACH ROW {deed}"
            for name, when, deed in (
                ("coupon_acts_keep", "BEFORE DELETE OR UPDATE ON coupon_acts", refuse),
                ("coupons_keep", f"BEFORE DELETE OR UPDATE OF {FIXED} ON coupons", refuse),
                (
                    "coupons_life",
                    f"BEFORE UPDATE OF {USED} ON coupons",
                    f"WHEN ({NO_NEXT}) {refuse}",
                ),
                ("coupons_taken", "AFTER INSERT ON coupons", CALL.format("count_coupon")),
                (
                    "coupons_changed",
                    f"AFTER UPDATE OF {USED} ON coupons",
                    CALL.format("recount_coupon"),
                ),
            )
        ),
        *(
            f"CREATE TRIGGER {table}_stay BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"
            for table in ("coupons", "coupon_acts")
        ),
    ]


def upgrade() -> None:
    """Make the four tables and what keeps and counts them."""
    conn = op.get_bind()
    metadata.create_all(conn)
    for statement in _sqlite() if conn.dialect.name == "sqlite" else _postgresql():
        conn.exec_driver_sql(statement)

"""What coupons were used for, who had the gift for joining, and which receipts were claimed.

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
    text,
)

revision = "0012"
down_revision = "0011"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name, _id in (("stations", Integer), ("customers", Id), ("sales", Id), ("coupons", Id)):
    Table(_name, metadata, Column("id", _id, primary_key=True))  # made by 0001 and 0008

Table(
    "point_claims",
    metadata,
    Column("sale_id", ForeignKey("sales.id"), primary_key=True, autoincrement=False),
    Column("receipt", Id, nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("account", String(80), nullable=False),
    Column("day", Integer, nullable=False),
    Index("ix_point_claims_customer_id", "customer_id", "day"),
    Index("ix_point_claims_account", "account", "day"),
)
Table(
    "gift_marks",
    metadata,
    Column("mark", String(64), primary_key=True),
    Column("day", Integer, nullable=False),
)
Table(
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

# The same coupon may be used for the same receipt again; another is refused by the primary key.
TAKES = """DELETE FROM coupon_receipts WHERE station_id = NEW.used_station_id
  AND receipt = NEW.receipt AND day = NEW.used_day AND coupon_id = NEW.id;
INSERT INTO coupon_receipts
  (station_id, receipt, day, coupon_id, used_at, amount_minor, off_minor)
  VALUES (NEW.used_station_id, NEW.receipt, NEW.used_day, NEW.id, NEW.used_at,
    NEW.amount_minor, NEW.off_minor);"""
IS_USED = "NEW.state = 'used' AND NEW.receipt <> ''"
# What was used before: the first coupon of a receipt keeps it, the others are used for none.
KNOWN = """INSERT INTO coupon_receipts
  (station_id, receipt, day, coupon_id, used_at, amount_minor, off_minor)
  SELECT used_station_id, receipt, used_day, id, used_at, amount_minor, off_minor FROM coupons
  WHERE id IN (SELECT min(id) FROM coupons WHERE state = 'used' AND receipt <> ''
    GROUP BY used_station_id, receipt, used_day)"""
OTHERS = """UPDATE coupons SET receipt = '' WHERE receipt <> ''
  AND id NOT IN (SELECT coupon_id FROM coupon_receipts)"""
TRIGGER = "CREATE TRIGGER coupons_receipt AFTER UPDATE OF state ON coupons"
SQLITE = (f"{TRIGGER}\nWHEN {IS_USED}\nBEGIN {TAKES} END",)
POSTGRESQL = (
    f"""CREATE FUNCTION take_receipt() RETURNS trigger AS $$ BEGIN
{TAKES}
RETURN NEW; END $$ LANGUAGE plpgsql""",
    f"{TRIGGER} FOR EACH ROW WHEN ({IS_USED}) EXECUTE FUNCTION take_receipt()",
)


def upgrade() -> None:
    """Make the tables, note what coupons were used for before, and what keeps that from now on."""
    conn = op.get_bind()
    metadata.create_all(conn)
    triggers = SQLITE if conn.dialect.name == "sqlite" else POSTGRESQL
    for statement in (KNOWN, OTHERS, *triggers):
        conn.exec_driver_sql(statement)

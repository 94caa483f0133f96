"""Who brought whom into the programme of points.

The table stands here as it was on that day; that of the archive may have moved on.
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
    String,
    Table,
)

revision = "0007"
down_revision = "0006"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name, _id in (("stations", Integer), ("customers", Id), ("sales", Id)):
    Table(_name, metadata, Column("id", _id, primary_key=True))  # made by 0001

Table(
    "referrals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, unique=True),
    Column("referred_by", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id")),
    Column("state", String(10), nullable=False),
    Column("sale_id", ForeignKey("sales.id")),
    Column("rewarded_day", Integer),
    Column("made_day", Integer, nullable=False),
    Column("account", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    CheckConstraint("customer_id <> referred_by", name="ck_referrals_himself"),
    CheckConstraint("state <> 'rewarded' OR sale_id IS NOT NULL", name="ck_referrals_sale"),
    Index("ix_referrals_sale_id", "sale_id"),
)


def upgrade() -> None:
    """Make the table."""
    metadata.create_all(op.get_bind())

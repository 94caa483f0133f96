"""What coupons were used for, who had the gift for joining, and which receipts were claimed.

The tables stand here as they were on that day; those of the archive may have moved on.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table

revision = "0016"
down_revision = "0010"

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


def upgrade() -> None:
    """Make the tables."""
    metadata.create_all(op.get_bind())

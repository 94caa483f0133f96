"""What each sale of a member earned and why, and what the rules said that have held.

The tables stand here as they were on that day; those of the archive may have moved on.
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
    Text,
)

revision = "0006"
down_revision = "0005"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name in ("sales", "customers"):
    Table(_name, metadata, Column("id", Id, primary_key=True))  # made by 0001

Table(
    "point_versions",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("mark", String(16), nullable=False),
    Column("kept_at", BigInteger, nullable=False),
)

Table(
    "point_awards",
    metadata,
    Column("sale_id", ForeignKey("sales.id"), primary_key=True, autoincrement=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("day", Integer, nullable=False),
    Column("version", String(40), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("multipliers", Text, nullable=False),
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


def upgrade() -> None:
    """Make the two tables."""
    metadata.create_all(op.get_bind())

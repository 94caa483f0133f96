"""What is worth a look, what was found out of it, and whose doings it points at.

The tables stand here as they were on that day; those of the archive may have moved on.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

revision = "0010"
down_revision = "0009"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name in ("stations", "accounts"):
    Table(_name, metadata, Column("id", Integer, primary_key=True))  # made by 0001

Table(
    "oddities",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("sort", String(8), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("week_day", Integer, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("chance", Float, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("litres_milli", BigInteger, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("state", String(10), nullable=False),
    UniqueConstraint("station_id", "sort", "subject"),
    Index("ix_oddities_week_day", "station_id", "week_day"),
)
Table(
    "oddity_steps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("oddity_id", ForeignKey("oddities.id"), nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("account", String(80), nullable=False),
    Column("person", String(40), nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("until_day", Integer),
    Column("signs", Text, nullable=False),
    Column("words_sealed", LargeBinary),
)
Table(
    "oddity_accounts",
    metadata,
    Column("oddity_id", ForeignKey("oddities.id"), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
)


def upgrade() -> None:
    """Make the three tables."""
    metadata.create_all(op.get_bind())

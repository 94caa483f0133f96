"""Which customers were put to rest, and when that was over.

The table stands here as it was on that day; that of the archive may have moved on.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String, Table

revision = "0017"
down_revision = "0016"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

Table("customers", metadata, Column("id", Id, primary_key=True))  # made by 0001

Table(
    "rests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("last_day", Integer, nullable=False),  # of his visits before; 0: he never came
    Column("reason", String(200), nullable=False),
    Column("account", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("ended_by", String(80), nullable=False),  # empty: not by anybody
    Column("ended_at", BigInteger),
)


def upgrade() -> None:
    """Make the table."""
    metadata.create_all(op.get_bind())

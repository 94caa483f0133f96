"""Terminals of tills, and what each was told of the receipts it sent.

The tables stand here as they were on that day; those of the archive may have moved on.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String, Table, Text

revision = "0009"
down_revision = "0008"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Table("stations", metadata, Column("id", Integer, primary_key=True))  # made by 0001
Table(
    "terminals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("keyed_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger),
    Column("revoked_at", BigInteger),
)
Table(
    "till_receipts",
    metadata,
    Column("terminal_id", ForeignKey("terminals.id"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    """Make the two tables."""
    metadata.create_all(op.get_bind())

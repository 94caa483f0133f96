"""Who works when at a station, who is away, and when its seasons change.

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
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

revision = "0016"
down_revision = "0015"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name in ("accounts", "stations"):
    Table(_name, metadata, Column("id", Integer, primary_key=True))  # made by 0001 and 0002

Table(
    "shifts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("weekday", SmallInteger, nullable=False),  # 1 is Monday
    Column("from_day", Integer, nullable=False),  # from which day on it holds
    Column("minutes", SmallInteger, nullable=False),  # for calls; 0: none on this weekday
    Column("from_min", SmallInteger, nullable=False),
    Column("to_min", SmallInteger, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    CheckConstraint("weekday BETWEEN 1 AND 7", name="ck_shifts_weekday"),
    CheckConstraint("from_min < to_min", name="ck_shifts_span"),
    Index("ix_shifts_station_id", "station_id", "account_id"),
)

Table(
    "absences",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("from_day", Integer, nullable=False),
    Column("to_day", Integer, nullable=False),  # the last day
    Column("made_by", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    CheckConstraint("from_day <= to_day", name="ck_absences_span"),
)

Table(
    "seasons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("from_day", Integer, nullable=False),
    Column("season", String(6), nullable=False),  # peak, slack
    Column("law", String(4), nullable=False, server_default=""),  # empty: the chain's
    Column("made_by", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    UniqueConstraint("station_id", "from_day"),
)


def upgrade() -> None:
    """Make the three tables."""
    metadata.create_all(op.get_bind())

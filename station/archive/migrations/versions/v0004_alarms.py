"""When each regular's silence becomes odd, found by its day; how many calls a station can make.

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
    MetaData,
    String,
    Table,
)

revision = "0004"
down_revision = "0003"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name, _id in (("stations", Integer), ("vehicles", Id)):
    Table(_name, metadata, Column("id", _id, primary_key=True))  # made by 0001

Table(
    "alarms",
    metadata,
    Column("vehicle_id", ForeignKey("vehicles.id"), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("last_day", Integer, nullable=False),
    Column("alarm_day", Integer, nullable=False),
    Column("lost_day", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("worth", Float, nullable=False),
    Index("ix_alarms_alarm_day", "station_id", "alarm_day"),
)


def upgrade() -> None:
    """Make the table, and let a station say how many calls it can make in a week."""
    conn = op.get_bind()
    metadata.create_all(conn)
    conn.exec_driver_sql(
        "ALTER TABLE stations ADD COLUMN calls_per_week SMALLINT NOT NULL DEFAULT 20"
    )

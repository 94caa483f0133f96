"""The tables of who works when and of a station's seasons; the migrations build them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from station.archive.tables import Id, metadata

shifts = Table(
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
"""When somebody works and how long of it is for calls; the newest line of a weekday counts."""

absences = Table(
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
"""Days on which somebody is not there; why is nobody's business here."""

seasons = Table(
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
"""From which day on a station has its peak or its slack, and whose law of contact holds there."""

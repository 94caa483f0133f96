"""The tables of care and of calendar links; the migrations build them.

Days and instants are counted as in station/archive/tables.py.
"""

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
    Text,
    UniqueConstraint,
    text,
)

from station.archive.tables import Id, metadata

care_lists = Table(
    "care_lists",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("occasion", String(20), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("lang", String(2), nullable=False),
    Column("words", Text, nullable=False),  # with the names of fields in braces, of nobody
    Column("offer", Text, nullable=False),
    Column(
        "status", String(10), nullable=False
    ),  # waiting, sending, sent, exported, failed, withdrawn
    Column("people", Integer, nullable=False),
    Column("account", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("answered_at", BigInteger),
    Column("answer", String(40), nullable=False),
    Column("key", String(64), nullable=False, unique=True),  # sent twice, delivered once
    CheckConstraint("occasion <> 'bereavement'", name="ck_care_lists_occasion"),
)
"""Messages that left the house together; whom each was for is in `care_contacts`."""

care_contacts = Table(
    "care_contacts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("occasion", String(20), nullable=False),
    Column("about", String(20), nullable=False),  # a year, a day or once: see contact/care.py
    Column("due_day", Integer, nullable=False),
    Column("channel", String(10), nullable=False),
    Column("list_id", ForeignKey("care_lists.id"), index=True),  # none: told by mouth
    Column("account", String(80), nullable=False),
    Column("day", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("customer_id", "occasion", "about"),
    Index("ix_care_contacts_day", "station_id", "day"),
)
"""Whom we thought of, when and on which occasion: once each, by whatever way."""

care_words = Table(
    "care_words",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("occasion", String(20), nullable=False),
    Column("lang", String(2), nullable=False),
    Column("words", Text, nullable=False),
    Column("offer", Text, nullable=False),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    CheckConstraint("occasion <> 'bereavement' OR offer = ''", name="ck_care_words_offer"),
    Index("ix_care_words_station_id", "station_id", "occasion", "lang"),
)
"""How a station writes on an occasion; append-only, the newest counts."""

calendar_links = Table(
    "calendar_links",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("lang", String(2), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Index(
        "uq_calendar_links_account_id",
        "account_id",
        unique=True,
        sqlite_where=text("revoked_at IS NULL"),
        postgresql_where=text("revoked_at IS NULL"),
    ),
)
"""By which secret address a person's calendar is read; he has one at a time."""

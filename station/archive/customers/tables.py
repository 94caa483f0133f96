"""The tables of what is known of customers beyond who they are; the migrations build them.

What names a person or was told in confidence is sealed (`*_sealed`, see sealed.py). Days and
instants are counted as in station/archive/tables.py.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from station.archive.tables import Id, metadata

customer_fields = Table(
    "customer_fields",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("field", String(40), nullable=False),
    Column("value", String(200), nullable=False),  # empty where the field is sealed
    Column("value_sealed", LargeBinary),
    UniqueConstraint("customer_id", "field"),
    Index("ix_customer_fields_value", "field", "value"),
)
"""What is known of a customer now, field by field: those of the house and the chain's own."""

field_changes = Table(
    "field_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("field", String(40), nullable=False),
    Column("old_sealed", LargeBinary),  # none: nothing was known
    Column("new_sealed", LargeBinary),  # none: it was taken away
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("reason", String(200), nullable=False),
)
"""Who changed which field from what to what, when and why; append-only until he is erased."""

field_checks = Table(
    "field_checks",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("field", String(40), primary_key=True),
    Column("checked_day", Integer, nullable=False),
    Column("is_good", SmallInteger, nullable=False),
    Column("account", String(80), nullable=False),
)
"""When somebody last made sure that a customer is reached this way, and whether he is."""

contact_persons = Table(
    "contact_persons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("role", String(20), nullable=False),
    Column("name_sealed", LargeBinary),
    Column("name_index", String(64), index=True),
    Column("phone_sealed", LargeBinary),
    Column("phone_index", String(64), index=True),
    Column("checked_day", Integer),
    Column("from_day", Integer, nullable=False),
    Column("to_day", Integer),
)
"""The people of an organisation, each with his role there."""

agreements = Table(
    "agreements",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("terms_sealed", LargeBinary),
    Column("from_day", Integer, nullable=False),
    Column("to_day", Integer),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
"""Contracts, prices offered and agreed, and credit given, each with its time."""

settlements = Table(
    "settlements",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("period_end_day", Integer, nullable=False),
    Column("settled_day", Integer, nullable=False),
    Column("account", String(80), nullable=False),
    UniqueConstraint("customer_id", "period_end_day"),
)
"""Which periods an organisation that buys on credit has paid for."""

customer_notes = Table(
    "customer_notes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("words_sealed", LargeBinary),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
"""What anybody at the chain heard of a customer or agreed with him; the newest stands first."""

occasions = Table(
    "occasions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("words_sealed", LargeBinary, nullable=False),  # month, day, year, calendar, note: JSON
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
"""Birthdays and family occasions, kept only with consent, masked, never exported."""

attachments = Table(
    "attachments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("content_sealed", LargeBinary, nullable=False),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)

prospects = Table(
    "prospects",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("source", String(20), nullable=False),
    Column("reliability", String(1), nullable=False),  # A to D
    Column("belongs", String(12), nullable=False),  # ours, rivals, nobodys
    Column("standing", String(10), nullable=False, index=True),  # open, paused, given_up, won
    Column("pause_until_day", Integer),
    Column("event", String(80), nullable=False),
    Column("account", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("won_day", Integer),
)
"""Customers who are none yet; their owner is the customer's keeper."""

registrations = Table(
    "registrations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("words_sealed", LargeBinary),  # name, phone, plate, consents: JSON
    Column("made_at", BigInteger, nullable=False),
    Column("status", String(10), nullable=False),  # waiting, confirmed, declined
    Column("reward", String(80), nullable=False),
    Column("customer_id", ForeignKey("customers.id"), index=True),
    Column("account", String(80), nullable=False),
    Column("decided_at", BigInteger),
)
"""People who registered themselves and wait until staff have seen them."""

tags = Table(
    "tags",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id")),
    Column("vehicle_id", ForeignKey("vehicles.id")),
    Column("tag", String(40), nullable=False),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
    UniqueConstraint("customer_id", "tag"),
    UniqueConstraint("vehicle_id", "tag"),
    Index("ix_tags_tag", "tag"),
)
"""Free words on a customer or on a vehicle, one of the two."""

saved_filters = Table(
    "saved_filters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String(80), nullable=False),
    Column("name", String(80), nullable=False),
    Column("is_shared", SmallInteger, nullable=False),
    Column("conditions", Text, nullable=False),  # JSON
    Column("made_at", BigInteger, nullable=False),
    UniqueConstraint("account", "name"),
)

merges = Table(
    "merges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kept_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("gone_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("account", String(80), nullable=False),
    Column("merged_at", BigInteger, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("undone_at", BigInteger),
    Column("undone_by", String(80), nullable=False),
    Index(
        "uq_merges_gone_id",
        "gone_id",
        unique=True,
        sqlite_where=text("undone_at IS NULL"),
        postgresql_where=text("undone_at IS NULL"),
    ),
)
"""Which customer was found to be which other; a customer goes into one other at a time."""

strangers = Table(
    "strangers",
    metadata,
    Column("low_id", ForeignKey("customers.id"), primary_key=True),
    Column("high_id", ForeignKey("customers.id"), primary_key=True),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
"""Pairs that look alike and are not one: nobody is asked again."""

batch_steps = Table(
    "batch_steps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False, index=True),
    Column("table_name", String(20), nullable=False),
    Column("row_id", BigInteger),  # none: the row was taken out again
    Column("is_new", SmallInteger, nullable=False),
    Column("told", Text, nullable=False),  # JSON: what stood and what was put, by column
    Column("outcome", String(4), nullable=False, server_default=""),
    Index("ix_batch_steps_row", "table_name", "row_id"),
)
"""What an import of records did, so that it can be undone.

Of customers it tells which fields a file named, never what stands there: that is in
`field_changes`, sealed.
"""

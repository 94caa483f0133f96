"""Whom we thought of, in which words, and by which address a calendar is read.

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
    Text,
    UniqueConstraint,
    text,
)

revision = "0015"
down_revision = "0014"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = BigInteger().with_variant(Integer, "sqlite")

for _name, _id in (("stations", Integer), ("accounts", Integer), ("customers", Id)):
    Table(_name, metadata, Column("id", _id, primary_key=True))  # made by 0001 and 0002

Table(
    "care_lists",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("occasion", String(20), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("lang", String(2), nullable=False),
    Column("words", Text, nullable=False),
    Column("offer", Text, nullable=False),
    Column("status", String(10), nullable=False),
    Column("people", Integer, nullable=False),
    Column("account", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("answered_at", BigInteger),
    Column("answer", String(40), nullable=False),
    Column("key", String(64), nullable=False, unique=True),
    CheckConstraint("occasion <> 'bereavement'", name="ck_care_lists_occasion"),
)

Table(
    "care_contacts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("occasion", String(20), nullable=False),
    Column("about", String(20), nullable=False),
    Column("due_day", Integer, nullable=False),
    Column("channel", String(10), nullable=False),
    Column("list_id", ForeignKey("care_lists.id"), index=True),
    Column("account", String(80), nullable=False),
    Column("day", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("customer_id", "occasion", "about"),
    Index("ix_care_contacts_day", "station_id", "day"),
)

Table(
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

Table(
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

SQLITE_TRIGGERS = (
    """CREATE TRIGGER care_words_fixed BEFORE UPDATE ON care_words
BEGIN SELECT raise(ABORT, 'care_words are append-only'); END""",
    """CREATE TRIGGER care_words_keep BEFORE DELETE ON care_words
BEGIN SELECT raise(ABORT, 'care_words are append-only'); END""",
)
POSTGRESQL_TRIGGERS = (
    """CREATE TRIGGER care_words_keep BEFORE DELETE OR UPDATE ON care_words
FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
)


def upgrade() -> None:
    """Make the tables and what keeps the words."""
    conn = op.get_bind()
    metadata.create_all(conn)
    is_sqlite = conn.dialect.name == "sqlite"
    for statement in SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS:
        conn.exec_driver_sql(statement)

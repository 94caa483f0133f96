"""The tables of revisit calls; the migrations build them.

What was told in confidence is sealed (`*_sealed`, see archive/customers/sealed.py). Days and
instants are counted as in station/archive/tables.py.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from station.archive.tables import Id, metadata

call_plans = Table(
    "call_plans",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("month_day", Integer, nullable=False),  # the first day of the month
    Column("status", String(10), nullable=False),  # draft, approved, replaced
    Column("made_by", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("approved_by", String(80), nullable=False, server_default=""),
    Column("approved_at", BigInteger),
    Column("told", Text, nullable=False),  # JSON: bound, gap, price of each rule, what did not fit
    Index(
        "uq_call_plans_month_day",
        "station_id",
        "month_day",
        unique=True,
        sqlite_where=text("status <> 'replaced'"),
        postgresql_where=text("status <> 'replaced'"),
    ),
)
"""A station's calls of a month, proposed by a solver and approved by the manager."""

calls = Table(
    "calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("plan_id", ForeignKey("call_plans.id"), index=True),  # none: made outside a plan
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("account_id", ForeignKey("accounts.id")),  # none: whoever is there
    Column("day", Integer, nullable=False),
    Column("at_min", SmallInteger),  # minute of the day, none: any
    Column("minutes", SmallInteger, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("channel", String(10), nullable=False),  # phone, visit
    Column("why", String(60), nullable=False),  # key of a sentence
    Column("facts", Text, nullable=False),  # JSON: the numbers of the sentence, no names
    Column("status", String(10), nullable=False),  # planned, done, cancelled, moved
    Column("cancel_reason", String(20), nullable=False, server_default=""),
    Column("moved_from", ForeignKey("calls.id")),  # the call that stood for another day
    Column("made_by", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Index(
        "uq_calls_customer_day",
        "customer_id",
        "day",
        unique=True,
        sqlite_where=text("status = 'planned'"),
        postgresql_where=text("status = 'planned'"),
    ),
    Index("ix_calls_day", "station_id", "day"),
    Index("ix_calls_account_day", "account_id", "day"),
)
"""Whom to call, by whom, when and what for; `customer_id` is the customer that stands."""

call_results = Table(
    "call_results",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call_id", ForeignKey("calls.id"), unique=True),  # none: nobody had planned it
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("account", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("opened_at", BigInteger, nullable=False),  # when the form was opened
    Column("is_incoming", SmallInteger, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("code", String(16), nullable=False),
    Column("satisfaction", SmallInteger),  # 1 to 5
    Column("reason", String(20), nullable=False, server_default=""),
    Column("need", String(16), nullable=False, server_default=""),
    Column("measure", String(16), nullable=False, server_default=""),
    Column("promise_day", Integer),
    Column("next_day", Integer),
    Column("competitor_sealed", LargeBinary),
    Column("words_sealed", LargeBinary),
    Column("key", String(64), nullable=False, unique=True),  # of the form: saved twice, kept once
    CheckConstraint("satisfaction BETWEEN 1 AND 5", name="ck_call_results_satisfaction"),
    Index("ix_call_results_at", "station_id", "at"),
)
"""What was heard; append-only until the customer is erased, its words are forgotten in time."""

claims = Table(
    "claims",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("kind", String(8), nullable=False),  # private, lock
    Column("claimed_at", BigInteger, nullable=False),
    Column("until_day", Integer),  # the first day on which it no longer holds
    Column("released_at", BigInteger),
    Column("released", String(12), nullable=False, server_default=""),  # how it ended
    Index(
        "uq_claims_customer_id",
        "customer_id",
        unique=True,
        sqlite_where=text("released_at IS NULL"),
        postgresql_where=text("released_at IS NULL"),
    ),
    Index("ix_claims_account_id", "account_id", "claimed_at"),
)
"""Who may contact a customer now: one person in the whole chain."""

keeper_changes = Table(
    "keeper_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("old_id", ForeignKey("accounts.id")),
    Column("new_id", ForeignKey("accounts.id")),
    Column("how", String(12), nullable=False),
    Column("account", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""In whose care a customer was, one after the other."""

next_contacts = Table(
    "next_contacts",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("account_id", ForeignKey("accounts.id"), index=True),  # none: whoever is there
    Column("day", Integer, nullable=False),
    Column("why", String(16), nullable=False),  # a purpose of a call
    Column("set_by", String(80), nullable=False),
    Column("set_at", BigInteger, nullable=False),
    Column("told_level", SmallInteger, nullable=False, server_default="0"),
    CheckConstraint("told_level BETWEEN 0 AND 3", name="ck_next_contacts_told_level"),
    Index("ix_next_contacts_day", "station_id", "day"),
)
"""When each customer is to be contacted next; how far its delay was told is `told_level`."""

hold_outs = Table(
    "hold_outs",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("quarter", String(7), primary_key=True),  # 2026-Q4
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("due_day", Integer, nullable=False),
    Column("arm", String(4), nullable=False),  # call, hold
    Column("p_return", Float, nullable=False),  # within the outcome's days, without a call
    Column("grade", String(1), nullable=False),
    Column("gap_days", Float, nullable=False),
    Column("worth", Float, nullable=False),  # major units a month
    Column("share", Float, nullable=False),  # with which chance the lot would have held him
    Column("is_capped", SmallInteger, nullable=False),  # called whatever the lot says: share is 0
    Column("made_at", BigInteger, nullable=False),
)
"""Who was due for a win-back call in a quarter, and whether the lot let him be called."""

complaints = Table(
    "complaints",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("said_sealed", LargeBinary),
    Column("account", String(80), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("closed_by", String(80), nullable=False, server_default=""),
)
"""What a customer complained of; while one is open nothing is sold to him."""

contact_wishes = Table(
    "contact_wishes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("channel", String(10), nullable=False),  # empty: every way
    Column("weekdays", String(7), nullable=False),  # such as 12345, 1 is Monday; empty: any
    Column("from_min", SmallInteger),  # minutes of the day, none: any
    Column("to_min", SmallInteger),
    Column("most", SmallInteger),  # contacts in 30 days, none: no wish
    Column("is_unwanted", SmallInteger, nullable=False),  # nothing but service by this way
    Column("is_barred", SmallInteger, nullable=False),  # nothing at all by this way
    Column("source", String(10), nullable=False),  # as of consents
    Column("on_day", Integer, nullable=False),
    Column("account", String(80), nullable=False),
    Column("written_at", BigInteger, nullable=False),
)
"""How a customer wants to be addressed; of one channel the newest word counts."""

rests = Table(
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
"""Customers whom nobody plans to call until they come again, or somebody ends it."""

call_checks = Table(
    "call_checks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("result_id", ForeignKey("call_results.id"), nullable=False, unique=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("week_day", Integer, nullable=False, index=True),  # its Monday
    Column("outcome", String(12), nullable=False),  # confirmed, differs, unreached; empty: not yet
    Column("reason", String(200), nullable=False),
    Column("checked_by", String(80), nullable=False),
    Column("checked_at", BigInteger),
)
"""Results drawn by lot, about which somebody else asks the customer again."""

"""What the export files call a terminal, and who may have its new key shown.

A terminal that was there before is one whose files name no terminal: its lines are then known by
receipt and time as well (archive/twins.py).
"""

from alembic import op
from sqlalchemy import Column, String

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the two columns."""
    op.add_column("terminals", Column("number", String(40), nullable=False, server_default=""))
    op.add_column("terminals", Column("key_for", String(80)))

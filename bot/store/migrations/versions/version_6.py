"""Events that wait because too many came at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table of waiting events."""
    op.create_table(
        "waiting_event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("event_id", sa.String, unique=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )

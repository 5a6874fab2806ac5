"""The first release: jobs and their keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first table."""
    op.create_table(
        "job",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("team_id", sa.String, nullable=False),
        sa.Column("channel_id", sa.String, nullable=False),
        sa.Column("message_ts", sa.String, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("faults", sa.Integer, nullable=False),
        sa.Column("accepted_at", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("intent_at", sa.Float),
        sa.Column("ended_at", sa.Float),
        sa.Column("reply_ts", sa.String),
        sa.Column("notice", sa.String),
        sa.Column("outcome", sa.String),
        sa.Column("request", sa.LargeBinary),
    )
    op.create_index("job_by_due", "job", ["state", "due_at"])
    op.create_index("job_by_message", "job", ["team_id", "channel_id", "message_ts"])

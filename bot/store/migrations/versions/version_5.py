"""Times of decisions, former ids of channels, how far each channel was listened to, and reservations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Extend what people decide by its time, and create what a look back begins from."""
    op.add_column("job", sa.Column("reserved_s", sa.Float, nullable=False, server_default="0"))
    op.add_column("channel", sa.Column("changed_at", sa.Float, nullable=False, server_default="0"))
    op.add_column("opted_out", sa.Column("is_out", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("opted_out", sa.Column("changed_at", sa.Float, nullable=False, server_default="0"))
    op.add_column("subscription", sa.Column("since", sa.Float, nullable=False, server_default="0"))
    op.create_table(
        "moved_channel",
        sa.Column("team_id", sa.String, primary_key=True),
        sa.Column("old_id", sa.String, primary_key=True),
        sa.Column("new_id", sa.String, nullable=False),
    )
    op.create_table(
        "workspace",
        sa.Column("team_id", sa.String, primary_key=True),
        sa.Column("heard_until", sa.Float, nullable=False),
        sa.Column("automatic", sa.Boolean, nullable=False),
        sa.Column("automatic_since", sa.Float, nullable=False),
    )
    op.create_table(
        "listening",
        sa.Column("team_id", sa.String, primary_key=True),
        sa.Column("channel_id", sa.String, primary_key=True),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("missed_from", sa.Float),
    )

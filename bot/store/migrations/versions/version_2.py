"""Recordings of any length: what is recognised is kept part by part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Number the replies to one recording, and keep parts."""
    op.add_column("job", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "part",
        sa.Column("job_id", sa.Integer, sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("start_ms", sa.Integer, primary_key=True),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )

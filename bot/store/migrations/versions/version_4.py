"""An index of ended jobs: keys are kept for months, and old ones are found without reading the others."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the index of ended jobs by their end."""
    op.create_index("job_by_end", "job", ["state", "ended_at"])

"""Removals, settings, opt-outs, subscriptions, usage. Rows name file and audience; keys lose their number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Extend jobs, and create what is kept beside them."""
    _extend_jobs()
    _name_files()
    op.create_table(
        "removal",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("team_id", sa.String, nullable=False),
        sa.Column("channel_id", sa.String, nullable=False),
        sa.Column("thread_ts", sa.String, nullable=False),
        sa.Column("message_ts", sa.String, nullable=False),
        sa.Column("file_id", sa.String),
        sa.Column("audience", sa.String),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("claimed", sa.Boolean, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "channel",
        sa.Column("team_id", sa.String, primary_key=True),
        sa.Column("channel_id", sa.String, primary_key=True),
        sa.Column("settings", sa.LargeBinary),
        sa.Column("greeted", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "opted_out",
        sa.Column("team_id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, primary_key=True),
    )
    op.create_table(
        "subscription",
        sa.Column("team_id", sa.String, primary_key=True),
        sa.Column("channel_id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, primary_key=True),
    )
    op.create_table(
        "usage",
        sa.Column("team_id", sa.String, primary_key=True),
        sa.Column("channel_id", sa.String, primary_key=True),
        sa.Column("month", sa.String, primary_key=True),
        sa.Column("clips", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )


def _extend_jobs() -> None:
    for column in (
        sa.Column("file_id", sa.String, nullable=False, server_default=""),
        sa.Column("audience", sa.String, nullable=False, server_default="thread"),
        sa.Column("thread_ts", sa.String),
        sa.Column("asked", sa.String, nullable=False, server_default=""),
        sa.Column("confirmed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("counted", sa.Boolean, nullable=False, server_default=sa.false()),
    ):
        op.add_column("job", column)
    op.create_index("job_by_file", "job", ["team_id", "file_id"])


def _name_files() -> None:
    """Take file and audience from the key: team, channel, message, file, audience and a number."""
    connection = op.get_bind()
    job = sa.table("job", *(sa.column(name) for name in ("id", "key", "file_id", "audience")))
    for row in connection.execute(sa.select(job.c.id, job.c.key)).all():
        names = row.key.split(":")[:5]
        if len(names) < 5 or not all(names):
            # Only a bug of ours writes such a row. It must not stop the bot at every start.
            connection.execute(sa.delete(job).where(job.c.id == row.id))
            continue
        values = {"key": ":".join(names), "file_id": names[3], "audience": names[4]}
        connection.execute(sa.update(job).where(job.c.id == row.id).values(**values))

"""Revisions of the tables, run by alembic: each says what one version changed, as it was then.

There is no way down. Before older files are changed a copy is put beside them, and that is the way back.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def build_config() -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    return config


def upgrade(connection: Connection) -> None:
    """Bring stamped tables to the newest revision, inside the transaction that the connection is in."""
    config = build_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

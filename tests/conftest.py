"""What every test gets: an environment in which no ambient setting or credential exists."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from bot.settings.settings import Settings

_AMBIENT = {name.upper() for name in Settings.model_fields} | {
    *("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"),
    *(name for scheme in ("HTTP", "HTTPS", "ALL") for name in (f"{scheme}_PROXY", f"{scheme}_PROXY".lower())),
}

# How long an example takes depends on who else uses the machine. So many examples at each run, with others at
# the next one, find what a hundred find, and leave the tests their nine minutes.
settings.register_profile("untimed", deadline=None, max_examples=30)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the bot's settings from the environment."""
    for name in set(os.environ) & _AMBIENT:
        monkeypatch.delenv(name)

"""What every test gets: no ambient setting or credential, and no coroutine left behind without a word."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.settings.settings import Settings

_AMBIENT = {name.upper() for name in Settings.model_fields} | {
    *("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"),
    *(name for scheme in ("HTTP", "HTTPS", "ALL") for name in (f"{scheme}_PROXY", f"{scheme}_PROXY".lower())),
}

# How long an example takes depends on who else uses the machine. So many examples at each run, with others at
# the next one, find what a hundred find, and leave the tests their five minutes.
settings.register_profile("untimed", deadline=None, max_examples=30)
settings.register_profile("quick", deadline=None, max_examples=10)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the bot's settings from the environment."""
    for name in set(os.environ) & _AMBIENT:
        monkeypatch.delenv(name)


_SLOW = {Path(__file__).parent / folder for folder in ("browser", "faults", "flows", "speech", "whisper")}
"""The whole bot, Whisper or a browser takes part in each of these."""
_LONGEST = "test_install.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow tests, and begin with them: at the end, one worker would sit over the longest alone."""
    for item in items:
        if _SLOW & set(item.path.parents):
            item.add_marker("slow")
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, item.path.name != _LONGEST))


def pytest_collection_finish() -> None:
    """Keep what was imported out of later collections, which then take a fifth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def nothing_left_in_cycles() -> Iterator[None]:
    """Find coroutines that were never awaited where only a cycle still holds them.

    All others are found when their test ends. Once in a file, since each collection takes as long as a test.
    """
    yield
    gc.collect()

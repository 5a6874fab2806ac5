"""Fixtures of the checks' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.harness import BotHarness, bot_harness_at


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[BotHarness]:
    """The look-alikes, for Socket Mode, and no bot."""
    async with bot_harness_at(tmp_path, "socket") as made:
        yield made


@pytest.fixture
async def http_harness(tmp_path: Path) -> AsyncIterator[BotHarness]:
    """The same for HTTP mode."""
    async with bot_harness_at(tmp_path, "http") as made:
        yield made

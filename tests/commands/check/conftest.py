"""Fixtures of the checks' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.world import World, world_at


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The look-alikes, for Socket Mode, and no bot."""
    async with world_at(tmp_path, "socket") as made:
        yield made


@pytest.fixture
async def http_world(tmp_path: Path) -> AsyncIterator[World]:
    """The same for HTTP mode."""
    async with world_at(tmp_path, "http") as made:
        yield made

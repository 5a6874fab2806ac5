"""Fixtures of the flow tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.world import Delivery, World, world_at


@pytest.fixture(params=["socket", pytest.param("http", marks=pytest.mark.soak)])
def delivery(request: pytest.FixtureRequest) -> Delivery:
    """Which way an event came is over behind the door: what is marked ``at_the_door`` runs both ways."""
    chosen: Delivery = request.param
    return chosen


@pytest.fixture
async def world(tmp_path: Path, delivery: Delivery) -> AsyncIterator[World]:
    """The look-alikes; the test starts the bot."""
    async with world_at(tmp_path, delivery) as made:
        yield made


@pytest.fixture
async def socket_world(tmp_path: Path) -> AsyncIterator[World]:
    """The same over Socket Mode alone, for what does not depend on delivery."""
    async with world_at(tmp_path, "socket") as made:
        yield made

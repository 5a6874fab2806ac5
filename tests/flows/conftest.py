"""Fixtures of the flow tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.harness import BotHarness, Delivery, bot_harness_at


@pytest.fixture(params=["socket", pytest.param("http", marks=pytest.mark.soak)])
def delivery(request: pytest.FixtureRequest) -> Delivery:
    """Which way an event came is over behind the door: what is marked ``at_the_door`` runs both ways."""
    chosen: Delivery = request.param
    return chosen


@pytest.fixture
async def harness(tmp_path: Path, delivery: Delivery) -> AsyncIterator[BotHarness]:
    """The look-alikes; the test starts the bot."""
    async with bot_harness_at(tmp_path, delivery) as made:
        yield made


@pytest.fixture
async def socket_harness(tmp_path: Path) -> AsyncIterator[BotHarness]:
    """The same over Socket Mode alone, for what does not depend on delivery."""
    async with bot_harness_at(tmp_path, "socket") as made:
        yield made

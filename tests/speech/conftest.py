"""One playground for all tests on speech: loading the recogniser takes longer than hearing a clip."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bot.playground.session import Playground, Result, playground

Share = Callable[[Path], Awaitable[Result]]
"""Shares a file as a voice clip, under a name that says nothing, and waits for what the bot says last."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def place() -> AsyncIterator[Playground]:
    async with playground(None, "socket", lambda _line: None) as made:
        yield made


@pytest.fixture(scope="session")
def share(place: Playground) -> Share:
    return lambda path: place.share(path, f"{secrets.token_hex(4)}{path.suffix}")

"""Slack's Web API for work that nobody waits for: few reads a minute, each repeated until Slack answers."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client.api import Answer, SlackApi
from bot.slack.client.api_errors import refusal_means_closed
from bot.slack.client.connection import until_reachable

_MINUTE_S = 60.0


class PacedApi(SlackApi):
    """Reads as ``SlackApi`` does, but never more often than so many times in any 60 seconds.

    A read that Slack does not answer, or limits the rate of, is repeated for as long as it takes; what it
    refuses is ``Rejected``.

    Args:
        client: The SDK's client for reads.
        calls_per_minute: The most reads, repeated ones included.
        clock: Seconds that only grow; injected for tests.
        sleep: Waits; the same.

    Attributes:
        calls: How many reads were made.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        calls_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(client, client)
        self.calls = 0
        self._clock = clock
        self._sleep = sleep
        self._begun_s = deque([-math.inf] * calls_per_minute, maxlen=calls_per_minute)

    async def read(self, method: str, /, *, timeout_s: float | None = None, **arguments: Any) -> Answer:
        """Read when the minute has room for it.

        Raises:
            Rejected: what it is about is gone or closed to the bot.
            Misconfigured: the token or a scope is wrong.
        """

        async def attempt() -> Answer:
            while (wait_s := self._begun_s[0] + _MINUTE_S - self._clock()) > 0:
                await self._sleep(wait_s)
            self._begun_s.append(self._clock())
            self.calls += 1
            with refusal_means_closed():
                return await super(PacedApi, self).read(method, timeout_s=timeout_s, **arguments)

        return await until_reachable(attempt, sleep=self._sleep)

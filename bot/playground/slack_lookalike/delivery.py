"""One event, interaction or command on its way to the app, whichever way it travels."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.playground.slack_lookalike.records import JsonObject

DeliveryKind = Literal["events_api", "interactive", "slash_commands"]


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """When Slack gives up waiting, and when it tries again.

    Source: https://docs.slack.dev/apis/events-api/#retries
    """

    ack_timeout_s: float = 3.0
    delays_s: tuple[float, ...] = (0.0, 60.0, 300.0)


@dataclass(slots=True)
class Attempt:
    """One try."""

    number: int
    """0 for the first."""
    reason: str
    """Why it was tried again; empty for the first."""
    sent_at: float
    """Epoch seconds."""
    status: int | None = None
    """HTTP status of the app's answer; ``None`` over Socket Mode."""
    ack_after_s: float | None = None
    """How long the app took; ``None`` while it has not acknowledged."""


@dataclass(slots=True)
class Delivery:
    """What is delivered, and how that went."""

    kind: DeliveryKind
    payload: JsonObject
    on_ack: Callable[[JsonObject], None] = lambda _answer: None
    """Told the app's answer: what an acknowledgement carried, often nothing."""
    at: float = field(default_factory=time.time)
    """Epoch seconds at which it came about; what waits for a connection is sent later."""
    attempts: list[Attempt] = field(default_factory=list)
    acked: bool = False
    lost: bool = False
    """Every attempt failed."""
    answer: JsonObject = field(default_factory=dict)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    def acknowledge(self, answer: JsonObject) -> None:
        """The app has it; later acknowledgements change nothing."""
        if self.acked:
            return
        self.acked, self.answer = True, answer
        self.on_ack(answer)
        self._settled.set()

    def give_up(self) -> None:
        """Slack will not try again."""
        self.lost = True
        self._settled.set()

    async def settled(self, timeout_s: float = 10.0) -> Delivery:
        """Wait until it was acknowledged or given up.

        Raises:
            TimeoutError: Neither happened.
        """
        async with asyncio.timeout(timeout_s):
            await self._settled.wait()
        return self

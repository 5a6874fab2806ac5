"""Faults of calls and of events: drawn anew for each of them, while a block lasts."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bot.playground.dashscope_lookalike import faults as dashscope
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.calls import Call
from bot.playground.slack_lookalike.records import JsonObject
from bot.playground.slack_lookalike.server import SlackLookalike

_LATE, _LATE_S = 0.15, 20.0
_DOUBLED, _DOUBLED_S = 0.1, 45.0
"""The share of events that come late and again, and by how much at most."""

_SLACK_FAULTS: tuple[slack.Fault, ...] = (
    slack.Answer(429),
    slack.Answer(429, retry_after_s=2),
    slack.Answer(500),
    slack.Answer(503),
    slack.Answer(503, html=True),
    slack.Answer(200, html=True),
    slack.Delay(2.0),
    slack.Delay(11.0),
    slack.Drop(),
    slack.Drop(after_acting=True),
)
_DASHSCOPE_FAULTS: tuple[dashscope.Fault, ...] = (
    dashscope.Answer(429, "Throttling.RateQuota"),
    dashscope.Answer(429, "Throttling.RateQuota", retry_after_s=2),
    dashscope.Answer(500, "InternalError"),
    dashscope.Answer(503, "ModelUnavailable"),
    dashscope.Page(),
    dashscope.Page(200),
    dashscope.Delay(4.0),
    dashscope.Drop(),
    dashscope.Drop(after_acting=True),
    dashscope.without_choices(),
)
_WAYS = 10
"""In each of the two, so that the rate is that of all together."""


@contextmanager
def failing_calls(
    one: SlackLookalike, other: DashScopeLookalike, rate: float, rng: random.Random
) -> Iterator[None]:
    """So much of the calls of Slack and of the recogniser fails, each in a way that is drawn."""

    def any_call(_call: object) -> bool:
        return rng.random() < rate / _WAYS

    def any_request(call: Call) -> bool:
        # An acknowledgement is no request: nothing answers it.
        return call.method != "socket_ack" and any_call(call)

    for fault in _SLACK_FAULTS:
        one.faults.put(fault, any_request if isinstance(fault, slack.Answer) else any_call, times=None)
    for failure in _DASHSCOPE_FAULTS:
        other.faults.put(failure, any_call, times=None)
    try:
        yield
    finally:
        one.faults.clear()
        other.faults.clear()


class UnsteadyEvents:
    """Events of Slack that come late, twice and out of order.

    Attributes:
        counts: How many did.
    """

    def __init__(self, lookalike: SlackLookalike, rng: random.Random) -> None:
        self._lookalike = lookalike
        self._rng = rng
        self._pending = 0
        self.counts: Counter[str] = Counter()

    @contextmanager
    def unsteady(self) -> Iterator[None]:
        """Everything that comes about within the block is delivered so."""
        sinks = self._lookalike.state.sinks
        steady = list(sinks)
        sinks[:] = [self._send]
        try:
            yield
        finally:
            sinks[:] = steady

    @property
    def are_over(self) -> bool:
        """True where none is still to come."""
        return not self._pending

    def _send(self, payload: JsonObject) -> None:
        late_s = self._rng.uniform(0, _LATE_S) if self._rng.random() < _LATE else 0.0
        self.counts["late"] += bool(late_s)
        self._send_later(late_s, payload)
        if self._rng.random() < _DOUBLED:
            self.counts["doubled"] += 1
            self._send_later(late_s + self._rng.uniform(0, _DOUBLED_S), payload)

    def _send_later(self, after_s: float, payload: JsonObject) -> None:
        def send() -> None:
            self._pending -= 1
            self._lookalike.deliver("events_api", payload)

        self._pending += 1
        asyncio.get_running_loop().call_later(after_s, send)

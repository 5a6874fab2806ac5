"""What can go wrong between Slack and the app, on demand and exactly timed.

A rule is matched against each call before it acts. Acting is atomic, so "before" and "after" leave no doubt
about whether the call took effect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.playground.slack.calls import Call


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer this HTTP status in place of acting."""

    status: int
    retry_after_s: int | None = None
    html: bool = False
    """A web page, as from a proxy; JSON without it."""


@dataclass(frozen=True, slots=True)
class SlackError:
    """Answer 200 with this error code in place of acting."""

    code: str


@dataclass(frozen=True, slots=True)
class Delay:
    """Act after this many seconds."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Drop:
    """Break the connection, before acting or after acting without an answer.

    aiohttp's client tries a GET once more by itself, so a drop of one GET may go unnoticed.
    """

    after_acting: bool = False


@dataclass(slots=True)
class Hold:
    """Keep the call waiting, before acting or between acting and answering.

    A client that goes away while it is held ends the hold; a call that had not acted then never does.
    """

    after_acting: bool = False
    call: Call | None = None
    """The call that is, or was, held."""
    client_gone: bool = False
    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _dropped: bool = False

    async def reached(self, timeout_s: float = 10.0) -> Call:
        """Wait until a call is held.

        Raises:
            TimeoutError: None came.
        """
        async with asyncio.timeout(timeout_s):
            await self._reached.wait()
        if self.call is None:
            raise RuntimeError("released before any call was held")
        return self.call

    async def ended(self, timeout_s: float = 10.0) -> None:
        """Wait until the call is held no more: released, dropped, or its client gone.

        Raises:
            TimeoutError: It is held still.
        """
        async with asyncio.timeout(timeout_s):
            await self._ended.wait()

    def release(self) -> None:
        """Let the call go on."""
        self._released.set()

    def drop(self) -> None:
        """Break the held call's connection; before acting, it never acts."""
        self._dropped = True
        self._released.set()

    async def wait(self, call: Call) -> bool:
        """Hold this call until the test lets go; True if it may go on."""
        self.call = call
        self._reached.set()
        try:
            await self._released.wait()
        except asyncio.CancelledError:
            self.client_gone = True
            raise
        finally:
            self._ended.set()
        return not self._dropped


Fault = Answer | SlackError | Delay | Drop | Hold


@dataclass(slots=True)
class _Rule:
    method: str
    fault: Fault
    nth: int | None
    times: int | None
    when: Callable[[Mapping[str, Any]], bool] | None
    seen: int = 0

    def matches(self, call: Call) -> bool:
        if self.method not in {"*", call.method} or (self.when and not self.when(call.arguments)):
            return False
        self.seen += 1
        if self.nth is not None and self.seen < self.nth:
            return False
        return self.times is None or self.seen < (self.nth or 1) + self.times


class Faults:
    """The rules in force, oldest first; the first that matches a call is applied.

    A call that an older rule took is not counted by the younger ones, so rules added one after the other
    strike one after the other.
    """

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def add(
        self,
        method: str,
        fault: Fault,
        *,
        nth: int = 1,
        times: int | None = 1,
        when: Callable[[Mapping[str, Any]], bool] | None = None,
    ) -> None:
        """Apply a fault to calls that arrive from now on.

        Args:
            method: A Web API method, a pseudo-method (see :class:`Call`), or ``*`` for any.
            fault: What happens.
            nth: The first occurrence that it hits, counted from 1 and from now.
            times: How many occurrences it hits; ``None`` for all that follow.
            when: Counts only calls whose arguments satisfy this.
        """
        self._rules.append(_Rule(method, fault, nth, times, when))

    def hold(
        self,
        method: str,
        *,
        after_acting: bool = False,
        nth: int = 1,
        when: Callable[[Mapping[str, Any]], bool] | None = None,
    ) -> Hold:
        """Hold one call; the test awaits ``reached()`` and then releases it, drops it or kills the client."""
        hold = Hold(after_acting)
        self.add(method, hold, nth=nth, when=when)
        return hold

    def clear(self) -> None:
        """Forget every rule and let every held call go."""
        for rule in self._rules:
            if isinstance(rule.fault, Hold):
                rule.fault.release()
        self._rules.clear()

    def match(self, call: Call) -> Fault | None:
        """The fault that this call meets."""
        return next((rule.fault for rule in self._rules if rule.matches(call)), None)

"""Faults that both look-alikes inject on demand, exactly timed.

A rule is matched against each call before it acts. Acting is atomic, so "before" and "after" leave no doubt
about whether the call took effect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

CallT = TypeVar("CallT")
FaultT = TypeVar("FaultT")


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
class Hold(Generic[CallT]):
    """Keep the call waiting, before acting or between acting and answering.

    A client that goes away while it is held ends the hold; a call that had not acted then never does.
    """

    after_acting: bool = False
    call: CallT | None = None
    """The call that is, or was, held."""
    client_gone: bool = False
    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _dropped: bool = False

    async def reached(self, timeout_s: float = 10.0) -> CallT:
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

    async def wait(self, call: CallT) -> bool:
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


@dataclass(slots=True)
class _Rule(Generic[CallT, FaultT]):
    fault: FaultT
    nth: int
    times: int | None
    concerns: Callable[[CallT], bool]
    seen: int = 0

    def matches(self, call: CallT) -> bool:
        if not self.concerns(call):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)


class Rules(Generic[CallT, FaultT]):
    """The rules in force, oldest first; the first that matches a call is applied.

    A call that an older rule took is not counted by the younger ones, so rules added one after the other
    strike one after the other.
    """

    def __init__(self) -> None:
        self._rules: list[_Rule[CallT, FaultT]] = []

    def put(
        self, fault: FaultT, concerns: Callable[[CallT], bool], *, nth: int = 1, times: int | None = 1
    ) -> None:
        """Apply a fault to calls that arrive from now on.

        Args:
            fault: What happens.
            concerns: Which calls it counts and hits.
            nth: The first of them that it hits, counted from 1.
            times: How many of them it hits; ``None`` for all that follow.
        """
        self._rules.append(_Rule(fault, nth, times, concerns))

    def clear(self) -> None:
        """Forget every rule and let every held call go."""
        for rule in self._rules:
            if isinstance(rule.fault, Hold):
                rule.fault.release()
        self._rules.clear()

    def match(self, call: CallT) -> FaultT | None:
        """The fault that this call meets."""
        return next((rule.fault for rule in self._rules if rule.matches(call)), None)

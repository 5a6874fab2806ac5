"""What can go wrong between the service and its client, on demand and exactly timed.

Rules speak the words of the Slack look-alike's. Only well-formed calls meet them: a call that the service
refuses for its shape is refused whatever the rules say. "Acting" means recognising.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.playground.dashscope.calls import Call

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer this in place of acting: any error of the service, or status 200 with an error's body."""

    status: int
    code: str
    message: str = ""
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Answer a web page in place of acting, as a proxy in between does."""

    status: int = 502
    html: str = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass(frozen=True, slots=True)
class Alter:
    """Act, then change the answer's body in place."""

    change: Callable[[Body], None]


@dataclass(frozen=True, slots=True)
class Delay:
    """Act after this many seconds."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Drop:
    """Break the connection, before acting or after acting without an answer."""

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
        return not self._dropped


Fault = Answer | Page | Alter | Delay | Drop | Hold


@dataclass(slots=True)
class _Rule:
    fault: Fault
    nth: int
    times: int | None
    when: Callable[[Call], bool] | None
    seen: int = 0

    def matches(self, call: Call) -> bool:
        if self.when and not self.when(call):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)


class Faults:
    """The rules in force, oldest first; the first that matches a call is applied."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def add(
        self,
        fault: Fault,
        *,
        nth: int = 1,
        times: int | None = 1,
        when: Callable[[Call], bool] | None = None,
    ) -> None:
        """Apply a fault to calls that arrive from now on.

        Args:
            fault: What happens.
            nth: The first call that it hits, counted from 1 and from now.
            times: How many calls it hits; ``None`` for all that follow.
            when: Counts only calls that satisfy this.
        """
        self._rules.append(_Rule(fault, nth, times, when))

    def hold(
        self, *, after_acting: bool = False, nth: int = 1, when: Callable[[Call], bool] | None = None
    ) -> Hold:
        """Hold one call; the test awaits ``reached()`` and then releases it, drops it or kills the client."""
        hold = Hold(after_acting)
        self.add(hold, nth=nth, when=when)
        return hold

    def clear(self) -> None:
        """Forget every rule and let every held call go."""
        for rule in self._rules:
            if isinstance(rule.fault, Hold):
                rule.fault.release()
        self._rules.clear()

    def match(self, call: Call) -> Fault | None:
        """The fault that this call meets."""
        matching = [rule for rule in self._rules if rule.matches(call)]
        return matching[0].fault if matching else None


def without_choices() -> Alter:
    """An answer with no choices in it."""
    return Alter(lambda body: body["output"].update(choices=[]))


def without_content() -> Alter:
    """An answer with ``content: []``."""
    return Alter(lambda body: _message(body).update(content=[]))


def without_annotations() -> Alter:
    """An answer that does not say the language."""
    return Alter(lambda body: _message(body).pop("annotations"))


def in_language(code: str) -> Alter:
    """An answer in this language, known or not."""
    return Alter(lambda body: _message(body)["annotations"][0].update(language=code))


def cut_short() -> Alter:
    """An answer that stopped before the end of the audio."""
    return Alter(lambda body: body["output"]["choices"][0].update(finish_reason="length"))


def _message(body: Body) -> Body:
    message: Body = body["output"]["choices"][0]["message"]
    return message

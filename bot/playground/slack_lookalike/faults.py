"""Faults between Slack and the app, on demand and exactly timed.

A rule is matched against each call before it acts. Acting is atomic, so "before" and "after" leave no doubt
about whether the call took effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.injected_faults import Delay, Drop, Rules
from bot.playground.injected_faults import Hold as AnyHold
from bot.playground.slack_lookalike.calls import Call

__all__ = ["Answer", "Delay", "Drop", "Fault", "Faults", "Hold", "SlackError"]


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


class Hold(AnyHold[Call]):
    """Keep one of these calls waiting."""


Fault = Answer | SlackError | Delay | Drop | Hold


class Faults(Rules[Call, Fault]):
    """The rules in force; each names the methods that it counts."""

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

        def concerns(call: Call) -> bool:
            return method in {"*", call.method} and (when is None or when(call.arguments))

        self.put(fault, concerns, nth=nth, times=times)

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

"""Faults between the service and its client, on demand and exactly timed.

Rules speak the words of the Slack look-alike's. Only well-formed calls meet them: a call that the service
refuses for its shape is refused whatever the rules say. "Acting" means recognising.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.playground.dashscope_lookalike.calls import Call
from bot.playground.injected_faults import Delay, Drop, Rules
from bot.playground.injected_faults import Hold as AnyHold

Body = dict[str, Any]

__all__ = [
    "Alter",
    "Answer",
    "Delay",
    "Drop",
    "Fault",
    "Faults",
    "Hold",
    "Page",
    "cut_short",
    "in_language",
    "without_annotations",
    "without_choices",
    "without_content",
]


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


class Hold(AnyHold[Call]):
    """Keep one of these calls waiting."""


Fault = Answer | Page | Alter | Delay | Drop | Hold


class Faults(Rules[Call, Fault]):
    """The rules in force; each counts the calls that it concerns."""

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
        self.put(fault, when or (lambda _call: True), nth=nth, times=times)

    def hold(
        self, *, after_acting: bool = False, nth: int = 1, when: Callable[[Call], bool] | None = None
    ) -> Hold:
        """Hold one call; the test awaits ``reached()`` and then releases it, drops it or kills the client."""
        hold = Hold(after_acting)
        self.add(hold, nth=nth, when=when)
        return hold


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

"""One call of the app, as the look-alike recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Call:
    """A call of a Web API method, or of a pseudo-method.

    The pseudo-methods are ``download``, ``upload``, ``response_url``, ``socket_connect`` and ``socket_ack``.
    """

    method: str
    arguments: Mapping[str, Any]
    """Without the token."""
    at: float
    """Epoch seconds of its arrival."""
    ended_at: float | None = None
    """Epoch seconds of its end, whatever that was."""
    acted: bool = False
    """Whether it took effect."""
    answered: bool = False
    """Whether the whole answer was handed to the network."""
    status: int | None = None
    """HTTP status of the answer."""
    error: str | None = None
    """Slack's error code in the answer."""
    fault: str | None = None
    """What a rule did to it: ``429``, ``dropped``, ``held`` and so on."""
    response: Mapping[str, Any] = field(default_factory=dict)
    """The answer's body where it was JSON."""

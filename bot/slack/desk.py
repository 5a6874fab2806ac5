"""What the controls work with, and what each of them is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports.outside import Files, Replies
from bot.ports.store import Ledger, Preferences, Requests
from bot.slack.errands import Errands
from bot.slack.identity import Identity
from bot.slack.lookups import Lookups
from bot.slack.permissions import Permissions
from bot.slack.whispers import Whispers


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the operator has decided, as far as people are told of it."""

    automatic: bool
    """What counts in channels where nobody has decided."""
    ask_reaction: str
    """An emoji's name."""
    price_per_second: float
    """In US dollars."""
    monthly_minutes: int | None
    audio_goes_to: str
    """The host that recordings are sent to."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the controls work with."""

    reads: AsyncWebClient
    """For reading; its retries are harmless."""
    writes: AsyncWebClient
    """Never repeats a call that may have reached Slack."""
    session: aiohttp.ClientSession
    """For the bytes of files."""
    files: Files
    jobs: Requests
    preferences: Preferences
    ledger: Ledger
    replies: Replies
    lookups: Lookups
    permissions: Permissions
    whispers: Whispers
    identity: Identity
    deployment: Deployment
    stop_jobs: Callable[[str, str | None], Awaitable[None]]
    """Stops what runs for a workspace, or for one channel of it."""
    errands: Errands = field(default_factory=Errands)
    """What goes on after a listener has answered."""


class Control(Protocol):
    """Something that people can do."""

    def register(self, bolt: AsyncApp) -> None:
        """Listen for it. A listener that raises is not acknowledged."""

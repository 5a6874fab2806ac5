"""The services that every handler works with, one instance of each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.ports.outside import Files, Replies
from bot.ports.preferences import Ledger, Listening, Preferences
from bot.ports.store import Requests
from bot.slack.background import BackgroundTasks
from bot.slack.client.api import SlackApi
from bot.slack.client.ephemeral import EphemeralMessages
from bot.slack.client.identity import Identity
from bot.slack.client.lookups import Lookups
from bot.slack.client.readers import Readers
from bot.slack.client.recordings import Recordings
from bot.slack.client.uploads import Uploads
from bot.slack.permissions import Permissions


@dataclass(frozen=True, slots=True)
class Deployment:
    """The operator's settings, as far as people are told of them."""

    automatic: bool
    """The default for channels where nobody has decided: transcribe unasked, or not."""
    ask_reaction: str
    """An emoji's name."""
    price_per_second: float
    """In US dollars."""
    monthly_minutes: int | None
    audio_goes_to: str
    """The host that recordings are sent to."""


@dataclass(frozen=True, slots=True)
class HandlerContext:
    """The services and settings that handlers share."""

    api: SlackApi
    files: Files
    requests: Requests
    preferences: Preferences
    listening: Listening
    ledger: Ledger
    replies: Replies
    lookups: Lookups
    readers: Readers
    permissions: Permissions
    ephemeral: EphemeralMessages
    uploads: Uploads
    identity: Identity
    deployment: Deployment
    scratch: Path
    """The folder for temporary files."""
    stop_jobs: Callable[[str, str | None], Awaitable[None]]
    """Stops the running jobs of a workspace, or of one channel of it."""
    background: BackgroundTasks = field(default_factory=BackgroundTasks)
    """Tasks that go on after a handler has answered."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The time, in UTC; injected for tests."""

    @property
    def recordings(self) -> Recordings:
        """The search for the recording that is meant."""
        return Recordings(self.api, self.identity)

    @property
    def team_id(self) -> str:
        """The workspace of the installation; people of other organisations may come with their own."""
        return self.identity.team_id

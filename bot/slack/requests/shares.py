"""Shared files: message events become durable jobs, as each channel's settings say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import structlog

from bot.channel_settings import Automatic
from bot.model import TranscriptionRequest
from bot.ports.preferences import Listening, Preferences
from bot.ports.store import Requests
from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.incoming.listeners import Listeners
from bot.slack.incoming.messages import Message
from bot.slack.requests.handled_files import HandledFiles
from bot.slack.requests.opt_outs import OptOuts
from bot.slack.requests.share_plan import (
    ConversationFacts,
    Ignored,
    Policy,
    Share,
    added_files,
    facts_of,
    parse_share,
    plan_requests,
    read_share,
)
from bot.telemetry import Metrics


class Shares:
    """Handles message events: stores the requests for the files in them.

    Slack is asked nothing here: what an event does not say of a file, its job finds out.

    Args:
        requests: Stores the requests.
        preferences: Each channel's settings.
        listening: Listens to channels from the first recording on, at the latest.
        opt_outs: Know whom nobody may have transcribed.
        automatic: The deployment's default, for channels where nobody has decided.
        metrics: Counts the events.

    Attributes:
        handled: The files of messages that were taken lately.
    """

    def __init__(
        self,
        requests: Requests,
        preferences: Preferences,
        listening: Listening,
        opt_outs: OptOuts,
        *,
        automatic: bool,
        metrics: Metrics,
    ) -> None:
        self._requests = requests
        self._preferences = preferences
        self._listening = listening
        self._begun: set[tuple[str, str]] = set()
        """The workspaces and channels that this process knows to be listened to."""
        self._opt_outs = opt_outs
        self._automatic = automatic
        self._metrics = metrics
        self.handled = HandledFiles()
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for messages, and for mentions that nobody else has taken."""
        for name in ("message", "app_mention"):
            listeners.event(name, MessageEvent, self.take)

    async def take(self, callback: EventCallback[MessageEvent]) -> None:
        """Store the requests of a message or a mention; returns only when they are durable.

        What the store raises is raised, so that Slack delivers the event again.
        """
        event = callback.event
        with self._metrics.acceptance_s.time():
            await self._take(event, parse_share(callback), event.channel, callback.event_id)

    async def take_edit(self, changed: EventCallback[MessageEvent]) -> None:
        """The same for the files that an edit (``message_changed``) has added; any other edit is passed over.

        Source: https://docs.slack.dev/reference/events/message/message_changed
        """
        event, new_files = changed.event, added_files(changed.event)
        if event.message is None or not new_files:
            return
        share = read_share(event.message, facts_of(changed, event.channel, event.channel_type))
        if isinstance(share, Share):
            share = replace(share, new_files=new_files)
        await self._take(event.message, share, event.channel, changed.event_id)

    async def take_missed(self, message: Message, facts: ConversationFacts) -> int:
        """The same for a message that was found in a history; return how many requests were new."""
        shared_at = datetime.fromtimestamp(float(message.ts), UTC)
        planned = await self._plan(read_share(message, facts), by=shared_at)
        return 0 if isinstance(planned, Ignored) else await self._requests.accept(planned)

    async def _take(self, message: Message, share: Share | Ignored, channel_id: str, event_id: str) -> None:
        with self._metrics.events.labels("failed").count_exceptions():
            outcome = await self._store(share, event_id)
        self._metrics.events.labels(outcome).inc()
        self.handled.note(channel_id, (file.id for file in message.shared_files))

    async def _store(self, share: Share | Ignored, event_id: str) -> str:
        """Store a share's requests; the outcome, as the metric names it."""
        planned = await self._plan(share)
        if isinstance(planned, Ignored):
            self._log.debug("event ignored", reason=str(planned), event_id=event_id)
            return str(planned)
        new = await self._requests.accept(planned)
        channel = (planned[0].key.team_id, planned[0].key.channel_id)
        if channel not in self._begun:
            await self._listening.begin(channel[0], [channel[1]])
            self._begun.add(channel)
        self._log.info(
            "event accepted",
            event_id=event_id,
            channel_id=planned[0].key.channel_id,
            files=len({request.file.id for request in planned}),
            new=new,
        )
        return "accepted" if new else "duplicate"

    async def _plan(
        self, share: Share | Ignored, by: datetime | None = None
    ) -> list[TranscriptionRequest] | Ignored:
        if isinstance(share, Ignored):
            return share
        planned = plan_requests(share, await self._policy(share, by))
        if isinstance(planned, Ignored) or not (share.is_asked or share.is_direct):
            # Of what nobody asks for, the job finds out without a word.
            return planned
        # Whoever asks is told at once, by whoever answers mentions and direct messages.
        out = await self._opt_outs.among(share.target.team_id, share.target.files, share.target.user_id)
        return [one for one in planned if one.file.id not in out.file_ids] or Ignored.OPTED_OUT

    async def _policy(self, share: Share, by: datetime | None = None) -> Policy:
        if share.is_asked or share.is_direct:
            return Policy(Automatic.AUDIO)
        target = share.target
        return await self.policy_of(
            target.team_id,
            target.channel_id,
            is_shared_externally=share.is_shared_externally,
            sender_id=target.user_id,
            by=by,
        )

    async def policy_of(
        self,
        team_id: str,
        channel_id: str,
        *,
        is_shared_externally: bool,
        sender_id: str = "",
        by: datetime | None = None,
    ) -> Policy:
        """The policy of a channel for somebody's recordings; ``by``: readers since then do not count."""
        settings = await self._preferences.channel(team_id, channel_id)
        automatic = settings.automatic_now(
            by_default=self._automatic, is_shared_externally=is_shared_externally
        )
        subscribers = await self._preferences.subscribers(team_id, channel_id, by=by)
        others = set(subscribers) - {sender_id}
        return Policy(automatic, settings.only_for_sender, has_subscribers=bool(others))

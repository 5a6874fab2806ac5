"""Shared files: message events become durable jobs, as each channel's settings say."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from bot.channel_settings import Automatic
from bot.model import TranscriptionRequest
from bot.ports.preferences import Listening, Preferences
from bot.ports.store import Requests
from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.incoming.listeners import Listeners
from bot.slack.requests.opt_outs import OptOuts
from bot.slack.requests.share_plan import Ignored, Policy, Share, parse_share, plan_requests
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
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for messages, and for mentions that nobody else has taken."""
        for name in ("message", "app_mention"):
            listeners.event(name, MessageEvent, self.take)

    async def take(self, callback: EventCallback[MessageEvent]) -> None:
        """Store the event's requests; returns only when they are durable.

        What the store raises is raised, so that Slack delivers the event again.
        """
        with self._metrics.acceptance_s.time(), self._metrics.events.labels("failed").count_exceptions():
            await self._take(callback)

    async def take_missed(self, callback: EventCallback[MessageEvent]) -> int:
        """The same for the event of a message that was found in a history; return how many were new."""
        shared_at = datetime.fromtimestamp(float(callback.event.ts), UTC)
        planned = await self._plan(callback, by=shared_at)
        return 0 if isinstance(planned, Ignored) else await self._requests.accept(planned)

    async def _take(self, callback: EventCallback[MessageEvent]) -> None:
        planned = await self._plan(callback)
        if isinstance(planned, Ignored):
            self._metrics.events.labels(str(planned)).inc()
            self._log.debug("event ignored", reason=str(planned), event_id=callback.event_id)
            return
        new = await self._requests.accept(planned)
        channel = (planned[0].key.team_id, planned[0].key.channel_id)
        if channel not in self._begun:
            await self._listening.begin(channel[0], [channel[1]])
            self._begun.add(channel)
        self._metrics.events.labels("accepted" if new else "duplicate").inc()
        self._log.info(
            "event accepted",
            event_id=callback.event_id,
            channel_id=planned[0].key.channel_id,
            files=len({request.file.id for request in planned}),
            new=new,
        )

    async def _plan(
        self, callback: EventCallback[MessageEvent], by: datetime | None = None
    ) -> list[TranscriptionRequest] | Ignored:
        share = parse_share(callback)
        if isinstance(share, Ignored):
            return share
        planned = plan_requests(share, await self._policy(share, by))
        if isinstance(planned, Ignored) or not (share.is_asked or share.is_direct):
            # Of what nobody asks for, the job finds out without a word.
            return planned
        # Whoever asks is told at once, by whoever answers mentions and direct messages.
        out = await self._opt_outs.among(share.target.team_id, share.target.files, share.target.user_id)
        return [one for one in planned if one.file.id not in out.file_ids] or Ignored.OPTED_OUT

    async def _policy(self, share: Share, by: datetime | None) -> Policy:
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

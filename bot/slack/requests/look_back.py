"""Looks through the histories of channels for what was missed: new recordings, and known ones that are gone.

What is found has the keys that its events would have had: what was answered is not answered again.

Sources: https://docs.slack.dev/reference/methods/conversations.history and
https://docs.slack.dev/reference/methods/conversations.replies
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from bot.channel_settings import Automatic
from bot.errors import Misconfigured, Refusal, Rejected
from bot.model import JobState, Place
from bot.ports.preferences import Listening, Preferences
from bot.ports.store import KnownRecording, Requests
from bot.slack.client.history import messages_in
from bot.slack.client.identity import Identity
from bot.slack.client.lookups import Lookups
from bot.slack.client.objects import Conversation
from bot.slack.client.paced import PacedApi
from bot.slack.incoming.messages import Message
from bot.slack.requests.missed import ChannelHistory, beginning, files_in, is_after
from bot.slack.requests.share_plan import ConversationFacts
from bot.slack.requests.shares import Shares
from bot.telemetry import Metrics

_JOBS_AT_ONCE = 4
"""While so many jobs are under way nothing more is taken: live clips are not to wait for old ones."""
_LOOK_AGAIN_S = 1.0


class LookBack:
    """Looks through the channels of which something was missed.

    Args:
        api: Of Slack, at a pace of its own.
        identity: The workspace, and the bot in it.
        listening: Knows what was missed.
        requests: Knows recordings, and has those removed that are gone.
        preferences: Know since when something is transcribed.
        shares: Takes the recordings of a message.
        window: How far back to look.
        now: UTC; injected for tests.
        metrics: Counts what was found.
        sleep: Waits; the same.
    """

    def __init__(  # noqa: PLR0913  # all that it works with, each by its name
        self,
        api: PacedApi,
        *,
        identity: Identity,
        listening: Listening,
        requests: Requests,
        preferences: Preferences,
        shares: Shares,
        window: timedelta,
        metrics: Metrics,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._lookups = Lookups(api)
        self._identity = identity
        self._team_id = identity.team_id
        self._listening = listening
        self._requests = requests
        self._preferences = preferences
        self._shares = shares
        self._window = window
        self._metrics = metrics
        self._found: Counter[str] = Counter()
        """The figures of this look back."""
        self._now = now
        self._sleep = sleep
        self._log = structlog.get_logger(__name__)

    async def run(self, is_last_gap: Callable[[], bool]) -> bool:
        """Look through every channel of which something was missed, those with new files first.

        Of each channel it is noted when it is done, so that what is interrupted goes on there.

        Args:
            is_last_gap: False where something was missed since: what is done then has to be done again.

        Returns:
            True where nothing is left to do.

        Raises:
            Rejected: Slack does not list the bot's channels.
            Misconfigured: the token is wrong.
        """
        channels = {channel.id: channel for channel in await self._lookups.conversations_of_bot()}
        await self._listening.begin(self._team_id, list(channels))
        began, earliest = self._now(), self._now() - self._window
        marks = await self._listening.missed(self._team_id)
        # One from the future was set while the system's clock was ahead: nobody knows from when.
        missed = {channel_id: mark if mark <= began else earliest for channel_id, mark in marks.items()}
        if not missed:
            return True
        known = await self._requests.recordings_since(self._team_id, earliest)
        self._log.info("looking back", channels=len(missed), since=min(missed.values()).isoformat())
        left = len(missed)
        self._found = Counter()
        calls = self._api.calls
        files = await self._new_files(max(min(missed.values()), earliest))
        for channel_id in _in_order(missed, known, files):
            self._metrics.channels_to_catch_up.set(left)
            channel, since = channels.get(channel_id), max(missed[channel_id], earliest)
            is_done = channel is None or await self._look_through(
                channel, since, known.get(channel_id, ()), files.get(channel_id, ())
            )
            if is_done and is_last_gap():
                await self._listening.caught_up(self._team_id, channel_id)
                left -= 1
        self._metrics.channels_to_catch_up.set(left)
        self._count("calls", self._api.calls - calls)
        took_s = (self._now() - began).total_seconds()
        self._log.info("looked back", left=left, took_s=round(took_s, 1), **self._found)
        return left == 0

    async def _look_through(
        self,
        channel: Conversation,
        since: datetime,
        known: Sequence[KnownRecording],
        files: Sequence[str],
    ) -> bool:
        """Look into one channel; False where that has to be done again."""
        try:
            await self._look_into(channel, since, known, files)
        except Rejected as closed:
            self._log.info("channel closed", channel_id=channel.id, reason=str(closed))
        except Misconfigured as error:
            # The scope of one kind of channel, or the token.
            self._log.warning("channel not readable", channel_id=channel.id, error=str(error))
            return False
        except Exception:  # noqa: BLE001  # the other channels are not to go without
            self._log.exception("channel not looked through", channel_id=channel.id)
            return False
        return True

    def _count(self, what: str, number: int = 1) -> None:
        self._found[what] += number
        self._metrics.catch_up.labels(what).inc(number)

    async def _new_files(self, since: datetime) -> Mapping[str, Sequence[str]]:
        """Files shared since then by channel, the newest first; none where Slack does not list them."""
        try:
            return await self._lookups.new_recordings(since)
        except (Rejected, Misconfigured) as error:
            self._log.info("new files not listed", reason=str(error))
            return {}

    async def _look_into(
        self,
        channel: Conversation,
        since: datetime,
        known: Sequence[KnownRecording],
        files: Sequence[str],
    ) -> None:
        """Take what was missed in a channel, newest first, and have what is gone removed.

        Raises:
            Rejected: it is closed to the bot.
            Misconfigured: a scope or the token is wrong.
        """
        taken_since = await self._wanted_since(channel, since)
        if taken_since is None and not known:
            return
        self._count("channels")
        history = ChannelHistory(since, known, self._identity.bot_user_id)
        await self._read(Place(channel.id), channel, history, beginning(since, known), taken_since)
        for thread_ts in history.threads():
            await self._read_thread(thread_ts, channel, history, since, taken_since)
        for file_id in history.unseen(files) if taken_since is not None else ():
            # The head of its thread may be older than the history goes back.
            if (old_thread := await self._thread_of(channel.id, file_id)) is not None:
                await self._read_thread(old_thread, channel, history, since, taken_since)
        for recording in history.lacking():
            await self._remove_if_gone(channel.id, recording)

    async def _read_thread(
        self,
        thread_ts: str,
        channel: Conversation,
        history: ChannelHistory,
        since: datetime,
        taken_since: datetime | None,
    ) -> None:
        place, oldest = Place(channel.id, thread_ts), beginning(since, history.known_in(thread_ts))
        try:
            await self._read(place, channel, history, oldest, taken_since)
        except Rejected as closed:
            self._log.debug("thread closed", channel_id=channel.id, reason=str(closed))

    async def _thread_of(self, channel_id: str, file_id: str) -> str | None:
        """The thread of a channel in which a file was shared; ``None`` where it was in none."""
        try:
            messages = await self._lookups.file(self._team_id, file_id)
        except Rejected:
            return None
        replies = (one for one in messages if one.thread_ts != one.message_ts)
        return next((one.thread_ts for one in replies if one.channel_id == channel_id), None)

    async def _wanted_since(self, channel: Conversation, since: datetime) -> datetime | None:
        """The time from which a channel's recordings are transcribed; ``None`` where they are not."""
        if channel.is_direct:
            return since
        settings = await self._preferences.channel(self._team_id, channel.id)
        decided_at = await self._preferences.decided_at(self._team_id, channel.id)
        default_since = None
        if settings.automatic is None:
            default_since = await self._listening.default_since(self._team_id)
        policy = await self._shares.policy_of(
            self._team_id, channel.id, is_shared_externally=channel.is_shared_externally
        )
        if policy.automatic is Automatic.OFF and not policy.has_subscribers:
            return None
        # One from the future is no limit: the same.
        return max(time for time in (since, decided_at, default_since) if time and time <= self._now())

    async def _read(
        self,
        place: Place,
        channel: Conversation,
        history: ChannelHistory,
        oldest: str,
        taken_since: datetime | None,
    ) -> None:
        async for message in messages_in(self._api, place, oldest):
            target = message.target(self._team_id, channel.id)
            history.note(message, target)
            if taken_since is None or not files_in(target) or not is_after(message.ts, taken_since):
                continue
            self._count("recordings", await self._take(message, channel))

    async def _take(self, message: Message, channel: Conversation) -> int:
        """Take a message's recordings as its event would have been taken; return how many were new."""
        if message.user:
            chosen_at = await self._preferences.chosen_at(self._team_id, message.user)
            if chosen_at is not None and not is_after(message.ts, chosen_at):
                return 0
        await self._let_others_pass()
        facts = ConversationFacts(
            self._team_id,
            channel.id,
            self._identity.bot_user_id,
            self._identity.bot_id,
            is_direct=channel.is_direct,
            is_shared_externally=channel.is_shared_externally,
        )
        return await self._shares.take_missed(message, facts)

    async def _let_others_pass(self) -> None:
        while True:
            depth = await self._requests.depth()
            if depth[JobState.READY] + depth[JobState.RUNNING] < _JOBS_AT_ONCE:
                return
            await self._sleep(_LOOK_AGAIN_S)

    async def _remove_if_gone(self, channel_id: str, recording: KnownRecording) -> None:
        """Have a recording's transcripts removed, if Slack says once more that it is gone."""
        try:
            message = await self._lookups.message(self._team_id, channel_id, recording.message_ts)
        except Rejected as refused:
            if refused.reason is not Refusal.GONE:
                return
        else:
            if recording.file_id in files_in(message):
                return
        await self._requests.remove_message(
            self._team_id,
            channel_id,
            recording.message_ts,
            thread_ts=recording.thread_ts,
            file_id=recording.file_id,
        )
        self._count("removed")
        self._log.info("recording deleted", channel_id=channel_id, file_id=recording.file_id)


def _in_order(
    missed: Mapping[str, datetime],
    known: Mapping[str, Sequence[KnownRecording]],
    files: Mapping[str, Sequence[str]],
) -> list[str]:
    """The channels: those with new files first, then those with known recordings, then the rest."""
    then = sorted(known, key=lambda id_: max(one.message_ts for one in known[id_]), reverse=True)
    # What an earlier look back has left comes before what it did.
    rest = sorted(missed, key=missed.__getitem__)
    return [id_ for id_ in dict.fromkeys([*files, *then, *rest]) if id_ in missed]

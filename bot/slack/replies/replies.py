"""Replies of the bot, found, posted, edited and deleted: ``bot.ports.outside.Replies`` for Slack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from bot import sentences
from bot.errors import Misconfiguration, Misconfigured, Rejected, TranscriptionError
from bot.model import Job, Place, Removal, TranscriptionRequest
from bot.reply import Broken, GaveUp, Refused, Reply, ThreadLookup
from bot.slack.client.api import SlackApi
from bot.slack.client.ephemeral import EphemeralMessages
from bot.slack.client.history import messages_in, open_direct
from bot.slack.client.identity import SCOPES_OF_JOBS, OwnIdentity, identify
from bot.slack.client.lookups import Lookups
from bot.slack.client.readers import Readers
from bot.slack.client.uploads import Uploads
from bot.slack.replies.delete import ReplyDeleter
from bot.slack.replies.metadata import look_up
from bot.slack.replies.post import Posting
from bot.slack.replies.private import PrivateReplies
from bot.slack.replies.render import sentence_of

_STATUS_TIMEOUT_S = 3.0


class SlackReplies:
    """``bot.ports.outside.Replies``: posts in threads, or to the one person who asked.

    Args:
        api: Of Slack.
        uploads: For what does not fit a message.
        ephemeral: For sentences that one person alone reads.
        lookups: Know who is in a channel.
        readers: What people read; threads are in their default.
        now: UTC; injected for tests.
    """

    def __init__(
        self,
        api: SlackApi,
        uploads: Uploads,
        ephemeral: EphemeralMessages,
        lookups: Lookups,
        readers: Readers,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._api = api
        self._lookups = lookups
        self._readers = readers
        self._posting = Posting(api, uploads)
        self._private = PrivateReplies(api, self._posting, ephemeral, lookups, readers, now)
        self._own = OwnIdentity(api)
        self._deleter = ReplyDeleter(api, uploads, self._own)
        self._ephemeral = ephemeral
        self._log = structlog.get_logger(__name__)

    async def show_working(
        self, request: TranscriptionRequest, done: int = 0, total: int | None = None
    ) -> None:
        """Set the thread's status (``assistant.threads.setStatus``); a workspace may refuse it."""
        await self._set_status(request, sentences.working(self._readers.default, done, total))

    async def clear_working(self, request: TranscriptionRequest) -> None:
        """Set an empty status, which takes it away."""
        await self._set_status(request, "")

    async def find(self, job: Job) -> ThreadLookup:
        """Page through the thread's replies, or the reader's direct messages.

        All since the recording, by Slack's clock: the time of the intent is by this machine's, which somebody
        may have set meanwhile.
        """
        reader_id = job.key.reader_id
        place = await open_direct(self._api, reader_id) if reader_id else _thread_of(job)
        identity, messages = await self._own.get(), messages_in(self._api, place, job.key.message_ts)
        return look_up([message async for message in messages if identity.wrote(message)], job)

    async def publish(self, job: Job, reply: Reply, found: ThreadLookup) -> str:
        """Post or edit a reply where its audience reads."""
        reader_id = job.key.reader_id
        if reader_id:
            return await self._private.publish(job, reply, found, reader_id)
        return await self._posting.publish(self._readers.default, job, reply, found, _thread_of(job))

    async def explain(self, job: Job, reply: Refused | GaveUp | Broken) -> None:
        """An ephemeral message to the asker; the one reader of a reply may get a direct message instead.

        Nobody is told where nobody asked.
        """
        asker, reader_id = job.request.again_by or job.request.asked_by, job.key.reader_id
        if asker and reader_id:
            await self._private.tell(job, reader_id, reply)
        elif asker:
            reader = await self._readers.of(asker)
            await self._ephemeral.tell(asker, _where_seen(job), sentence_of(reader, reply))

    async def delete_replies(self, removal: Removal) -> None:
        """Delete the replies that jobs know, and search the thread and direct messages for all others."""
        await self._deleter.delete(removal)

    async def members_among(self, channel_id: str, user_ids: Sequence[str]) -> Sequence[str]:
        """One look-up for all; none are in a channel that is closed to the bot.

        One that Slack does not know is another matter: it may go by another id.
        """
        try:
            return await self._lookups.members_among(channel_id, user_ids)
        except Rejected as closed:
            if closed.code == "channel_not_found":
                raise
            return []

    async def verify(self) -> None:
        """Check the token and the scopes of jobs by ``auth.test``.

        A scope that no job needs must not keep jobs parked.
        """
        missing = (await identify(self._api)).missing_scopes & SCOPES_OF_JOBS
        if missing:
            raise Misconfigured(Misconfiguration.SLACK_SCOPE, f"not granted: {', '.join(sorted(missing))}")

    async def _set_status(self, request: TranscriptionRequest, status: str) -> None:
        try:
            await self._api.write(
                "assistant.threads.setStatus",
                timeout_s=_STATUS_TIMEOUT_S,
                channel_id=request.key.channel_id,
                thread_ts=request.thread_ts,
                status=status,
            )
        except TranscriptionError as error:
            self._log.debug("status not shown", error=error.code or str(error))


def _thread_of(job: Job) -> Place:
    return Place(job.key.channel_id, job.request.thread_ts)


def _where_seen(job: Job) -> Place:
    """The thread for an ephemeral message; the channel where nobody has replied, and Slack would not show it.

    Source: https://docs.slack.dev/reference/methods/chat.postEphemeral
    """
    is_new = job.reply_ts is None and not job.revision
    is_alone = is_new and job.request.thread_ts == job.key.message_ts
    return Place(job.key.channel_id) if is_alone else _thread_of(job)

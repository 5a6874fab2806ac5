"""Private replies: an ephemeral message where the one reader looks, else a direct message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot import sentences
from bot.errors import Refusal, Rejected, TranscriptionError
from bot.model import Job, JobKey, Place
from bot.reply import Broken, GaveUp, Refused, Reply, ThreadLookup
from bot.slack.blockkit.elements import Block, line, section
from bot.slack.blockkit.rich_text import escape
from bot.slack.client.api import SlackApi
from bot.slack.client.api_errors import is_refusal
from bot.slack.client.ephemeral import EphemeralMessages
from bot.slack.client.history import open_direct
from bot.slack.client.lookups import Lookups
from bot.slack.client.readers import Readers
from bot.slack.incoming.fields import id_in
from bot.slack.replies.post import Posting
from bot.slack.replies.render import OutgoingMessage, render_reply, sentence_of
from bot.translations import Reader

_LOOKS_FOR = timedelta(minutes=2)
"""Time for which an asker is taken to look where they asked: ephemeral messages are not shown later."""


class PrivateReplies:
    """Posts ephemeral messages where the one reader looks, or writes them direct messages.

    Args:
        api: Of Slack.
        posting: For direct messages.
        ephemeral: For sentences.
        lookups: Know who is in the recording's channel.
        readers: What people read.
        now: UTC.
    """

    def __init__(
        self,
        api: SlackApi,
        posting: Posting,
        ephemeral: EphemeralMessages,
        lookups: Lookups,
        readers: Readers,
        now: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._posting = posting
        self._ephemeral = ephemeral
        self._lookups = lookups
        self._readers = readers
        self._now = now
        self._log = structlog.get_logger(__name__)

    async def publish(self, job: Job, reply: Reply, found: ThreadLookup, reader_id: str) -> str:
        """Answer the one reader; return the message's ``ts``.

        After a crash an ephemeral message may show twice: it cannot be looked up.

        Raises:
            Rejected: the reader is not in the recording's channel, or nowhere to be reached.
            Unavailable: Slack does not answer; the reply may have arrived all the same.
            Misconfigured: the token or a scope is wrong.
        """
        # The reader may have left it since they asked.
        if not await self._lookups.members_among(job.key.channel_id, [reader_id]):
            raise Rejected(Refusal.FORBIDDEN, "the reader is not in the recording's channel")
        reader = await self._readers.of(reader_id)
        whispered = await self._post_if_short(reader, job, reply, found, reader_id)
        if whispered is not None:
            return whispered
        direct = await open_direct(self._api, reader_id)
        origin = await self._origin(reader, job.key, direct)
        return await self._posting.publish(reader, job, reply, found, direct, origin)

    async def tell(self, job: Job, reader_id: str, reply: Refused | GaveUp | Broken) -> None:
        """Say one sentence to the one reader: where they look now, else by direct message. Never raises."""
        text = sentence_of(await self._readers.of(reader_id), reply)
        place = self._looks_at(job)
        if place is not None:
            await self._ephemeral.tell(reader_id, place, text)
            return
        try:
            direct = await open_direct(self._api, reader_id)
            await self._api.write(
                "chat.postMessage",
                channel=direct.channel_id,
                text=escape(text),
                blocks=[section(text)],
                parse="none",
                link_names=False,
                mrkdwn=False,
            )
        except TranscriptionError as error:
            self._log.warning("reader not told", key=str(job.key), error=type(error).__name__)

    def _looks_at(self, job: Job) -> Place | None:
        """The place where the reader looks now; ``None`` where that cannot be known."""
        has_waited = job.attempt > 0 or self._now() - job.accepted_at > _LOOKS_FOR
        return None if has_waited else job.request.whisper_in

    async def _post_if_short(
        self, reader: Reader, job: Job, reply: Reply, found: ThreadLookup, reader_id: str
    ) -> str | None:
        """Post a short reply as an ephemeral message; ``None`` where a direct message has to do."""
        place = self._looks_at(job)
        # An existing direct message is edited.
        if place is None or found.ts is not None:
            return None
        forms = render_reply(reader, job.request, reply, job.revision, fleeting=True)
        message = await asyncio.to_thread(next, forms)
        return None if message.files else await self._post_ephemeral(message, place, job, reader_id)

    async def _post_ephemeral(
        self, message: OutgoingMessage, place: Place, job: Job, reader_id: str
    ) -> str | None:
        """Post an ephemeral message; return its ``ts``, or ``None`` where Slack refuses it.

        Source: https://docs.slack.dev/reference/methods/chat.postEphemeral
        """
        try:
            answer = await self._api.write(
                "chat.postEphemeral",
                channel=place.channel_id,
                user=reader_id,
                thread_ts=place.thread_ts,
                text=message.text,
                blocks=message.blocks,
                parse="none",
                link_names=False,
            )
        except TranscriptionError as error:
            if not is_refusal(error):
                raise
            self._log.info("whisper refused", key=str(job.key), error=error.code)
            return None
        return id_in(answer.get("message_ts"))

    async def _origin(self, reader: Reader, key: JobKey, direct: Place) -> list[Block]:
        """A line that leads to the recording, as far as Slack tells; none where it is right here."""
        if key.channel_id == direct.channel_id:
            return []
        channel: Block = {"type": "channel", "channel_id": await self._api.channel_now(key.channel_id)}
        permalink = await self._permalink(key)
        if not permalink:
            return [line(reader.say(sentences.FROM_CHANNEL), channel=channel)]
        recording: Block = {"type": "link", "url": permalink, "text": reader.say(sentences.GO_TO_RECORDING)}
        return [line(reader.say(sentences.FROM_RECORDING), channel=channel, recording=recording)]

    async def _permalink(self, key: JobKey) -> str:
        """The recording's permalink; empty where there is none.

        Source: https://docs.slack.dev/reference/methods/chat.getPermalink
        """
        try:
            answer = await self._api.read(
                "chat.getPermalink", channel=key.channel_id, message_ts=key.message_ts
            )
        except TranscriptionError:
            return ""
        return str(answer.get("permalink") or "")

"""Replies that only one person reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot import sentences
from bot.errors import Refusal, Rejected, TranscriptionError
from bot.model import Job, JobKey, Place
from bot.reply import Broken, Found, GaveUp, Refused, Reply
from bot.slack.api_errors import API_FAILURES, error_code, is_refusal, translate
from bot.slack.kit import Block, line, section
from bot.slack.lookups import Lookups
from bot.slack.speech.blocks import Message, render_reply, sentence_of
from bot.slack.speech.messages import open_direct
from bot.slack.speech.posting import Posting
from bot.slack.speech.rich_text import escape
from bot.slack.whispers import Whispers
from bot.translations import Reader

_LOOKS_FOR = timedelta(minutes=2)
"""How long somebody who asked is taken to look where they asked: Slack shows a whisper to nobody later."""


class PrivateReplies:
    """Whispers where the one reader looks, or writes them a direct message.

    Args:
        reads: A client for reading, whose retries are harmless.
        writes: A client that never repeats a call that may have reached Slack.
        posting: For direct messages.
        thread_reader: The language of threads: what anybody reads of whom Slack does not say it.
        now: UTC.
    """

    def __init__(
        self,
        reads: AsyncWebClient,
        writes: AsyncWebClient,
        posting: Posting,
        thread_reader: Reader,
        now: Callable[[], datetime],
    ) -> None:
        self._reads = reads
        self._writes = writes
        self._posting = posting
        self._thread_reader = thread_reader
        self._whispers = Whispers(writes)
        self._now = now
        self._lookups = Lookups(reads)
        self._log = structlog.get_logger(__name__)

    async def publish(self, job: Job, reply: Reply, found: Found, reader_id: str) -> str:
        """Answer the one reader; return the message's ``ts``.

        A doubled whisper after a crash is borne: nobody can look for it.

        Raises:
            Rejected: the reader is not in the recording's channel, or nowhere to be reached.
            Unavailable: Slack does not answer; the reply may have arrived all the same.
            Misconfigured: the token or a scope is wrong.
        """
        if not await self._lookups.is_member(job.key.channel_id, reader_id):
            raise Rejected(Refusal.FORBIDDEN, "the reader is not in the recording's channel")
        reader = await self._lookups.reader(reader_id, self._thread_reader)
        whispered = await self._whisper(reader, job, reply, found, reader_id)
        if whispered is not None:
            return whispered
        direct = await open_direct(self._writes, reader_id)
        origin = await self._origin(reader, job.key, direct)
        return await self._posting.publish(reader, job, reply, found, direct, origin)

    async def tell(self, job: Job, reader_id: str, reply: Refused | GaveUp | Broken) -> None:
        """Say one sentence to the one reader: where they look now, else by direct message. Never raises."""
        text = sentence_of(await self._lookups.reader(reader_id, self._thread_reader), reply)
        place = self._looks_at(job)
        if place is not None:
            await self._whispers.tell(reader_id, place, text)
            return
        try:
            direct = await open_direct(self._writes, reader_id)
            await self._writes.chat_postMessage(
                channel=direct.channel_id,
                text=escape(text),
                blocks=[section(text)],
                parse="none",
                link_names=False,
                mrkdwn=False,
            )
        except (*API_FAILURES, TranscriptionError) as failure:
            self._log.warning("reader not told", key=str(job.key), error=type(failure).__name__)

    def _looks_at(self, job: Job) -> Place | None:
        """Where the reader looks now, as far as anybody can know."""
        has_waited = job.attempt > 0 or self._now() - job.accepted_at > _LOOKS_FOR
        return None if has_waited else job.request.whisper_in

    async def _whisper(
        self, reader: Reader, job: Job, reply: Reply, found: Found, reader_id: str
    ) -> str | None:
        """Show a short reply where the reader looks now; ``None`` where a direct message has to do."""
        place = self._looks_at(job)
        # Where a direct message stands it is edited.
        if place is None or found.ts is not None:
            return None
        forms = render_reply(reader, job.request, reply, job.revision, fleeting=True)
        message = await asyncio.to_thread(next, forms)
        return None if message.files else await self._post_ephemeral(message, place, job, reader_id)

    async def _post_ephemeral(self, message: Message, place: Place, job: Job, reader_id: str) -> str | None:
        """Source: https://docs.slack.dev/reference/methods/chat.postEphemeral."""
        try:
            answer = await self._writes.chat_postEphemeral(
                channel=place.channel_id,
                user=reader_id,
                thread_ts=place.thread_ts,
                text=message.text,
                blocks=message.blocks,
                parse="none",
                link_names=False,
            )
        except API_FAILURES as failure:
            if not is_refusal(failure):
                raise translate(failure) from failure
            self._log.info("whisper refused", key=str(job.key), error=error_code(failure))
            return None
        return str(answer["message_ts"])

    async def _origin(self, reader: Reader, key: JobKey, direct: Place) -> list[Block]:
        """Where the recording is, as far as Slack tells; nothing where that is right here."""
        if key.channel_id == direct.channel_id:
            return []
        channel: Block = {"type": "channel", "channel_id": key.channel_id}
        permalink = await self._permalink(key)
        if not permalink:
            return [line(reader.say(sentences.FROM_CHANNEL), channel=channel)]
        recording: Block = {"type": "link", "url": permalink, "text": reader.say(sentences.GO_TO_RECORDING)}
        return [line(reader.say(sentences.FROM_RECORDING), channel=channel, recording=recording)]

    async def _permalink(self, key: JobKey) -> str:
        """Source: https://docs.slack.dev/reference/methods/chat.getPermalink. Empty where there is none."""
        try:
            answer = await self._reads.chat_getPermalink(channel=key.channel_id, message_ts=key.message_ts)
        except API_FAILURES:
            return ""
        return str(answer.get("permalink") or "")

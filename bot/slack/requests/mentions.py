"""Mentions of the bot (``app_mention``): beside a file, in a recording's thread, or with a link to one."""

from __future__ import annotations

from functools import partial

import structlog

from bot import sentences
from bot.errors import Refusal, Rejected
from bot.model import Place
from bot.ports.store import RequestOutcome
from bot.slack.client.readers import Readers
from bot.slack.context import HandlerContext
from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.incoming.listeners import Listeners
from bot.slack.incoming.messages import ManualRequest, SharedMessage
from bot.slack.interactions.answer import Answer
from bot.slack.requests.command_text import NotUnderstood, RecordingQuery, parse_mention
from bot.slack.requests.request import Requesting, said_of
from bot.slack.requests.share_plan import Ignored, parse_share
from bot.slack.requests.shares import Shares


class Mentions:
    """Transcribes the recording that a mention points at, in its own thread. Beside a file it is a share.

    Args:
        context: What it works with.
        requesting: Finds and asks for recordings.
        readers: What people read.
        shares: Handles mentions beside files.
    """

    def __init__(
        self, context: HandlerContext, requesting: Requesting, readers: Readers, shares: Shares
    ) -> None:
        self._context = context
        self._requesting = requesting
        self._readers = readers
        self._shares = shares
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for mentions."""
        listeners.event("app_mention", MessageEvent, self._take)

    async def _take(self, mention: EventCallback[MessageEvent]) -> None:
        if parse_share(mention) is Ignored.NO_FILES:
            await self._do(mention)
        else:
            await self._shares.take(mention)

    async def _do(self, mention: EventCallback[MessageEvent]) -> None:
        """Do what is asked for, and tell whoever wrote it where they would not see it.

        Raises:
            Unavailable: Slack does not answer, and delivers the event again.
            Misconfigured: a scope or the token is wrong; the same.
        """
        event = mention.event
        phrase = parse_mention(event.text, self._context.identity.bot_user_id)
        answer: Answer | None
        if isinstance(phrase, NotUnderstood):
            answer = partial(sentences.mention_not_understood, word=phrase.word)
        else:
            answer = await self._answer(mention, phrase)
        # A repeated request is done once, but a repeated answer would be read twice.
        if answer is not None and not mention.is_retry:
            place = Place(event.channel, event.thread_ts or None)
            reader = await self._readers.of(event.user)
            await self._context.ephemeral.tell(event.user, place, answer(reader))

    async def _answer(self, mention: EventCallback[MessageEvent], wanted: RecordingQuery) -> Answer | None:
        """The answer for the person alone; ``None`` where they will see the transcript come."""
        event = mention.event
        try:
            target = await self._target(mention, wanted)
        except Rejected as error:
            self._log.debug("mention of what is out of reach", reason=str(error))
            return sentences.OUT_OF_REACH
        if target is None:
            return sentences.MENTION_ME_WHERE
        ask = ManualRequest(event.user, event.ts, language=wanted.language)
        asked = await self._requesting.ask(target, ask)
        in_sight = (target.channel_id, target.thread_ts) == (event.channel, event.thread_ts)
        return None if asked is RequestOutcome.ACCEPTED and in_sight else said_of(asked, ask)

    async def _target(
        self, mention: EventCallback[MessageEvent], wanted: RecordingQuery
    ) -> SharedMessage | None:
        event, team_id = mention.event, mention.installation_id
        if wanted.link is not None:
            target = await self._requesting.linked(team_id, wanted.link, event.user, event.channel)
            # The answer goes to the recording's thread.
            if not await self._requesting.is_in(target.channel_id):
                raise Rejected(Refusal.FORBIDDEN, "not in its channel")
            return target
        if event.thread_ts in {"", event.ts}:
            return None
        return await self._context.lookups.message(team_id, event.channel, event.thread_ts)

"""Requests that people write, in a mention or to the bot itself: done, and answered to the writer alone."""

from __future__ import annotations

from functools import partial

import structlog

from bot import sentences
from bot.errors import Refusal, Rejected
from bot.ports.store import RequestOutcome
from bot.slack.blockkit.elements import section
from bot.slack.blockkit.rich_text import escape
from bot.slack.client.history import messages_in
from bot.slack.context import HandlerContext
from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.incoming.messages import ManualRequest, SharedMessage
from bot.slack.interactions.answer import Answer
from bot.slack.keyed_locks import KeyedLocks
from bot.slack.requests.command_text import NotUnderstood, RecordingQuery, ask_id
from bot.slack.requests.request import Requesting, said_of
from bot.slack.requests.to_bot import MessageToBot
from bot.slack.requests.told import Told

_SLACKBOT = "USLACKBOT"
"""Slack's own bot, of which ``users.info`` says that it is none."""
_ANSWER = "threadscribe_answer"
"""Type of the metadata of an answer in a direct message; its key is the id of the event that it answers."""


class WrittenRequests:
    """Does what people write to the bot, and answers them.

    Args:
        context: What it works with.
        requesting: Finds and asks for recordings.
    """

    def __init__(self, context: HandlerContext, requesting: Requesting) -> None:
        self._context = context
        self._requesting = requesting
        self._told = Told()
        self._locks = KeyedLocks()
        self._log = structlog.get_logger(__name__)

    async def is_by_person(self, written: EventCallback[MessageEvent]) -> bool:
        """True for what a person wrote, whichever app posted it: bots that answer each other never end.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        event = written.event
        if not event.user or event.user == _SLACKBOT or written.is_own(event):
            return False
        if not event.is_from_app:
            return True
        try:
            return not (await self._context.lookups.person(event.user)).is_bot
        except Rejected:
            return False

    async def ask(self, written: EventCallback[MessageEvent], wanted: RecordingQuery) -> Answer | None:
        """Have the recording transcribed that a message points at, and what there is to say of it.

        ``None`` where they see the transcript come.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        event = written.event
        try:
            target = await self._target(written, wanted)
        except Rejected as error:
            self._log.debug("request for what is out of reach", reason=str(error))
            return sentences.OUT_OF_REACH
        if target is None:
            return _nothing_found(event)
        ask = ManualRequest(event.user, ask_id(event.ts, wanted.language), language=wanted.language)
        asked = await self._requesting.ask(target, ask)
        in_sight = target.channel_id == event.channel and target.thread_ts in {event.thread_ts, event.ts}
        return None if asked is RequestOutcome.ACCEPTED and in_sight else said_of(asked, ask)

    async def opted_out(self, target: SharedMessage) -> Answer | None:
        """The refusal of recordings whose people have opted out; ``None`` where there are none."""
        out = await self._requesting.opted_out(target)
        return out.sentence(target.user_id) if out else None

    def words(self, message: MessageToBot, *, is_direct: bool) -> Answer | None:
        """The answer to words that ask for no recording, or not clearly; ``None`` for chatter."""
        said, reaction = message.said, self._context.deployment.ask_reaction
        if isinstance(said, RecordingQuery) and (message.wanted or message.has_files):
            return None
        if message.has_files and not message.is_for_bot_alone:
            return None
        if isinstance(said, NotUnderstood) and said.is_language and message.has_files:
            return partial(sentences.unknown_language, word=said.word)
        if is_direct:
            return partial(sentences.direct_help, reaction=reaction)
        if isinstance(said, NotUnderstood):
            return partial(sentences.mention_not_understood, word=said.word, reaction=reaction)
        return partial(sentences.mention_help, reaction=reaction)

    async def tell(self, written: EventCallback[MessageEvent], answer: Answer | None) -> None:
        """Answer whoever wrote it, once: alone where they look, or in the conversation that is theirs anyway.

        Raises:
            Unavailable: Slack does not answer a direct message's answer; the event is to be delivered again.
            Misconfigured: a scope or the token is wrong; the same.
        """
        # A repeated request is done once, but a repeated answer would be read twice. Nor is "I'm at it
        # already" an answer to what needed none the first time.
        if written.event_id in self._told:
            return
        if written.event.is_direct and answer is not None:
            await self._tell_directly(written, answer)
            return
        self._told.add(written.event_id)
        if answer is not None:
            reader = await self._context.readers.of(written.event.user)
            await self._context.ephemeral.tell(written.event.user, written.event.place, answer(reader))

    async def _tell_directly(self, written: EventCallback[MessageEvent], answer: Answer) -> None:
        text = answer(await self._context.readers.of(written.event.user))
        # A delivery that took too long may still be at it when the next one comes.
        async with self._locks.of(written.event_id):
            try:
                if not (written.is_retry and await self._is_answered(written)):
                    await self._post(written, text)
            except Rejected as error:
                self._log.warning("direct message not answered", error=str(error))

    async def _post(self, written: EventCallback[MessageEvent], text: str) -> None:
        await self._context.api.write(
            "chat.postMessage",
            channel=written.event.channel,
            thread_ts=written.event.place.thread_ts,
            text=escape(text),
            blocks=[section(text)],
            metadata={"event_type": _ANSWER, "event_payload": {"key": written.event_id}},
            unfurl_links=False,
            unfurl_media=False,
            parse="none",
            link_names=False,
            mrkdwn=False,
        )

    async def _is_answered(self, written: EventCallback[MessageEvent]) -> bool:
        """True where an answer stands whose arrival this process, or a former one, did not hear of."""
        event = written.event
        async for message in messages_in(self._context.api, event.place, oldest=event.ts):
            metadata = message.metadata
            if (metadata.event_type, metadata.event_payload.key) == (_ANSWER, written.event_id):
                return True
        return False

    async def _target(
        self, written: EventCallback[MessageEvent], wanted: RecordingQuery
    ) -> SharedMessage | None:
        """The message with the recording that is meant.

        Raises:
            Rejected: it is out of reach.
        """
        event, team_id = written.event, written.installation_id
        if wanted.link is not None:
            target = await self._requesting.linked(team_id, wanted.link, event.user, event.channel)
            # The answer goes to the recording's thread.
            if not await self._requesting.is_in(target.channel_id):
                raise Rejected(Refusal.FORBIDDEN, "not in its channel")
            return target
        beside = event.target(team_id, event.channel)
        if beside is not None and beside.files:
            return beside
        recordings = self._context.recordings
        if event.is_reply:
            return await recordings.nearest(team_id, event.channel, event.thread_ts, event.ts)
        return await recordings.newest(team_id, event.channel) if event.is_direct else None


def _nothing_found(event: MessageEvent) -> Answer:
    if event.is_reply:
        return sentences.NOTHING_ABOVE
    return sentences.NOTHING_SENT if event.is_direct else sentences.MENTION_ME_WHERE

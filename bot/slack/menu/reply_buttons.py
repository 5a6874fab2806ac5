"""The buttons under a reply: fill its gaps, agree to its cost or not, share what one person reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import sentences
from bot.errors import Refusal, Rejected
from bot.model import THREAD, JobKey
from bot.reply import ReplyState
from bot.slack import actions
from bot.slack.asks.asking import Asking, said_of
from bot.slack.bodies import Body, action_of, channel_of
from bot.slack.desk import Desk
from bot.slack.menu.presses import Press
from bot.slack.menu.pressing import Pressing
from bot.slack.speech.messages import messages_in
from bot.slack.speech.thread import state_in
from bot.slack.targets import Ask
from bot.translations import ENGLISH


class ReplyButtons:
    """Does what people press under a reply.

    Args:
        desk: What it works with.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pressing = Pressing(desk)
        self._asking = Asking(desk.jobs, desk.lookups, desk.permissions)
        self._log = structlog.get_logger(__name__)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for them."""

        async def fill_gaps(ack: AsyncAck, body: dict[str, Any]) -> None:
            # Replies of older versions have no handle: the button's value is enough.
            said = await self._pressing.attempt(lambda: self._fill_gaps(body))
            await ack()
            self._pressing.tell(body, said)

        bolt.action(actions.FILL_GAPS)(fill_gaps)
        for action_id, work in self._works().items():
            bolt.action(action_id)(self._listener(work))

    def _works(self) -> Mapping[str, Callable[[Press], Awaitable[str]]]:
        return {actions.AGREE: self._agree, actions.DECLINE: self._decline, actions.SHARE: self._share}

    def _listener(self, work: Callable[[Press], Awaitable[str]]) -> Callable[..., Awaitable[None]]:
        async def press(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._pressing.answer(ack, body, work)

        return press

    async def _fill_gaps(self, body: Body) -> str:
        key = parse_gap_button(body)
        found = key is not None and await self._desk.jobs.fill_gaps(str(key))
        self._log.info("gaps asked for", key=str(key), found=found)
        return "" if found else ENGLISH.say(sentences.GAPS_GONE)

    async def _agree(self, press: Press) -> str:
        await self._check_reach(press)
        agreed = await self._desk.jobs.agree(press.key)
        return ENGLISH.say(sentences.AGREED if agreed else sentences.QUESTION_CLOSED)

    async def _decline(self, press: Press) -> str:
        await self._check_reach(press)
        # Nobody takes a transcript away with a button that a slow screen still shows.
        if press.key.reader_id is None and not await self._is_asking(press):
            return ENGLISH.say(sentences.QUESTION_CLOSED)
        await self._desk.jobs.withdraw_reply(press.key, thread_ts=press.handle.thread_ts)
        return ENGLISH.say(sentences.DECLINED)

    async def _share(self, press: Press) -> str:
        if press.key.reader_id is None:
            return ENGLISH.say(sentences.REPLY_UNKNOWN)
        await self._check_reach(press)
        if not await self._asking.is_in(press.key.channel_id):
            return ENGLISH.say(sentences.OUT_OF_REACH)
        # A language has it transcribed again even where the thread holds a transcript: none is made up here.
        request = press.request(audience=THREAD, asked_by=press.user_id, language=press.handle.language)
        asked = await self._desk.jobs.ask(request)
        return said_of(ENGLISH, asked, Ask(press.user_id, press.id))

    async def _check_reach(self, press: Press) -> None:
        """Raise where somebody is not in the recording's channel.

        Raises:
            Rejected: FORBIDDEN.
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self._desk.permissions.may_read(press.key.channel_id, press.user_id):
            raise Rejected(Refusal.FORBIDDEN, "not theirs to read")

    async def _is_asking(self, press: Press) -> bool:
        async for message in messages_in(self._desk.reads, press.place, oldest=press.key.message_ts):
            if message.get("ts") == press.reply_ts:
                return state_in(message) is ReplyState.ASKING
        return False


def parse_gap_button(body: Body) -> JobKey | None:
    """Whose gaps the button fills; ``None`` where it does not stand where its job's reply does. Pure."""
    try:
        key = JobKey.parse(str(action_of(body).get("value")))
    except ValueError:
        return None
    stands_right = key.reader_id is not None or channel_of(body) == key.channel_id
    return key if stands_right else None

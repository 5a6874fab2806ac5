"""Buttons under a reply: fill gaps, consent or decline, share a private transcript in the thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from slack_bolt.async_app import AsyncAck

from bot import sentences
from bot.errors import Refusal, Rejected
from bot.model import THREAD, JobKey
from bot.reply import ReplyState
from bot.slack.blockkit import action_ids
from bot.slack.context import HandlerContext
from bot.slack.incoming.interactions import BlockAction
from bot.slack.incoming.listeners import Handler, Listeners
from bot.slack.incoming.messages import ManualRequest
from bot.slack.interactions.answer import Answer, Answers
from bot.slack.interactions.presses import Press, parse_press
from bot.slack.replies.metadata import state_in
from bot.slack.reply_menu.verified import verified_press, verified_recording, verified_reply
from bot.slack.requests.opt_outs import OptOuts
from bot.slack.requests.request import Requesting, said_of


class ReplyButtons:
    """Handles presses of the buttons under a reply.

    Args:
        context: What it works with.
        answers: Answers in time.
        requesting: Asks for recordings.
        opt_outs: Know who never wants to be transcribed.
    """

    def __init__(
        self, context: HandlerContext, answers: Answers, requesting: Requesting, opt_outs: OptOuts
    ) -> None:
        self._context = context
        self._opt_outs = opt_outs
        self._answers = answers
        self._requesting = requesting
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for the buttons."""
        listeners.action(action_ids.FILL_GAPS, self._answering(self._fill_gaps))
        for action_id, work in (
            (action_ids.AGREE, self._consent),
            (action_ids.DECLINE, self._decline),
            (action_ids.SHARE, self._share),
        ):
            listeners.action(action_id, self._answering(self._of_reply(work)))

    def _answering(self, work: Callable[[BlockAction], Awaitable[Answer | None]]) -> Handler[BlockAction]:
        """Does the work of a press, acknowledges it, and tells the person alone what came of it."""

        async def take(ack: AsyncAck, pressed: BlockAction) -> None:
            said = await self._answers.in_time(
                pressed.user.id, lambda: work(pressed), unanswered="press not answered"
            )
            await ack()
            if said:
                told = self._context.ephemeral.tell(pressed.user.id, pressed.place, said)
                self._context.background.start(told)

        return take

    def _of_reply(
        self, work: Callable[[Press], Awaitable[Answer | None]]
    ) -> Callable[[BlockAction], Awaitable[Answer | None]]:
        async def do(pressed: BlockAction) -> Answer | None:
            press = parse_press(pressed, self._context.team_id)
            return sentences.REPLY_UNKNOWN if press is None else await work(press)

        return do

    async def _fill_gaps(self, pressed: BlockAction) -> Answer | None:
        # Replies of older versions have no handle: the button's value is enough.
        key, user_id = parse_gap_button(pressed), pressed.user.id
        found = (
            key is not None
            and key.team_id == self._context.team_id
            and key.reader_id in {None, user_id}
            and await self._context.permissions.may_read(key.channel_id, user_id)
            and await self._context.requests.fill_gaps(str(key))
        )
        self._log.info("gaps asked for", key=str(key), found=found)
        return None if found else sentences.GAPS_GONE

    async def _consent(self, press: Press) -> Answer:
        await self._check_reach(press)
        consented = await self._context.requests.consent(press.key)
        return sentences.AGREED if consented else sentences.QUESTION_CLOSED

    async def _decline(self, press: Press) -> Answer:
        await self._check_reach(press)
        found = await verified_reply(self._context, press)
        if found is None and press.key.reader_id is not None:
            # An ephemeral question, which goes by itself.
            await self._context.requests.remove_reply(press.key, thread_ts=press.handle.thread_ts)
            return sentences.DECLINED
        # Nobody takes a transcript away with a button that a slow screen still shows.
        if found is None or state_in(found[1]) is not ReplyState.AWAITING_CONSENT:
            return sentences.QUESTION_CLOSED
        await self._context.requests.remove_reply(
            press.key, thread_ts=found[0].handle.thread_ts, reply_ts=press.reply_ts
        )
        return sentences.DECLINED

    async def _share(self, press: Press) -> Answer:
        if press.key.reader_id is None:
            return sentences.REPLY_UNKNOWN
        await self._check_reach(press)
        if not await self._requesting.is_in(press.key.channel_id):
            return sentences.OUT_OF_REACH
        verified = await verified_press(self._context, press) or await verified_recording(
            self._context, press
        )
        if verified is None:
            return sentences.REPLY_UNKNOWN
        press = verified
        # A language has it retranscribed even where the thread holds a transcript: none is made up here.
        request = press.request(audience=THREAD, asked_by=press.user_id, language=press.handle.language)
        if out := await self._opt_outs.among(press.key.team_id, [request.file], request.user_id):
            return out.sentence(press.user_id)
        [asked] = await self._context.requests.ask([request], words_of=press.key)
        return said_of(asked, ManualRequest(press.user_id, press.id))

    async def _check_reach(self, press: Press) -> None:
        """Raise where somebody is not in the recording's channel.

        Raises:
            Rejected: FORBIDDEN.
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self._context.permissions.may_read(press.key.channel_id, press.user_id):
            raise Rejected(Refusal.FORBIDDEN, "not theirs to read")


def parse_gap_button(pressed: BlockAction) -> JobKey | None:
    """The job whose gaps a button fills; of a reply for everybody, in the channel where it stands. Pure.

    ``None`` where it names none.
    """
    try:
        key = JobKey.parse(pressed.action.value)
    except ValueError:
        return None
    if key.reader_id is not None:
        return key
    return replace(key, channel_id=pressed.channel.id) if pressed.channel.id else None

"""Somebody mentions the bot without a file beside it: in a recording's thread, or with a link to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot import sentences
from bot.errors import Refusal, Rejected
from bot.model import Place
from bot.ports.store import Asked
from bot.slack.asks.asking import Asking, said_of
from bot.slack.asks.phrases import NotUnderstood, Wanted, parse_mention
from bot.slack.bodies import Body, part, team_of
from bot.slack.desk import Desk
from bot.slack.events import Ignored, parse_event
from bot.slack.files import parse_id
from bot.slack.targets import Ask, Target
from bot.translations import ENGLISH


@dataclass(frozen=True, slots=True)
class _Mention:
    """Who mentions the bot, and where."""

    team_id: str
    channel_id: str
    ts: str
    thread_ts: str
    """Empty outside threads."""
    user_id: str


class Mentions:
    """Transcribes what a mention points at, in the recording's own thread.

    Args:
        desk: What it works with.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asking = Asking(desk.jobs, desk.lookups, desk.permissions)
        self._log = structlog.get_logger(__name__)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for mentions that share nothing; the others are shares."""

        async def shares_nothing(body: dict[str, Any]) -> bool:
            return parse_event(body) is Ignored.NO_FILES

        async def hear(body: dict[str, Any], request: AsyncBoltRequest) -> None:
            await self._hear(body, is_retry=_is_retry(request))

        bolt.event("app_mention", matchers=[shares_nothing])(hear)

    async def _hear(self, body: Body, *, is_retry: bool) -> None:
        event = part(body, "event")
        channel_id, ts, thread_ts, user_id = (
            parse_id(event, name) for name in ("channel", "ts", "thread_ts", "user")
        )
        mention = _Mention(team_of(body), channel_id, ts, thread_ts, user_id)
        phrase = parse_mention(str(event.get("text") or ""), self._desk.identity.bot_user_id)
        if isinstance(phrase, NotUnderstood):
            said = sentences.mention_not_understood(ENGLISH, phrase.word)
        else:
            said = await self._answer(mention, phrase)
        # Asked twice it is done once, but told twice it is read twice.
        if said and not is_retry:
            await self._desk.whispers.tell(user_id, Place(channel_id, thread_ts or None), said)

    async def _answer(self, mention: _Mention, wanted: Wanted) -> str:
        """What the person is told alone; nothing where they will see it happen.

        Raises:
            Unavailable: Slack does not answer, and delivers the event again.
            Misconfigured: a scope or the token is wrong; the same.
        """
        try:
            target = await self._target(mention, wanted)
        except Rejected as error:
            self._log.debug("mention of what is out of reach", reason=str(error))
            return ENGLISH.say(sentences.OUT_OF_REACH)
        if target is None:
            return ENGLISH.say(sentences.MENTION_ME_WHERE)
        ask = Ask(mention.user_id, mention.ts, language=wanted.language)
        asked = await self._asking.ask(target, ask)
        in_sight = (target.channel_id, target.thread_ts) == (mention.channel_id, mention.thread_ts)
        return "" if asked is Asked.ACCEPTED and in_sight else said_of(ENGLISH, asked, ask)

    async def _target(self, mention: _Mention, wanted: Wanted) -> Target | None:
        if wanted.link is not None:
            target = await self._asking.linked(
                mention.team_id, wanted.link, mention.user_id, mention.channel_id
            )
            # Its thread is where the answer goes.
            if not await self._asking.is_in(target.channel_id):
                raise Rejected(Refusal.FORBIDDEN, "not in its channel")
            return target
        if mention.thread_ts in {"", mention.ts}:
            return None
        return await self._desk.lookups.message(mention.team_id, mention.channel_id, mention.thread_ts)


def _is_retry(request: AsyncBoltRequest) -> bool:
    """Whether Slack delivered this before; over Socket Mode the first delivery has the number 0.

    Source: https://docs.slack.dev/apis/events-api/#retries
    """
    return request.headers.get("x-slack-retry-num", ["0"])[0] != "0"

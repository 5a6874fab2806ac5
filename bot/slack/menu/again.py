"""“Transcribe again”, as before or in a language that somebody names: the same reply changes."""

from __future__ import annotations

from dataclasses import replace

from bot import sentences
from bot.ports.store import Asked, Requests, Standing
from bot.slack import actions
from bot.slack.bodies import Body, part
from bot.slack.desk import Desk
from bot.slack.kit import Block, field, modal
from bot.slack.language_menu import language_menu, parse_language
from bot.slack.menu.presses import Press
from bot.slack.permissions import Permissions
from bot.translations import ENGLISH, Reader

_BLOCK, _ENTRY = "language", "entry"


class Again:
    """Has the recording of a reply heard once more, for anybody who may read it.

    Args:
        desk: What it works with.
    """

    def __init__(self, desk: Desk) -> None:
        self._jobs: Requests = desk.jobs
        self._permissions: Permissions = desk.permissions
        self._lookups = desk.lookups

    async def ask(self, press: Press, language: str | None = None) -> str:
        """Have it transcribed again; what is told of that.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self._permissions.may_read(press.key.channel_id, press.user_id):
            return ENGLISH.say(sentences.OUT_OF_REACH)
        # Who once asked stays the one who may change it: pressing this gives nobody that right.
        request = press.request(audience=press.key.audience, asked_by=press.asked_by, language=language)
        standing = Standing(press.reply_ts, press.handle.revision)
        asked = await self._jobs.ask(replace(request, again_by=press.user_id), anew=True, standing=standing)
        return ENGLISH.say(sentences.AGAIN_UNDER_WAY if asked is Asked.UNDER_WAY else sentences.AGAIN_ON_IT)

    async def modal(self, press: Press) -> Block:
        """Where the language is chosen.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        reader = Reader.of(await self._lookups.locale(press.user_id))
        menu = language_menu(reader, _ENTRY, press.handle.language)
        return modal(
            actions.LANGUAGE_MODAL,
            reader.say(sentences.AGAIN_TITLE),
            [field(_BLOCK, reader.say(sentences.LANGUAGE_LABEL), menu)],
            submit=reader.say(sentences.AGAIN_SUBMIT),
            close=reader.say(sentences.CANCEL),
            private_metadata=press.dump(),
        )


def parse_choice(view: Body) -> str | None:
    """The language that was chosen; ``None`` for automatic.

    Raises:
        ValueError: none of the choices.
    """
    return parse_language(part(part(part(part(view, "state"), "values"), _BLOCK), _ENTRY))

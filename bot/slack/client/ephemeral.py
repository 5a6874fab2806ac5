"""Ephemeral messages (``chat.postEphemeral``): one call, 2 s at most, errors logged, never raised."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.errors import TranscriptionError
from bot.model import Place
from bot.slack.blockkit.elements import Block, section
from bot.slack.blockkit.rich_text import escape
from bot.slack.client.api import SlackApi

_TIMEOUT_S = 2.0
"""Slack waits three seconds for what somebody did to be acknowledged."""


class EphemeralMessages:
    """Posts ephemeral messages, which one person alone sees.

    Args:
        api: Of Slack.
    """

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._log = structlog.get_logger(__name__)

    async def tell(self, user_id: str, place: Place, text: str, blocks: Sequence[Block] = ()) -> bool:
        """Show one person a text where they look; False where Slack did not take it. Never raises.

        Source: https://docs.slack.dev/reference/methods/chat.postEphemeral
        """
        try:
            await self._api.write(
                "chat.postEphemeral",
                timeout_s=_TIMEOUT_S,
                channel=place.channel_id,
                user=user_id,
                thread_ts=place.thread_ts,
                text=escape(text),
                # As blocks it is shown to the letter: a text alone would be read as markup.
                blocks=list(blocks) or [section(text)],
                parse="none",
                link_names=False,
            )
        except TranscriptionError as error:
            self._log.warning("not whispered", error=str(error))
            return False
        return True

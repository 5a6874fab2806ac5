"""Reactions (``reaction_added``): the configured emoji on a recording has it transcribed in its thread.

Source: https://docs.slack.dev/reference/events/reaction_added
"""

from __future__ import annotations

import structlog

from bot.errors import Rejected
from bot.slack.context import HandlerContext
from bot.slack.incoming.events import EventCallback, ReactionAdded
from bot.slack.incoming.listeners import Listeners
from bot.slack.incoming.messages import ManualRequest
from bot.slack.requests.opt_outs import OptedOut
from bot.slack.requests.request import Requesting, said_of
from bot.slack.requests.told import Told


class Reactions:
    """Handles reactions. What Slack does not answer is raised, so that it delivers the event again.

    Args:
        context: What it works with.
        requesting: Asks for recordings.
    """

    def __init__(self, context: HandlerContext, requesting: Requesting) -> None:
        self._context = context
        self._requesting = requesting
        self._told = Told()
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for reactions."""
        listeners.event("reaction_added", ReactionAdded, self._take)

    async def _take(self, added: EventCallback[ReactionAdded]) -> None:
        """Ask for what can be transcribed; a reaction to anything else means something else.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        item, user_id = added.event.item, added.event.user
        is_ask = self._asks(added.event) and item.type == "message"
        if not (is_ask and item.channel and item.ts and user_id):
            return
        lookups = self._context.lookups
        try:
            target = await lookups.message(added.installation_id, item.channel, item.ts)
            # Other apps' bots use emojis for purposes of their own.
            if not target.transcribable or (await lookups.person(user_id)).is_bot:
                return
        except Rejected as error:
            self._log.debug("reaction out of reach", reason=str(error))
            return
        ask = ManualRequest(user_id, added.event_id)
        asked = await self._requesting.ask(target, ask)
        # Any other outcome they see in the thread.
        if isinstance(asked, OptedOut) and added.event_id not in self._told:
            self._told.add(added.event_id)
            reader = await self._context.readers.of(user_id)
            await self._context.ephemeral.tell(user_id, target.where_seen, reader.say(said_of(asked, ask)))

    def _asks(self, event: ReactionAdded) -> bool:
        # With a skin tone it is still the same emoji.
        name = event.reaction.partition("::")[0]
        is_ours = event.user == self._context.identity.bot_user_id
        return name == self._context.deployment.ask_reaction and not is_ours

"""Registration of handlers with Bolt: each payload is parsed once, before its handler sees it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.slack.incoming.events import EventCallback, EventT
from bot.slack.incoming.fields import Payload, object_in
from bot.slack.incoming.interactions import BlockAction, MessageShortcut, SlashCommand, ViewSubmission

PayloadT = TypeVar("PayloadT", bound=Payload)
Handler = Callable[[AsyncAck, PayloadT], Awaitable[None]]
"""A handler of an interaction: acknowledges and answers it."""
_EventListener = Callable[[dict[str, Any]], Awaitable[None]]
_ANY = re.compile("")


class Listeners:
    """Registers listeners with Bolt; of those that match, only the one registered first is called.

    A handler that raises is not acknowledged, so that Slack delivers an event again, and shows a person that
    something went wrong.

    Args:
        bolt: The app that gets the listeners; one object for all of them.
    """

    def __init__(self, bolt: AsyncApp) -> None:
        self._bolt = bolt
        self._of_events: defaultdict[str, list[tuple[str | None, _EventListener]]] = defaultdict(list)
        """By the event's type, each with the subtype that it is for; ``None`` for any."""
        # One for all events, before all others: Bolt would try one listener after the other for each of them.
        bolt.event(_ANY)(self._hear)

    def event(
        self,
        name: str,
        kind: type[EventT],
        handle: Callable[[EventCallback[EventT]], Awaitable[None]],
        *,
        subtype: str | None = None,
    ) -> None:
        """Listen for an event; of messages for one subtype, where that is given.

        Source: https://docs.slack.dev/apis/events-api/
        """
        # A model of its own for each kind of event: made once, here.
        model = EventCallback[kind]  # type: ignore[valid-type]  # pydantic makes it at run time

        async def listener(body: dict[str, Any]) -> None:
            await handle(model.model_validate(body))

        self._of_events[name].append((subtype, listener))

    async def _hear(self, body: dict[str, Any], request: AsyncBoltRequest, context: AsyncBoltContext) -> None:
        """Hand an event to its listener; one that nobody listens for is acknowledged all the same."""
        event = object_in(body.get("event"))
        kind, subtype = event.get("type"), event.get("subtype")
        for wanted, listener in self._of_events.get(kind, ()) if isinstance(kind, str) else ():
            if wanted in {None, subtype if isinstance(subtype, str) else None}:
                await listener(body | {"is_retry": _is_retry(request), "own_bot_id": context.bot_id})
                return

    def command(self, name: str, handle: Handler[SlashCommand]) -> None:
        """Listen for a slash command."""
        self._bolt.command(name)(_parsed(SlashCommand, handle))

    def shortcut(self, callback_id: str, handle: Handler[MessageShortcut]) -> None:
        """Listen for a shortcut in the menus of messages."""
        self._bolt.message_shortcut(callback_id)(_parsed(MessageShortcut, handle))

    def action(self, action_id: str, handle: Handler[BlockAction]) -> None:
        """Listen for presses, choices and ticks."""
        self._bolt.action(action_id)(_parsed(BlockAction, handle))

    def submission(self, callback_id: str, handle: Handler[ViewSubmission]) -> None:
        """Listen for the submission of a modal."""
        self._bolt.view(callback_id)(_parsed(ViewSubmission, handle))


def _parsed(
    model: type[PayloadT], handle: Handler[PayloadT]
) -> Callable[[AsyncAck, dict[str, Any]], Awaitable[None]]:
    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        await handle(ack, model.model_validate(body))

    return listener


def _is_retry(request: AsyncBoltRequest) -> bool:
    """True where Slack delivered this before; over Socket Mode the first delivery has the number 0.

    Source: https://docs.slack.dev/apis/events-api/#retries
    """
    return request.headers.get("x-slack-retry-num", ["0"])[0] != "0"

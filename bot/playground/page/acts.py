"""Acts of people on the page, done in the workspace: each reaches the app as Slack would tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.slack_lookalike.comings import Comings
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.interactions import Interactions
from bot.playground.slack_lookalike.records import Channel, JsonObject, Message, View
from bot.playground.slack_lookalike.server import SlackLookalike

ACK_PATIENCE_S = 3.0
"""Source: https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response"""


class NotPossibleError(Exception):
    """The act cannot be done; the message is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class ActRequest:
    """One act, its fields read as what they have to be.

    Attributes:
        you: Whoever acts.
    """

    you: str
    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A string.

        Raises:
            NotPossibleError: it is missing or something else.
        """
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise NotPossibleError(f"The page left out “{name}”.")
        return value

    def text_if_any(self, name: str) -> str | None:
        """A string, or ``None`` where it is left out or empty.

        Raises:
            NotPossibleError: it is something else.
        """
        return self.text(name) if self.fields.get(name) else None

    def states(self, name: str) -> JsonObject:
        """What fields hold: block id to action id to an object; empty where it is left out.

        Raises:
            NotPossibleError: it is something else.
        """
        match self.fields.get(name):
            case None:
                return {}
            case dict(blocks) if all(
                isinstance(block, dict) and all(isinstance(state, dict) for state in block.values())
                for block in blocks.values()
            ):
                return blocks
            case _:
                raise NotPossibleError(f"The page sent “{name}” in a form that is not Slack's.")

    def chosen(self) -> JsonObject:
        """What an element says of itself: ``value`` and ``selected_…``, as Slack's clients put it.

        Raises:
            NotPossibleError: it is something else.
        """
        found = self.fields.get("chosen") or {}
        if not isinstance(found, dict) or not all(_is_chosen(*pair) for pair in found.items()):
            raise NotPossibleError("The page chose something that Slack's menus do not have.")
        return found


def _is_chosen(name: str, value: object) -> bool:
    match name:
        case "selected_option":
            return isinstance(value, dict | None)
        case "selected_options":
            return isinstance(value, list) and all(isinstance(option, dict) for option in value)
        case "value":
            return isinstance(value, str | None)
        case _:
            many = isinstance(value, list) and all(isinstance(item, str) for item in value)
            return name.startswith("selected_") and (many or isinstance(value, str | None))


class Acts:
    """Every act by its name.

    Args:
        slack: Where it happens.
    """

    def __init__(self, slack: SlackLookalike) -> None:
        self._state = slack.state
        self._hands = Interactions(slack)
        self._comings = Comings(slack.state)
        self._by_name: dict[str, Callable[[ActRequest], Awaitable[JsonObject]]] = {
            "post": self._post,
            "command": self._command,
            "shortcut": self._shortcut,
            "press": self._press,
            "press_in_view": self._press_in_view,
            "submit": self._submit,
            "close_view": self._close_view,
            "react": self._react,
            "delete_message": self._delete_message,
            "delete_file": self._delete_file,
            "open_home": self._open_home,
            "invite_bot": self._invite_bot,
        }

    async def do(self, name: str, asked: ActRequest) -> JsonObject:
        """Do it.

        Raises:
            NotPossibleError: there is no such act, or nothing to do it on.
        """
        known = self._by_name.get(name)
        if known is None:
            raise NotPossibleError("The page asked for something that the playground does not know.")
        return await known(asked)

    def channel(self, asked: ActRequest) -> Channel:
        """The channel that is named, where the person is a member.

        Raises:
            NotPossibleError: they see no such channel.
        """
        channel = self._state.channels.get(asked.text("channel"))
        if channel is None or asked.you not in channel.members:
            raise NotPossibleError("There is no such channel here.")
        return channel

    def thread_ts(self, asked: ActRequest, channel: Channel) -> str | None:
        """The thread that is named, if any.

        Raises:
            NotPossibleError: no message heads it.
        """
        ts = asked.text_if_any("thread_ts")
        head = self._state.messages.get((channel.id, ts or ""))
        if ts and (head is None or head.thread_ts):
            raise NotPossibleError("That thread is gone.")
        return ts

    def _message(self, asked: ActRequest) -> Message:
        message = self._state.messages.get((self.channel(asked).id, asked.text("ts")))
        if message is None or message.ephemeral_for not in {None, asked.you}:
            raise NotPossibleError("That message is gone.")
        return message

    def _view(self, asked: ActRequest) -> View:
        """A modal that is open, or the home tab."""
        home = self._state.homes.get(asked.you)
        is_home = home is not None and home.id == asked.text("view_id")
        return home if home is not None and is_home else self._modal(asked)

    def _modal(self, asked: ActRequest) -> View:
        view = self._state.views.get(asked.text("view_id"))
        if view is None or view.closed or view.user != asked.you:
            raise NotPossibleError("That window is closed.")
        return view

    async def _post(self, asked: ActRequest) -> JsonObject:
        text = asked.text("text").strip()
        if not text:
            raise NotPossibleError("Write something first.")
        channel = self.channel(asked)
        thread_ts = self.thread_ts(asked, channel)
        return {"ts": self._state.post_as_user(channel.id, asked.you, text, thread_ts=thread_ts).ts}

    async def _command(self, asked: ActRequest) -> JsonObject:
        channel = self.channel(asked)
        command, text = asked.text("command"), asked.text("text")
        return await _acknowledged(self._hands.slash_command(channel.id, asked.you, command, text))

    async def _shortcut(self, asked: ActRequest) -> JsonObject:
        callback_id, message = asked.text("callback_id"), self._message(asked)
        return await _acknowledged(self._hands.message_shortcut(callback_id, message, asked.you))

    async def _press(self, asked: ActRequest) -> JsonObject:
        message, action_id = self._message(asked), asked.text("action_id")
        try:
            chosen = _chosen(asked, message.blocks)
            delivery = self._hands.click(message, action_id, asked.you, **chosen)
        except LookupError:
            raise NotPossibleError("That button is gone.") from None
        return await _acknowledged(delivery)

    async def _press_in_view(self, asked: ActRequest) -> JsonObject:
        view, action_id = self._view(asked), asked.text("action_id")
        try:
            chosen = _chosen(asked, view.content["blocks"])
            delivery = self._hands.click_in_view(view, action_id, asked.states("values"), **chosen)
        except LookupError:
            raise NotPossibleError("That button is gone.") from None
        return await _acknowledged(delivery)

    async def _submit(self, asked: ActRequest) -> JsonObject:
        view, values = self._modal(asked), asked.states("values")
        view.errors = {}
        return await _acknowledged(self._hands.submit(view, values))

    async def _close_view(self, asked: ActRequest) -> JsonObject:
        self._modal(asked).closed = True
        return {}

    async def _react(self, asked: ActRequest) -> JsonObject:
        message, name = self._message(asked), asked.text("name")
        if asked.you in message.reactions.get(name, []):
            self._state.take_back_reaction(message, asked.you, name)
        else:
            self._state.react(message, asked.you, name)
        return {}

    async def _delete_message(self, asked: ActRequest) -> JsonObject:
        message = self._message(asked)
        if asked.you not in {message.user, message.ephemeral_for}:
            raise NotPossibleError("You can delete your own messages only.")
        self._state.delete_message(message)
        return {}

    async def _delete_file(self, asked: ActRequest) -> JsonObject:
        file = self._state.files.get(asked.text("file"))
        if file is None or file.deleted or file.user != asked.you:
            raise NotPossibleError("You can delete your own files only.")
        self._state.delete_file(file)
        return {}

    async def _open_home(self, asked: ActRequest) -> JsonObject:
        bot = self._state.workspace.bot_user_id
        direct = [c for c in self._state.channels.values() if set(c.members) == {asked.you, bot}]
        self._hands.open_home(asked.you, direct[0].id if direct else "")
        return {}

    async def _invite_bot(self, asked: ActRequest) -> JsonObject:
        channel, bot = self.channel(asked), self._state.workspace.bot_user_id
        if bot not in channel.members:
            self._comings.join(channel, bot, inviter=asked.you)
        return {}


def _chosen(asked: ActRequest, blocks: list[JsonObject]) -> JsonObject:
    """What an element says of itself, and where it stands.

    A press on what was changed a moment ago counts, as in Slack: the block may have another id by now.
    """
    block_id = asked.text_if_any("block_id")
    is_there = any(block.get("block_id") == block_id for block in blocks)
    return asked.chosen() | ({"block_id": block_id} if block_id and is_there else {})


async def _acknowledged(delivery: Delivery) -> JsonObject:
    try:
        await delivery.settled(ACK_PATIENCE_S)
    except TimeoutError:
        return {"acknowledged": False}
    # What it carried is shown in the next turn of the event loop.
    await asyncio.sleep(0)
    return {"acknowledged": delivery.acked}

"""Events API payloads: one model a kind of event, each in the same envelope. Pure.

Source: https://docs.slack.dev/apis/events-api/
"""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import Field

from bot.model import Place
from bot.slack.incoming.fields import Flag, Id, Object, Objects, OptionalObject, Payload, Text, Truthy, Word
from bot.slack.incoming.messages import Message


class MessageEvent(Message):
    """``message`` in all its subtypes, and ``app_mention``."""

    type: Word = ""
    channel: Id = ""
    channel_type: Text = ""
    message: Annotated[Message | None, OptionalObject] = None
    """Of ``message_changed``: the message as it is now."""
    previous_message: Annotated[Message | None, OptionalObject] = None
    """Of ``message_changed`` and ``message_deleted``: the message as it was, where Slack says so."""
    deleted_ts: Id = ""
    """Of ``message_deleted``: which message."""

    @property
    def is_direct(self) -> bool:
        """True in the bot's own conversation with one person."""
        return self.channel_type == "im" or self.channel.startswith("D")

    @property
    def is_reply(self) -> bool:
        """True below the head of a thread."""
        return self.thread_ts not in {"", self.ts}

    @property
    def place(self) -> Place:
        """The channel, and the thread that it answers."""
        return Place(self.channel, self.thread_ts or None)

    def about(self, message: Message) -> MessageEvent:
        """One of the messages that it tells of, as if that had just been written."""
        event = MessageEvent(type="message", channel=self.channel, channel_type=self.channel_type)
        # Its fields are parsed already.
        return event.model_copy(update=dict(message))


class FileDeleted(Payload):
    """``file_deleted``: somebody deleted a file, wherever it was shared."""

    file_id: Id = ""


class FileShared(Payload):
    """``file_shared``: somebody shared a file; the message that does may be told of, too."""

    file_id: Id = ""
    user_id: Id = ""
    channel_id: Id = ""
    event_ts: Id = ""


class ReactedItem(Payload):
    """The item that a reaction is on: a message, or something else."""

    type: Text = ""
    channel: Id = ""
    ts: Id = ""


class ReactionAdded(Payload):
    """``reaction_added``: somebody put an emoji on something."""

    user: Id = ""
    reaction: Text = ""
    """The emoji's name, a skin tone behind ``::``."""
    item: Annotated[ReactedItem, Object] = ReactedItem()


class ChannelMember(Payload):
    """``member_joined_channel`` and ``member_left_channel``: a person or the bot."""

    user: Id = ""
    channel: Id = ""


class ChannelGone(Payload):
    """``channel_left``, ``channel_deleted`` and the same of private channels."""

    channel: Id = ""


class ChannelIdChanged(Payload):
    """``channel_id_changed``: a channel goes by another id from now on."""

    old_channel_id: Id = ""
    new_channel_id: Id = ""


class AppHomeOpened(Payload):
    """``app_home_opened``: somebody opened one of the app's tabs."""

    user: Id = ""
    tab: Text = ""


class RevokedTokens(Payload):
    """The ``tokens`` of ``tokens_revoked``: lists of user ids, of which only the bots' is read."""

    bot: Truthy = False


class TokensRevoked(Payload):
    """``tokens_revoked``: tokens of people or of the bot are no longer valid."""

    tokens: Annotated[RevokedTokens, Object] = RevokedTokens()


class AppUninstalled(Payload):
    """``app_uninstalled``: the workspace removed the app."""


EventT = TypeVar("EventT", bound=Payload)


class Authorization(Payload):
    """The installation that an event is delivered to."""

    team_id: Id = ""
    user_id: Id = ""
    is_bot: Flag = False


class EventCallback(Payload, Generic[EventT]):
    """An event in its envelope, ``event_callback``."""

    event: Annotated[EventT, Object] = Field(default_factory=dict, validate_default=True)
    event_id: Text = ""
    team_id: Id = ""
    authorizations: Annotated[tuple[Authorization, ...], Objects] = ()
    is_ext_shared_channel: Truthy = False
    is_retry: Flag = False
    """Slack delivered it before; the listener says so, not the body."""
    own_bot_id: Id = ""
    """The ``bot_id`` of what the bot itself posts; the listener says so, too."""

    @property
    def installation_id(self) -> str:
        """The installation's team: the outer ``team_id`` may be the sender's."""
        return (self.authorizations[0].team_id if self.authorizations else "") or self.team_id

    @property
    def bot_user_id(self) -> str:
        """The user that people mention to call the bot; empty where Slack does not say.

        Source: https://docs.slack.dev/apis/events-api/#authorizations
        """
        first = self.authorizations[0] if self.authorizations else Authorization()
        return first.user_id if first.is_bot else ""

    def is_own(self, message: Message) -> bool:
        """True for what the bot itself wrote or uploaded, which need not carry its ``bot_id``."""
        ours = {self.bot_user_id, self.own_bot_id} - {""}
        return bool(ours & {message.user, message.bot_id})

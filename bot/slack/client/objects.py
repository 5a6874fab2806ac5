"""User and conversation objects of the Web API parsed into ``Person`` and ``Conversation``. Pure; lenient.

Sources: https://docs.slack.dev/reference/objects/user-object/ and
https://docs.slack.dev/reference/objects/conversation-object/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

from bot.slack.incoming.fields import Id, Object, Payload, Text, Truthy, ids_in


@dataclass(frozen=True, slots=True)
class Person:
    """A user, of the workspace or of another organisation."""

    id: str
    name: str
    """As people call them; empty where they have none."""
    locale: str
    """Such as ``en-GB``; empty where Slack does not say."""
    is_admin: bool
    """Of the workspace, or its owner."""
    is_bot: bool = False
    team_ids: frozenset[str] = frozenset()
    """The workspaces that they belong to; another organisation's where a channel is shared with it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A channel or a direct message, as the bot sees it."""

    id: str
    name: str
    """Empty for direct messages."""
    topic: str
    is_member: bool
    """The bot is in it."""
    is_shared_externally: bool
    is_direct: bool = False
    """It is a direct message with one person."""


class _Profile(Payload):
    display_name: Text = ""
    real_name: Text = ""


class _EnterpriseUser(Payload):
    """Of an organisation's people Slack names one workspace, and beside it all that they belong to."""

    teams: Annotated[tuple[str, ...], BeforeValidator(ids_in)] = ()


class UserObject(Payload):
    """A user, as ``users.info`` answers."""

    team_id: Id = ""
    name: Text = ""
    real_name: Text = ""
    locale: Text = ""
    is_admin: Truthy = False
    is_owner: Truthy = False
    is_bot: Truthy = False
    profile: Annotated[_Profile, Object] = _Profile()
    enterprise_user: Annotated[_EnterpriseUser, Object] = _EnterpriseUser()

    def person(self, user_id: str) -> Person:
        """The user as a ``Person``."""
        names = (self.profile.display_name, self.profile.real_name, self.real_name, self.name)
        return Person(
            id=user_id,
            name=next(filter(None, names), ""),
            locale=self.locale,
            is_admin=self.is_admin or self.is_owner,
            is_bot=self.is_bot,
            team_ids=frozenset({self.team_id, *self.enterprise_user.teams}),
        )


class _Topic(Payload):
    value: Text = ""


class ConversationObject(Payload):
    """A channel or direct message, as ``conversations.info`` and ``users.conversations`` answer."""

    id: Id = ""
    name: Text = ""
    topic: Annotated[_Topic, Object] = _Topic()
    is_member: Truthy = False
    is_im: Truthy = False
    is_mpim: Truthy = False
    is_ext_shared: Truthy = False

    @property
    def conversation(self) -> Conversation:
        """The channel as a ``Conversation``."""
        return Conversation(
            id=self.id,
            name=self.name,
            topic=self.topic.value,
            # Direct messages, of two or of more, are seen by those alone who are in them.
            is_member=self.is_member or self.is_im or self.is_mpim,
            is_shared_externally=self.is_ext_shared,
            is_direct=self.is_im,
        )

"""Payloads of slash commands, shortcuts, buttons, menus and modals: one model each. Pure.

Sources: https://docs.slack.dev/interactivity/implementing-slash-commands,
https://docs.slack.dev/interactivity/implementing-shortcuts#message-shortcuts,
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload and
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from bot.model import Place
from bot.slack.incoming.fields import Id, Object, Objects, Payload, Text, object_in, objects_in, text_in
from bot.slack.incoming.messages import Message


class SlashCommand(Payload):
    """A slash command that somebody typed."""

    team_id: Id = ""
    channel_id: Id = ""
    user_id: Id = ""
    trigger_id: Text = ""
    text: Text = ""
    """The text after the command."""

    @property
    def is_direct(self) -> bool:
        """True where it was typed in a direct message."""
        return self.channel_id.startswith("D")


class Reference(Payload):
    """A workspace, a person or a channel, by its id."""

    id: Id = ""


class Option(Payload):
    """A choice of a menu, or a box."""

    value: Text = ""


class Input(Payload):
    """The state of an input, and what was chosen or pressed in an element."""

    value: Text = ""
    selected_option: Annotated[Option, Object] = Option()
    selected_options: Annotated[tuple[Option, ...], Objects] = ()
    is_odd: bool = False
    """Something in it is of a type that Slack never sends: it must not pass for an emptied field."""

    @model_validator(mode="before")
    @classmethod
    def _note_what_is_odd(cls, fields: Any) -> Any:
        found = object_in(fields)
        is_odd = (
            not isinstance(found.get("value"), str | None)
            or not isinstance(found.get("selected_option"), dict | None)
            or not isinstance(found.get("selected_options"), list | None)
        )
        return found | {"is_odd": is_odd}


class Action(Input):
    """An element that was used: a button, a menu or a box, with what was chosen in it."""

    action_id: Text = ""
    block_id: Text = ""
    action_ts: Id = ""


class Container(Payload):
    """The message that holds the element, and its thread; empty for a view."""

    message_ts: Id = ""
    thread_ts: Id = ""


def _inputs_by_block(value: object) -> dict[str, dict[str, Any]]:
    """``{"values": {block: {action: state}}}`` -> the one state of each block."""
    blocks = object_in(object_in(value).get("values"))
    return {
        block_id: object_in(next(iter(states.values())))
        for block_id, states in blocks.items()
        if isinstance(states, dict) and states
    }


def _input_blocks(value: object) -> list[str]:
    return [text_in(block.get("block_id")) for block in objects_in(value) if block.get("type") == "input"]


class View(Payload):
    """A modal, with the state of its inputs."""

    id: Id = ""
    hash: Text = ""
    private_metadata: Text = ""
    state: Annotated[dict[str, Input], BeforeValidator(_inputs_by_block)] = Field(default_factory=dict)
    """By block; each of our blocks holds one element."""
    blocks: Annotated[tuple[str, ...], BeforeValidator(_input_blocks)] = ()
    """The ids of its fields."""

    def input(self, block_id: str) -> Input:
        """The state of a field; an empty one where there is none."""
        return self.state.get(block_id, Input())


class Interaction(Payload):
    """The fields that every interaction has."""

    team: Annotated[Reference, Object] = Reference()
    """The workspace of the person; people of other organisations may come with their own."""
    user: Annotated[Reference, Object] = Reference()
    trigger_id: Text = ""
    """Allows one modal, for three seconds."""


class MessageShortcut(Interaction):
    """``message_action``: a shortcut that was chosen in a message's menu."""

    channel: Annotated[Reference, Object] = Reference()
    message: Annotated[Message, Object] = Message()


class BlockAction(Interaction):
    """``block_actions``: an element of a message, a modal or the home tab was used."""

    channel: Annotated[Reference, Object] = Reference()
    """The channel of the message; empty in a modal or the home tab."""
    container: Annotated[Container, Object] = Container()
    message: Annotated[Message, Object] = Message()
    """Empty for an ephemeral message, of which Slack tells the container alone."""
    view: Annotated[View, Object] = Field(default_factory=View)
    actions: Annotated[tuple[Action, ...], Objects] = ()

    @property
    def action(self) -> Action:
        """The element that was used."""
        return self.actions[0] if self.actions else Action()

    @property
    def message_ts(self) -> str:
        """The message that holds the element."""
        return self.message.ts or self.container.message_ts

    @property
    def thread_ts(self) -> str:
        """The thread of that message; empty outside threads."""
        return self.message.thread_ts or self.container.thread_ts

    @property
    def place(self) -> Place:
        """The channel and thread that the person looks at."""
        return Place(self.channel.id, self.thread_ts or None)


class ViewSubmission(Interaction):
    """``view_submission``: a modal was sent."""

    view: Annotated[View, Object] = Field(default_factory=View)

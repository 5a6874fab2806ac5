"""Interactions besides writing: commands, shortcuts, buttons and modals, as the app hears of them.

Source: https://docs.slack.dev/reference/interaction-payloads/ and
https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.form import initial_values, merged_values
from bot.playground.slack_lookalike.methods.views import fresh_hash, view_json
from bot.playground.slack_lookalike.records import JsonObject, Message, View
from bot.playground.slack_lookalike.response_urls import respond
from bot.playground.slack_lookalike.server import SlackLookalike


class Interactions:
    """The hands of the workspace's people.

    Args:
        slack: Where it happens; every act is delivered to the app at once.
    """

    def __init__(self, slack: SlackLookalike) -> None:
        self._slack = slack
        self._state = slack.state

    def slash_command(self, channel_id: str, user: str, command: str, text: str = "") -> Delivery:
        """Type a command; what the acknowledgement says is shown to that person alone."""
        response_url = self._state.new_response_url(channel_id, user)
        workspace = self._state.workspace
        payload = {
            "token": "verification-token",
            "team_id": workspace.team_id,
            "team_domain": workspace.domain,
            "channel_id": channel_id,
            "channel_name": self._state.channels[channel_id].name or "directmessage",
            "user_id": user,
            "user_name": self._state.users[user].name,
            "command": command,
            "text": text,
            "api_app_id": workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": self._state.new_trigger(user),
        }
        known = self._state.response_urls[response_url.rsplit("/", 1)[-1]]

        def show(answer: JsonObject) -> None:
            if answer:
                respond(self._state, known, answer)

        return self._slack.deliver("slash_commands", payload, show)

    def message_shortcut(self, callback_id: str, message: Message, user: str) -> Delivery:
        """Choose the app's entry in a message's menu."""
        payload = self._about("message_action", user, message) | {
            "callback_id": callback_id,
            "message_ts": message.ts,
            "message": self._state.message_json(message),
        }
        return self._slack.deliver("interactive", payload)

    def click(self, message: Message, action_id: str, user: str, **chosen: object) -> Delivery:
        """Use a button or menu in a message's blocks.

        Args:
            message: Where it stands.
            action_id: Which one; where several have it, the one whose ``block_id`` is among ``chosen``.
            user: Who does it.
            **chosen: What the element then says of itself, such as ``selected_option``.

        Raises:
            LookupError: The message shows no such element.
        """
        action = _action(message.blocks, action_id, chosen) | {"action_ts": self._state.next_ts()}
        # Of a message that only one person sees, Slack tells no more than where it stands.
        told = {"message": self._state.message_json(message)} if message.ephemeral_for is None else {}
        payload = self._about("block_actions", user, message) | {
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel_id,
                "is_ephemeral": message.ephemeral_for is not None,
                "thread_ts": message.thread_ts,
            },
            "state": {"values": {}},
            "actions": [action],
            **told,
        }
        return self._slack.deliver("interactive", payload)

    def click_in_view(
        self, view: View, action_id: str, values: JsonObject | None = None, **chosen: object
    ) -> Delivery:
        """Use a button or menu in a modal or home tab.

        Args:
            view: Where it stands.
            action_id: Which one; where several have it, the one whose ``block_id`` is among ``chosen``.
            values: Fields that were changed before, as for :meth:`submit`.
            **chosen: What the element then says of itself, such as ``selected_option``.

        Raises:
            LookupError: The view shows no such element.
        """
        action = _action(view.content["blocks"], action_id, chosen)
        told = self._filled(view, values or {})
        payload = self._about("block_actions", view.user) | {
            "container": {"type": "view", "view_id": view.id},
            "view": told,
            "actions": [action | {"action_ts": self._state.next_ts()}],
        }
        return self._slack.deliver("interactive", payload)

    def submit(self, view: View, values: JsonObject) -> Delivery:
        """Send a modal; it closes, changes or stays open as the app answers.

        Args:
            view: The modal.
            values: Block id to action id to the state of each field that was changed; the others stay.
        """
        shown = self._filled(view, values)
        payload = self._about("view_submission", view.user) | {"view": shown, "response_urls": []}

        def react(answer: JsonObject) -> None:
            match answer.get("response_action"):
                case "update":
                    if complaints := complaints_about_view(answer["view"]):
                        view.errors = {"": f"Slack would refuse this: {complaints}"}
                    else:
                        view.content, view.hash = answer["view"], fresh_hash()
                case "errors":
                    view.errors = answer["errors"]
                case "clear":
                    for other in self._state.views.values():
                        other.closed = other.closed or other.root_id == view.root_id
                case _:
                    view.closed = True

        return self._slack.deliver("interactive", payload, react)

    def open_home(self, user: str, channel_id: str) -> None:
        """Look at the app's home tab."""
        event: JsonObject = {"type": "app_home_opened", "user": user, "channel": channel_id, "tab": "home"}
        home = self._state.homes.get(user)
        if home is not None:
            event["view"] = view_json(self._state, home)
        self._state.emit_event(event | {"event_ts": self._state.next_ts()})

    def _filled(self, view: View, values: JsonObject) -> JsonObject:
        told = view_json(self._state, view)
        return told | {"state": {"values": merged_values(initial_values(view.content), values)}}

    def _about(self, kind: str, user: str, message: Message | None = None) -> JsonObject:
        workspace, who = self._state.workspace, self._state.users[user]
        found: JsonObject = {
            "type": kind,
            "token": "verification-token",
            "api_app_id": workspace.app_id,
            "team": {"id": workspace.team_id, "domain": workspace.domain},
            "user": {"id": user, "username": who.name, "name": who.name, "team_id": workspace.team_id},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self._state.new_trigger(user),
        }
        if message is not None:
            channel = self._state.channels[message.channel_id]
            found["channel"] = {"id": channel.id, "name": channel.name or "directmessage"}
            found["response_url"] = self._state.new_response_url(channel.id, user, message.ts)
            found["action_ts"] = self._state.next_ts()
        return found


def _action(blocks: list[JsonObject], action_id: str, chosen: JsonObject) -> JsonObject:
    wanted = chosen.get("block_id")
    for block in blocks:
        if wanted not in {None, block.get("block_id")}:
            continue
        for element in _elements(block):
            if element.get("action_id") == action_id:
                known = {name: element[name] for name in ("value", "text") if name in element}
                block_id = block.get("block_id", "")
                return (
                    {"type": element["type"], "action_id": action_id, "block_id": block_id} | known | chosen
                )
    raise LookupError(f"no element with action_id {action_id}")


def _elements(block: JsonObject) -> Iterator[JsonObject]:
    inside: list[Any] = [*block.get("elements", []), block.get("accessory"), block.get("element")]
    yield from (element for element in inside if isinstance(element, dict))

"""People and apps come and go: what changes, and what the bot hears of it.

Sources: https://docs.slack.dev/reference/events/member_joined_channel and its neighbours.
"""

from __future__ import annotations

from bot.playground.slack_lookalike.records import Channel, JsonObject
from bot.playground.slack_lookalike.state import SlackState


class Comings:
    """Memberships, channels and the installation itself.

    Args:
        state: The workspace.
    """

    def __init__(self, state: SlackState) -> None:
        self._state = state

    def join(self, channel: Channel, user_id: str, inviter: str = "") -> None:
        """Somebody, or the bot, comes into a channel."""
        channel.members.append(user_id)
        event = self._about_member("member_joined_channel", channel, user_id)
        self._tell(event | ({"inviter": inviter} if inviter else {}))

    def leave(self, channel: Channel, user_id: str) -> None:
        """Somebody goes, or is taken out of a channel; for the bot see ``remove_bot``."""
        channel.members.remove(user_id)
        self._tell(self._about_member("member_left_channel", channel, user_id))

    def remove_bot(self, channel: Channel) -> None:
        """Somebody takes the bot out of a channel."""
        channel.members.remove(self._state.workspace.bot_user_id)
        name = "channel_left" if channel.kind == "channel" else "group_left"
        self._tell({"type": name, "channel": channel.id, "actor_id": "U0SOMEBODY1"})

    def delete_channel(self, channel: Channel) -> None:
        """Somebody deletes a channel and all that was said in it."""
        del self._state.channels[channel.id]
        for key in [key for key in self._state.messages if key[0] == channel.id]:
            del self._state.messages[key]
        name = "channel_deleted" if channel.kind == "channel" else "group_deleted"
        self._tell({"type": name, "channel": channel.id})

    def change_id(
        self, channel: Channel, new_id: str, *, is_ext_shared: bool | None = None, is_told: bool = True
    ) -> None:
        """A channel gets another id, as when it is shared with another organisation; the old one is unknown.

        Source: https://docs.slack.dev/reference/events/channel_id_changed

        Args:
            channel: Which.
            new_id: Its id from now on.
            is_ext_shared: Whether other organisations are in it from now on; ``None`` for as before.
            is_told: False where the event comes later, by ``tell_changed_id``.
        """
        old_id = channel.id
        self._state.rename_channel(channel, new_id)
        if is_ext_shared is not None:
            channel.is_ext_shared = is_ext_shared
        if is_told:
            self.tell_changed_id(old_id, new_id)

    def tell_changed_id(self, old_id: str, new_id: str) -> None:
        """The bot hears of a channel's new id."""
        self._tell({"type": "channel_id_changed", "old_channel_id": old_id, "new_channel_id": new_id})

    def uninstall(self) -> None:
        """An admin removes the app; its token is good for nothing any more."""
        self._tell({"type": "tokens_revoked", "tokens": {"bot": [self._state.workspace.bot_user_id]}})
        self._tell({"type": "app_uninstalled"})
        self._state.workspace.installed = False

    def _about_member(self, kind: str, channel: Channel, user_id: str) -> JsonObject:
        channel_type = "C" if channel.kind == "channel" else "G"
        event: JsonObject = {"type": kind, "user": user_id, "channel": channel.id}
        return event | {"channel_type": channel_type, "team": self._state.workspace.team_id}

    def _tell(self, event: JsonObject) -> None:
        self._state.emit_event(event | {"event_ts": self._state.next_ts()})

"""The workspace as one person sees it, as JSON for the page. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.playground.slack_lookalike.records import Channel, File, JsonObject, Message, View
from bot.playground.slack_lookalike.state import SlackState


@dataclass(frozen=True, slots=True)
class AppFeatures:
    """What people may do with the app, as its manifest tells Slack."""

    commands: tuple[JsonObject, ...]
    shortcuts: tuple[JsonObject, ...]


def parse_features(manifest: Any) -> AppFeatures:
    """The slash commands and message shortcuts of an app's manifest.

    Source: https://docs.slack.dev/reference/app-manifest
    """
    features = manifest["features"]
    return AppFeatures(
        tuple(
            {"command": c["command"], "hint": c.get("usage_hint", ""), "description": c["description"]}
            for c in features.get("slash_commands", [])
        ),
        tuple(
            {"callback_id": s["callback_id"], "name": s["name"]}
            for s in features.get("shortcuts", [])
            if s["type"] == "message"
        ),
    )


def render_workspace(state: SlackState, you: str, features: AppFeatures) -> JsonObject:
    """Everything that a person sees.

    Args:
        state: The workspace.
        you: The person's user id.
        features: What the app offers them.
    """
    bot = state.workspace
    channels = [channel for channel in state.channels.values() if you in channel.members]
    seen = {channel.id for channel in channels}
    return {
        "team": bot.name,
        "you": you,
        "bot": {"user_id": bot.bot_user_id, "name": bot.bot_name},
        "commands": list(features.commands),
        "shortcuts": list(features.shortcuts),
        "people": [{"id": u.id, "name": u.real_name} for u in state.users.values() if not u.is_bot],
        "users": {
            u.id: {"name": u.name, "real_name": u.real_name, "is_bot": u.is_bot} for u in state.users.values()
        },
        "channels": [_channel(state, channel, you) for channel in channels],
        "messages": [
            _message(state, message)
            for message in sorted(state.messages.values(), key=lambda m: m.ts)
            if message.channel_id in seen and message.ephemeral_for in {None, you}
        ],
        "statuses": [
            {"channel": status.channel_id, "thread_ts": status.thread_ts, "text": status.text}
            for status in state.shown_statuses()
            if status.channel_id in seen
        ],
        "views": [_view(v) for v in state.views.values() if v.user == you and not v.closed],
        "home": _view(state.homes[you]) if you in state.homes else None,
    }


def _channel(state: SlackState, channel: Channel, you: str) -> JsonObject:
    others = [state.users[member].real_name for member in channel.members if member != you]
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "title": f"#{channel.name}" if channel.kind in {"channel", "group"} else ", ".join(others),
        "has_bot": state.workspace.bot_user_id in channel.members,
        "topic": channel.topic,
    }


def _message(state: SlackState, message: Message) -> JsonObject:
    return {
        "channel": message.channel_id,
        "ts": message.ts,
        "user": message.user,
        "bot": message.bot_id is not None,
        "text": message.text,
        "blocks": message.blocks,
        "thread_ts": message.thread_ts,
        "edited": message.edited_ts is not None,
        "tombstone": message.tombstone,
        "ephemeral": message.ephemeral_for is not None,
        "files": [_file(file) for file in message.files],
        "reactions": [{"name": name, "users": list(who)} for name, who in message.reactions.items()],
        "attachments": message.attachments,
        "permalink": state.permalink(message),
    }


def _file(file: File) -> JsonObject:
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "size": file.size,
        "clip": file.is_voice_clip,
        "duration_s": None if file.duration_ms is None else file.duration_ms / 1000,
        "wave": file.wave,
        "deleted": file.deleted,
        "user": file.user,
    }


def _view(view: View) -> JsonObject:
    return {
        "id": view.id,
        "hash": view.hash,
        "type": view.content["type"],
        "title": view.content.get("title"),
        "blocks": view.content["blocks"],
        "submit": view.content.get("submit"),
        "close": view.content.get("close"),
        "submit_disabled": view.content.get("submit_disabled", False),
        "errors": view.errors,
    }

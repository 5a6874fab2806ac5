"""The workspace's records as the JSON that Slack puts on the wire. Pure.

Sources: https://docs.slack.dev/reference/objects/file-object/,
https://docs.slack.dev/reference/events/message/ and https://docs.slack.dev/apis/events-api/.
"""

from __future__ import annotations

import html
from urllib.parse import quote

from bot.playground.slack_lookalike.records import Channel, File, JsonObject, Message, User, Workspace

_PRETTY_TYPES = {
    "m4a": "MPEG 4 Audio",
    "mp3": "MP3",
    "mp4": "MPEG 4 Video",
    "ogg": "Ogg Vorbis",
    "text": "Plain Text",
    "wav": "WAV",
    "webm": "WebM",
}
_WAVE = [(i * 37) % 101 for i in range(100)]


def file_stub(file: File) -> JsonObject:
    """What a Slack Connect event says of a file: ask ``files.info``.

    Source: https://docs.slack.dev/reference/events/message/file_share
    """
    return {"id": file.id, "created": file.created, "timestamp": file.created} | {
        "mode": "file_access",
        "file_access": "check_file_info",
        "user": file.user,
    }


def file_addresses(file: File, workspace: Workspace, origin: str) -> JsonObject:
    """Where the bytes are: for a clip, usually a transcode's address whatever its MIME type says."""
    if file.is_external:
        return {"url_private": file.external_url}
    key = f"{workspace.team_id}-{file.id}"
    if file.is_voice_clip:
        stem = quote(file.name.rsplit(".", 1)[0], safe="")
        base = f"{origin}/files-tmb/{key}-0123456789"
        played = f"{base}/{stem}_audio.mp4"
        return {
            "url_private": played,
            "url_private_download": f"{base}/download/{stem}_audio.mp4",
            "aac": played,
        }
    name = quote(file.name, safe="")
    base = f"{origin}/files-pri/{key}"
    return {"url_private": f"{base}/{name}", "url_private_download": f"{base}/download/{name}"}


def file_json(file: File, workspace: Workspace, origin: str, *, with_addresses: bool = True) -> JsonObject:
    """A file object as it stands in messages and in ``files.info``.

    Args:
        file: The file.
        workspace: Its team.
        origin: Scheme, host and port that serve the bytes.
        with_addresses: False while Slack has not made the addresses yet.
    """
    if file.mode in {"tombstone", "hidden_by_limit"}:
        return {"id": file.id, "mode": file.mode}
    if file.file_access != "visible":
        return {"id": file.id, "mode": file.mode, "file_access": file.file_access}
    known = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": file.filetype,
        "pretty_type": _PRETTY_TYPES.get(file.filetype, file.filetype.upper()),
        "user": file.user,
        "user_team": workspace.team_id,
        "editable": file.mode == "snippet",
        "size": file.size,
        "mode": file.mode,
        "is_external": file.is_external,
        "external_type": "gdrive" if file.is_external else "",
        "is_public": True,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "permalink": f"https://{workspace.domain}.slack.com/files/{file.user}/{file.id}/{quote(file.name)}",
        "permalink_public": f"https://slack-files.com/{workspace.team_id}-{file.id}-0123456789",
        "has_rich_preview": False,
        "file_access": file.file_access,
    }
    optional = {
        "subtype": file.subtype,
        "media_display_type": file.media_display_type,
        "duration_ms": file.duration_ms,
        "audio_wave_samples": (file.wave or list(_WAVE)) if file.is_voice_clip else None,
        "transcription": {"status": file.transcription_status} if file.transcription_status else None,
        "alt_txt": file.alt_text,
    }
    known |= {name: value for name, value in optional.items() if value is not None}
    return known | (file_addresses(file, workspace, origin) if with_addresses else {})


def message_json(
    message: Message, workspace: Workspace, files: list[JsonObject], *, with_metadata: bool = False
) -> JsonObject:
    """A message as it stands in events, history and the answers of ``chat.*``.

    Args:
        message: The message.
        workspace: Its team.
        files: Its files, already rendered for the occasion.
        with_metadata: Whether the caller asked for metadata.
    """
    found: JsonObject = {"type": "message", "ts": message.ts, "text": message.text, "user": message.user}
    if message.subtype:
        found["subtype"] = message.subtype
    if message.tombstone:
        return found | {"hidden": True, "thread_ts": message.ts}
    if not files:
        found["team"] = workspace.team_id
    if message.bot_id:
        is_own = message.bot_id == workspace.bot_id
        app_id = workspace.app_id if is_own else "A0ANOTHER01"
        found |= {
            "bot_id": message.bot_id,
            "app_id": app_id,
            "bot_profile": {
                "id": message.bot_id,
                "app_id": app_id,
                "name": workspace.bot_name if is_own else "another app",
                "deleted": False,
                "team_id": workspace.team_id,
            },
        }
    else:
        found["client_msg_id"] = f"00000000-0000-4000-8000-{message.ts.replace('.', '')[-12:]}"
    if message.thread_ts:
        found["thread_ts"] = message.thread_ts
    if message.edited_ts:
        found["edited"] = {"user": message.user, "ts": message.edited_ts}
    if files:
        found |= {"files": files, "upload": False, "display_as_bot": False}
    if message.reactions:
        found["reactions"] = [
            {"name": name, "users": users, "count": len(users)} for name, users in message.reactions.items()
        ]
    if with_metadata and message.metadata:
        found["metadata"] = message.metadata
    lists = {"blocks": message.blocks, "attachments": message.attachments}
    return found | {name: value for name, value in lists.items() if value}


def forwarded(message: Message, files: list[JsonObject], link: str) -> JsonObject:
    """The attachment that stands for a message passed on, with its files and what it passed on itself.

    Of a bot's message it names the bot.
    """
    inner: JsonObject = {"attachments": message.attachments} if message.attachments else {}
    by_bot = {"bot_id": message.bot_id} if message.bot_id else {}
    return (
        by_bot
        | inner
        | {
            "id": 1,
            "is_msg_unfurl": True,
            "is_share": True,
            "from_url": link,
            "author_id": message.user,
            "channel_id": message.channel_id,
            "ts": message.ts,
            "text": message.text,
            "fallback": message.text,
            "files": files,
        }
    )


def rich_text_of(text: str, block_id: str) -> JsonObject:
    """The block that Slack's own clients put beside typed text, which is escaped but for what it names."""
    parts = enumerate(text.replace(">", "<").split("<"))
    elements = [_named(part) if position % 2 else _said(part) for position, part in parts if part]
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def _said(text: str) -> JsonObject:
    return {"type": "text", "text": html.unescape(text)}


def _named(part: str) -> JsonObject:
    """What stands in angle brackets.

    Source: https://docs.slack.dev/messaging/formatting-message-text
    """
    target, _, label = part.partition("|")
    match target[:1]:
        case "@":
            return {"type": "user", "user_id": target[1:]}
        case "#":
            return {"type": "channel", "channel_id": target[1:]}
        case "!":
            return {"type": "broadcast", "range": target[1:]}
        case _:
            link = {"type": "link", "url": html.unescape(target)}
            return link | ({"text": html.unescape(label)} if label else {})


def event_callback(
    event: JsonObject, workspace: Workspace, *, event_id: str, event_time: int, is_ext_shared: bool
) -> JsonObject:
    """The envelope of the Events API around one inner event.

    Source: https://docs.slack.dev/apis/events-api/#callback-field
    """
    return {
        "token": "verification-token",
        "team_id": workspace.team_id,
        "context_team_id": workspace.team_id,
        "context_enterprise_id": None,
        "api_app_id": workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": event_time,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": workspace.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": is_ext_shared,
        "event_context": f"4-{event_id}",
    }


def channel_json(channel: Channel, workspace: Workspace, *, viewer: str) -> JsonObject:
    """A conversation object.

    Source: https://docs.slack.dev/reference/objects/conversation-object/
    """
    if channel.kind == "im":
        other = next((user for user in channel.members if user != viewer), viewer)
        return {"id": channel.id, "is_im": True, "user": other, "is_archived": channel.archived}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "is_archived": channel.archived,
        "is_general": False,
        "is_member": viewer in channel.members,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "context_team_id": workspace.team_id,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def user_json(user: User, workspace: Workspace) -> JsonObject:
    """A user object.

    Source: https://docs.slack.dev/reference/objects/user-object/
    """
    teams: JsonObject = {"enterprise_user": {"teams": list(user.team_ids)}} if user.team_ids else {}
    return teams | {
        "id": user.id,
        "team_id": user.team_id or workspace.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "profile": {"real_name": user.real_name, "display_name": user.name},
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "is_stranger": user.team_id is not None,
    }

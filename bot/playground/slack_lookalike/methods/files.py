"""``files.*``: what Slack says of files, and the three steps of an upload.

Source: https://docs.slack.dev/reference/methods/files.info,
https://docs.slack.dev/reference/methods/files.list,
https://docs.slack.dev/messaging/working-with-files/#upload
"""

from __future__ import annotations

import mimetypes
from typing import Any

from bot.playground.slack_lookalike.methods.chat import thread_to_reply_in
from bot.playground.slack_lookalike.methods.content import checked_blocks
from bot.playground.slack_lookalike.methods.method import Arguments, Method, SlackRefusal, channel_joined
from bot.playground.slack_lookalike.records import (
    Channel,
    File,
    JsonObject,
    LateShare,
    Message,
    PendingUpload,
)
from bot.playground.slack_lookalike.state import SlackState

_SNIPPET_BYTES = 1_048_576


def file_for_bot(state: SlackState, file_id: str) -> File:
    """A file that the bot may see: its own, or one that was shared where it is.

    Raises:
        SlackRefusal: ``file_not_found`` or ``file_deleted``.
    """
    file = state.files.get(file_id)
    if file is None or not is_visible_to_bot(state, file) or is_unknown_yet(file):
        raise SlackRefusal("file_not_found")
    if file.deleted:
        raise SlackRefusal("file_deleted")
    return file


def is_visible_to_bot(state: SlackState, file: File) -> bool:
    """Whether the bot shares a conversation with this file, or uploaded it."""
    bot = state.workspace.bot_user_id
    return file.user == bot or any(bot in state.channels[channel_id].members for channel_id, _ in file.shares)


def is_unknown_yet(file: File) -> bool:
    """Whether Slack does not know a file yet that it has told of; each question counts."""
    is_unknown = file.unknown_for > 0
    file.unknown_for = max(0, file.unknown_for - 1)
    return is_unknown


def _info(state: SlackState, arguments: Arguments) -> JsonObject:
    file = file_for_bot(state, arguments["file"])
    _let_late_shares_stand(state, file)
    told = state.file_json(file)
    file.urls_missing_for = max(0, file.urls_missing_for - 1)
    file.types_missing_for = max(0, file.types_missing_for - 1)
    if "name" in told:
        told |= _where_shared(state, file)
    return {"file": told, "comments": [], "response_metadata": {"next_cursor": ""}}


def _list(state: SlackState, arguments: Arguments) -> JsonObject:
    """The newest first, in numbered pages, with the conversations that each was shared in."""
    count, page = max(1, arguments.get("count", 100)), max(1, arguments.get("page", 1))
    since = float(arguments.get("ts_from", "0"))
    visible = [
        file
        for file in state.files.values()
        if is_visible_to_bot(state, file) and not file.deleted and file.created >= since
    ]
    newest = visible[::-1][count * (page - 1) : count * page]
    paging = {"count": count, "total": len(visible), "page": page, "pages": -(-len(visible) // count)}
    return {
        "files": [state.file_json(file) | _conversations(state, file) for file in newest],
        "paging": paging,
    }


def _where_shared(state: SlackState, file: File) -> JsonObject:
    public: JsonObject = {}
    private: JsonObject = {}
    for channel_id, ts in file.shares:
        channel = state.channels[channel_id]
        message = state.messages.get((channel_id, ts))
        share = {"ts": ts, "channel_name": channel.name, "team_id": state.workspace.team_id}
        share |= {"share_user_id": file.user, "source": "UNKNOWN"}
        if message and message.thread_ts:
            share["thread_ts"] = message.thread_ts
        (public if channel.kind == "channel" else private).setdefault(channel_id, []).append(share)
    shares = {"public": public, "private": private}
    told = _conversations(state, file) | {"comments_count": 0}
    return told | {"shares": {name: found for name, found in shares.items() if found}}


def _conversations(state: SlackState, file: File) -> JsonObject:
    by_kind: dict[str, list[str]] = {"channel": [], "group": [], "im": [], "mpim": []}
    for channel_id, _ in file.shares:
        by_kind[state.channels[channel_id].kind].append(channel_id)
    return {
        "channels": by_kind["channel"],
        "groups": by_kind["group"] + by_kind["mpim"],
        "ims": by_kind["im"],
    }


def _upload_url(state: SlackState, arguments: Arguments) -> JsonObject:
    if arguments["length"] < 1 or not arguments["filename"]:
        raise SlackRefusal("invalid_arguments", "[ERROR] must be more than 0 [json-pointer:/length]")
    if "snippet_type" in arguments and arguments["length"] > _SNIPPET_BYTES:
        raise SlackRefusal("snippet_too_large")
    upload = PendingUpload(
        state.next_id("F"), arguments["filename"], arguments["length"], arguments.get("alt_txt")
    )
    state.uploads[upload.file_id] = upload
    return {"upload_url": f"{state.origin}/upload/v1/{upload.file_id}", "file_id": upload.file_id}


def _complete(state: SlackState, arguments: Arguments) -> JsonObject:
    wanted: Any = arguments["files"]
    if not isinstance(wanted, list) or not wanted or not all(isinstance(item, dict) for item in wanted):
        raise SlackRefusal("invalid_arguments", "[ERROR] must provide a list [json-pointer:/files]")
    uploads = [state.uploads.get(item.get("id", "")) for item in wanted]
    if any(upload is None or upload.content is None for upload in uploads):
        raise SlackRefusal("file_not_found")
    given = arguments.get("channels", "").split(",") if "channels" in arguments else []
    named = [arguments["channel_id"]] if "channel_id" in arguments else given
    channels = [channel_joined(state, channel_id) for channel_id in named]
    if any(channel.archived for channel in channels):
        raise SlackRefusal("is_archived")
    extensions = {upload.filename.rpartition(".")[2] for upload in uploads if upload}
    if any(channel.unshareable & extensions for channel in channels):
        raise SlackRefusal("internal_error")
    threads = [thread_to_reply_in(state, channel, arguments.get("thread_ts")) for channel in channels]
    blocks = checked_blocks(arguments)
    files = [_finished(state, upload, item) for upload, item in zip(uploads, wanted, strict=True) if upload]
    for channel, thread_ts in zip(channels, threads, strict=True):
        message = Message(
            state.next_ts(), channel.id, state.workspace.bot_user_id, arguments.get("initial_comment", "")
        )
        message.bot_id, message.subtype = state.workspace.bot_id, "file_share"
        message.thread_ts, message.files, message.blocks = thread_ts, list(files), blocks or []
        _share(state, channel, message)
    # The share's ts is not part of the documented answer.
    return {"files": [{"id": file.id, "title": file.title} for file in files]}


def _share(state: SlackState, channel: Channel, message: Message) -> None:
    """Have a message that shares uploads stand, as soon as the channel lets it."""
    if channel.looks_before_shares == 0:
        state.keep(message)
    elif channel.looks_before_shares is not None:
        state.late_shares.append(LateShare(message, channel.looks_before_shares))


def _let_late_shares_stand(state: SlackState, file: File) -> None:
    for late in [late for late in state.late_shares if file in late.message.files]:
        if late.looks_left == 0:
            state.late_shares.remove(late)
            late.message.ts = state.next_ts()
            state.keep(late.message)
        late.looks_left -= 1


def _finished(state: SlackState, upload: PendingUpload, item: JsonObject) -> File:
    del state.uploads[upload.file_id]
    extension = upload.filename.rsplit(".", 1)[-1].lower()
    filetype = "text" if extension in {"txt", "text"} else extension
    file = File(
        id=upload.file_id,
        name=upload.filename,
        title=item.get("title") or upload.filename,
        mimetype=mimetypes.guess_type(upload.filename)[0] or "application/octet-stream",
        filetype=filetype,
        user=state.workspace.bot_user_id,
        created=int(state.clock()),
        content=upload.content or b"",
        size=upload.length,
        mode="snippet" if filetype == "text" else "hosted",
        alt_text=upload.alt_text,
    )
    state.files[file.id] = file
    return file


def _delete(state: SlackState, arguments: Arguments) -> JsonObject:
    file = file_for_bot(state, arguments["file"])
    if file.user != state.workspace.bot_user_id:
        raise SlackRefusal("cant_delete_file")
    state.delete_file(file)
    return {}


FILES = (
    Method(
        "files.info",
        _info,
        {"file": "text"},
        {"count": "integer", "page": "integer", "cursor": "text", "limit": "integer"},
        ("files:read",),
    ),
    Method(
        "files.list", _list, {}, {"count": "integer", "page": "integer", "ts_from": "text"}, ("files:read",)
    ),
    Method(
        "files.getUploadURLExternal",
        _upload_url,
        {"filename": "text", "length": "integer"},
        {"alt_txt": "text", "snippet_type": "text"},
        ("files:write",),
    ),
    Method(
        "files.completeUploadExternal",
        _complete,
        {"files": "json"},
        {
            "channel_id": "text",
            "channels": "text",
            "thread_ts": "text",
            "initial_comment": "text",
            "blocks": "json",
        },
        ("files:write",),
    ),
    Method("files.delete", _delete, {"file": "text"}, {}, ("files:write",)),
)

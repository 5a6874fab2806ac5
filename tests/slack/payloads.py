"""Builders of Slack's payloads and of our requests, in the shapes that Slack's reference shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.model import Claim, FileState, Job, JobKey, SharedFile, TranscriptionRequest
from bot.slack.incoming.events import EventCallback, MessageEvent

TEAM, CHANNEL, TS, SHARER, BOT = "T024TEAM1", "C024CHAN1", "1720000000.000100", "U024ANNE1", "U024BOT01"


def clip(file_id: str = "F024CLIP1", **changes: Any) -> dict[str, Any]:
    """A voice clip's file object."""
    address = f"https://files.slack.com/files-tmb/{TEAM}-{file_id}-0a1b2c3d4e"
    return {
        "id": file_id,
        "name": "audio_message.m4a",
        "title": "audio_message.m4a",
        "mimetype": "audio/mp4",
        "filetype": "m4a",
        "subtype": "slack_audio",
        "media_display_type": "audio",
        "mode": "hosted",
        "file_access": "visible",
        "is_external": False,
        "size": 309_514,
        "duration_ms": 11_540,
        "url_private": f"{address}/audio_message.mp4",
        "url_private_download": f"{address}/download/audio_message.mp4",
    } | changes


def upload(
    name: str, mimetype: str, filetype: str, file_id: str = "F024UPLD1", **changes: Any
) -> dict[str, Any]:
    """An uploaded file's object."""
    address = f"https://files.slack.com/files-pri/{TEAM}-{file_id}"
    return {
        "id": file_id,
        "name": name,
        "mimetype": mimetype,
        "filetype": filetype,
        "mode": "hosted",
        "file_access": "visible",
        "size": 1_000,
        "url_private": f"{address}/{name}",
        "url_private_download": f"{address}/download/{name}",
    } | changes


def event(*files: Any, **changes: Any) -> dict[str, Any]:
    """A ``message`` event that shares files."""
    return {
        "type": "message",
        "subtype": "file_share",
        "text": "",
        "user": SHARER,
        "channel": CHANNEL,
        "channel_type": "channel",
        "ts": TS,
        "event_ts": TS,
        "files": list(files),
    } | changes


def mention(*files: Any, **changes: Any) -> dict[str, Any]:
    """The ``app_mention`` twin: without subtype and channel type."""
    twin = event(*files, text=f"<@{BOT}> what is said here?") | {"type": "app_mention"}
    del twin["subtype"], twin["channel_type"]
    return twin | changes


def body(inner: Any, **changes: Any) -> dict[str, Any]:
    """The ``event_callback`` around an inner event."""
    return {
        "type": "event_callback",
        "token": "unused",
        "team_id": TEAM,
        "api_app_id": "A024APP01",
        "event": inner,
        "event_id": "Ev024EVNT1",
        "event_time": 1_720_000_000,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    } | changes


_MESSAGE = EventCallback[MessageEvent]


def callback(inner: Any, **changes: Any) -> EventCallback[MessageEvent]:
    """The same, parsed."""
    return _MESSAGE.model_validate(body(inner, **changes))


def shared_file(**changes: Any) -> SharedFile:
    """A voice clip, parsed."""
    values: dict[str, Any] = {
        "id": "F024CLIP1",
        "name": "audio_message.m4a",
        "claim": Claim.AUDIO,
        "state": FileState.AVAILABLE,
        "url": "https://files.slack.com/files-pri/T024TEAM1-F024CLIP1/audio_message.m4a",
        "size_bytes": 1_000,
        "duration_s": 11.54,
    }
    return SharedFile(**values | changes)


def request(
    *, file: SharedFile | None = None, channel_id: str = CHANNEL, ts: str = TS, **changes: Any
) -> TranscriptionRequest:
    """One shared clip."""
    file = file or shared_file()
    values: dict[str, Any] = {
        "key": JobKey(TEAM, channel_id, ts, file.id),
        "file": file,
        "thread_ts": ts,
        "user_id": SHARER,
        "position": 0,
        "siblings": 1,
        "explicit": False,
    }
    return TranscriptionRequest(**values | changes)


def job(wanted: TranscriptionRequest | None = None, **changes: Any) -> Job:
    """A job on its first try, its intent written a moment ago."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "request": wanted or request(),
        "accepted_at": now,
        "attempt": 0,
        "intent_at": now,
        "reply_ts": None,
        "notice": None,
    }
    return Job(**values | changes)

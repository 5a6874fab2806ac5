"""Files of the page: what people share, and what they play or keep."""

from __future__ import annotations

import asyncio
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.playground.page.sound import measure_sound
from bot.playground.slack_lookalike.records import File, Message
from bot.playground.slack_lookalike.state import SlackState

_CHUNK_BYTES = 1 << 20
_PLAYED_AT_ONCE = ("audio/", "video/", "text/plain")
"""Anything else is kept as a file: a page among them would run as ours."""


@dataclass(frozen=True, slots=True)
class Share:
    """Where a file goes, and as what."""

    channel_id: str
    user: str
    name: str
    mimetype: str
    """Empty: told from the name."""
    as_voice_clip: bool
    thread_ts: str | None = None
    text: str = ""


async def share(state: SlackState, path: Path, wanted: Share) -> Message:
    """Post a file as somebody, with the length and loudness that Slack's clients tell of a clip."""
    sound = await asyncio.to_thread(measure_sound, path)
    file = state.add_file(
        path,
        wanted.name,
        user=wanted.user,
        mimetype=wanted.mimetype or mimetypes.guess_type(wanted.name)[0] or "application/octet-stream",
        as_voice_clip=wanted.as_voice_clip,
        duration_ms=sound.duration_ms if sound else None,
        wave=sound.wave if sound else None,
    )
    return state.post_as_user(
        wanted.channel_id, wanted.user, wanted.text, files=[file], thread_ts=wanted.thread_ts
    )


async def receive(request: web.Request, target: Path, most_bytes: int) -> int:
    """Write a request's body to a file as it comes; returns its size, more than ``most_bytes`` if too big."""
    size_bytes = 0
    with target.open("wb") as file:
        async for chunk in request.content.iter_chunked(_CHUNK_BYTES):
            size_bytes += len(chunk)
            if size_bytes > most_bytes:
                break
            await asyncio.to_thread(file.write, chunk)
    return size_bytes


def served(file: File, *, download: bool) -> web.StreamResponse:
    """A file's bytes, for the player or to be kept."""
    playable = file.mimetype.startswith(_PLAYED_AT_ONCE)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    if download or not playable:
        # The name is whatever somebody chose: the link that the page makes carries it.
        headers["Content-Disposition"] = "attachment"
    kind = file.mimetype if playable else "application/octet-stream"
    headers["Content-Type"] = f"{kind}; charset=utf-8" if kind == "text/plain" else kind
    if isinstance(file.content, Path):
        return web.FileResponse(file.content, headers=headers)
    return web.Response(body=file.content, headers=headers)

"""The page's line to the workspace: server-sent events, the whole workspace each time that it changed.

A workspace in a playground is small, and one that is sent whole can never drift from what is there.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator

from aiohttp import web

from bot.playground.slack_lookalike.records import JsonObject

_LOOKS_EVERY_S = 0.1
_SAYS_SOMETHING_EVERY_S = 15.0
"""Browsers and proxies give a silent line up."""


async def stream(
    request: web.Request,
    workspace: Callable[[], JsonObject],
    traffic: Callable[[], Iterator[JsonObject]],
) -> web.StreamResponse:
    """Tell the page of changes until it goes away.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html

    Args:
        request: The page's.
        workspace: What the person sees now.
        traffic: The rows as they stand now.
    """
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    shown, rows, said_at = "", dict[str, JsonObject](), 0.0
    while True:
        told = b""
        now_shown = json.dumps(workspace(), ensure_ascii=False)
        if now_shown != shown:
            shown = now_shown
            told += _event("workspace", shown)
        now_rows = {row["id"]: row for row in traffic()}
        if changed := [row for row_id, row in now_rows.items() if rows.get(row_id) != row]:
            told += _event("traffic", json.dumps(changed, ensure_ascii=False))
        rows = now_rows
        if not told and time.monotonic() - said_at > _SAYS_SOMETHING_EVERY_S:
            told = b": still here\n\n"
        if told:
            said_at = time.monotonic()
            await response.write(told)
        await asyncio.sleep(_LOOKS_EVERY_S)


def _event(name: str, data: str) -> bytes:
    # JSON holds no line break of its own, so one line of data is enough.
    return f"event: {name}\ndata: {data}\n\n".encode(errors="replace")

"""The page as a server on this machine: its files, what people see, and what they do."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from bot.playground.page.acts import ActRequest, Acts, NotPossibleError
from bot.playground.page.live import stream
from bot.playground.page.sharing import Share, receive, served, share
from bot.playground.page.traffic import Traffic
from bot.playground.page.workspace import AppFeatures, render_workspace
from bot.playground.slack_lookalike.records import Message
from bot.playground.slack_lookalike.server import SlackLookalike

STATIC = Path(__file__).parent / "static"
_LARGEST_UPLOAD_BYTES = 1024**3
_LONGEST_NAME = 255
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Somebody who works on the page sees it after a reload.
    "Cache-Control": "no-cache",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """Serves the page for one workspace.

    Args:
        slack: The workspace.
        traffic: What travels between it and the app.
        features: What the app offers people.
        uploads: An empty folder for what they share.
    """

    def __init__(self, slack: SlackLookalike, traffic: Traffic, features: AppFeatures, uploads: Path) -> None:
        self._state = slack.state
        self._acts = Acts(slack)
        self._traffic = traffic
        self._features = features
        self._uploads = uploads

    def application(self) -> web.Application:
        """All routes."""
        app = web.Application(middlewares=[_only_for_this_page, _explained], client_max_size=1 << 20)
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/live", self._live, allow_head=False),
                web.post("/act", self._act),
                web.post("/upload", self._upload),
                web.get("/file/{id}", self._file),
                web.get("/traffic/{id}", self._detail),
                web.static("/static", STATIC),
            ]
        )
        return app

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        people = [user.id for user in self._state.users.values() if not user.is_bot]
        you = self._person(request.query) if "as" in request.query else people[0]
        return await stream(
            request, lambda: render_workspace(self._state, you, self._features), self._traffic.rows
        )

    async def _act(self, request: web.Request) -> web.StreamResponse:
        try:
            fields = json.loads(await request.text())
            # JSON can spell half of a character, which nothing can send on.
            json.dumps(fields, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise NotPossibleError("The page sent something that is not JSON.")
        asked = ActRequest(self._person(fields), fields)
        return web.json_response(await self._acts.do(asked.text("act"), asked))

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        asked = ActRequest(self._person(query), query)
        channel, name = self._acts.channel(asked), asked.text("name").strip()[-_LONGEST_NAME:]
        if not name:
            raise NotPossibleError("The file has no name.")
        wanted = Share(
            channel_id=channel.id,
            user=asked.you,
            name=name,
            mimetype=request.content_type if "Content-Type" in request.headers else "",
            as_voice_clip=query.get("kind") == "clip",
            thread_ts=self._acts.thread_ts(asked, channel),
            text=query.get("text", ""),
        )
        # Never the given name: it may hold anything.
        with tempfile.NamedTemporaryFile(dir=self._uploads, delete=False) as made:
            target = Path(made.name)
        try:
            message = await self._share(request, target, wanted)
        except BaseException:
            # Refused, or given up half-way.
            target.unlink()  # noqa: ASYNC240  # a moment
            raise
        return web.json_response({"ts": message.ts})

    async def _share(self, request: web.Request, target: Path, wanted: Share) -> Message:
        size_bytes = await receive(request, target, _LARGEST_UPLOAD_BYTES)
        if not size_bytes:
            raise NotPossibleError("The file is empty.")
        if size_bytes > _LARGEST_UPLOAD_BYTES:
            raise NotPossibleError("Slack takes files of up to 1 GB.")
        return await share(self._state, target, wanted)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self._state.files.get(request.match_info["id"])
        if file is None or file.deleted:
            raise web.HTTPNotFound
        return served(file, download="download" in request.query)

    async def _detail(self, request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(self._traffic.detail(request.match_info["id"]))
        except LookupError:
            raise web.HTTPNotFound from None

    def _person(self, fields: Mapping[str, object]) -> str:
        user = self._state.users.get(str(fields.get("as")))
        if user is None or user.is_bot:
            raise NotPossibleError("There is no such person here.")
        return user.id


@web.middleware
async def _only_for_this_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other pages in the same browser: one that names us by a host of its own, or posts to us."""
    if not _is_own(request):
        raise web.HTTPForbidden(text="This page is for the machine that it runs on.")
    return await handler(request)


def _is_own(request: web.Request) -> bool:
    """Whether the page asks, or somebody who types its address.

    Source: https://www.w3.org/TR/fetch-metadata/
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "none")
    try:
        own = urlsplit(f"//{request.host}")
        if own.hostname not in _LOCAL or (origin and urlsplit(origin).netloc != own.netloc):
            return False
    except ValueError:
        return False
    # A link to the page may stand anywhere; what is behind it is for the page alone.
    return site in {"none", "same-origin"} or (request.method == "GET" and request.path == "/")


@web.middleware
async def _explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer in a sentence what cannot be done, and put the headers on that keep the page to itself."""
    try:
        response = await handler(request)
    except NotPossibleError as error:
        response = web.json_response({"error": str(error)}, status=400)
    if not response.prepared:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
    return response


@asynccontextmanager
async def serving_page(
    slack: SlackLookalike, traffic: Traffic, features: AppFeatures, port: int
) -> AsyncIterator[str]:
    """Serve on 127.0.0.1 while inside; yields the page's address.

    Args:
        slack: The workspace.
        traffic: What travels between it and the app.
        features: What the app offers people.
        port: 0 for any free one.

    Raises:
        OSError: the port is taken.
    """
    with tempfile.TemporaryDirectory(prefix="threadscribe-page-") as folder:
        page = Page(slack, traffic, features, Path(folder))
        # Open lines never end by themselves.
        runner = web.AppRunner(
            page.application(), access_log=None, handler_cancellation=True, shutdown_timeout=0.2
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

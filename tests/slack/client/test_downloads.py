from __future__ import annotations

import gzip
import resource
import stat
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    NotReady,
    Outage,
    Refusal,
    Rejected,
    TranscriptionError,
    Unavailable,
)
from bot.slack.client.api import build_api
from bot.slack.client.downloads import SlackFiles
from tests.slack.answering import Answer, always, answering
from tests.slack.payloads import shared_file

TOKEN = "xoxb-test-token"
CAP = 1_000_000
SOUND = bytes(range(256)) * 1_000


def slack_files(session: aiohttp.ClientSession, *origins: str) -> SlackFiles:
    token = SecretStr(TOKEN)
    api = build_api(session, "http://127.0.0.1:1/api/", token)
    return SlackFiles(api, session, token, origins=origins, most_bytes=CAP)


async def download(
    session: aiohttp.ClientSession, answer: Answer, destination: Path, path: str = "/files-pri/T1-F1/a.m4a"
) -> int:
    async with answering(answer) as slack:
        file = shared_file(url=slack.origin + path)
        return await slack_files(session, slack.origin).download(file, destination)


async def refusal(session: aiohttp.ClientSession, answer: Answer, destination: Path) -> TranscriptionError:
    with pytest.raises(TranscriptionError) as raised:
        await download(session, answer, destination)
    return raised.value


async def test_the_bytes_arrive_whole_and_private(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with answering(always(lambda: web.Response(body=SOUND, content_type="audio/mp4"))) as slack:
        file = shared_file(url=f"{slack.origin}/files-pri/T1-F1/clip%20one%2F.m4a?x=a%26b")

        saved = await slack_files(session, slack.origin).download(file, tmp_path / "source")

    assert saved == len(SOUND)
    assert (tmp_path / "source").read_bytes() == SOUND
    assert stat.S_IMODE((tmp_path / "source").stat().st_mode) == 0o600
    assert slack.tokens == [f"Bearer {TOKEN}"]
    assert slack.paths == ["/files-pri/T1-F1/clip%20one%2F.m4a?x=a%26b"]


async def test_the_declared_size_is_not_believed(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with answering(always(lambda: web.Response(body=b"short"))) as slack:
        file = shared_file(url=slack.origin, size_bytes=309_514)

        assert await slack_files(session, slack.origin).download(file, tmp_path / "source") == 5


async def test_what_declares_too_much_is_not_asked_for(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with answering(always(lambda: web.Response(body=SOUND))) as slack:
        file = shared_file(url=slack.origin, size_bytes=CAP + 1)
        with pytest.raises(Rejected, match=Refusal.TOO_BIG):
            await slack_files(session, slack.origin).download(file, tmp_path / "source")

    assert slack.paths == []


async def test_without_an_address_the_file_is_not_ready(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match=Outage.FILE):
        await slack_files(session).download(shared_file(url=None), tmp_path / "source")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_the_token_does_not_follow_to_a_foreign_origin(
    session: aiohttp.ClientSession, tmp_path: Path, status: int
) -> None:
    async with answering(always(lambda: web.Response(body=SOUND))) as foreign:
        elsewhere = f"{foreign.origin}/files-pri/T1-F1/a.m4a"

        error = await refusal(
            session,
            always(lambda: web.Response(status=status, headers={"Location": elsewhere})),
            tmp_path / "source",
        )

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.UNSAFE_ADDRESS
    assert foreign.paths == []
    assert not (tmp_path / "source").exists()


async def test_a_redirect_within_the_origin_is_followed_with_the_token(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/start/a":
            raise web.HTTPFound("../files/b?c=1")
        return web.Response(body=SOUND)

    async with answering(answer) as slack:
        file = shared_file(url=f"{slack.origin}/start/a")
        saved = await slack_files(session, slack.origin).download(file, tmp_path / "source")

    assert saved == len(SOUND)
    assert slack.paths == ["/start/a", "/files/b?c=1"]
    assert slack.tokens == [f"Bearer {TOKEN}"] * 2


@pytest.mark.parametrize(
    "location", ["/again", "", "http://[", "//", "ftp://files.slack.com/a", "https://[]@?"]
)
async def test_a_redirect_that_leads_nowhere_ends(
    session: aiohttp.ClientSession, tmp_path: Path, location: str
) -> None:
    async with answering(always(lambda: web.Response(status=302, headers={"Location": location}))) as slack:
        file = shared_file(url=f"{slack.origin}/again")
        with pytest.raises(Rejected, match=Refusal.UNSAFE_ADDRESS):
            await slack_files(session, slack.origin).download(file, tmp_path / "source")

    assert len(slack.paths) <= 6


PAGE = b"\xef\xbb\xbf \r\n<!DOCTYPE html><html><body>Sign in</body></html>"


async def test_the_login_page_is_the_operators(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/api/auth.test":
            return web.json_response({"ok": True}, headers={"x-oauth-scopes": "chat:write"})
        return web.Response(body=PAGE, content_type="text/html", charset="utf-8")

    async with answering(answer) as slack:
        api = build_api(session, f"{slack.origin}/api/", SecretStr(TOKEN))
        files = SlackFiles(api, session, SecretStr(TOKEN), origins=(slack.origin,), most_bytes=CAP)
        with pytest.raises(Misconfigured, match=Misconfiguration.SLACK_LOGIN_PAGE):
            await files.download(shared_file(url=f"{slack.origin}/a"), tmp_path / "source")


@pytest.mark.parametrize("page", [PAGE, b"<html>", b"<HTML><body>"])
async def test_a_page_under_another_type_is_no_audio(
    session: aiohttp.ClientSession, tmp_path: Path, page: bytes
) -> None:
    error = await refusal(
        session, always(lambda: web.Response(body=page, content_type="audio/mp4")), tmp_path / "source"
    )

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.NOT_AUDIO


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, Refusal.GONE),
        (410, Refusal.GONE),
        (401, Refusal.FORBIDDEN),
        (403, Refusal.FORBIDDEN),
        (204, Outage.FILE),
        (206, Outage.FILE),
        (429, Outage.FILE),
        (500, Outage.FILE),
        (503, Outage.FILE),
    ],
)
async def test_each_status_has_its_meaning(
    session: aiohttp.ClientSession, tmp_path: Path, status: int, reason: Refusal | Outage
) -> None:
    error = await refusal(session, always(lambda: web.Response(status=status)), tmp_path / "source")

    assert isinstance(error, Rejected | Unavailable)
    assert error.reason is reason
    assert isinstance(error, NotReady) is (reason is Refusal.GONE)
    assert not (tmp_path / "source").exists()


@pytest.mark.parametrize(("status", "paths"), [(404, ["/a", "/b"]), (403, ["/a"]), (500, ["/a"])])
async def test_another_address_is_tried_where_the_first_has_no_file(
    session: aiohttp.ClientSession, tmp_path: Path, status: int, paths: list[str]
) -> None:
    async with answering(always(lambda: web.Response(status=status))) as slack:
        file = shared_file(url=f"{slack.origin}/a", other_url=f"{slack.origin}/b")
        with pytest.raises(TranscriptionError):
            await slack_files(session, slack.origin).download(file, tmp_path / "source")

    assert slack.paths == paths


async def test_a_busy_file_server_says_when_to_come_back(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    busy = always(lambda: web.Response(status=429, headers={"Retry-After": "17"}))

    error = await refusal(session, busy, tmp_path / "source")

    assert isinstance(error, Unavailable)
    assert error.retry_after_s == 17.0


@pytest.mark.parametrize("declared", [True, False])
async def test_a_stream_that_breaks_off_is_an_outage(
    session: aiohttp.ClientSession,
    tmp_path: Path,
    declared: bool,  # noqa: FBT001
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if declared:
            response.content_length = len(SOUND)
        else:
            response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(SOUND[:1_000])
        assert request.transport is not None
        request.transport.close()
        return response

    error = await refusal(session, answer, tmp_path / "source")

    assert isinstance(error, Unavailable)
    assert error.reason is Outage.FILE


async def test_a_server_that_is_not_there_is_an_outage(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with answering(always(web.Response)) as slack:
        pass
    with pytest.raises(Unavailable, match=Outage.FILE):
        await slack_files(session, slack.origin).download(shared_file(url=slack.origin), tmp_path / "source")


async def test_more_bytes_than_allowed_are_refused(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    error = await refusal(session, always(lambda: web.Response(body=bytes(CAP + 1))), tmp_path / "source")

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.TOO_BIG
    assert (tmp_path / "source").stat().st_size <= CAP


async def test_as_many_bytes_as_allowed_are_taken(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    full = always(lambda: web.Response(body=bytes(CAP)))

    assert await download(session, full, tmp_path / "source") == CAP


async def test_packed_bytes_are_not_asked_for_and_cannot_burst(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    bomb = gzip.compress(bytes(150_000_000), compresslevel=9)
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers["Accept-Encoding"])
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    error = await refusal(session, answer, tmp_path / "source")

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.TOO_BIG
    assert asked == ["identity"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 60_000


async def test_no_bytes_are_an_empty_file(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    error = await refusal(
        session, always(lambda: web.Response(content_type="audio/mp4")), tmp_path / "source"
    )

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.EMPTY


@pytest.mark.parametrize("target", ["treasure", "missing"])
async def test_a_link_in_the_place_of_the_file_is_not_written_through(
    session: aiohttp.ClientSession, tmp_path: Path, target: str
) -> None:
    (tmp_path / "treasure").write_text("kept")
    (tmp_path / "source").symlink_to(tmp_path / target)

    error = await refusal(session, always(lambda: web.Response(body=SOUND)), tmp_path / "source")

    assert isinstance(error, Unavailable)
    assert error.reason is Outage.MACHINE
    assert (tmp_path / "treasure").read_text() == "kept"
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("size", [5_000, 500_000])
async def test_a_full_disk_is_the_machines(session: aiohttp.ClientSession, tmp_path: Path, size: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        error = await refusal(session, always(lambda: web.Response(body=bytes(size))), tmp_path / "source")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert isinstance(error, Unavailable)
    assert error.reason is Outage.MACHINE

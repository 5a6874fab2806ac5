"""Strangers open connections and never finish a request: Slack and health checks are answered meanwhile."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import structlog

from bot.http.connections import Limits
from bot.http.log_limit import LimitedLog
from bot.http.server import Endpoint, Probes, build_web, serving
from bot.telemetry import Metrics
from tests.http.slack_requests import EVENT, SIGNING_SECRET, bolt_app, signed

ROOT = Path(__file__).parents[2]
MOST_WAITING = 100
UNFINISHED = {
    "nothing": b"",
    "half a head": b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nX-Slack",
    "a head without its body": b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nContent-Length: 9000\r\n\r\n",
    "half a body": b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nContent-Length: 9000\r\n\r\n{",
    "chunks without an end": (
        b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
    ),
    "a probe without its body": b"GET /healthz HTTP/1.1\r\nHost: bot\r\nContent-Length: 9000\r\n\r\n",
}


PROBE = b"GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n"


@pytest.fixture(autouse=True)
def libraries_log(caplog: pytest.LogCaptureFixture) -> None:
    """Warnings at least, and no less where other tests have set another level for good."""
    for name in ("asyncio", "aiohttp.server"):
        caplog.set_level(logging.WARNING, name)


async def checks() -> dict[str, str]:
    return {"slack": "ok", "database": "ok", "recogniser": "ok"}


@asynccontextmanager
async def served(heard: list[str], limits: Limits) -> AsyncIterator[int]:
    web = build_web(
        Metrics(),
        Probes(checks, lambda: 8),
        Endpoint(SIGNING_SECRET, bolt_app(heard)),
    )
    async with serving(web, "127.0.0.1", 0, limits) as port:
        yield port


@asynccontextmanager
async def strangers(port: int, count: int, start: bytes) -> AsyncIterator[list[socket.socket]]:
    """So many connections that begin a request and stay open."""
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            stranger = stack.enter_context(socket.socket())
            stranger.settimeout(0)
            await loop.sock_connect(stranger, ("127.0.0.1", port))
            await loop.sock_sendall(stranger, start)
            opened.append(stranger)
        yield opened


def is_open(stranger: socket.socket) -> bool:
    try:
        return bool(stranger.recv(10_000))
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


async def until_open(opened: list[socket.socket], most: int) -> None:
    async with asyncio.timeout(10):
        while sum(map(is_open, opened)) > most:  # noqa: ASYNC110  # a socket tells no one
            await asyncio.sleep(0.02)


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the libraries have logged."""
    return [record for record in caplog.records if record.name in {"asyncio", "aiohttp.server"}]


async def answered(port: int) -> None:
    """Each with a connection of its own, as a proxy opens one."""
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=timeout) as session:
        async with session.get("/healthz") as answer:
            assert answer.status == 200
        async with session.post("/slack/events", data=EVENT, headers=signed(EVENT)) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("start", UNFINISHED.values(), ids=UNFINISHED.keys())
async def test_of_connections_without_a_whole_request_the_oldest_go_and_slack_is_heard(
    start: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []
    async with (
        served(heard, Limits(MOST_WAITING, request_s=60.0)) as port,
        strangers(port, 2 * MOST_WAITING, start) as opened,
    ):
        await until_open(opened, MOST_WAITING)
        assert not any(map(is_open, opened[:MOST_WAITING]))
        assert all(map(is_open, opened[MOST_WAITING:]))
        await answered(port)
    assert heard == ["Ev1"]
    assert warnings(caplog) == []


@pytest.mark.parametrize("start", UNFINISHED.values(), ids=UNFINISHED.keys())
async def test_no_connection_waits_for_long(start: bytes) -> None:
    heard: list[str] = []
    async with served(heard, Limits(MOST_WAITING, request_s=0.3)) as port:
        async with strangers(port, 5, start) as opened:
            await until_open(opened, 0)
        await answered(port)


async def dripped(writer: asyncio.StreamWriter) -> None:
    async with asyncio.timeout(10):
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)


async def test_a_byte_now_and_then_does_not_keep_a_connection_open() -> None:
    async with served([], Limits(MOST_WAITING, request_s=0.4)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UNFINISHED["half a body"])
        with pytest.raises(ConnectionError):
            await dripped(writer)
        writer.close()


async def test_a_connection_that_is_kept_open_is_good_for_more_and_ends_when_unused() -> None:
    heard: list[str] = []
    async with (
        served(heard, Limits(MOST_WAITING, request_s=0.2, idle_s=1.0)) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=aiohttp.TCPConnector(limit=1)) as session,
    ):
        for _ in range(2):
            async with session.post("/slack/events", data=EVENT, headers=signed(EVENT)) as answer:
                assert answer.status == 200
            await asyncio.sleep(0.4)
    assert heard == ["Ev1", "Ev1"]


async def test_a_connection_that_is_kept_open_and_not_used_again_is_closed() -> None:
    async with served([], Limits(MOST_WAITING, idle_s=0.2)) as port, strangers(port, 1, PROBE) as opened:
        await until_open(opened, 0)


async def test_what_is_being_answered_is_not_closed() -> None:
    asked, let_go = asyncio.Event(), asyncio.Event()

    async def slow() -> dict[str, str]:
        asked.set()
        await let_go.wait()
        return await checks()

    web = build_web(Metrics(), Probes(slow, lambda: 8), None)
    async with (
        serving(web, "127.0.0.1", 0, Limits(most_waiting=3, request_s=0.1)) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        asking = asyncio.create_task(session.get("/readyz"))
        await asked.wait()
        async with strangers(port, 20, b"") as opened:
            await until_open(opened, 0)
        let_go.set()
        async with await asking as answer:
            assert answer.status == 200


JUNK = {
    "no HTTP": b"the words of a stranger " * 300 + b"\r\n\r\n",
    "an endless address": b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: bot\r\n\r\n",
    "an odd header": b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nthe words of a stranger\r\n\r\n",
    "a length that is none": b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nContent-Length: words\r\n\r\n{",
    "a chunk that is none": (
        b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\nof a stranger\r\n"
    ),
    "no gzip": (b"POST / HTTP/1.1\r\nHost: bot\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nwords"),
    "no signature": b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nContent-Length: 8\r\n\r\nstranger",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK.keys())
async def test_junk_leaves_one_short_warning_however_often_it_comes(
    junk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with structlog.testing.capture_logs() as lines:
        async with served([], Limits()) as port:
            for _ in range(5):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(junk)
                async with asyncio.timeout(5):
                    answer = await reader.readline()
                assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
                writer.close()
    assert warnings(caplog) == []
    assert len(lines) <= 1
    assert all((line["event"], line["log_level"]) == ("request refused", "warning") for line in lines)
    assert "stranger" not in str(lines)


async def test_an_error_of_ours_is_logged_as_one(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> dict[str, str]:
        raise ZeroDivisionError

    web = build_web(Metrics(), Probes(broken, lambda: 8), None)
    async with (
        serving(web, "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        session.get("/readyz") as answer,
    ):
        assert answer.status == 500
    (record,) = warnings(caplog)
    assert record.levelname == "ERROR"
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_a_warning_comes_again_after_a_while_and_says_how_many_were_left_out() -> None:
    now_s = 100.0
    log = LimitedLog(10.0, clock=lambda: now_s)
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            log.warning("request refused", reason="signature")
        log.warning("request refused", reason="not HTTP")
        now_s += 10.0
        log.warning("request refused", reason="signature")
        now_s += 10.0
        log.warning("request refused", reason="signature")
    assert [(line["reason"], line.get("left_out")) for line in lines] == [
        ("signature", None),
        ("not HTTP", None),
        ("signature", 2),
        ("signature", None),
    ]


FEW_DESCRIPTORS = """
import asyncio, resource
from bot.http.connections import Limits
from bot.http.server import build_web, serving
from bot.telemetry import Metrics, configure_logging

async def main():
    configure_logging("INFO", pretty=False)
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
    app = build_web(Metrics(), None, None)
    async with serving(app, "127.0.0.1", 0, Limits(most_waiting=10_000, request_s=1.0)) as port:
        print(port, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_used_up_descriptors_are_told_once_and_come_back(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FEW_DESCRIPTORS),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    async with (
        asyncio.timeout(15),
        strangers(port, 80, b""),
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        assert answer.status == 200
    process.terminate()
    _, logged = await process.communicate()
    (line,) = [json.loads(line) for line in logged.splitlines()]
    assert (line["event"], line["level"], line["reason"]) == ("connections not accepted", "warning", "EMFILE")
    assert len(logged) < 500

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp
import psutil
import pytest

import bot
from bot.commands.playground import CLIP, PORT, exit_code
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.playground.session import Outcome, Result
from bot.whisper.heard import Heard

pytestmark = pytest.mark.slow

ROOT = Path(bot.__file__).parent.parent
SAID = "Ask not what your country can do for you."
FIELDS = ["file", "outcome", "transcript", "language", "duration_s", "text", "blocks", "elapsed_s"]
STAGES = ["total", "download", "prepare", "recognise", "reply"]
PATIENCE_S = 60.0
VERIFICATION_BYTES = 40_000
"""More than the second of silence that the bot asks for first."""


async def hear(_audio: bytes, language: str | None, _context: str) -> Heard:
    return Heard(SAID, language or "en", 11.0)


class Busy:
    """Hears the clip for ever."""

    def __init__(self) -> None:
        self.hearing = asyncio.Event()

    async def hear(self, audio: bytes, _language: str | None, _context: str) -> Heard:
        if len(audio) > VERIFICATION_BYTES:
            self.hearing.set()
        await asyncio.Event().wait()
        raise AssertionError


@asynccontextmanager
async def recogniser(hears: Any = hear) -> AsyncIterator[dict[str, str]]:
    """Stands for the real one, which saves the time of loading the packaged one; yields its settings."""
    async with DashScopeLookalike(hears) as server:
        yield {"DASHSCOPE_API_KEY": server.api_key, "DASHSCOPE_BASE_URL": server.base_url}


@asynccontextmanager
async def started(
    cwd: Path,
    *arguments: object,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Process]:
    """``python -m bot playground`` in a folder; what is left of it and its children ends with the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "playground", *map(str, arguments)),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    family = psutil.Process(process.pid)
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield process
    finally:
        if process.returncode is None:
            left = [*family.children(recursive=True), family]
            for one in left:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            await process.communicate()


async def finished(
    cwd: Path, *arguments: object, environment: Mapping[str, str] = MappingProxyType({})
) -> tuple[int | None, str, str]:
    """Exit code, stdout and stderr."""
    async with started(cwd, *arguments, environment=environment) as process:
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()


async def line_with(stream: asyncio.StreamReader | None, text: str) -> str:
    """Read up to the line that holds a text."""
    assert stream is not None
    async for line in stream:
        if text in line.decode():
            return line.decode()
    raise AssertionError(f"it ended without {text}")


def result(outcome: Outcome) -> Result:
    return Result(outcome, "", "", None, None, "", [], {})


async def test_json_from_the_packaged_recogniser_whatever_is_set(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    (tmp_path / ".env").write_text(f"SLACK_BOT_TOKEN=broken\nSLACK_API_URL={nowhere}\nASR_LANGUAGE=zh\n")
    ambient = {
        "SLACK_BOT_TOKEN": "xoxb-ambient",
        "SLACK_APP_TOKEN": "xapp-ambient",
        "SLACK_API_URL": nowhere,
        "DASHSCOPE_API_KEY": "sk-ambient",
        "DASHSCOPE_BASE_URL": nowhere,
        "ASR_LANGUAGE": "fr",
        "LOG_FORMAT": "pretty",
    }
    text = tmp_path / "a note.m4a"
    text.write_text("This was never a recording. " * 100)

    code, out, err = await finished(tmp_path, "--once", "--json", CLIP, text, environment=ambient)

    spoken, refused = [json.loads(line) for line in out.splitlines()]
    assert list(spoken) == list(refused) == FIELDS
    assert (spoken["file"], spoken["outcome"], spoken["language"]) == (str(CLIP), "transcribed", "en")
    assert "ask what you can do for your country" in spoken["transcript"]
    assert spoken["duration_s"] == pytest.approx(11.0, abs=0.2)
    assert spoken["blocks"][0]["type"] == "rich_text"
    assert list(spoken["elapsed_s"]) == STAGES
    stages = [spoken["elapsed_s"][stage] for stage in STAGES]
    assert 0 < max(stages[1:]) <= sum(stages[1:]) <= stages[0] + 0.01
    assert (refused["file"], refused["outcome"], refused["transcript"]) == (str(text), "refused", "")
    assert refused["text"]
    assert code == 3
    announced, *log = err.splitlines()
    assert announced.startswith("Starting")
    assert "ready" in [json.loads(line)["event"] for line in log]
    assert "your country" not in err


async def test_plain_output_is_the_thread(tmp_path: Path) -> None:
    async with recogniser() as settings:
        code, out, err = await finished(tmp_path, "--once", "--asr", "real", environment=settings)
    assert code == 0
    assert out.startswith("\n#voice-notes\n")
    assert SAID in out
    assert "{" not in err


async def test_events_over_http(tmp_path: Path) -> None:
    async with recogniser() as settings:
        arguments = ("--once", "--json", "--asr", "real", "--delivery", "http", CLIP)
        code, out, err = await finished(tmp_path, *arguments, environment=settings)
    assert code == 0
    assert json.loads(out)["transcript"] == SAID
    ready = next(line for line in map(json.loads, err.splitlines()[1:]) if line["event"] == "ready")
    assert ready["socket_mode"] is False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_its_page_stays_up_until_it_is_told_to_end(tmp_path: Path, number: signal.Signals) -> None:
    async with (
        recogniser() as settings,
        started(tmp_path, "--asr", "real", environment=settings) as process,
    ):
        announced = await line_with(process.stderr, "Open http://127.0.0.1:")
        await line_with(process.stdout, SAID)
        async with aiohttp.ClientSession(announced.split()[1]) as browser, browser.get("/live") as live:
            await live.content.readuntil(SAID.encode())
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        await process.communicate()
        assert process.returncode == 0
    assert children
    assert not psutil.wait_procs(children, timeout=5)[1]


async def test_its_page_takes_any_port_where_the_usual_one_is_taken(tmp_path: Path) -> None:
    with ExitStack() as stack:
        with suppress(OSError):  # somebody else's then, which does as well
            stack.enter_context(socket.create_server(("127.0.0.1", PORT)))
        async with (
            recogniser() as settings,
            started(tmp_path, "--asr", "real", environment=settings) as process,
        ):
            announced = await line_with(process.stderr, "Open http://127.0.0.1:")
            assert f":{PORT} " not in announced
            async with aiohttp.ClientSession(announced.split()[1]) as browser, browser.get("/") as response:
                assert response.status == 200


async def test_a_port_that_was_asked_for_and_is_taken_ends_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with recogniser() as settings:
            port = taken.getsockname()[1]
            code, out, err = await finished(tmp_path, "--asr", "real", "--port", port, environment=settings)
    assert (code, out) == (1, "")
    assert f"{port}" in err.splitlines()[-1]
    assert "Traceback" not in err


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # a decoder, which has ended meanwhile
        return []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_interrupted_it_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    busy = Busy()
    async with (
        recogniser(busy.hear) as settings,
        started(tmp_path, "--once", "--json", "--asr", "real", CLIP, environment=settings) as process,
    ):
        await busy.hearing.wait()
        children = psutil.Process(process.pid).children(recursive=True)
        folders = [Path(child.cwd()) for child in children if "run" in command_of(child)]
        process.send_signal(number)
        out, err = await process.communicate()
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    assert folders
    assert not psutil.wait_procs(children, timeout=5)[1]
    assert not any(folder.exists() for folder in folders)


@pytest.mark.parametrize("until", ["--once", "--port=0"])
async def test_a_bot_that_dies_is_a_failure(tmp_path: Path, until: str) -> None:
    busy = Busy()
    async with (
        recogniser(busy.hear) as settings,
        started(tmp_path, until, "--json", "--asr", "real", CLIP, environment=settings) as process,
    ):
        await busy.hearing.wait()
        (child,) = psutil.Process(process.pid).children()
        child.kill()
        out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert b"threadscribe: the playground stopped: " in err.splitlines()[-1]


async def test_a_file_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    code, out, err = await finished(tmp_path, "--once", CLIP, tmp_path / "nowhere.m4a")
    assert (code, out) == (2, "")
    assert err == f"threadscribe: no such file: {tmp_path / 'nowhere.m4a'}\n"


async def test_the_real_recogniser_needs_a_key(tmp_path: Path) -> None:
    code, out, err = await finished(tmp_path, "--once", "--asr", "real")
    assert (code, out) == (2, "")
    assert err.startswith("threadscribe: DASHSCOPE_API_KEY is missing")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (["transcribed", "transcribed"], 0),
        (["transcribed", "refused"], 3),
        (["refused", "failed", "transcribed"], 1),
        (["failed", "refused"], 1),
    ],
)
def test_the_worst_outcome_decides_the_exit_code(outcomes: list[Outcome], code: int) -> None:
    assert exit_code([result(outcome) for outcome in outcomes]) == code

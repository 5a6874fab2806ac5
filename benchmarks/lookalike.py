"""The DashScope look-alike in a process of its own, so that its work is not counted with anybody else's.

    python -m benchmarks.lookalike fixed|whisper

It tells its address and key in a line of JSON, what happened since the last time for each line that it reads,
and ends when its input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from types import TracebackType
from typing import Any, Literal, Self

from bot.playground.dashscope_lookalike.server import DashScopeLookalike, Hear
from bot.playground.dashscope_lookalike.sound import measure
from bot.whisper.heard import Heard
from bot.whisper.whisper import Whisper

Recogniser = Literal["fixed", "whisper"]
ROOT = Path(__file__).parent.parent
LATENCY_S = 1.0
LATENCY_S_PER_S = 0.02
"""For each second of audio."""
_ENDING_S = 10.0


def latency_s(audio_s: float) -> float:
    """How long the fixed recogniser takes."""
    return LATENCY_S + LATENCY_S_PER_S * audio_s


class FixedEar:
    """Takes a time that the audio's length decides, and answers each request with a word of its own.

    Attributes:
        words: Those that it answered.
    """

    def __init__(self) -> None:
        self.words: list[str] = []

    async def recognise(self, audio: bytes, _language: str | None, _context: str) -> Heard:
        """Sleep, then say the word."""
        began_s = time.perf_counter()
        mime = "audio/wav" if audio.startswith(b"RIFF") else "audio/mpeg"
        audio_s = await asyncio.to_thread(measure, mime, audio)
        await asyncio.sleep(began_s + latency_s(audio_s) - time.perf_counter())
        self.words.append(f"word{len(self.words) + 1}")
        return Heard(self.words[-1], "en", audio_s)


@dataclass(frozen=True, slots=True)
class Request:
    """A call, as the look-alike saw it."""

    audio_s: float
    audio_bytes: int
    status: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """What happened in a while."""

    requests: list[Request]
    words: list[str]
    """That the fixed recogniser answered."""


class Lookalike:
    """The process, seen from outside, inside the ``with``."""

    def __init__(self, recogniser: Recogniser) -> None:
        command = [sys.executable, "-m", "benchmarks.lookalike", recogniser]
        self._process = Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True)
        self.base_url = self.api_key = ""

    def __enter__(self) -> Self:
        """Wait until it listens."""
        address = self._hear()
        self.base_url, self.api_key = address["base_url"], address["api_key"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(_ENDING_S)
        finally:
            self._process.kill()

    def told(self) -> Told:
        """What happened since the last time."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        requests, words = self._hear()
        return Told([Request(*request) for request in requests], words)

    def _hear(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


async def _serve(recogniser: Recogniser) -> None:
    fixed = FixedEar()
    if recogniser == "fixed":
        await _answer(fixed.recognise, fixed.words)
        return
    async with Whisper.opened() as whisper:
        await _answer(whisper.recognise, [])


async def _answer(recognise: Hear, words: Sequence[str]) -> None:
    told = 0
    async with DashScopeLookalike(recognise) as dashscope:
        _tell({"base_url": dashscope.base_url, "api_key": dashscope.api_key})
        # Whoever started this process may die without a word: its input ends all the same.
        while await asyncio.to_thread(sys.stdin.readline):
            requests = [(call.duration_s, call.audio_bytes, call.status) for call in dashscope.calls]
            _tell([requests, words[told:]])
            told = len(words)
            dashscope.calls.clear()


def _tell(answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve("whisper" if sys.argv[1] == "whisper" else "fixed"))

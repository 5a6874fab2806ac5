"""The packaged recogniser is on this machine: no proxy of the environment is asked for it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.commands import transcribe
from tests.flows.harness import Ear, tone


class FakeWhisper:
    """Says how long the audio is."""

    recognise = staticmethod(Ear().hear)

    @classmethod
    @asynccontextmanager
    async def opened(cls) -> AsyncIterator[FakeWhisper]:
        yield cls()


async def test_no_proxy_is_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr(transcribe, "Whisper", FakeWhisper)
    recording = tmp_path / "note.wav"
    recording.write_bytes(tone(2))
    parser = argparse.ArgumentParser()
    transcribe.add_arguments(parser)

    code = await asyncio.to_thread(transcribe.run, parser.parse_args(["--asr", "local", str(recording)]))

    assert (code, capsys.readouterr().out.strip()) == (0, "A clip of 2 seconds.")

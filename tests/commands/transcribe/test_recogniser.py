"""The packaged recogniser is on this machine: no proxy of the environment is asked for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.commands.transcribe import recogniser
from bot.job.job_log import Observed
from bot.job.parts import Parts
from bot.job.recognise import RecognitionTask
from bot.model import Claim
from bot.recording import Part
from tests.flows.harness import Ear, tone


class FakeWhisper:
    """Says how long the audio is."""

    recognise = staticmethod(Ear().hear)

    @classmethod
    @asynccontextmanager
    async def opened(cls) -> AsyncIterator[FakeWhisper]:
        yield cls()


async def test_no_proxy_is_asked_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr(recogniser, "Whisper", FakeWhisper)
    recording = tmp_path / "note.wav"
    recording.write_bytes(tone(2))
    parts = Parts()

    async def keep(_: Part) -> None:
        """Nothing is kept."""

    async with recogniser.open_recogniser(local=True) as opened:
        task = RecognitionTask(recording, tmp_path, "note", Observed(Claim.AUDIO), keep=keep)
        await opened.recordings.recognise_all(task, parts)
    (part,) = parts
    assert part.recognition is not None
    assert part.recognition.text == "A clip of 2 seconds."

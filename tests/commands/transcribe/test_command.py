"""The real command in a real process, against the recogniser's look-alike."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pysubs2
import pytest

from bot import sentences
from bot.errors import Refusal
from bot.playground.dashscope_lookalike.faults import Answer
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.translations import ENGLISH
from tests.flows.harness import Ear, tone
from tests.flows.recordings import hum_with_pauses

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@dataclass
class Terminal:
    """A shell in an empty folder, set up for the look-alike."""

    folder: Path
    dashscope: DashScopeLookalike
    ear: Ear

    async def start(self, *arguments: str, **values: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "transcribe", *arguments),
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "TMPDIR": str(self.folder / "tmp"),
                "DASHSCOPE_API_KEY": self.dashscope.api_key,
                "DASHSCOPE_BASE_URL": self.dashscope.base_url,
                **values,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str, **values: str) -> tuple[int | None, str, str]:
        """Exit code, stdout and stderr."""
        process = await self.start(*arguments, **values)
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert "Traceback" not in err.decode()
        return process.returncode, out.decode(), err.decode()

    def write(self, name: str, content: bytes) -> str:
        (self.folder / name).write_bytes(content)
        return name

    def left(self) -> list[str]:
        return [path.name for path in (self.folder / "tmp").iterdir()]


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Terminal]:
    (tmp_path / "tmp").mkdir()
    ear = Ear()
    async with DashScopeLookalike(ear.hear) as dashscope:
        yield Terminal(tmp_path, dashscope, ear)


async def test_a_recording_is_printed(terminal: Terminal) -> None:
    code, out, err = await terminal.run(terminal.write("hum.wav", tone(2)))
    assert (code, out, err) == (0, "A clip of 2 seconds.\n", "")
    assert terminal.left() == []


async def test_a_long_recording_is_heard_part_by_part_and_read_in_order(terminal: Terminal) -> None:
    recording = hum_with_pauses(terminal.folder / "long.wav", pauses_s=(100, 225, 340), seconds=400)
    terminal.ear.delays_s = {100: 1.0}
    code, out, _ = await terminal.run(recording.name)
    assert code == 0
    assert out.split() == " ".join(f"A clip of {n} seconds." for n in (100, 125, 115, 60)).split()
    assert len(terminal.dashscope.calls) == 4
    assert terminal.left() == []


@pytest.mark.parametrize("kind", ["srt", "vtt", "json"])
async def test_other_formats_go_to_a_file(terminal: Terminal, kind: str) -> None:
    code, out, _ = await terminal.run(
        terminal.write("hum.wav", tone(2)), "--format", kind, "-o", f"out.{kind}"
    )
    assert (code, out) == (0, "")
    text = (terminal.folder / f"out.{kind}").read_text()
    if kind == "json":
        document = json.loads(text)
        assert document["duration_s"] == 2.0
        assert document["passages"][0]["text"] == "A clip of 2 seconds."
    else:
        assert [event.plaintext for event in pysubs2.SSAFile.from_string(text)] == ["A clip of 2 seconds."]


async def test_several_recordings_go_to_a_folder(terminal: Terminal) -> None:
    names = [terminal.write(f"{n}.wav", tone(n)) for n in (2, 3)]
    code, _, _ = await terminal.run(*names, "-o", "texts")
    assert code == 0
    assert {path.name: path.read_text() for path in (terminal.folder / "texts").iterdir()} == {
        f"{n}.wav.txt": f"A clip of {n} seconds.\n" for n in (2, 3)
    }
    code, out, _ = await terminal.run(*names)
    assert out == "2.wav\n\nA clip of 2 seconds.\n\n3.wav\n\nA clip of 3 seconds.\n\n"
    code, _, err = await terminal.run(*names, "--format", "srt")
    assert code == 2
    assert err.count("\n") == 1


async def test_the_language_and_the_context_are_handed_on(terminal: Terminal) -> None:
    name = terminal.write("hum.wav", tone(2))
    await terminal.run(name, "--language", "yue", "--context", "Threadscribe, Qwen")
    (call,) = terminal.dashscope.calls
    assert (call.language, call.context_chars) == ("yue", len("Threadscribe, Qwen"))


async def test_what_is_no_recording_is_refused_and_the_others_are_not(terminal: Terminal) -> None:
    names = [terminal.write("note.m4a", b"not audio at all" * 99), terminal.write("hum.wav", tone(2))]
    code, out, err = await terminal.run(*names)
    assert code == 3
    assert err == f"threadscribe: note.m4a: {sentences.refusal(ENGLISH, Refusal.NOT_AUDIO)}\n"
    assert "A clip of 2 seconds." in out


async def test_a_recording_without_speech_says_so(terminal: Terminal) -> None:
    terminal.ear.text = ""
    code, out, err = await terminal.run(terminal.write("hum.wav", tone(2)))
    assert (code, out) == (3, "")
    assert sentences.refusal(ENGLISH, Refusal.NO_SPEECH) in err


async def test_parts_that_are_missing_are_marked_and_told(terminal: Terminal) -> None:
    recording = hum_with_pauses(terminal.folder / "long.wav", pauses_s=(100, 225), seconds=300)
    terminal.dashscope.faults.add(
        Answer(400, "DataInspectionFailed"), when=lambda call: round(call.duration_s) == 125
    )
    code, out, err = await terminal.run(recording.name)
    assert code == 1
    assert "[01:40–03:45 could not be transcribed]" in out
    assert "A clip of 100 seconds." in out
    assert "some parts could not be transcribed" in err


@pytest.mark.parametrize(
    ("arguments", "values", "said"),
    [
        (["nowhere.wav"], {}, "no such file: nowhere.wav"),
        (["hum.wav"], {"DASHSCOPE_API_KEY": ""}, "DASHSCOPE_API_KEY is missing"),
        (["hum.wav"], {"ASR_CONCURRENCY": "many"}, "ASR_CONCURRENCY"),
    ],
)
async def test_a_wrong_call_is_one_line_and_exit_code_2(
    terminal: Terminal, arguments: list[str], values: dict[str, str], said: str
) -> None:
    terminal.write("hum.wav", tone(2))
    code, out, err = await terminal.run(*arguments, **values)
    assert (code, out) == (2, "")
    assert err.startswith(f"threadscribe: {said}")
    assert err.count("\n") == 1


async def test_a_wrong_key_is_told_at_once(terminal: Terminal) -> None:
    hum = terminal.write("hum.wav", tone(2))
    code, out, err = await terminal.run(hum, "-o", "hum.txt", DASHSCOPE_API_KEY="sk-hush-hush")
    assert (code, out) == (1, "")
    assert not (terminal.folder / "hum.txt").exists()
    assert "doesn't accept my key" in err
    assert "hush" not in err


async def test_a_target_that_cannot_be_written_is_one_line(terminal: Terminal) -> None:
    (terminal.folder / "there.txt").write_text("precious")
    hum = terminal.write("hum.wav", tone(2))
    for arguments in ([hum, "-o", "/proc/nowhere"], [hum, hum, "-o", "there.txt"]):
        code, _, err = await terminal.run(*arguments)
        assert code == 1
        assert err.startswith("threadscribe: cannot write")
        assert err.count("\n") == 1
    assert terminal.dashscope.calls == [], "nothing is paid for that cannot be kept"
    assert (terminal.folder / "there.txt").read_text() == "precious"


async def test_what_a_killed_run_left_is_swept_by_the_next(terminal: Terminal) -> None:
    hum_with_pauses(terminal.folder / "long.wav", pauses_s=(100,), seconds=160)
    held = terminal.dashscope.faults.hold()
    process = await terminal.start("long.wav")
    await held.reached()
    os.kill(process.pid, signal.SIGKILL)
    await process.communicate()
    assert len(terminal.left()) == 1, "nobody could tidy up"

    beside = terminal.dashscope.faults.hold()
    other = await terminal.start("long.wav")
    await beside.reached()
    assert len(terminal.left()) == 1, "its own; the dead one's is gone"
    code, _, _ = await terminal.run(terminal.write("hum.wav", tone(2)))
    assert code == 0
    assert len(terminal.left()) == 1, "a living one's stays"
    beside.release()
    await other.communicate()
    assert other.returncode == 0
    assert terminal.left() == []

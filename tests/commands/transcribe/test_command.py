"""The real command in a real process, against the recogniser's look-alike."""

from __future__ import annotations

import asyncio
import json
import os
import pty
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

LONG = f"0:00\u2002{' '.join(f'A clip of {n} seconds.' for n in (100, 125, 115, 60))}\n"
"""What comes of the long recording."""
ROOT = Path(__file__).parents[3]


@dataclass
class Terminal:
    """A shell in an empty folder, set up for the look-alike."""

    folder: Path
    dashscope: DashScopeLookalike
    ear: Ear

    async def start(
        self, *arguments: str, stderr: int = asyncio.subprocess.PIPE, values: dict[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "transcribe", *arguments),
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "TMPDIR": str(self.folder / "tmp"),
                "XDG_CACHE_HOME": str(self.folder / "cache"),
                "DASHSCOPE_API_KEY": self.dashscope.api_key,
                "DASHSCOPE_BASE_URL": self.dashscope.base_url,
                **(values or {}),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            # A terminal sends its signals to the whole group.
            start_new_session=True,
        )

    async def run(self, *arguments: str, **values: str) -> tuple[int | None, str, str]:
        """Exit code, stdout and stderr."""
        process = await self.start(*arguments, values=values)
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert "Traceback" not in err.decode()
        return process.returncode, out.decode(), err.decode()

    def write(self, name: str, content: bytes) -> str:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(content)
        return name

    def long(self, name: str = "long.wav") -> str:
        """A recording of four parts: 100, 125, 115 and 60 seconds."""
        return hum_with_pauses(self.folder / name, pauses_s=(100, 225, 340), seconds=400).name

    def kept(self) -> list[str]:
        """The parts that are kept between runs, a line each."""
        folder = self.folder / "cache" / "threadscribe" / "parts"
        return [
            line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines() if line
        ]

    async def interrupt(
        self, *arguments: str, number: int = signal.SIGINT, keeps: bool = True
    ) -> tuple[int | None, str, str]:
        """Run it, and end it once three of four parts are there; exit code, stdout and stderr."""
        held = self.dashscope.faults.hold(when=lambda call: round(call.duration_s) == 115)
        process = await self.start(*arguments)
        await held.reached()
        async with asyncio.timeout(30):
            while sum(call.answered for call in self.dashscope.calls) < 3 or (keeps and len(self.kept()) < 3):  # noqa: ASYNC110  # neither tells anyone
                await asyncio.sleep(0.05)
        os.killpg(process.pid, number)
        async with asyncio.timeout(30):
            out, err = await process.communicate()
        self.dashscope.faults.clear()
        assert "Traceback" not in err.decode()
        return process.returncode, out.decode(), err.decode()

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


async def test_a_recording_that_breaks_off_is_printed_and_said_to(terminal: Terminal) -> None:
    code, out, err = await terminal.run(terminal.write("hum.wav", tone(40)[: 44 + 20 * 32_000]))
    assert (code, out) == (0, "A clip of 20 seconds.\n")
    assert err == "threadscribe: hum.wav: The file breaks off at 0:20\n"


async def test_a_long_recording_is_heard_part_by_part_and_read_in_order(terminal: Terminal) -> None:
    recording = hum_with_pauses(terminal.folder / "long.wav", pauses_s=(100, 225, 340), seconds=400)
    terminal.ear.delays_s = {100: 1.0}
    code, out, _ = await terminal.run(recording.name)
    assert code == 0
    assert out == LONG
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


async def test_recordings_of_one_name_do_not_overwrite_each_other(terminal: Terminal) -> None:
    names = [terminal.write(f"{folder}/x.wav", tone(n)) for folder, n in (("a", 2), ("b", 3), ("c", 4))]
    names.append(terminal.write("x-2.wav", tone(5)))
    code, _, err = await terminal.run(*names, "-o", "out")
    assert code == 0
    assert {path.name: path.read_text() for path in (terminal.folder / "out").iterdir()} == {
        "x.wav.txt": "A clip of 2 seconds.\n",
        "x-3.wav.txt": "A clip of 3 seconds.\n",
        "x-4.wav.txt": "A clip of 4 seconds.\n",
        "x-2.wav.txt": "A clip of 5 seconds.\n",
    }
    assert err == (
        "threadscribe: b/x.wav: its transcript is out/x-3.wav.txt, since there is another x.wav\n"
        "threadscribe: c/x.wav: its transcript is out/x-4.wav.txt, since there is another x.wav\n"
    )
    _, out, _ = await terminal.run(*names[:2])
    assert out == "a/x.wav\n\nA clip of 2 seconds.\n\nb/x.wav\n\nA clip of 3 seconds.\n\n"


async def test_nothing_is_overwritten_unasked_and_nothing_is_paid_for_it(terminal: Terminal) -> None:
    names = [terminal.write(f"{n}.wav", tone(n)) for n in (2, 3)]
    for there in ("2.txt", "out/2.wav.txt"):
        terminal.write(there, b"precious")
    code, _, err = await terminal.run(names[0], "-o", "2.txt")
    assert (code, err) == (2, "threadscribe: 2.wav: 2.txt is there already: --force overwrites it\n")
    assert terminal.dashscope.calls == []

    code, _, err = await terminal.run(*names, "-o", "out")
    assert (code, err) == (2, "threadscribe: 2.wav: out/2.wav.txt is there already: --force overwrites it\n")
    assert [round(call.duration_s) for call in terminal.dashscope.calls] == [3], "the other goes on"
    assert (terminal.folder / "out" / "3.wav.txt").read_text() == "A clip of 3 seconds.\n"
    assert (terminal.folder / "2.txt").read_text() == "precious"
    assert (terminal.folder / "out" / "2.wav.txt").read_text() == "precious"

    assert await terminal.run(names[0], "-o", "2.txt", "--force") == (0, "", "")
    assert (terminal.folder / "2.txt").read_text() == "A clip of 2 seconds.\n"


async def test_a_recording_is_never_overwritten_by_its_transcript(terminal: Terminal) -> None:
    hum = terminal.write("hum.wav", tone(2))
    os.link(terminal.folder / hum, terminal.folder / "same.wav")
    for output in (hum, "same.wav"):
        code, _, err = await terminal.run(hum, "-o", output, "--force")
        assert (code, err) == (
            2,
            f"threadscribe: {output}: a recording would be overwritten by a transcript\n",
        )
    assert (terminal.folder / hum).read_bytes() == tone(2)
    assert terminal.dashscope.calls == []


async def test_the_same_command_again_is_done_and_costs_nothing(terminal: Terminal) -> None:
    names = [terminal.write(f"{n}.wav", tone(n)) for n in (2, 3)]
    assert (await terminal.run(*names, "-o", "out"))[0] == 0
    code, _, err = await terminal.run(*names, "-o", "out")
    assert code == 0
    assert err == "".join(
        f"threadscribe: {name}: out/{name}.txt is there already, from this recording: --force makes it anew\n"
        for name in names
    )
    assert len(terminal.dashscope.calls) == 2
    code, _, err = await terminal.run(*names, "-o", "out", "--language", "de")
    assert code == 2, "that is another transcript"
    terminal.write(names[0], tone(4))
    assert (await terminal.run(*names, "-o", "out"))[0] == 2, "and that another recording"


async def leave_words_behind(terminal: Terminal) -> None:
    """Have hum.wav recognised for a file hum.txt that appears meanwhile."""
    held = terminal.dashscope.faults.hold()
    process = await terminal.start(terminal.write("hum.wav", tone(2)), "-o", "hum.txt")
    await held.reached()
    terminal.write("hum.txt", b"precious")
    held.release()
    _, err = await process.communicate()
    assert process.returncode == 2
    assert err == b"threadscribe: hum.wav: hum.txt is there already: --force overwrites it\n"


async def test_a_file_that_appears_meanwhile_stays_and_so_do_the_words(terminal: Terminal) -> None:
    await leave_words_behind(terminal)
    assert (terminal.folder / "hum.txt").read_text() == "precious"
    code, _, err = await terminal.run("hum.wav", "-o", "hum.txt", "--force")
    assert (code, err) == (0, "threadscribe: hum.wav: went on where it stopped: 1 of 1 part was kept\n")
    assert len(terminal.dashscope.calls) == 1


async def test_a_transcript_goes_into_a_file_also_where_a_terminal_shows_the_progress(
    terminal: Terminal,
) -> None:
    ours, theirs = pty.openpty()
    process = await terminal.start(terminal.write("[x] hum.wav", tone(2)), stderr=theirs)
    os.close(theirs)
    out, _ = await process.communicate()
    assert (process.returncode, out) == (0, b"A clip of 2 seconds.\n")
    assert b"[x] hum.wav" in os.read(ours, 65_536)
    os.close(ours)


async def test_the_language_and_the_context_are_handed_on(terminal: Terminal) -> None:
    name = terminal.write("hum.wav", tone(2))
    await terminal.run(name, "--language", "yue", "--context", "Threadscribe, Qwen")
    (call,) = terminal.dashscope.calls
    assert (call.language, call.context_chars) == ("yue", len("Threadscribe, Qwen"))


async def test_every_bad_file_has_its_line_and_the_others_are_transcribed(terminal: Terminal) -> None:
    refused = f"note.m4a: {sentences.refusal(ENGLISH, Refusal.NOT_AUDIO)}"
    bad = [
        terminal.write("note.m4a", b"not audio at all" * 99),
        terminal.write("other.m4a", b"nor this" * 99),
    ]
    hum = terminal.write("hum.wav", tone(2))
    code, out, err = await terminal.run(bad[0], hum, bad[1])
    assert code == 3
    assert err == f"threadscribe: {refused}\nthreadscribe: {refused.replace('note', 'other')}\n"
    assert "A clip of 2 seconds." in out

    terminal.dashscope.faults.add(Answer(400, "InvalidParameter"), when=lambda call: call.duration_s > 2.5)
    (terminal.folder / "folder.wav").mkdir()
    code, out, err = await terminal.run(
        "nowhere.wav", "folder.wav", *bad, hum, terminal.write("3.wav", tone(3))
    )
    assert code == 2
    assert [line.split(": ")[1] for line in err.splitlines()] == ["no such file"] * 2 + [*bad, "3.wav"]
    assert "A clip of 2 seconds." in out


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (["note.m4a"], 3),
        (["note.m4a", "3.wav"], 1),
        (["3.wav", "note.m4a"], 1),
        (["note.m4a", "none.wav"], 2),
    ],
)
async def test_the_exit_code_is_the_worst(terminal: Terminal, bad: list[str], code: int) -> None:
    """The worst is what a person has to mend, then what another run may, then what is so for good."""
    terminal.write("note.m4a", b"not audio at all" * 99)
    terminal.write("3.wav", tone(3))
    terminal.dashscope.faults.add(
        Answer(400, "Arrearage"), times=None, when=lambda call: round(call.duration_s) == 3
    )
    found, _, err = await terminal.run(terminal.write("hum.wav", tone(2)), *bad)
    assert found == code
    assert err.count("\n") == len(bad)


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


async def test_two_runs_at_once_do_not_share_what_they_keep(terminal: Terminal) -> None:
    long = terminal.long()
    held = terminal.dashscope.faults.hold(when=lambda call: round(call.duration_s) == 115)
    process = await terminal.start(long)
    await held.reached()
    code, out, err = await terminal.run(long)
    assert (code, err) == (0, "")
    held.release()
    assert await process.communicate() == (out.encode(), b"")
    assert len(terminal.dashscope.calls) == 8
    assert terminal.kept() == []


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_command_goes_on_where_it_stopped(terminal: Terminal, number: int) -> None:
    long = terminal.long()
    code, out, err = await terminal.interrupt(long, "-o", "long.txt", number=number)
    assert (code, out) == (130, "")
    assert err == (
        "threadscribe: interrupted: 3 parts of long.wav are kept for 7 days, "
        "and the same command goes on there\n"
    )
    assert not (terminal.folder / "long.txt").exists()
    assert terminal.left() == []
    folder = terminal.folder / "cache" / "threadscribe" / "parts"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]

    code, _, err = await terminal.run(long, "-o", "long.txt")
    assert (code, err) == (0, "threadscribe: long.wav: went on where it stopped: 3 of 4 parts were kept\n")
    text = (terminal.folder / "long.txt").read_text()
    assert text == LONG
    assert [round(call.duration_s) for call in terminal.dashscope.calls[4:]] == [115]
    assert terminal.kept() == [], "the words stand in the transcript now"


async def test_what_was_printed_before_an_interruption_costs_nothing_again(terminal: Terminal) -> None:
    names = [terminal.write("hum.wav", tone(2)), terminal.long()]
    held = terminal.dashscope.faults.hold(when=lambda call: round(call.duration_s) == 115)
    process = await terminal.start(*names)
    await held.reached()
    process.send_signal(signal.SIGINT)
    await process.communicate()
    terminal.dashscope.faults.clear()
    calls = len(terminal.dashscope.calls)
    code, out, _ = await terminal.run(*names)
    assert code == 0
    assert out.startswith("hum.wav\n\nA clip of 2 seconds.\n")
    assert 2 not in [round(call.duration_s) for call in terminal.dashscope.calls[calls:]]
    assert terminal.kept() == []


@pytest.mark.parametrize("fault", [Answer(401, "InvalidApiKey"), Answer(400, "Arrearage")])
async def test_a_failure_in_the_middle_loses_nothing_that_was_paid_for(
    terminal: Terminal, fault: Answer
) -> None:
    held = terminal.dashscope.faults.hold(when=lambda call: round(call.duration_s) == 115)
    process = await terminal.start(terminal.long())
    await held.reached()
    async with asyncio.timeout(30):
        while len(terminal.kept()) < 3:  # noqa: ASYNC110  # a file tells no one
            await asyncio.sleep(0.05)
    terminal.dashscope.faults.add(fault)
    held.drop()
    out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert err.decode().count("\n") == 1
    assert err.endswith(b"; 3 parts are kept for 7 days, and the same command goes on there\n")
    code, _, err_again = await terminal.run("long.wav")
    assert (code, err_again) == (
        0,
        "threadscribe: long.wav: went on where it stopped: 3 of 4 parts were kept\n",
    )


async def test_missing_parts_alone_are_tried_again(terminal: Terminal) -> None:
    terminal.dashscope.faults.add(
        Answer(400, "DataInspectionFailed"), when=lambda call: round(call.duration_s) == 125
    )
    code, _, err = await terminal.run(terminal.long(), "-o", "long.txt")
    assert code == 1
    assert err == (
        "threadscribe: long.wav: some parts could not be transcribed; "
        "the same command with --force tries them again\n"
    )
    assert (await terminal.run("long.wav", "-o", "long.txt"))[0] == 2
    assert (await terminal.run("long.wav", "-o", "long.txt", "--force"))[0] == 0
    assert [round(call.duration_s) for call in terminal.dashscope.calls[4:]] == [125]
    assert "could not" not in (terminal.folder / "long.txt").read_text()
    assert terminal.kept() == []


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (["--language", "de"], {}),
        (["--context", "Grünwald"], {}),
        ([], {"ASR_MODEL": "qwen3-asr-flash-2026-02-10"}),
        ([], {"ASR_ENABLE_ITN": "true"}),
        ([], {"ASR_LANGUAGE": "de"}),
        (["--no-keep"], {}),
    ],
)
async def test_another_command_does_not_take_what_was_kept(
    terminal: Terminal, arguments: list[str], values: dict[str, str]
) -> None:
    await leave_words_behind(terminal)
    code, _, err = await terminal.run("hum.wav", *arguments, **values)
    assert (code, err) == (0, "")
    assert len(terminal.dashscope.calls) == 2
    assert len(terminal.kept()) == (0 if arguments == ["--no-keep"] else 1)


async def test_who_wants_nothing_kept_keeps_nothing(terminal: Terminal) -> None:
    code, _, err = await terminal.interrupt(terminal.long(), "--no-keep", keeps=False)
    assert (code, err) == (130, "threadscribe: interrupted\n")
    assert terminal.kept() == []


async def test_where_nothing_can_be_kept_it_says_so_and_works(terminal: Terminal) -> None:
    code, out, err = await terminal.run(terminal.write("hum.wav", tone(2)), XDG_CACHE_HOME="/proc/nowhere")
    assert (code, out) == (0, "A clip of 2 seconds.\n")
    assert err.startswith("threadscribe: what is recognised cannot be kept, should this be interrupted: ")
    assert err.count("\n") == 1

"""The length that a file claims: read in a child, believed as far as a question of cost goes."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio.child_protocol import ChildError, ChildExit, LengthReader, render_length
from bot.audio.media import Media
from bot.audio.plan import Limits
from bot.errors import Outage, Refusal, Rejected, TranscriptionError, Unavailable
from tests.audio.child.test_main import child_of
from tests.audio.samples import encode, sparse_wav, tone, write_wav

DONE = b'{"verdict": "done", "detail": ""}\n'


def measured(*lines: bytes, returncode: int | None = 0) -> float | None:
    measurement = LengthReader()
    for line in lines:
        measurement.feed(line)
    return measurement.finish(ChildExit(returncode, b"Traceback"))


def length(seconds: float) -> bytes:
    return render_length(seconds).encode()


@pytest.mark.parametrize(
    ("container", "codec", "video"),
    [("ipod", "aac", None), ("mp3", "mp3", None), ("ogg", "libopus", None), ("webm", "libopus", "libvpx")],
)
async def test_a_container_s_word_is_read(
    tmp_path: Path, media: Media, container: str, codec: str, video: str | None
) -> None:
    source = encode(tmp_path / "source", container, codec, seconds=3.0, video=video)

    assert await media.duration_s(source) == pytest.approx(3.0, abs=0.2)
    assert not psutil.Process().children()


async def test_hours_are_measured_without_decoding_them(tmp_path: Path) -> None:
    media = Media(limits=Limits(cpu_s=5, cpu_s_each_s=0))

    assert await media.duration_s(sparse_wav(tmp_path / "source", seconds=280)) == 280.0


async def test_a_container_that_does_not_say_is_none(tmp_path: Path, media: Media) -> None:
    live = {"live": "1"}
    source = encode(tmp_path / "source", "matroska", "libopus", options=live)

    assert await media.duration_s(source) is None


@pytest.mark.parametrize("content", [b"", b"no sound at all" * 100])
async def test_what_is_no_recording_is_refused(tmp_path: Path, media: Media, content: bytes) -> None:
    source = tmp_path / "source"
    source.write_bytes(content)
    with pytest.raises(Rejected) as caught:
        await media.duration_s(source)

    assert caught.value.reason is Refusal.NOT_AUDIO


async def test_a_source_that_is_gone_is_the_machine_s_fault(tmp_path: Path, media: Media) -> None:
    with pytest.raises(Unavailable):
        await media.duration_s(tmp_path / "nothing")


async def test_a_machine_without_time_is_asked_again_later(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "source", tone(1.0, 16_000))
    with pytest.raises(Unavailable) as caught:
        await Media(limits=Limits(stall_s=0.001)).duration_s(source)

    assert caught.value.reason is Outage.MACHINE
    assert not psutil.Process().children()


async def test_cancelling_ends_the_child(tmp_path: Path, media: Media) -> None:
    task = asyncio.create_task(media.duration_s(write_wav(tmp_path / "source", tone(1.0, 16_000))))
    process = await child_of(psutil.Process())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_length_is_read_as_it_was_written() -> None:
    assert measured(length(1920.5), DONE) == 1920.5
    assert measured(length(0.0), DONE) is None


@pytest.mark.parametrize(
    ("returncode", "lines", "reason"),
    [
        (0, (b'{"verdict": "not_audio"}',), Refusal.NOT_AUDIO),
        (0, (length(5.0), b'{"verdict": "memory"}'), Refusal.TOO_COSTLY),
        (-signal.SIGSEGV, (length(5.0),), Refusal.NOT_AUDIO),
        (-signal.SIGXCPU, (), Refusal.TOO_COSTLY),
        (0, (b'{"verdict": "machine"}',), Outage.MACHINE),
        (-signal.SIGKILL, (), Outage.MACHINE),
        (None, (), Outage.MACHINE),
    ],
)
def test_an_end_is_read_as_that_of_a_child_that_splits(
    returncode: int | None, lines: tuple[bytes, ...], reason: Refusal | Outage
) -> None:
    with pytest.raises(TranscriptionError) as caught:
        measured(*lines, returncode=returncode)

    assert vars(caught.value)["reason"] is reason


@pytest.mark.parametrize(
    ("returncode", "lines"),
    [
        (0, ()),
        (0, (DONE,)),
        (0, (length(5.0),)),
        (1, (length(5.0), DONE)),
        (0, (length(5.0), length(5.0), DONE)),
        (0, (length(5.0), DONE, DONE)),
        (0, (DONE, length(5.0))),
        (0, (b'{"length_s": -1.0}', DONE)),
        (0, (b'{"length_s": NaN}', DONE)),
        (0, (b'{"length_s": Infinity}', DONE)),
        (0, (b'{"length_s": true}', DONE)),
        (0, (b'{"length_s": "5"}', DONE)),
        (0, (b'{"start_ms": 0}', DONE)),
    ],
)
def test_any_other_word_is_a_bug(returncode: int, lines: tuple[bytes, ...]) -> None:
    with pytest.raises(ChildError):
        measured(*lines, returncode=returncode)


@given(st.binary(max_size=100))
def test_no_bytes_break_the_measurement(said: bytes) -> None:
    with pytest.raises(ChildError):
        LengthReader().feed(said)

"""The length of a file: counted in a child, without decoding, for a question of cost."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio.child_exit import ChildError, ChildExit
from bot.audio.child_protocol import ALIVE, LengthReader, render_length
from bot.audio.media import Media
from bot.audio.plan import Limits
from bot.errors import Outage, Refusal, Rejected, TranscriptionError, Unavailable
from tests.audio.child.test_main import child_of
from tests.audio.samples import claiming, encode, lasting, sparse_wav, tone, write_wav

DONE = b'{"verdict": "done", "detail": ""}\n'


def measured(*lines: bytes, returncode: int | None = 0) -> float | None:
    measurement = LengthReader(180)
    for line in lines:
        measurement.feed(line)
    return measurement.finish(ChildExit(returncode, b"Traceback"))


def length(seconds: float) -> bytes:
    return render_length(seconds).encode()


@pytest.mark.parametrize(
    ("container", "codec", "video"),
    [("ipod", "aac", None), ("mp3", "mp3", None), ("ogg", "libopus", None), ("webm", "libopus", "libvpx")],
)
async def test_the_length_of_a_recording_is_counted(
    tmp_path: Path, media: Media, container: str, codec: str, video: str | None
) -> None:
    source = encode(tmp_path / "source", container, codec, seconds=3.0, video=video)

    assert await media.duration_s(source) == pytest.approx(3.0, abs=0.2)
    assert not psutil.Process().children()


async def test_hours_are_measured_without_decoding_them(tmp_path: Path) -> None:
    media = Media(limits=Limits(cpu_s=5, cpu_s_each_s=0))

    assert await media.duration_s(sparse_wav(tmp_path / "source", seconds=280)) == 280.0


GUESSED: dict[str, Callable[[Path], bytes]] = {
    "aac that begins in silence": lambda at: _aac(at, 4.0, hz=0) + _aac(at, 16.0),
    "aac that ends in silence": lambda at: _aac(at, 4.0) + _aac(at, 16.0, hz=0),
    "mp3 of two bit rates": lambda at: _mp3(at, 4.0, 32_000) + _mp3(at, 16.0, 320_000),
    "mp3 of two bit rates, the higher first": lambda at: _mp3(at, 4.0, 320_000) + _mp3(at, 16.0, 32_000),
    "amr of two bit rates": lambda at: _amr(at, 4.0, 4_750) + _amr(at, 16.0, 12_200)[len(b"#!AMR\n") :],
    "chained ogg": lambda at: _ogg(at, 4.0) + _ogg(at, 16.0),
    "webm without a length": lambda at: _whole(at, "webm", "libopus", options={"live": "1"}),
    "mkv without a length of its packets": lambda at: _whole(at, "matroska", "alac"),
    "transport stream without a length of its packets": lambda at: _whole(
        at, "mpegts", "aac", video="libx264"
    ),
    "flac without a length": lambda at: _without_length(_whole(at, "flac", "flac")),
    "mp4 that says ten seconds": lambda at: claiming(_whole(at, "ipod", "aac"), 10),
    "mp4 that says a day": lambda at: claiming(_whole(at, "ipod", "aac"), 24 * 3_600),
    "mp4 that says nothing": lambda at: claiming(_whole(at, "ipod", "aac"), 0),
}


def _whole(at: Path, container: str, codec: str, **settings: Any) -> bytes:
    return encode(at, container, codec, **{"seconds": 20.0, **settings}).read_bytes()


def _aac(at: Path, seconds: float, hz: float = 440) -> bytes:
    return _whole(at, "adts", "aac", seconds=seconds, tones_hz=(hz,))


def _mp3(at: Path, seconds: float, bits_per_s: int) -> bytes:
    options = {"write_xing": "0", "id3v2_version": "0"}
    return _whole(at, "mp3", "libmp3lame", seconds=seconds, bits_per_s=bits_per_s, options=options)


def _amr(at: Path, seconds: float, bits_per_s: int) -> bytes:
    return _whole(at, "amr", "libopencore_amrnb", rate_hz=8_000, seconds=seconds, bits_per_s=bits_per_s)


def _ogg(at: Path, seconds: float) -> bytes:
    return _whole(at, "ogg", "libopus", seconds=seconds)


def _without_length(flac: bytes) -> bytes:
    """A FLAC whose header does not say how many samples there are.

    Source: RFC 9639, 8.2
    """
    at = len(b"fLaC") + 4 + 13
    return flac[:at] + bytes([flac[at] & 0xF0]) + bytes(4) + flac[at + 5 :]


@pytest.mark.parametrize("make", GUESSED.values(), ids=GUESSED)
async def test_a_length_is_counted_and_not_guessed(
    make: Callable[[Path], bytes], tmp_path: Path, media: Media
) -> None:
    source = tmp_path / "source"
    source.write_bytes(make(source))

    assert await media.duration_s(source) == pytest.approx(20.0, abs=0.5)


async def test_of_several_tracks_the_longest_counts(tmp_path: Path, media: Media) -> None:
    short = encode(tmp_path / "source", "matroska", "aac", seconds=3.0, tones_hz=(300, 900))

    assert await media.duration_s(short) == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize(("ticks", "measured_s"), [(1, 0.0), (48_000 * 600, 300.0)])
async def test_an_index_that_lies_is_counted_to_the_longest_that_is_taken(
    ticks: int, measured_s: float, tmp_path: Path
) -> None:
    source = encode(tmp_path / "source", "ipod", "aac", seconds=3.0)
    source.write_bytes(lasting(source.read_bytes(), ticks))

    length_s = await Media(most_minutes=5).duration_s(source)

    assert measured_s <= (length_s or 0.0) <= measured_s + 600


async def test_a_film_without_sound_has_no_length(tmp_path: Path, media: Media) -> None:
    source = encode(tmp_path / "source", "mp4", "aac", video="libx264", tones_hz=())

    assert await media.duration_s(source) is None


async def test_counting_may_take_more_cpu_time_for_more_sound(tmp_path: Path) -> None:
    source = sparse_wav(tmp_path / "source", seconds=1_200)
    with pytest.raises(Rejected) as caught:
        await Media(limits=Limits(cpu_s=1, cpu_s_each_s=0)).duration_s(source)

    assert caught.value.reason is Refusal.TOO_COSTLY
    assert await Media(limits=Limits(cpu_s=1, cpu_s_each_s=0.1)).duration_s(source) == pytest.approx(1_200.0)


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


def test_a_sign_of_life_is_no_length() -> None:
    assert measured(json.dumps(ALIVE).encode(), length(3.0), DONE) == 3.0
    with pytest.raises(ChildError):
        measured(length(3.0), json.dumps(ALIVE).encode(), DONE)


@given(st.binary(max_size=100))
def test_no_bytes_break_the_measurement(said: bytes) -> None:
    with pytest.raises(ChildError):
        LengthReader(180).feed(said)


@pytest.mark.parametrize("layouts", [("mono", "stereo"), ("stereo", "mono", "stereo")])
async def test_the_links_of_a_chain_count_together(
    layouts: tuple[str, ...], tmp_path: Path, media: Media
) -> None:
    chain = b"".join(
        encode(tmp_path / f"link{number}", "ogg", "libopus", seconds=4.0, layout=layout).read_bytes()
        for number, layout in enumerate(layouts)
    )
    (tmp_path / "source").write_bytes(chain)
    assert await media.duration_s(tmp_path / "source") == pytest.approx(4.0 * len(layouts), abs=0.3)

"""Files made to break the decoder, to reach other files, or to cost more than they are worth."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.audio.stream import AudioStream

from bot.audio.child.decode import DEMUXERS, open_container
from bot.audio.media import Media
from bot.audio.plan import Limits
from bot.errors import Refusal, Rejected
from bot.recording import Segment
from tests.audio.samples import claiming, encode, tone, write_wav
from tests.audio.splitting import only_audio_of, segments_of

REASONS = {
    *(Refusal.NOT_AUDIO, Refusal.NO_AUDIO_TRACK, Refusal.PROTECTED, Refusal.FORMAT_NOT_READ),
    Refusal.TOO_LONG,
}
"""What a broken file may be refused for: running into a limit of the sandbox is not among them."""


@pytest.fixture
def media() -> Media:
    return Media(children=2)


async def refusal_of(data: bytes | Path, folder: Path, media: Media) -> Refusal:
    source = data if isinstance(data, Path) else folder / "source"
    if isinstance(data, bytes):
        source.write_bytes(data)
    with pytest.raises(Rejected) as caught:
        await segments_of(media, source, folder)
    return caught.value.reason


class Bait:
    """A sound file and a server that nobody may open."""

    def __init__(self, folder: Path) -> None:
        self.path = write_wav(folder / "canary.wav", tone(1.0, 16_000))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/canary.wav"

    def was_visited(self) -> bool:
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def bait(tmp_path: Path) -> Iterator[Bait]:
    bait = Bait(tmp_path)
    yield bait
    bait.close()


PLAYLISTS = {
    "ffconcat": "ffconcat version 1.0\nfile '{0}'\nfile '{1}'\n",
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{1}\n#EXTINF:1,\n{0}\n#EXT-X-ENDLIST\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet>'
    '<Representation id="1"><BaseURL>{1}</BaseURL></Representation></AdaptationSet></Period></MPD>',
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns={0}\nt=0 0\na=control:{1}\nm=audio 9 RTP/AVP 0\n",
    "ASX": '<asx version="3.0"><entry><ref href="{1}"/><ref href="{0}"/></entry></asx>',
    "an address": "concat:{0}|{1}",
}


@pytest.mark.parametrize("name", ["clip", "clip.m3u8"])
@pytest.mark.parametrize("playlist", PLAYLISTS.values(), ids=PLAYLISTS)
async def test_a_playlist_opens_nothing(
    playlist: str, name: str, tmp_path: Path, bait: Bait, media: Media
) -> None:
    source = tmp_path / name
    source.write_text(playlist.format(bait.path, bait.url))

    assert await refusal_of(source, tmp_path, media) is Refusal.NOT_AUDIO
    assert not bait.was_visited()


def test_the_bait_would_be_taken_without_our_lists(tmp_path: Path, bait: Bait) -> None:
    source = tmp_path / "clip.mp3"
    source.write_text(PLAYLISTS["ffconcat"].format(bait.path, bait.path))
    with av.open(str(source), options={"safe": "0"}) as container:
        assert container.streams.audio


@pytest.mark.parametrize("size_bytes", [1, 100, 5_000, 8_000_000])
async def test_random_bytes_are_not_audio(size_bytes: int, tmp_path: Path, media: Media) -> None:
    data = random.Random(size_bytes).randbytes(size_bytes)

    assert await refusal_of(data, tmp_path, media) is Refusal.NOT_AUDIO


@pytest.mark.parametrize("start", [b"\xff\xfb\x90\xc4", b"\xff\xf1\x50\x80", b"fLaC", b"OggS", b"ID3\4\0"])
async def test_noise_behind_a_good_start_is_not_audio(start: bytes, tmp_path: Path, media: Media) -> None:
    data = start + random.Random(3).randbytes(300_000)

    assert await refusal_of(data, tmp_path, media) is Refusal.NOT_AUDIO


def picture(codec: str, container: str, pixels: str, folder: Path) -> Path:
    path = folder / f"picture.{container}"
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=1)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        out.mux(stream.encode(av.VideoFrame(64, 64, pixels)))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("codec", "container", "pixels"),
    [
        ("png", "image2pipe", "rgb24"),
        ("mjpeg", "image2pipe", "yuvj420p"),
        ("gif", "gif", "rgb8"),
        ("libsvtav1", "avif", "yuv420p"),
    ],
)
async def test_a_picture_is_not_audio(
    codec: str, container: str, pixels: str, tmp_path: Path, media: Media
) -> None:
    source = picture(codec, container, pixels, tmp_path)

    assert await refusal_of(source, tmp_path, media) is Refusal.NOT_AUDIO


@pytest.mark.parametrize(
    "data",
    [
        b"Dear all,\n" * 1_000,
        b"%PDF-1.7\n" + bytes(3_000),
        b"PK\3\4" + bytes(3_000),
        b"MZ" + bytes(3_000),
        bytes(100_000),
    ],
    ids=["text", "pdf", "zip", "exe", "zeros"],
)
async def test_other_files_are_not_audio(data: bytes, tmp_path: Path, media: Media) -> None:
    assert await refusal_of(data, tmp_path, media) is Refusal.NOT_AUDIO


async def test_a_silent_film_has_no_audio_track(tmp_path: Path, media: Media) -> None:
    source = encode(tmp_path / "film", "mp4", "aac", video="libx264", tones_hz=())

    assert await refusal_of(source, tmp_path, media) is Refusal.NO_AUDIO_TRACK


async def test_an_encrypted_file_is_protected(tmp_path: Path, media: Media) -> None:
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "0" * 32, "encryption_kid": "1" * 32}
    source = encode(tmp_path / "film", "mp4", "aac", options=options)

    assert await refusal_of(source, tmp_path, media) is Refusal.PROTECTED


async def test_a_purchased_song_is_protected(tmp_path: Path, media: Media) -> None:
    whole = encode(tmp_path / "clip", "ipod", "aac").read_bytes()

    assert await refusal_of(whole.replace(b"mp4a", b"drms"), tmp_path, media) is Refusal.PROTECTED


async def test_a_codec_that_is_not_read_is_named(tmp_path: Path, media: Media) -> None:
    source = encode(tmp_path / "clip", "matroska", "tta")
    source.write_bytes(source.read_bytes().replace(b"A_TTA1", b"A_MLP\0"))
    with pytest.raises(Rejected) as caught:
        await segments_of(media, source, tmp_path)

    assert (caught.value.reason, caught.value.detail) == (Refusal.FORMAT_NOT_READ, "mlp")
    assert caught.value.format_name == "MLP"


async def test_a_codec_that_nobody_knows_is_not_called_broken(tmp_path: Path, media: Media) -> None:
    whole = encode(tmp_path / "clip", "matroska", "tta").read_bytes()

    assert await refusal_of(whole.replace(b"A_TTA1", b"A_XYZ1"), tmp_path, media) is Refusal.FORMAT_NOT_READ


async def test_a_container_that_is_not_read_is_named(tmp_path: Path, media: Media) -> None:
    source = encode(tmp_path / "clip", "nut", "aac")
    for ask in (segments_of(media, source, tmp_path), media.duration_s(source)):
        with pytest.raises(Rejected) as caught:
            await ask

        assert (caught.value.reason, caught.value.format_name) == (Refusal.FORMAT_NOT_READ, "NUT")


def test_each_demuxer_is_fuzzed(tmp_path: Path) -> None:
    fuzzed: set[str] = set()
    for container, codec in SEEDS:
        rate_hz = RATES_HZ.get(container, 48_000)
        with open_container(encode(tmp_path / "seed", container, codec, rate_hz, seconds=0.2)) as opened:
            fuzzed.update(opened.format.name.split(","))

    assert set(DEMUXERS.split(",")) <= fuzzed


async def test_an_m4a_that_broke_off_before_its_index_is_not_audio(tmp_path: Path, media: Media) -> None:
    whole = encode(tmp_path / "clip", "ipod", "aac").read_bytes()

    assert await refusal_of(whole[: len(whole) // 2], tmp_path, media) is Refusal.NOT_AUDIO


@pytest.mark.parametrize(
    ("container", "codec"), [("webm", "libopus"), ("ogg", "libopus"), ("mp3", "libmp3lame"), ("adts", "aac")]
)
async def test_what_decodes_of_a_file_that_broke_off_is_kept(
    container: str, codec: str, tmp_path: Path, media: Media
) -> None:
    whole = encode(tmp_path / "clip", container, codec, seconds=4.0).read_bytes()
    source = tmp_path / "source"
    source.write_bytes(whole[: len(whole) // 2])

    assert (await only_audio_of(media, source, tmp_path)).duration_s == pytest.approx(2.0, abs=1.1)


@pytest.mark.parametrize(
    "tail", [random.Random(1).randbytes(200_000), bytes(200_000)], ids=["noise", "zeros"]
)
@pytest.mark.parametrize(("container", "codec"), [("webm", "libopus"), ("ogg", "libopus"), ("adts", "aac")])
async def test_what_decodes_before_a_broken_end_is_kept(
    container: str, codec: str, tail: bytes, tmp_path: Path, media: Media
) -> None:
    whole = encode(tmp_path / "clip", container, codec, seconds=20.0).read_bytes()
    source = tmp_path / "source"
    source.write_bytes(whole[: len(whole) * 6 // 10] + tail)

    assert (await only_audio_of(media, source, tmp_path)).duration_s == pytest.approx(12.0, abs=1.1)


def long_silence(path: Path, seconds: int) -> Path:
    """A FLAC of a few hundred kilobytes, as its header says."""
    with av.open(str(path), "w", format="flac") as out:
        track = out.add_stream("flac", rate=8_000, layout="mono")
        assert isinstance(track, AudioStream)
        track.codec_context.open()
        silence = bytes(track.codec_context.frame_size * 2)
        for at in range(seconds * 8_000 // track.codec_context.frame_size):
            frame = av.AudioFrame(format="s16", layout="mono", samples=track.codec_context.frame_size)
            frame.planes[0].update(silence.ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.time_base = 8_000, Fraction(1, 8_000)
            frame.pts = at * track.codec_context.frame_size
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


async def split_to_the_refusal(media: Media, source: Path, workspace: Path) -> tuple[list[Segment], Rejected]:
    segments: list[Segment] = []

    async def collect() -> None:
        async for segment in media.split(source, workspace):
            segments.append(segment)  # noqa: PERF401  # what came before the refusal counts

    with pytest.raises(Rejected) as caught:
        await collect()
    return segments, caught.value


async def test_nothing_is_sent_of_a_recording_that_says_it_is_too_long(tmp_path: Path) -> None:
    media = Media(limits=Limits(cpu_s=3, cpu_s_each_s=0), most_minutes=20)

    segments, refusal = await split_to_the_refusal(media, long_silence(tmp_path / "source", 1_800), tmp_path)

    assert (refusal.reason, refusal.limit) == (Refusal.TOO_LONG, 20)
    assert segments == []


def without_a_length(folder: Path) -> Path:
    """Half an hour in FLAC whose header does not say so."""
    source = long_silence(folder / "source", 1_800)
    whole = bytearray(source.read_bytes())
    samples_at = 4 + 4 + 13
    whole[samples_at] &= 0xF0
    whole[samples_at + 1 : samples_at + 5] = bytes(4)
    source.write_bytes(whole)
    return source


def mp3_of_two_rates(folder: Path) -> Path:
    """Fifty minutes of MP3 that FFmpeg takes for eight."""
    options = {"write_xing": "0", "id3v2_version": "0"}
    loud, low = (
        encode(folder / str(rate), "mp3", "mp3", seconds=10.0, bits_per_s=rate, options=options).read_bytes()
        for rate in (320_000, 32_000)
    )
    source = folder / "source"
    source.write_bytes(loud + low * 300)
    return source


async def test_nothing_is_sent_of_a_recording_whose_length_is_guessed_too_short(tmp_path: Path) -> None:
    media = Media(limits=Limits(cpu_s=5), most_minutes=20)

    segments, refusal = await split_to_the_refusal(media, mp3_of_two_rates(tmp_path), tmp_path)

    assert (refusal.reason, segments) == (Refusal.TOO_LONG, [])


async def test_a_small_recording_that_hides_its_length_is_too_long_once_that_is_known(tmp_path: Path) -> None:
    segments, refusal = await split_to_the_refusal(
        Media(most_minutes=20), without_a_length(tmp_path), tmp_path
    )

    assert refusal.reason is Refusal.TOO_LONG
    assert 5 <= len(segments) <= 20 * 60 / 90
    assert not any(segment.last for segment in segments)


@pytest.mark.parametrize("claim_s", [0, 24 * 3_600])
async def test_a_duration_in_a_header_is_not_believed(claim_s: int, tmp_path: Path, media: Media) -> None:
    source = encode(tmp_path / "clip", "ipod", "aac", 48_000)
    source.write_bytes(claiming(source.read_bytes(), claim_s))

    assert (await only_audio_of(media, source, tmp_path)).duration_s == pytest.approx(2.0, abs=0.1)


async def test_the_broken_end_of_a_recording_does_not_count_against_the_rest(
    tmp_path: Path, media: Media
) -> None:
    whole = encode(tmp_path / "clip", "adts", "aac", 8_000, seconds=200.0, bits_per_s=24_000).read_bytes()
    good = whole[: len(whole) * 19 // 20]
    source = tmp_path / "source"
    source.write_bytes(good + random.Random(5).randbytes(len(whole) - len(good)))

    segments = await segments_of(media, source, tmp_path)

    assert [segment.last for segment in segments] == [False, True]
    assert segments[-1].span.end_ms == pytest.approx(190_000, abs=11_000)


async def test_a_recording_that_is_mostly_broken_is_not_audio_whatever_came_before(
    tmp_path: Path, media: Media
) -> None:
    silence = encode(tmp_path / "clip", "matroska", "flac", 8_000, seconds=500.0, tones_hz=(0,))
    whole = bytearray(silence.read_bytes())
    packets = [at for at in range(len(whole)) if whole[at : at + 2] == b"\xff\xf8"]
    for at in packets[len(packets) * 2 // 5 :]:
        whole[at : at + 2] = bytes(2)
    source = tmp_path / "source"
    source.write_bytes(whole)

    segments, refusal = await split_to_the_refusal(media, source, tmp_path)

    assert refusal.reason is Refusal.NOT_AUDIO
    assert [segment.last for segment in segments] == [False]


async def test_a_tag_of_many_megabytes_costs_no_memory(tmp_path: Path, media: Media) -> None:
    mp3 = encode(tmp_path / "clip", "mp3", "libmp3lame", options={"id3v2_version": "0"}).read_bytes()
    size_bytes = 200_000_000
    frame = b"APIC" + struct.pack(">I", size_bytes - 10) + b"\0\0" + b"\0image/png\0\3\0"
    syncsafe = bytes(size_bytes >> shift & 0x7F for shift in (21, 14, 7, 0))
    source = tmp_path / "source"
    with source.open("wb") as out:
        out.write(b"ID3\x03\0\0" + syncsafe + frame)
        out.seek(10 + size_bytes)
        out.write(mp3)

    assert (await only_audio_of(media, source, tmp_path)).duration_s == pytest.approx(2.0, abs=0.1)


async def test_a_picture_that_fills_the_memory_is_too_costly(tmp_path: Path, media: Media) -> None:
    whole = bytearray(encode(tmp_path / "clip", "ipod", "aac").read_bytes())
    size_bytes = 400_000_000
    cover = struct.pack(">I4sI4sII", size_bytes + 24, b"covr", size_bytes + 16, b"data", 13, 0)
    for box in (b"ilst", b"meta", b"udta", b"moov"):
        at = whole.rindex(box) - 4
        box_bytes = int.from_bytes(whole[at : at + 4], "big")
        whole[at : at + 4] = struct.pack(">I", box_bytes + size_bytes + 24)
    source = tmp_path / "source"
    with source.open("wb") as out:
        out.write(whole + cover)
        out.truncate(len(whole) + len(cover) + size_bytes)

    assert await refusal_of(source, tmp_path, media) is Refusal.TOO_COSTLY


SEEDS = (
    ("ipod", "aac"),
    ("mp4", "alac"),
    ("webm", "libopus"),
    ("ogg", "libopus"),
    ("mp3", "libmp3lame"),
    ("flac", "flac"),
    ("asf", "wmav2"),
    ("caf", "alac"),
    ("aiff", "pcm_s16be"),
    ("wav", "adpcm_ima_wav"),
    ("amr", "libopencore_amrnb"),
    ("adts", "aac"),
    ("ac3", "ac3"),
    ("eac3", "eac3"),
    ("avi", "libmp3lame"),
    ("mpegts", "aac"),
    ("mpeg", "mp2"),
    ("flv", "nellymoser"),
    ("au", "pcm_s16be"),
    ("w64", "pcm_s16le"),
    ("voc", "pcm_s16le"),
    ("wv", "wavpack"),
    ("tta", "tta"),
)
"""For each demuxer of the bot's at least one; ``test_each_demuxer_is_fuzzed`` counts them."""
RATES_HZ = {"amr": 8_000, "asf": 44_100, "flv": 22_050}
"""Of the seeds in these containers; 48 kHz in others."""
MOST_CHANGES = (1, 1, 20, 20, 20, 20, 20)
"""Of each mutant. From one, each kind of file recovers at least once; from many, hardly any does."""


def mutated(whole: bytes, dice: random.Random, most_changes: int) -> bytes:
    """A file with a few bytes changed, most of them in its headers, or a piece lost or doubled."""
    data = bytearray(whole)
    for _ in range(dice.randint(1, most_changes)):
        at = dice.randrange(dice.choice((200, 2_000, len(data))) % len(data) or len(data))
        match dice.randrange(5):
            case 0 | 1:
                data[at] = dice.randrange(256)
            case 2:
                data[at : at + 4] = dice.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4)))
            case 3:
                del data[at : at + dice.randint(1, 64)]
            case _:
                data[at:at] = data[at : at + dice.randint(1, 64)]
    return bytes(data)


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.soak)])
@pytest.mark.parametrize(("container", "codec"), SEEDS)
async def test_mutated_files_are_heard_or_refused(
    container: str, codec: str, times: int, tmp_path: Path, media: Media
) -> None:
    rate_hz = RATES_HZ.get(container, 48_000)
    # A frame of TTA is a second, and is lost with one byte of it.
    seconds = 4.0 if container == "tta" else 1.0
    bits_per_s = 12_200 if container == "amr" else 64_000
    whole = encode(
        tmp_path / "whole", container, codec, rate_hz, seconds=seconds, bits_per_s=bits_per_s
    ).read_bytes()
    dice = random.Random(f"{container} {codec}")

    async def split(number: int, most_changes: int) -> list[Segment]:
        source = tmp_path / str(number)
        source.write_bytes(mutated(whole, dice, most_changes))
        return await segments_of(media, source, tmp_path)

    outcomes = await asyncio.gather(
        *(split(number, most) for number, most in enumerate(MOST_CHANGES * times)), return_exceptions=True
    )

    heard = [outcome for outcome in outcomes if isinstance(outcome, list)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert len(heard) + len(refused) == len(outcomes), outcomes
    assert heard, "refusing whatever is not perfect would be no answer"
    assert all(segments[-1].last for segments in heard)
    assert {refusal.reason for refusal in refused} <= REASONS

"""WAV or MP3 for one request: CPU seconds, bytes on the wire and word error rate, side by side.

Before that, what one child process costs: CPU, wall and peak memory for 290 s of speech as people send it.

    python -m benchmarks.single_request_format CORPUS

``CORPUS`` is a folder of clips with a ``manifest.json``: a list of objects with ``file``, ``lang``,
``duration_s`` and ``reference`` (what is said). The recogniser is the playground's offline Whisper base, so
the ``playground`` and ``dev`` extras are needed. Results stand in docs/adr/0002-wav-or-mp3.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
import time
import unicodedata
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import jiwer
from av.audio.stream import AudioStream

from bot.audio.media import Media
from bot.recording import PreparedAudio
from bot.whisper.whisper import Whisper, join_model

RATE_HZ = 16_000
BYTES_A_SECOND = RATE_HZ * 2
GLUED_S = 300
LAME_LEVELS = (2, 5, 7, 9)
SENT = {"m4a": ("ipod", "aac"), "webm": ("webm", "libopus"), "mp3": ("mp3", "libmp3lame")}
"""What people send: container and encoder."""
SENT_S = 290
KBITS = (24, 32, 48, 64)
"""Bit rates tried, in kbit/s."""
UNSPACED = frozenset({"zh", "ja"})
"""Languages written without spaces: their error rate counts characters."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of the corpus as PCM s16le, mono, 16 kHz."""

    name: str
    lang: str
    reference: str
    pcm: bytes


def read_pcm(path: Path) -> bytes:
    """Decode a clip to PCM s16le, mono, 16 kHz."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    pieces: list[bytes] = []
    with av.open(str(path)) as container:
        for frame in (*container.decode(audio=0), None):
            if frame is not None:
                frame.pts = None
            pieces += [bytes(out.planes[0])[: out.samples * 2] for out in resampler.resample(frame)]
    return b"".join(pieces)


def read_corpus(folder: Path) -> list[Clip]:
    """Read every clip that the manifest gives a reference for."""
    entries = json.loads((folder / "manifest.json").read_text())
    return [
        Clip(entry["file"], entry["lang"], entry["reference"], read_pcm(folder / entry["file"]))
        for entry in entries
        if entry["reference"] and entry["file"].endswith(".wav")
    ]


def write_wav(pcm: bytes, path: Path) -> None:
    """Write PCM as WAV."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(pcm)


def write_mp3(pcm: bytes, path: Path, *, kbit: int, level: int) -> None:
    """Write PCM as MP3 of one bit rate; ``level`` is LAME's quality, 0 (slowest) to 9."""
    write_encoded(pcm, path, "mp3", "libmp3lame", kbit=kbit, options={"compression_level": str(level)})


def write_encoded(
    pcm: bytes, path: Path, container: str, codec: str, *, kbit: int, options: dict[str, str]
) -> None:
    """Write PCM in any format that PyAV encodes."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=RATE_HZ, layout="mono", options=options)
        assert isinstance(stream, AudioStream)
        stream.bit_rate = kbit * 1000
        stream.codec_context.open()
        step = stream.codec_context.frame_size
        resampler = av.AudioResampler(stream.codec_context.format.name, "mono", RATE_HZ, frame_size=step)
        for start in range(0, len(pcm) // 2, RATE_HZ):
            samples = pcm[start * 2 : (start + RATE_HZ) * 2]
            frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
            frame.planes[0].update(samples.ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            for piece in resampler.resample(frame):
                out.mux(stream.encode(piece))
        for piece in resampler.resample(None):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


async def split(source: Path, folder: Path) -> list[PreparedAudio]:
    """What the bot would send of a file."""
    return [segment.audio async for segment in Media().split(source, folder) if segment.audio]


def show_children(pcm: bytes, folder: Path) -> None:
    """Print what one child process costs for each format that people send."""
    print(f"{len(pcm) / BYTES_A_SECOND:.0f} s of speech")
    print("| sent | CPU s | wall s | peak MB so far | goes out as |")
    print("|---|---|---|---|---|")
    for name, (container, codec) in SENT.items():
        source = folder / name
        write_encoded(pcm, source, container, codec, kbit=64, options={})
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started_s = time.monotonic()
        sent = asyncio.run(split(source, folder))
        wall_s = time.monotonic() - started_s
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        size_bytes = sum(audio.size_bytes for audio in sent)
        goes = "it is" if sent[0].path == source else f"{len(sent)} × {sent[0].mime}, {size_bytes:,} bytes"
        print(f"| {name} | {cpu_s:.2f} | {wall_s:.2f} | {after.ru_maxrss / 1024:.0f} | {goes} |")


def words_of(text: str, lang: str) -> str:
    """Text as the error rate compares it: lower case, letters and digits alone."""
    kept = "".join(
        sign if unicodedata.category(sign)[0] in "LNM" else " "
        for sign in unicodedata.normalize("NFKC", text.lower())
    )
    return " ".join("".join(kept.split())) if lang in UNSPACED else " ".join(kept.split())


def error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Word error rate in percent over (reference, heard) pairs, each already ``words_of``."""
    references, heard = zip(*pairs, strict=True)
    return 100 * float(jiwer.wer(list(references), list(heard)))


def base64_bytes(path: Path) -> int:
    """Size of a file in a request."""
    return (path.stat().st_size + 2) // 3 * 4


def show_costs(pcm: bytes, folder: Path) -> None:
    """Print CPU seconds and bytes for ``GLUED_S`` seconds in each format."""
    print(f"\n{len(pcm) / BYTES_A_SECOND:.0f} s of speech")
    print("| format | CPU s | bytes | in Base64 |\n|---|---|---|---|")
    path = folder / "cost"
    started_s = time.process_time()
    write_wav(pcm, path)
    print(
        f"| wav | {time.process_time() - started_s:.2f} | {path.stat().st_size:,} | {base64_bytes(path):,} |"
    )
    for kbit in KBITS:
        for level in LAME_LEVELS:
            started_s = time.process_time()
            write_mp3(pcm, path, kbit=kbit, level=level)
            spent_s = time.process_time() - started_s
            print(
                f"| mp3 {kbit}k, level {level} | {spent_s:.2f}"
                f" | {path.stat().st_size:,} | {base64_bytes(path):,} |"
            )


def show_errors(clips: list[Clip], glued: list[Clip], folder: Path, whisper: Whisper, level: int) -> None:
    """Print the word error rate of each format, clip by clip and on the glued piece."""
    print("\n| format | English | other languages | all | glued piece |\n|---|---|---|---|---|")
    path = folder / "heard"
    for kbit in (None, *KBITS):

        def write(pcm: bytes, kbit: int | None = kbit) -> None:
            if kbit is None:
                write_wav(pcm, path)
            else:
                write_mp3(pcm, path, kbit=kbit, level=level)

        pairs: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
        for clip in clips:
            write(clip.pcm)
            pair = (
                words_of(clip.reference, clip.lang),
                words_of(whisper.recognise_now(path, clip.lang).text, clip.lang),
            )
            pairs[clip.lang == "en"].append(pair)
        write(b"".join(clip.pcm for clip in glued))
        whole = (
            " ".join(words_of(clip.reference, "en") for clip in glued),
            words_of(whisper.recognise_now(path, "en").text, "en"),
        )
        rates = (pairs[True], pairs[False], pairs[True] + pairs[False], [whole])
        name = "wav" if kbit is None else f"mp3 {kbit}k"
        print(f"| {name} | {' | '.join(f'{error_rate(rate):.1f}' for rate in rates)} |", flush=True)


def glue(clips: list[Clip], seconds: int) -> list[Clip]:
    """English clips, over and over, as many as fit into ``seconds``."""
    english = [clip for clip in clips if clip.lang == "en"]
    glued: list[Clip] = []
    left_bytes = seconds * BYTES_A_SECOND
    while True:
        for clip in english:
            if len(clip.pcm) > left_bytes:
                return glued
            glued.append(clip)
            left_bytes -= len(clip.pcm)


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--level", type=int, default=7, help="LAME's quality in the error rates")
    args = parser.parse_args()
    clips = read_corpus(args.corpus)
    pcm = b"".join(clip.pcm for clip in clips)
    repeated = pcm * (GLUED_S * BYTES_A_SECOND // len(pcm) + 1)
    with tempfile.TemporaryDirectory() as folder:
        show_children(repeated[: SENT_S * BYTES_A_SECOND], Path(folder))
        show_costs(repeated[: GLUED_S * BYTES_A_SECOND], Path(folder))
        show_errors(clips, glue(clips, GLUED_S), Path(folder), Whisper(join_model()), args.level)


if __name__ == "__main__":
    main()

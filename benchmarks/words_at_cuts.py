"""What cuts cost in words: the packaged Whisper behind the whole bot, and alone on the recording whole."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lookalike import Lookalike
from benchmarks.recordings import plan_recording, read_clips, write_m4a
from benchmarks.words import NEAR_WORDS, Faults, find_faults, words_before
from benchmarks.yardsticks import transcribe
from bot.audio.media import Media
from bot.whisper.whisper import Whisper, join_model
from tests.speech.encoding import decode, write_wav

RECORDED_HZ = 48_000
MINUTES = 10.0
SEED = 1961
AT_ONCE = 2
"""Whisper hears one request at a time: more of them would only wait."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How one way of hearing a recording went."""

    title: str
    minutes: float
    unique_speech_s: float
    words: int
    """That were said."""
    cuts: int
    near: Faults
    elsewhere: Faults


def hear_with_and_without_cuts(folder: Path | None) -> list[Heard]:
    """Hear English for ten minutes both ways."""
    clips = [clip for clip in read_clips(folder, RECORDED_HZ) if clip.language == "en"]
    recording = plan_recording(clips, 60 * MINUTES, SEED)
    with tempfile.TemporaryDirectory(prefix="threadscribe-bench-") as name:
        scratch = Path(name)
        source, whole = scratch / "recording.m4a", scratch / "whole.wav"
        write_m4a(recording.render(), RECORDED_HZ, source)
        write_wav(decode(source, 16_000), whole)
        cuts_ms = asyncio.run(_find_cuts(source, scratch))
        with Lookalike("whisper") as lookalike:
            transcribe(source, scratch / "cut.txt", lookalike, AT_ONCE, language="en")
        texts = {
            "cut by Threadscribe": (scratch / "cut.txt").read_text(),
            "whole": Whisper(join_model()).recognise_now(whole, "en").text,
        }
    cuts = list(words_before(recording, [cut_ms * RECORDED_HZ // 1000 for cut_ms in cuts_ms]))
    heard = []
    for title, text in texts.items():
        faults = find_faults(recording.words, text)
        heard.append(
            Heard(
                *(title, MINUTES, recording.unique_speech_s, len(recording.words), len(cuts)),
                near=faults.near(cuts),
                elsewhere=faults.near(cuts, otherwise=True),
            )
        )
    return heard


async def _find_cuts(source: Path, scratch: Path) -> list[int]:
    segments = [segment async for segment in Media().split(source, scratch)]
    return [segment.span.end_ms for segment in segments[:-1]]


def render_words(heard: Sequence[Heard]) -> Iterator[str]:
    """Yield a table's lines, in Markdown."""
    first = heard[0]
    yield (
        f"\nThe packaged Whisper on {first.minutes:g} minutes of English, {first.unique_speech_s:.0f} s "
        f"unique: {first.words} words, {first.cuts} cuts; near: within {NEAR_WORDS} words of a cut.\n"
    )
    yield (
        "| Heard | Errors % | Near a cut: lost | doubled | else wrong | Elsewhere: lost | doubled "
        "| else wrong |\n|---|---|---|---|---|---|---|---|"
    )
    for one in heard:
        rate = 100 * (one.near.count + one.elsewhere.count) / one.words
        counts = (
            len(places)
            for faults in (one.near, one.elsewhere)
            for places in (faults.lost, faults.doubled, faults.others)
        )
        yield f"| {one.title} | {rate:.1f} | {' | '.join(map(str, counts))} |"

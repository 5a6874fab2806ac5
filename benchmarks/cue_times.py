"""How near subtitles come to what they show: clips at known places, through the whole way of the sound.

    python -m benchmarks.cue_times [--seeds N] [--minutes N] [--bare]

The clips of the tests are placed with pauses of 0.3 to 70 s, each louder or softer, in digital silence and in
pink noise of several levels, and written as m4a. The bot's own decoder cuts each recording; a recogniser that
is never wrong answers the words whose clip lies in the segment that was sent; they are joined, and cues are
planned. For each clip the first cue that holds its first words is compared with the clip's beginning. So what
is measured is the bot's, and not a recogniser's.

A recogniser writes sentences: what a clip's text lacks of one is put in, unless ``--bare`` is given.

On two cores this takes about three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.recordings import to_pcm, write_m4a
from benchmarks.yardsticks import describe_machine
from bot.audio.media import Media
from bot.recording import Part, Recognition, Segment, Span, Transcript
from bot.transcript.cues import plan_cues
from bot.transcript.join import join
from bot.transcript.script import join as join_texts
from bot.transcript.tokens import ends_sentence, tokens
from bot.translations import ENGLISH
from tests.speech import corpus
from tests.speech.encoding import Samples, decode

COMMAND = "python -m benchmarks.cue_times"
RATE_HZ = 16_000
NOISES_DBFS = (None, -50.0, -40.0, -36.0)
PAUSES_S = ((0.3, 3.0, 0.8), (3.0, 8.0, 0.1), (8.0, 70.0, 0.1))
"""From, to, and how often."""
GAIN_DB = (-16.0, -6.0)
SYNTHETIC = (
    *("es/conteo", "es/pangrama", "fr/comptage", "fr/pangrama", "ja/kazoeru", "ja/pangrama"),
    *("pt/contagem", "pt/pangrama", "zh/jishu", "zh/pangrama"),
)
NEAR_MS = 500
FAR_MS = 2_000
_AUDIBLE = 0.03
"""Of a clip's peak: where its first word begins and its last one ends."""
_EDGE_SAMPLES = RATE_HZ // 100


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip, decoded."""

    text: str
    samples: Samples
    heard: tuple[int, int]
    """The first sample of its first word, and the one behind its last."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said where in a recording."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording's figures."""

    errors_ms: tuple[int, ...]
    """By clip: how much later than its words its first cue shows."""
    sent_s: float
    speech_s: float
    whole_s: float
    requests: int


def read_clips(*, bare: bool) -> list[Clip]:
    """The clips of the tests, and the synthetic ones that they take from a package."""
    clips = []
    for file in (*corpus.real(), *map(corpus.synthetic, SYNTHETIC)):
        samples = decode(file.path, RATE_HZ)
        frames = np.abs(samples[: len(samples) // _EDGE_SAMPLES * _EDGE_SAMPLES].astype(np.int32))
        peaks = frames.reshape(-1, _EDGE_SAMPLES).max(1)
        loud = np.flatnonzero(peaks > _AUDIBLE * peaks.max())
        heard = int(loud[0]) * _EDGE_SAMPLES, int(loud[-1] + 1) * _EDGE_SAMPLES
        text = " ".join(file.said.split())
        clips.append(Clip(text if bare else as_sentence(text), samples, heard))
    return clips


def as_sentence(text: str) -> str:
    """A text as a recogniser writes it: with a capital letter and a full stop."""
    return text[:1].upper() + text[1:] + ("" if ends_sentence(text) else ".")


def place(clips: Sequence[Clip], seconds: float, seed: int) -> tuple[npt.NDArray[np.float64], list[Said]]:
    """Clips one after the other, in digital silence."""
    rng = random.Random(seed)
    sound = np.zeros(round(seconds * RATE_HZ))
    said: list[Said] = []
    at, last = RATE_HZ, None
    while True:
        clip = rng.choice([one for one in clips if one is not last])
        end = at + len(clip.samples)
        if end > len(sound) - RATE_HZ:
            return sound, said
        level = 32_768 * 10 ** (rng.uniform(*GAIN_DB) / 20) / np.abs(clip.samples.astype(np.int32)).max()
        sound[at:end] += clip.samples * level
        first, behind = (1_000 * (at + edge) // RATE_HZ for edge in clip.heard)
        said.append(Said(clip.text, Span(first, behind)))
        ((least_s, most_s, _),) = rng.choices(PAUSES_S, [often for *_, often in PAUSES_S])
        at, last = end + round(rng.uniform(least_s, most_s) * RATE_HZ), clip


def pink_noise(length: int, dbfs: float, seed: int) -> npt.NDArray[np.float64]:
    """Noise whose octaves are equally loud."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    sound = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), length)
    return np.asarray(sound * (32_768 * 10 ** (dbfs / 20) / np.sqrt(np.mean(sound**2))), np.float64)


def hear(clips: Sequence[Clip], seconds: float, seed: int, noise_dbfs: float | None) -> Trial:
    """Make one recording, and see when its subtitles show."""
    sound, said = place(clips, seconds, seed)
    if noise_dbfs is not None:
        sound += pink_noise(len(sound), noise_dbfs, seed)
    with tempfile.TemporaryDirectory(prefix="threadscribe-bench-") as name:
        source = Path(name, "recording.m4a")
        write_m4a(to_pcm(sound.astype(np.float32)), RATE_HZ, source)
        return judge(said, asyncio.run(_segments(source, Path(name))))


async def _segments(source: Path, scratch: Path) -> list[Segment]:
    return [segment async for segment in Media().split(source, scratch)]


def judge(said: Sequence[Said], segments: Sequence[Segment]) -> Trial:
    """Recognise the segments without a mistake, and compare cues with what was said."""
    parts = [
        Part(
            segment.span,
            segment.sounds,
            segment.last,
            Recognition(_answer(said, segment), None, 0.0, complete=True, request_id="")
            if segment.audio is not None
            else None,
        )
        for segment in segments
    ]
    return Trial(
        errors_ms=tuple(_errors_ms(said, segments, join(parts))),
        sent_s=sum(segment.audio.duration_s for segment in segments if segment.audio is not None),
        speech_s=sum(one.span.duration_ms for one in said) / 1_000,
        whole_s=segments[-1].span.end_ms / 1_000,
        requests=sum(segment.audio is not None for segment in segments),
    )


def _answer(said: Sequence[Said], segment: Segment) -> str:
    """The words in a segment. Inside a clip its words, by their length, share its time."""
    answer = ""
    for one in said:
        words = tokens(one.text)
        spoken = [0, *accumulate(word.spoken_length for word in words)]
        starts_ms = [
            one.span.start_ms + one.span.duration_ms * before // spoken[-1] for before in spoken[:-1]
        ]
        first = bisect_left(starts_ms, segment.span.start_ms)
        behind = len(words) if segment.last else bisect_left(starts_ms, segment.span.end_ms)
        if first < behind:
            answer = join_texts(answer, one.text[words[first].start : words[behind - 1].end])
    return answer


def _errors_ms(said: Sequence[Said], segments: Sequence[Segment], transcript: Transcript) -> Iterator[int]:
    """For each clip how much later than its first word the first cue shows that holds it."""
    silent = [segment.span for segment in segments if segment.audio is None]
    cues = plan_cues(ENGLISH, transcript)
    shown = [(letter, cue.start_ms) for cue in cues for line in cue.lines for letter in _letters(line)]
    at = 0
    for one in said:
        if any(span.start_ms <= one.span.start_ms < span.end_ms for span in silent):
            yield FAR_MS + 1  # lost
            continue
        letters = _letters(one.text)
        assert "".join(letter for letter, _ in shown[at : at + len(letters)]) == letters
        yield shown[at][1] - one.span.start_ms
        at += len(letters)


def _letters(text: str) -> str:
    return "".join(text.split())


def render(noise_dbfs: float | None, trials: Sequence[Trial]) -> str:
    """A level's row of the table, in Markdown."""
    off_ms = [abs(error_ms) for trial in trials for error_ms in trial.errors_ms]
    near = [
        sum(abs(error_ms) <= NEAR_MS for error_ms in trial.errors_ms) / len(trial.errors_ms)
        for trial in trials
    ]
    sent_s, speech_s, whole_s = (
        sum(seconds)
        for seconds in zip(*((one.sent_s, one.speech_s, one.whole_s) for one in trials), strict=True)
    )
    level = "digital silence" if noise_dbfs is None else f"noise of {noise_dbfs:g} dBFS"
    return (
        f"| {level} | {len(off_ms)} | {sum(one <= NEAR_MS for one in off_ms) / len(off_ms):.1%} "
        f"| {min(near):.1%} | {sorted(off_ms)[len(off_ms) // 2] / 1_000:.2f} "
        f"| {sum(one > FAR_MS for one in off_ms)} | {max(off_ms) / 1_000:.1f} "
        f"| {sent_s:.0f} | {speech_s:.0f} | {whole_s:.0f} | {sum(trial.requests for trial in trials)} |"
    )


def main() -> None:
    """Run as a module."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="recordings of each level")
    parser.add_argument("--minutes", type=float, default=10.0, metavar="N", help="of each recording")
    parser.add_argument("--bare", action="store_true", help="leave texts as they are, without full stops")
    arguments = parser.parse_args()
    clips = read_clips(bare=arguments.bare)
    print(f"`{COMMAND}`: {describe_machine()}; {len(clips)} clips.\n")
    print(
        "| | Clips | Within 0.5 s | Worst recording | Median s | Over 2 s | Worst s "
        "| Sent s | Speech s | Of s | Requests |"
    )
    print("|---" * 11 + "|")
    for noise_dbfs in NOISES_DBFS:
        seeds = range(1, arguments.seeds + 1)
        trials = [hear(clips, 60 * arguments.minutes, seed, noise_dbfs) for seed in seeds]
        print(render(noise_dbfs, trials), flush=True)


if __name__ == "__main__":
    main()

"""Long recordings made of few clips of real speech, and what is said where in them.

The clips are shuffled over and over, each time with another pause and another loudness, over the faint noise
of a quiet room. Everything follows from a seed.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream

from tests.speech import corpus
from tests.speech.encoding import Samples, decode
from tests.speech.scoring import plain

PAUSE_S = (0.2, 1.6)
LONG_PAUSE_S = (2.0, 4.0)
LONG_PAUSES = 0.12
"""The share of pauses that are long."""
GAIN_DB = (-9.0, 3.0)
ROOM_DBFS = -65.0
"""Of the noise in pauses. In digital silence, finding a pause would be too easy."""
FRAME_S = 0.05
"""How finely a clip's loudness is looked at."""
WORD_DB = -35.0
"""Above this, against the clip's loudest frame, somebody is in the middle of a word."""
_FULL_SCALE = 32_768.0
_BLOCK_S = 60
_M4A_BITS_PER_S = 64_000


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip, decoded."""

    language: str
    words: tuple[str, ...]
    """What is said, in lower case and without punctuation."""
    samples: Samples
    rate_hz: int
    loudest_db: float
    """Of its loudest frame."""

    @property
    def duration_s(self) -> float:
        """Its length."""
        return len(self.samples) / self.rate_hz

    def in_word(self, at: int) -> bool:
        """Whether the frame around a sample is loud enough to lie inside a word."""
        reach = round(self.rate_hz * FRAME_S / 2)
        frame = self.samples[max(0, at - reach) : at + reach]
        return level_db(frame) > self.loudest_db + WORD_DB


@dataclass(frozen=True, slots=True)
class Said:
    """A clip at its place in a recording, in samples from the recording's beginning."""

    clip: Clip
    start: int
    gain_db: float

    @property
    def end(self) -> int:
        """The first sample behind it."""
        return self.start + len(self.clip.samples)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording, not rendered yet."""

    said: tuple[Said, ...]
    """In order, side by side."""
    length: int
    """In samples."""
    rate_hz: int
    seed: int

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.length / self.rate_hz

    @property
    def words(self) -> tuple[str, ...]:
        """All that is said."""
        return tuple(word for said in self.said for word in said.clip.words)

    @property
    def unique_speech_s(self) -> float:
        """Seconds of speech that are not a repetition."""
        clips = {id(said.clip): said.clip for said in self.said}
        return sum(clip.duration_s for clip in clips.values())

    def render(self) -> Samples:
        """The sound: clips at their loudness, over the room's noise."""
        noise = np.random.default_rng(self.seed)
        sound = np.empty(self.length, np.int16)
        amplitude = _FULL_SCALE * 10 ** (ROOM_DBFS / 20)
        for block in blocks(sound, self.rate_hz * _BLOCK_S):
            block[:] = np.rint(amplitude * noise.standard_normal(len(block), np.float32))
        for said in self.said:
            stretch = sound[said.start : said.end]
            loud = said.clip.samples.astype(np.float32) * np.float32(10 ** (said.gain_db / 20))
            stretch[:] = to_pcm(stretch + loud)
        return sound


def read_clips(folder: Path | None, rate_hz: int) -> list[Clip]:
    """Every clip of a folder whose ``manifest.json`` says what is said in it, each text once.

    Args:
        folder: With ``manifest.json``: a list of ``{"file", "lang", "reference"}``; ``None``: the few clips
            that the tests bring along.
        rate_hz: What to decode to.
    """
    files = corpus.real() if folder is None else _read_manifest(folder)
    texts = {(file.language, file.said): file for file in reversed(files) if file.said}
    return [_read(file, rate_hz) for file in reversed(texts.values())]


def _read_manifest(folder: Path) -> list[corpus.Clip]:
    entries = json.loads((folder / "manifest.json").read_text())
    return [corpus.Clip(folder / entry["file"], entry["lang"], entry["reference"]) for entry in entries]


def _read(file: corpus.Clip, rate_hz: int) -> Clip:
    samples = decode(file.path, rate_hz)
    loudest_db = max(level_db(frame) for frame in blocks(samples, round(rate_hz * FRAME_S)))
    return Clip(file.language, tuple(plain(file.said).split()), samples, rate_hz, loudest_db)


def plan_recording(clips: Sequence[Clip], duration_s: float, seed: int) -> Recording:
    """Place clips of one rate side by side; the last one ends before the recording does."""
    rng = random.Random(seed)
    rate_hz = clips[0].rate_hz
    length = round(duration_s * rate_hz)
    said: list[Said] = []
    at = round(rng.uniform(*PAUSE_S) * rate_hz)
    while True:
        for clip in rng.sample(clips, len(clips)):
            if at + len(clip.samples) > length:
                return Recording(tuple(said), length, rate_hz, seed)
            said.append(Said(clip, at, rng.uniform(*GAIN_DB)))
            pause_s = rng.uniform(*(LONG_PAUSE_S if rng.random() < LONG_PAUSES else PAUSE_S))
            at = said[-1].end + round(pause_s * rate_hz)


def blocks(samples: Samples, size: int) -> Iterator[Samples]:
    """Views of ``size`` samples, one after the other; the last may be shorter."""
    return (samples[start : start + size] for start in range(0, len(samples), size))


def level_db(frame: Samples) -> float:
    """Mean power of some samples, in dB against full scale."""
    power = float(np.mean(np.square(frame, dtype=np.float64))) if len(frame) else 0.0
    return 10 * math.log10(max(power, 1.0) / _FULL_SCALE**2)


def to_pcm(samples: npt.NDArray[np.float32]) -> Samples:
    """Samples in 16 bits, limited where they are too loud."""
    return np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)


def write_m4a(samples: Samples, rate_hz: int, path: Path) -> None:
    """Write mono AAC as phones record it, a second at a time: an hour in one frame takes gigabytes."""
    with av.open(str(path), "w", format="ipod") as out:
        track = out.add_stream("aac", rate=rate_hz, layout="mono")
        assert isinstance(track, AudioStream)
        track.bit_rate = _M4A_BITS_PER_S
        codec = track.codec_context
        codec.open()
        resampler = av.AudioResampler(codec.format.name, "mono", rate_hz, frame_size=codec.frame_size)
        for number, block in enumerate(blocks(samples, rate_hz)):
            frame = av.AudioFrame.from_ndarray(block[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, number * rate_hz, Fraction(1, rate_hz)
            for piece in resampler.resample(frame):
                out.mux(track.encode(piece))
        for piece in resampler.resample(None):
            out.mux(track.encode(piece))
        out.mux(track.encode(None))

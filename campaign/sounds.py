"""The clips that are shared, each with a pitch of its own, and a recogniser that tells them apart by it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import random
import wave
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream

from bot.whisper.heard import Heard

Kind = Literal["wav", "m4a", "long", "wordy", "broken"]
Samples = npt.NDArray[np.int16]

_SHARES: dict[Kind, float] = {"wav": 0.655, "m4a": 0.2, "wordy": 0.1, "long": 0.015, "broken": 0.03}
"""How much of the clips is of each kind."""
_SECONDS: dict[Kind, float] = {"wav": 2.0, "m4a": 3.0, "wordy": 2.0, "long": 250.0, "broken": 3.0}
_RATE_HZ = 16_000
_LOWEST_HZ, _STEP_HZ = 300, 4
MOST_CLIPS = (_RATE_HZ // 2 - 1_000 - _LOWEST_HZ) // _STEP_HZ
"""Above that a pitch would be lost in the encoding."""
_LISTENED = 4 * _RATE_HZ
"""Samples in which the pitch is looked for; a pitch needs no more."""
_EXTRA_WORDS = 1_500
"""Of a wordy clip: more than one message holds, so that the transcript is shared as files."""
_LATENCY_S = 0.6
_STORED_WITHIN_S = 1.0
"""After an answer was sent, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording that somebody shares, or bytes that are none."""

    number: int
    """From 1; decides the pitch."""
    kind: Kind
    content: bytes
    name: str
    mimetype: str


def make_clips(count: int, rng: random.Random) -> list[Clip]:
    """As many clips, of kinds that are drawn.

    Raises:
        ValueError: there are more than pitches.
    """
    if count > MOST_CLIPS:
        raise ValueError(f"at most {MOST_CLIPS} clips")
    kinds = rng.choices(list(_SHARES), list(_SHARES.values()), k=count)
    return [make_clip(number, kind, rng) for number, kind in enumerate(kinds, start=1)]


def make_clip(number: int, kind: Kind, rng: random.Random) -> Clip:
    """One clip of a kind; ``rng`` decides how a broken one is broken."""
    if kind in {"wav", "wordy"}:
        return Clip(number, kind, _wav(number, _SECONDS[kind]), f"clip_{number}.wav", "audio/wav")
    if kind in {"m4a", "long"}:
        return Clip(number, kind, _m4a(number, _SECONDS[kind]), f"clip_{number}.m4a", "audio/mp4")
    cut = _m4a(number, _SECONDS[kind])
    content = rng.choice([rng.randbytes(30_000), b"Not a sound.\n" * 500, cut[: len(cut) // 2]])
    return Clip(number, kind, content, f"clip_{number}.mp3", "audio/mpeg")


def words_of(number: int) -> str:
    """The sentence that stands for a clip, and for no other."""
    return f"This is clip number {number}."


def clip_in(audio: bytes) -> int | None:
    """The number of the clip that a recording, or a part of one, is of; ``None`` for silence."""
    samples = _samples_in(audio)
    if not np.any(np.abs(samples.astype(np.int32)) > 500):
        return None
    middle = (len(samples) - min(len(samples), _LISTENED)) // 2
    heard = samples[middle : middle + _LISTENED].astype(np.float64)
    # Padded, so that the bins are narrower than the steps however short it is.
    bins = max(len(heard), 1 << 16)
    hz = float(np.argmax(np.abs(np.fft.rfft(heard * np.hanning(len(heard)), n=bins)))) * _RATE_HZ / bins
    return round((hz - _LOWEST_HZ) / _STEP_HZ)


class Ear:
    """A recogniser that says of each clip its own words.

    Attributes:
        requests: How often each recording, or part of one, was recognised; by number and digest of its sound.
        answered_at: When, by the event loop's clock.
    """

    def __init__(self, clips: list[Clip]) -> None:
        self._kinds = {clip.number: clip.kind for clip in clips}
        self.requests: Counter[tuple[int, bytes]] = Counter()
        self.answered_at: defaultdict[tuple[int, bytes], list[float]] = defaultdict(list)

    @property
    def again(self) -> int:
        """The number of recognitions of what had been recognised before."""
        return sum(self.requests.values()) - len(self.requests)

    def again_after(self, moments: Sequence[float]) -> int:
        """The number of those of them that followed something which happened around the answer before.

        Args:
            moments: When it happened, by the event loop's clock.
        """
        return sum(
            any(-_LATENCY_S <= moment - answered_at <= _STORED_WITHIN_S for moment in moments)
            for times in self.answered_at.values()
            for answered_at in sorted(times)[:-1]
        )

    async def hear(self, audio: bytes, _language: str | None, _context: str) -> Heard:
        """Take a while, as a recogniser does, and say the words."""
        number = await asyncio.to_thread(clip_in, audio)
        if number is None:
            return Heard("", None, 1.0)
        key = number, hashlib.sha256(audio).digest()
        self.requests[key] += 1
        self.answered_at[key].append(asyncio.get_running_loop().time() + _LATENCY_S)
        await asyncio.sleep(_LATENCY_S)
        text = words_of(number)
        if self._kinds.get(number) == "wordy":
            text += "".join(f" word{at}" for at in range(_EXTRA_WORDS))
        return Heard(text, "en", 1.0)


def _tone(number: int, seconds: float) -> Samples:
    # It grows louder: two parts of a long recording never are the same bytes.
    at = np.arange(int(seconds * _RATE_HZ))
    loudness = np.linspace(4_000, 8_000, len(at))
    hz = _LOWEST_HZ + _STEP_HZ * number
    return (loudness * np.sin(2 * np.pi * hz * at / _RATE_HZ)).astype(np.int16)


def _wav(number: int, seconds: float) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes(_tone(number, seconds).tobytes())
    return target.getvalue()


def _m4a(number: int, seconds: float) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        track = container.add_stream("aac", rate=_RATE_HZ, layout="mono")
        assert isinstance(track, AudioStream)
        frame = av.AudioFrame.from_ndarray(_tone(number, seconds).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = _RATE_HZ
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=_RATE_HZ, frame_size=1024)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(track.encode(piece))
        container.mux(track.encode(None))
    return target.getvalue()


def _samples_in(audio: bytes) -> Samples:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE_HZ)
    with av.open(io.BytesIO(audio), "r") as container:
        frames = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int16)

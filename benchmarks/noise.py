"""What may lie under speech: white noise, pink noise, and other people talking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from benchmarks.recordings import Clip, Recording, plan_recording, to_pcm
from tests.speech.encoding import Samples

Noise = Literal["white noise", "pink noise", "babble"]
NOISES: tuple[Noise, ...] = ("white noise", "pink noise", "babble")
SNR_DB = 10.0
VOICES = 4
"""That talk at once in babble."""
_BLOCK_S = 60
_Sound = npt.NDArray[np.float32]


def with_noise(recording: Recording, noise: Noise | None, clips: Sequence[Clip]) -> Samples:
    """Render a recording with noise ``SNR_DB`` below what is said, on average.

    Args:
        recording: The speech.
        noise: ``None``: clean, with the faint room alone.
        clips: Who talks in babble.
    """
    speech = recording.render().astype(np.float32)
    if noise is None:
        return to_pcm(speech)
    sound = _babble(recording, clips) if noise == "babble" else _hiss(recording, pink=noise == "pink noise")
    spoken = np.concatenate([speech[said.start : said.end] for said in recording.said])
    ratio = np.sqrt(_power(spoken) / _power(sound) / 10 ** (SNR_DB / 10))
    return to_pcm(speech + np.float32(ratio) * sound)


def _hiss(recording: Recording, *, pink: bool) -> _Sound:
    """Noise that never repeats; pink: each octave as loud as the next, made a minute at a time."""
    rng = np.random.default_rng(recording.seed + 1)
    if not pink:
        return rng.standard_normal(recording.length, np.float32)
    size = recording.rate_hz * _BLOCK_S
    falling = 1 / np.sqrt(np.arange(1, size // 2 + 2))
    made = [
        np.fft.irfft(np.fft.rfft(rng.standard_normal(size)) * falling).astype(np.float32)
        for _ in range(-(-recording.length // size))
    ]
    return np.concatenate(made)[: recording.length]


def _babble(recording: Recording, clips: Sequence[Clip]) -> _Sound:
    sound = np.zeros(recording.length, np.float32)
    for voice in range(VOICES):
        sound += plan_recording(clips, recording.duration_s, recording.seed + 100 + voice).render()
    return sound


def _power(sound: _Sound) -> float:
    return float(np.mean(np.square(sound, dtype=np.float64)))

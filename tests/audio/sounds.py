"""Made signals and attenuated speech, as samples: s16, mono, 16 kHz."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from bot.audio.levels import measure
from bot.audio.sounds import find_activity
from bot.recording import Span
from tests.speech.encoding import decode

RATE_HZ = 16_000
Signal = npt.NDArray[np.float64]
Colour = Literal["white", "pink", "brown"]
_SLOPES = {"white": 0.0, "pink": -0.5, "brown": -1.0}


def silence(seconds: float) -> Signal:
    """Digital silence."""
    return np.zeros(int(seconds * RATE_HZ))


def noise(colour: Colour, dbfs: float, seconds: float, seed: int = 1, from_hz: float = 20.0) -> Signal:
    """Noise down to a frequency (a microphone hears no deeper), of so many dBFS on average."""
    count = int(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    hz[0] = hz[1]
    spectrum *= hz ** _SLOPES[colour]
    spectrum[hz < from_hz] = 0
    return at_dbfs(np.fft.irfft(spectrum, count), dbfs)


def whisper(dbfs: float, seconds: float) -> Signal:
    """Noise in four syllables a second, with a pause after every eight."""
    at_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    syllables = np.maximum(np.sin(2 * np.pi * 4 * at_s), 0) * (at_s % 2.5 < 2)
    return at_dbfs(noise("white", 0, seconds) * syllables, dbfs)


def hum(hz: float, dbfs: float, seconds: float) -> Signal:
    """A sine."""
    return at_dbfs(np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ), dbfs)


def speech(clip: Path, dbfs: float) -> Signal:
    """A clip, louder or softer."""
    return at_dbfs(decode(clip, RATE_HZ).astype(np.float64), dbfs)


def at_dbfs(signal: Signal, dbfs: float) -> Signal:
    """A signal brought to so many dBFS on average; 0 is a square wave that fills the range."""
    return np.asarray(signal * 10 ** (dbfs / 20) * 32_768 / np.sqrt(np.mean(signal**2)), np.float64)


def pcm_of(signal: Signal) -> array[int]:
    """The signal in whole numbers."""
    return array("h", np.clip(np.round(signal), -32_768, 32_767).astype(np.int16).tobytes())


def sounds_in(signal: Signal) -> tuple[Span, ...]:
    """Where a recording of this signal holds sound."""
    pcm, levels = pcm_of(signal), array("I")
    measure(pcm, levels, to_the_end=True)
    return find_activity(levels, Span(0, -(-len(pcm) // 16))).sounds


def sounding_s(signal: Signal) -> float:
    """How many seconds of it are sound."""
    return sum(sound.duration_ms for sound in sounds_in(signal)) / 1_000

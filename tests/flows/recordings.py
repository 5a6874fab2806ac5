"""Recordings of any length whose segments can be told apart: a hum with pauses, cut in the pauses."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

from tests.flows.harness import tone

RATE_HZ = 8_000
PAUSE_S = 0.6


def hum_with_pauses(path: Path, pauses_s: Sequence[float], seconds: float) -> Path:
    """A WAV file, 8 kHz, mono, s16, of a hum that is silent around certain seconds.

    Where these lie 90 to 170 s apart, they are the quietest places, and segments begin and end there.
    """
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        at_s = 0.0
        for pause_s in (*pauses_s, None):
            until_s = seconds if pause_s is None else pause_s - PAUSE_S / 2
            file.writeframes(_samples(until_s - at_s))
            if pause_s is not None:
                file.writeframes(bytes(round(PAUSE_S * RATE_HZ) * 2))
                at_s = pause_s + PAUSE_S / 2
    return path


def _samples(seconds: float) -> bytes:
    return tone(seconds, rate_hz=RATE_HZ)[44:]

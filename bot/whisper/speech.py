"""Voice activity in a window, by the detector that comes with faster-whisper (Silero's)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.whisper.windows import RATE_HZ, Span

if TYPE_CHECKING:
    from bot.whisper.windows import Samples

_LEAST_SPEECH_MS = 250
"""Silero's own default."""
_LEAST_PAUSE_MS = 300


def find_speech(samples: Samples) -> list[Span]:
    """Return the stretches in which somebody speaks, in order; 0.04 s for a window."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415  # of the optional extra

    options = VadOptions(
        min_speech_duration_ms=_LEAST_SPEECH_MS, min_silence_duration_ms=_LEAST_PAUSE_MS, speech_pad_ms=0
    )
    found = get_speech_timestamps(samples, options)
    return [Span(stretch["start"] / RATE_HZ, stretch["end"] / RATE_HZ) for stretch in found]

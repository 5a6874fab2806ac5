"""The result of recognising one piece of audio, and the error for bytes that are no sound. Pure."""

from __future__ import annotations

from dataclasses import dataclass


class NotThatSoundError(ValueError):
    """The bytes are not what their type says, or are damaged."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The result of recognising one piece of audio."""

    text: str
    """Empty when there was no speech."""
    language: str | None
    """A code of Qwen3-ASR's; ``None`` when there was no speech to tell it from."""
    duration_s: float
    """Decoded seconds."""

"""One recognition call, as the look-alike recorded it. Never the audio, the context or the text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Call:
    """A call of the generation endpoint; what could not be read of it stays at its default."""

    at: float
    """Epoch seconds of its arrival."""
    request_id: str
    model: str = ""
    mime: str = ""
    audio_bytes: int = 0
    """After Base64 was undone."""
    duration_s: float = 0.0
    language: str | None = None
    """The language that was asked for."""
    enable_itn: bool = False
    """Whether numbers were wanted as digits."""
    context_chars: int = 0
    streamed: bool = False
    acted: bool = False
    """Whether recognition was begun, which is what a provider bills."""
    answered: bool = False
    """Whether the whole answer was handed to the network."""
    ended_at: float | None = None
    """Epoch seconds of its end, whatever that was."""
    status: int | None = None
    """HTTP status of the answer; ``None`` where none was given."""
    code: str | None = None
    """The service's error code in the answer."""
    fault: str | None = None
    """What a rule did to it: ``Drop``, ``Hold`` and so on."""

"""Small WAV files that go out as they are: loud, of one voice, not cancelled by a mix, without long silence.

Those of 16 kHz, mono, are measured here: ten seconds take three milliseconds, where a child takes a hundred.
Of others only a few seconds go out so, as one sound: what their pauses are would take a resampler to tell.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from pathlib import Path

from bot.audio.cancellation import Powers, powers_of, sampling_step
from bot.audio.cuts import LONG_SILENCE_MS, only_piece
from bot.audio.headers import Wav
from bot.audio.levels import is_loud, measure
from bot.audio.plan import LONGEST_MS, RATE_HZ
from bot.recording import PreparedAudio, Segment, Span

_PIECE_BYTES = 65_536
"""That is looked at at a time."""


def whole_wav(source: Path, wav: Wav, size_bytes: int) -> Segment | None:
    """The one segment of a WAV that goes out as it is; ``None`` for one that a child has to look at.

    Args:
        source: The file.
        wav: What its header says; its data ends where the file does.
        size_bytes: The whole file's size.
    """
    span = Span(0, -(-wav.data_bytes * 1_000 // wav.bytes_per_s))
    with source.open("rb") as file:
        file.seek(-wav.data_bytes, os.SEEK_END)
        pcm = file.read(wav.data_bytes)
    pieces = [pcm[at : at + _PIECE_BYTES] for at in range(0, len(pcm), _PIECE_BYTES)]
    if not any(map(is_loud, pieces)):
        return None
    if wav.channels > 1 and not _are_heard_as_one([_powers(array("h", piece), wav) for piece in pieces]):
        return None
    sounds: tuple[Span, ...] = (span,)
    if (wav.channels, wav.rate_hz) == (1, RATE_HZ) and span.duration_ms <= LONGEST_MS:
        levels = array("I")
        measure(array("h", pcm), levels, to_the_end=True)
        active = only_piece(levels, span)
        if active is None or not active.sounds:
            return None
        sounds = active.sounds
    elif span.duration_ms > LONG_SILENCE_MS:
        return None
    audio = PreparedAudio(source, "audio/wav", size_bytes, wav.duration_s)
    return Segment(span, sounds, last=True, audio=audio)


def _powers(samples: array[int], wav: Wav) -> Powers:
    step = sampling_step(wav.rate_hz) * wav.channels
    return powers_of([samples[number::step] for number in range(wav.channels)])


def _are_heard_as_one(pieces: Sequence[Powers]) -> bool:
    """True where whoever mixes the channels hears all there is, and no two voices on two of them."""
    if any(piece.loudest_if_cancelled() is not None for piece in pieces):
        return False
    each = [sum(powers) for powers in zip(*(piece.channels for piece in pieces), strict=True)]
    return len(each) != 2 or 0 in each or all(piece.are_alike() for piece in pieces)

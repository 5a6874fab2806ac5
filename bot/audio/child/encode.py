"""Encodes segments as MP3 or WAV. Runs in the child process alone, in threads: LAME works without the GIL."""

from __future__ import annotations

import os
import wave
from array import array
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.codeccontext import AudioCodecContext

from bot.audio.plan import MP3_BITS_PER_S, RATE_HZ

LAME_LEVEL = "7"
"""As fast as 9, and nearly twice as fast as LAME's own choice: docs/adr/0002-wav-or-mp3.md."""
_STEP_SAMPLES = 10 * RATE_HZ


def write_mp3(target: Path, pcm: array[int]) -> None:
    """Write samples (s16, mono, 16 kHz) to a new file as bare MP3 frames.

    The bit rate is constant, so that no Xing header is needed to tell the duration.

    Raises:
        OSError: this machine cannot write ``target``.
    """
    target.unlink(missing_ok=True)
    encoder = _mp3_encoder()
    with _create(target) as out:
        for at in range(0, len(pcm), _STEP_SAMPLES):
            samples = pcm[at : at + _STEP_SAMPLES]
            frame = av.AudioFrame(format="s16p", layout="mono", samples=len(samples))
            plane = frame.planes[0]
            plane.update(samples.tobytes().ljust(plane.buffer_size, b"\0"))
            frame.sample_rate = RATE_HZ
            out.writelines(bytes(packet) for packet in encoder.encode(frame))
        out.writelines(bytes(packet) for packet in encoder.encode(None))


def write_wav(target: Path, pcm: array[int]) -> None:
    """Write samples (s16, mono, 16 kHz) to a new file as they are.

    Raises:
        OSError: this machine cannot write ``target``.
    """
    target.unlink(missing_ok=True)
    with _create(target) as out, wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.setnframes(len(pcm))
        for at in range(0, len(pcm), _STEP_SAMPLES):
            file.writeframesraw(pcm[at : at + _STEP_SAMPLES].tobytes())


def _mp3_encoder() -> AudioCodecContext:
    encoder = av.CodecContext.create("libmp3lame", "w")
    encoder.sample_rate = RATE_HZ
    encoder.layout = "mono"
    encoder.format = "s16p"
    encoder.bit_rate = MP3_BITS_PER_S
    encoder.options = {"compression_level": LAME_LEVEL}
    encoder.open()
    return encoder


def _create(target: Path) -> BinaryIO:
    return os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

"""One streaming pass over a file: demux, decode, resample, encode. Runs in the child process alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from bot.audio.decode import Tally, choose_track, has_video, open_container, pcm_frames, refusing
from bot.audio.plan import CONVERTED_S, MAX_REQUEST_S, MP3_BITS_PER_S, OVERSHOOT_S, RATE_HZ
from bot.audio.walk import untouched_mp3_s
from bot.errors import Refusal, Rejected

LAME_LEVEL = "7"
"""As fast as 9, and nearly twice as fast as LAME's own choice: docs/adr/0002-wav-or-mp3.md."""
MAX_SAMPLES = int((MAX_REQUEST_S + OVERSHOOT_S) * RATE_HZ)
KEPT_SAMPLES = int(CONVERTED_S * RATE_HZ)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a file."""

    untouched: bool
    """The source goes out as it is; else the target was written."""
    duration_s: float
    has_video: bool


def convert(source: Path, target: Path) -> Done:
    """Write ``source`` to ``target`` as MP3 (mono, 16 kHz), unless it may go out as it is.

    Raises:
        Rejected: NOT_AUDIO, NO_AUDIO_TRACK, PROTECTED or TOO_LONG.
        MemoryError: the file asks for more than the child may have.
        OSError: this machine cannot write ``target``.
    """
    duration_s = untouched_mp3_s(source)
    if duration_s is not None:
        return Done(untouched=True, duration_s=duration_s, has_video=False)
    with open_container(source) as container, refusing(Refusal.NOT_AUDIO):
        track = choose_track(container)
        with _create(target) as out:
            kept_s = _encode(container, track, out)
        return Done(untouched=False, duration_s=kept_s, has_video=has_video(container))


def _encode(container: InputContainer, track: AudioStream, out: BinaryIO) -> float:
    """Write a track to ``out`` as bare MP3 frames and return its seconds.

    The bit rate is constant, so that no Xing header is needed to tell the duration.
    """
    tally, encoder, fifo = Tally(), _mp3_encoder(), av.AudioFifo()
    heard = kept = 0
    for frame in pcm_frames(container, track, tally):
        heard += frame.samples
        if heard > MAX_SAMPLES:
            raise Rejected(Refusal.TOO_LONG)
        fifo.write(frame)
        for piece in fifo.read_many(encoder.frame_size):
            if kept + piece.samples <= KEPT_SAMPLES:
                kept += piece.samples
                _write(out, encoder.encode(piece))
    if heard == 0 or tally.bad > tally.good:
        raise Rejected(Refusal.NOT_AUDIO, f"{tally.good} packets decoded, {tally.bad} did not")
    rest = fifo.read(partial=True)
    if rest is not None and kept + rest.samples <= KEPT_SAMPLES:
        kept += rest.samples
        _write(out, encoder.encode(rest))
    _write(out, encoder.encode(None))
    return kept / RATE_HZ


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


def _write(out: BinaryIO, packets: list[Packet[AudioStream]]) -> None:
    out.writelines(bytes(packet) for packet in packets)

"""Validates MP3 files frame by frame: a flawless one goes out as it is. Runs in the child process alone.

FFmpeg walks the file here, since it has to decode it anyway. In the bot's own process a walk in Python would
hold up the event loop, and the library for it (mutagen) is GPL.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from bot.audio.child.channels import Downmix
from bot.audio.child.decode import Tally, decode_packet, is_of_this_machine, open_container
from bot.audio.child.tracks import choose_tracks
from bot.audio.child_protocol import Cut
from bot.audio.cuts import LONG_SILENCE_MS, Cutter, Piece
from bot.audio.headers import id3v2_bytes, read_mp3_frame
from bot.audio.plan import LONGEST_MS, UNTOUCHED_MP3_BYTES
from bot.errors import Rejected

ID3V1_BYTES = 128
PROMISE_TOLERANCE_S = 0.1
"""The encoder's delay and padding, which players count or not."""


def untouched_mp3(source: Path) -> Cut | None:
    """The one segment of an MP3 that may go out as it is; ``None`` for any other file.

    Its packets must follow each other without a gap from the first frame (behind an ID3v2 tag and a Xing
    frame) to the end (or an ID3v1 tag), each be exactly as long as its own header says, be of one kind and
    decode without an error; the duration that the Xing header or the bit rate promises must be the one
    counted; and its channels must neither cancel each other nor carry different voices. FFmpeg hands on junk
    between frames inside a packet: contiguity alone proves nothing.
    """
    size_bytes = source.stat().st_size
    if size_bytes > UNTOUCHED_MP3_BYTES:
        return None
    try:
        with open_container(source) as container:
            if container.format.name != "mp3":
                return None
            return _walked(container, source, size_bytes)
    except (av.error.FFmpegError, Rejected) as error:
        if is_of_this_machine(error):
            raise
        return None


def _walked(container: InputContainer, source: Path, size_bytes: int) -> Cut | None:
    track = choose_tracks(container)[0]
    chain, tally, downmix = _Chain(source), Tally(), Downmix()
    cutter, samples = Cutter(()), 0
    pieces: list[Piece] = []
    for packet in container.demux(track):
        if packet.size and not chain.goes_on_with(packet):
            return None
        for frame in decode_packet(packet, tally):
            samples += frame.samples
            for pcm in downmix.take(frame):
                pieces += cutter.add(pcm)
        if tally.bad or samples * 1_000 > LONGEST_MS * track.rate:
            return None
    if samples == 0 or not chain.reaches_end(size_bytes):
        return None
    if abs(_promised_s(track) - samples / track.rate) > PROMISE_TOLERANCE_S:
        return None
    for pcm in downmix.end():
        pieces += cutter.add(pcm)
    if downmix.has_chosen:
        return None  # whoever mixes its channels hears nothing
    return _sent_whole([*pieces, *cutter.end()])


def _sent_whole(pieces: Sequence[Piece]) -> Cut | None:
    """The one segment; ``None`` where there are several, or long silence is better left out."""
    if len(pieces) != 1 or len(pieces[0].channels) != 1:
        return None
    span, (channel,) = pieces[0].span, pieces[0].channels
    if channel.sent is not None and span.duration_ms - channel.sent.duration_ms >= LONG_SILENCE_MS:
        return None
    sent = span if channel.sounds else None
    return Cut(span, channel.sounds, sent, last=True, short=True, untouched=True, has_video=False)


def _promised_s(track: AudioStream) -> float:
    if track.duration is None or track.time_base is None:
        return 0.0
    return float(track.duration * track.time_base)


class _Chain:
    """Frames of one kind, each starting where the one before ended."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._end: int | None = None
        self._kind = 0

    def goes_on_with(self, packet: Packet[AudioStream]) -> bool:
        frame = read_mp3_frame(bytes(packet)[:4])
        if frame is None or packet.pos is None or frame.size_bytes != packet.size:
            return False
        if self._end is None:
            self._kind = frame.kind
            if not self._may_start_at(packet.pos):
                return False
        elif packet.pos != self._end or frame.kind != self._kind:
            return False
        self._end = packet.pos + packet.size
        return True

    def _may_start_at(self, position: int) -> bool:
        """True where nothing stands before ``position`` but an ID3v2 tag and one frame (Xing's)."""
        with self._source.open("rb") as file:
            start = id3v2_bytes(file.read(10))
            file.seek(start)
            frame = read_mp3_frame(file.read(4))
        return frame is not None and position in {start, start + frame.size_bytes}

    def reaches_end(self, size_bytes: int) -> bool:
        """True where nothing stands behind the last frame but an ID3v1 tag."""
        if self._end is None or self._end == size_bytes:
            return self._end is not None
        if self._end != size_bytes - ID3V1_BYTES:
            return False
        with self._source.open("rb") as file:
            file.seek(self._end)
            return file.read(3) == b"TAG"

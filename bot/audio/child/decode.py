"""Demuxes and decodes untrusted files with FFmpeg's libraries. Runs in the child process alone.

Traps that this file knows: a tag in Latin-1 raises unless told not to; one broken packet ends
``container.decode()``; headers lie about durations.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import av.error

# PyAV loads these two when it first meets a file, which by then may have used up the memory.
import av.subtitles.codeccontext
import av.subtitles.stream
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from bot.audio.child.links import Link
from bot.errors import Refusal, Rejected

# Without these three lists a text that FFmpeg takes for a playlist opens other files and addresses.
# Each demuxer has a seed in tests/faults/test_hostile_audio.py. MXF stays out: a big parser for film editors.
DEMUXERS = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,flv,matroska,webm,mov,mp3,mpeg,mpegts,ogg,tta,voc,w64,wav,wv"
)
PROTOCOLS = "file"
DECODERS = (
    # Voice: telephones, voice mail, dictation and conference systems.
    "amrnb,amrwb,libopencore_amrnb,g722,g723_1,g726,g726le,g729,gsm,gsm_ms,ilbc,nellymoser,qcelp,evrc,speex,truespeech,wmavoice,"
    # Cameras, browsers, editors and players.
    "aac,aac_latm,ac3,alac,dca,eac3,flac,mp1,mp1float,mp2,mp2float,mp3,mp3float,opus,tta,vorbis,wavpack,"
    "wmalossless,wmapro,wmav1,wmav2,"
    # Samples as they are, or nearly so.
    "adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_swf,adpcm_yamaha,pcm_alaw,pcm_bluray,pcm_dvd,pcm_f32be,pcm_f32le,"
    "pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16le,pcm_s24be,pcm_s24le,pcm_s32be,pcm_s32le,pcm_s8,pcm_u8"
)

_BETTER_DECODERS = {"amrnb": "libopencore_amrnb"}
"""Used in place of FFmpeg's own, which does not read AMR whose pauses are told in few bytes (DTX)."""


@dataclass(slots=True)
class Tally:
    """Counts the packets of a track that gave sound, and those that did not decode."""

    good: int = 0
    bad: int = 0
    encrypted: int = 0
    bad_since_good_s: float = 0.0
    """The length of those that did not decode, since the last that gave sound."""


def is_of_this_machine(error: Exception) -> bool:
    """True for an error of FFmpeg that is not the file's fault: no memory, or a refusal by the kernel.

    That is EACCES and not EPERM: many decoders end with a bare -1 on broken data, which reads as EPERM.
    """
    return isinstance(error, MemoryError) or (
        isinstance(error, PermissionError) and error.errno == errno.EACCES
    )


@contextmanager
def refusing(reason: Refusal) -> Iterator[None]:
    """Turn FFmpeg's errors into a refusal; a lack of memory or of rights stays what it is.

    Raises:
        Rejected: With ``reason``.
        MemoryError: the file asks for more than the child may have.
        PermissionError: the process is confined too much.
    """
    try:
        yield
    except av.error.FFmpegError as error:
        if is_of_this_machine(error):
            raise
        raise Rejected(reason, type(error).__name__) from error


def open_container(source: Path, link: Link | None = None) -> InputContainer:
    """Open a file by its content alone, whatever its name.

    Args:
        source: The file.
        link: The piece of it that is a file of its own; ``None`` for all of it.

    Raises:
        Rejected: NOT_AUDIO.
    """
    # "file:" keeps a name that looks like an address from being taken for one.
    url, protocols = f"file:{source.absolute()}", PROTOCOLS
    if link is not None:
        url = f"subfile,,start,{link.start},end,{link.end},,:{url}"
        protocols = f"subfile,{PROTOCOLS}"
    with refusing(Refusal.NOT_AUDIO):
        return av.open(
            url,
            metadata_errors="ignore",
            options={
                "format_whitelist": DEMUXERS,
                "protocol_whitelist": protocols,
                "codec_whitelist": DECODERS,
            },
        )


def better_decoder(track: AudioStream) -> AudioCodecContext | None:
    """An open decoder that is to be used in place of the track's own; ``None`` where its own is as good."""
    name = _BETTER_DECODERS.get(track.codec_context.name)
    if name is None or track.layout.nb_channels != 1:
        return None
    # It knows its one rate itself, whatever the container says.
    decoder = cast("AudioCodecContext", av.CodecContext.create(name, "r"))
    decoder.thread_count = 1
    decoder.open()
    return decoder


def decode_packet(
    packet: Packet[AudioStream], tally: Tally, decoder: AudioCodecContext | None = None
) -> list[AudioFrame]:
    """Decode one packet and count it; a broken or encrypted one gives nothing."""
    if packet.has_sidedata("encryption_info"):
        tally.encrypted += 1
        return []
    try:
        decoded = packet.decode() if decoder is None else decoder.decode(packet)
        frames = [frame for frame in decoded if frame.samples > 0]
    except av.error.FFmpegError as error:
        if is_of_this_machine(error):
            raise
        tally.bad += 1
        tally.bad_since_good_s += float((packet.duration or 0) * packet.time_base)
        return []
    if frames:
        tally.good += 1
        tally.bad_since_good_s = 0.0
    return frames


def claimed_s(container: InputContainer) -> float:
    """The length in the container's header, in seconds; 0 where it has none."""
    return (container.duration or 0) / av.time_base


def decoded_frames(
    container: InputContainer, tallies: Mapping[AudioStream, Tally]
) -> Iterator[tuple[AudioStream, AudioFrame]]:
    """Decode tracks, skipping what does not decode; frames come as the file interleaves them.

    Raises:
        MemoryError: the file asks for more than the child may have.
    """
    # PyAV's stubs take the streams of a list to be of any kind.
    packets = cast("Iterator[Packet[AudioStream]]", container.demux(list(tallies)))
    decoders = {track: better_decoder(track) for track in tallies}
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError as error:
            if is_of_this_machine(error):
                raise
            # A file that breaks off counts for what it held before.
            for tally in tallies.values():
                tally.bad += 1
            return
        except IndexError:
            # PyAV 18.1, at the end of a file in which a track began later than it looked: all has been read.
            return
        if packet is None:
            return
        for frame in decode_packet(packet, tallies[packet.stream], decoders[packet.stream]):
            yield packet.stream, frame

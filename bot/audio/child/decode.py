"""Demuxes, decodes and resamples untrusted files with FFmpeg's libraries. Runs in the child process alone.

Traps that this file knows: a tag in Latin-1 raises unless told not to; one broken packet ends
``container.decode()``; headers lie about durations; planes are padded; shapes change on the way.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
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
from av.stream import Disposition

from bot.audio.plan import RATE_HZ
from bot.errors import Refusal, Rejected

# Without these three lists a text that FFmpeg takes for a playlist opens other files and addresses.
# Each demuxer has a seed in tests/faults/test_hostile_audio.py. MXF stays out: a big parser for film editors.
DEMUXERS = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,flv,matroska,webm,mov,mp3,mpeg,mpegts,ogg,tta,voc,w64,wav,wv"
)
PROTOCOLS = "file"
DECODERS = (
    "aac,ac3,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,alac,amrnb,amrwb,eac3,flac,g722,gsm,gsm_ms,mp2,mp2float,mp3,"
    "mp3float,opus,pcm_alaw,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16le,pcm_s24be,"
    "pcm_s24le,pcm_s32be,pcm_s32le,pcm_s8,pcm_u8,vorbis,wmalossless,wmapro,wmav1,wmav2,wmavoice,"
    "aac_latm,adpcm_swf,nellymoser,pcm_dvd,tta,wavpack"
)
PICTURE_BRANDS = frozenset({"avif", "avis", "heic", "heix", "heis", "hevc", "mif1", "msf1"})
"""Photographs in an MP4 container.

Source: https://mp4ra.org/registered-types/brands
"""
PROTECTED_TAGS = frozenset({"drms", "enca"})
"""Sample entries of encrypted tracks; FFmpeg would decode their cipher text.

Source: https://mp4ra.org/registered-types/sampleentries
"""

GATHERED_SAMPLES = 48_000
"""Of each channel: a second of most files, and 3 MB of the biggest kind of frame."""
SAMPLE_BYTES = 2


@dataclass(slots=True)
class Tally:
    """Counts the packets of a track that gave sound, and those that did not decode."""

    good: int = 0
    bad: int = 0


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


def open_container(source: Path) -> InputContainer:
    """Open a file by its content alone, whatever its name.

    Raises:
        Rejected: NOT_AUDIO.
    """
    with refusing(Refusal.NOT_AUDIO):
        # "file:" keeps a name that looks like an address from being taken for one.
        return av.open(
            f"file:{source.absolute()}",
            metadata_errors="ignore",
            options={
                "format_whitelist": DEMUXERS,
                "protocol_whitelist": PROTOCOLS,
                "codec_whitelist": DECODERS,
            },
        )


def has_video(container: InputContainer) -> bool:
    """True where there are moving pictures; cover art and photographs are none."""
    if container.metadata.get("major_brand", "") in PICTURE_BRANDS:
        return False
    return any(not track.disposition & Disposition.attached_pic for track in container.streams.video)


def choose_track(container: InputContainer) -> AudioStream:
    """The track to recognise (the default one, else the first), its decoder opened.

    Raises:
        Rejected: NOT_AUDIO, NO_AUDIO_TRACK, PROTECTED, or FORMAT_NOT_READ with FFmpeg's name of the codec.
    """
    tracks = container.streams.audio
    if not tracks:
        reason = Refusal.NO_AUDIO_TRACK if has_video(container) else Refusal.NOT_AUDIO
        raise Rejected(reason, f"no audio track in {container.format.name}")
    track = next((one for one in tracks if one.disposition & Disposition.default), tracks[0])
    # PyAV's stubs leave out that there is none where FFmpeg does not know the codec.
    codec = cast("AudioCodecContext | None", track.codec_context)
    if codec is None:
        raise Rejected(Refusal.FORMAT_NOT_READ, "unknown")
    if codec_tag(codec) in PROTECTED_TAGS:
        raise Rejected(Refusal.PROTECTED, "encrypted")
    codec.thread_count = 1
    codec.options = {"codec_whitelist": DECODERS}
    if codec.name not in DECODERS.split(","):
        raise Rejected(Refusal.FORMAT_NOT_READ, codec.name)
    with refusing(Refusal.NOT_AUDIO):
        codec.open()
    return track


def codec_tag(codec: AudioCodecContext) -> str:
    """The four characters by which a container names a codec; empty where they are not ASCII.

    Those of WAV are numbers: FLAC's is 0xF1AC. PyAV raises for them.
    """
    try:
        return codec.codec_tag
    except UnicodeDecodeError:
        return ""


def decode_packet(packet: Packet[AudioStream], tally: Tally) -> list[AudioFrame]:
    """Decode one packet and count it; a broken one gives nothing.

    Raises:
        Rejected: PROTECTED, when the packet is encrypted.
    """
    if packet.has_sidedata("encryption_info"):
        raise Rejected(Refusal.PROTECTED, "encrypted packets")
    try:
        frames = [frame for frame in packet.decode() if frame.samples > 0]
    except av.error.FFmpegError as error:
        if is_of_this_machine(error):
            raise
        tally.bad += 1
        return []
    tally.good += bool(frames)
    return frames


def claimed_s(container: InputContainer) -> float:
    """The length in the container's header, in seconds; 0 where it has none."""
    return (container.duration or 0) / av.time_base


def decoded_frames(container: InputContainer, track: AudioStream, tally: Tally) -> Iterator[AudioFrame]:
    """Decode a track, skipping what does not decode.

    Raises:
        Rejected: PROTECTED.
        MemoryError: the file asks for more than the child may have.
    """
    packets = container.demux(track)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError as error:
            if is_of_this_machine(error):
                raise
            # A file that breaks off counts for what it held before.
            tally.bad += 1
            return
        except IndexError:
            # PyAV 18.1, at the end of a file in which a track began later than it looked: all has been read.
            return
        if packet is None:
            return
        yield from decode_packet(packet, tally)


class Resampling:
    """Resamples decoded frames of whatever shape to PCM s16, mono, 16 kHz.

    Frames are gathered first: each call of FFmpeg's resampler costs as much as a packet of AAC does. Samples
    are counted, since a file's own times lie.
    """

    def __init__(self) -> None:
        self._shape: tuple[str, str, int, int] | None = None
        self._start()

    def take(self, frame: AudioFrame) -> Iterator[bytes]:
        """Take one frame, and hand on what is ready."""
        layout = frame.layout
        now = (frame.format.name, layout.name, layout.nb_channels, frame.sample_rate)
        if self._shape is not None and now != self._shape:
            # FIFO and resampler are built for one shape; broken and chained files change it on the way.
            yield from self.end()
        self._shape = now
        frame.pts = None
        self._fifo.write(frame)
        if self._fifo.samples >= GATHERED_SAMPLES:
            yield from self._resampled(self._fifo.read())

    def end(self) -> Iterator[bytes]:
        """Hand on the rest."""
        if (rest := self._fifo.read()) is not None:
            yield from self._resampled(rest)
        if self._shape is not None:
            yield from self._resampled(None)
        self._start()

    def _start(self) -> None:
        self._fifo = av.AudioFifo()
        self._resampler = av.AudioResampler(format="s16p", layout="mono", rate=RATE_HZ)

    def _resampled(self, frame: AudioFrame | None) -> Iterator[bytes]:
        if frame is not None:
            frame.pts = None
        for resampled in self._resampler.resample(frame):
            # Planes are padded.
            yield bytes(memoryview(resampled.planes[0])[: resampled.samples * SAMPLE_BYTES])


def pcm_pieces(container: InputContainer, track: AudioStream, tally: Tally) -> Iterator[bytes]:
    """Decode a track to PCM s16, mono, 16 kHz, about a second at a time.

    Raises:
        Rejected: NOT_AUDIO or PROTECTED.
        MemoryError: the file asks for more than the child may have.
    """
    resampling = Resampling()
    with refusing(Refusal.NOT_AUDIO):
        for frame in decoded_frames(container, track, tally):
            yield from resampling.take(frame)
        yield from resampling.end()

"""Chooses the tracks that a listener would hear, and opens their decoders. Runs in the child process."""

from __future__ import annotations

from typing import cast

from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition

from bot.audio.child.decode import DECODERS, is_of_this_machine
from bot.audio.plan import MOST_TRACKS
from bot.errors import Refusal, Rejected

PICTURE_BRANDS = frozenset({"avif", "avis", "heic", "heix", "heis", "hevc", "mif1", "msf1"})
"""Photographs in an MP4 container.

Source: https://mp4ra.org/registered-types/brands
"""
PROTECTED_TAGS = frozenset({"drms", "enca"})
"""Sample entries of encrypted tracks; FFmpeg would decode their cipher text.

Source: https://mp4ra.org/registered-types/sampleentries
"""
_ALTERNATIVES = (
    Disposition.dub
    | Disposition.comment
    | Disposition.karaoke
    | Disposition.hearing_impaired
    | Disposition.visual_impaired
    | Disposition.clean_effects
    | Disposition.non_diegetic
    | Disposition.descriptions
)
"""Of tracks that are heard in place of the default one, or that nobody says."""
_NO_LANGUAGE = frozenset({"", "und", "mis", "mul", "zxx"})
"""Source: ISO 639-2"""


def has_video(container: InputContainer) -> bool:
    """True where there are moving pictures; cover art and photographs are none."""
    if container.metadata.get("major_brand", "") in PICTURE_BRANDS:
        return False
    return any(not track.disposition & Disposition.attached_pic for track in container.streams.video)


def choose_tracks(container: InputContainer) -> list[AudioStream]:
    """The tracks to recognise, their decoders opened: the default one, else the first, and those beside it.

    A track without a decoder, or an encrypted one, hides none of the others.

    Raises:
        Rejected: NOT_AUDIO, NO_AUDIO_TRACK, PROTECTED, or FORMAT_NOT_READ with FFmpeg's name of the codec.
    """
    tracks = container.streams.audio
    if not tracks:
        reason = Refusal.NO_AUDIO_TRACK if has_video(container) else Refusal.NOT_AUDIO
        raise Rejected(reason, f"no audio track in {container.format.name}")
    readable = [track for track in tracks if not is_encrypted(track) and _opens(track)]
    if not readable:
        if any(map(is_encrypted, tracks)):
            raise Rejected(Refusal.PROTECTED, "encrypted")
        raise _not_read(tracks[0])
    default = next((one for one in readable if one.disposition & Disposition.default), readable[0])
    beside = [track for track in readable if track is default or not _is_alternative(track, default)]
    return beside[:MOST_TRACKS]


def _is_alternative(track: AudioStream, default: AudioStream) -> bool:
    """True where somebody hears either this track or the default one."""
    languages = {_language(track), _language(default)} - _NO_LANGUAGE
    return len(languages) > 1 or bool(track.disposition & _ALTERNATIVES)


def _language(track: AudioStream) -> str:
    return (track.language or "").casefold()


def is_encrypted(track: AudioStream) -> bool:
    """True where the track's entry says so."""
    codec = _codec(track)
    if codec is None:
        return False
    try:
        return codec.codec_tag in PROTECTED_TAGS
    except UnicodeDecodeError:
        return False  # PyAV reads a tag as ASCII; WAV has others


def _opens(track: AudioStream) -> bool:
    codec = _codec(track)
    if codec is None:
        return False
    codec.thread_count = 1
    codec.options = {"codec_whitelist": DECODERS}
    try:
        codec.open()
    except FFmpegError as error:
        if is_of_this_machine(error):
            raise
        return False
    return True


def _not_read(track: AudioStream) -> Rejected:
    """The reason why a track has no decoder."""
    codec = _codec(track)
    if codec is None:
        return Rejected(Refusal.FORMAT_NOT_READ, "unknown")
    if codec.name not in DECODERS.split(","):
        return Rejected(Refusal.FORMAT_NOT_READ, codec.name)
    return Rejected(Refusal.NOT_AUDIO, f"{codec.name} does not open")


def _codec(track: AudioStream) -> AudioCodecContext | None:
    # PyAV's stubs leave out that there is none where FFmpeg does not know the codec.
    return cast("AudioCodecContext | None", track.codec_context)

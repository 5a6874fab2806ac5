"""File names of transcripts, made of the recording's name, which is hostile text. Pure.

Nothing is found again by these names: the metadata of a reply holds the ids of its files. Names that begin
as those of former versions did are still looked for (``bot.slack.replies.metadata``), so none is made.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from bot import sentences
from bot.slack.incoming.files import AUDIO_KINDS, EITHER_KINDS, VIDEO_KINDS
from bot.translations import Reader

KINDS = ("txt", "srt", "vtt")
FORMER_BEGINNING = "transcript-"
"""Of the names that former versions gave, before the recording's id."""
_MOST_BYTES = 180
"""Of a name in UTF-8, before its extension: file systems take 255, and browsers add a number."""
_RECORDING_KINDS = AUDIO_KINDS | EITHER_KINDS | VIDEO_KINDS
_JOINERS = "\u200c\u200d"
"""Of letters and emoji; the other invisible characters turn the reading direction, or do nothing."""
_DIVIDERS = re.compile(r"[/\\|:]")
_FORBIDDEN = re.compile(r'[<>"?*]')
"""By Windows, as are the dividers.

Source: https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
"""
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
"""Devices of Windows, whatever extension follows."""
_VOICE_CLIP = re.compile(r"audio[_ ]message", re.IGNORECASE)
_UNTOLD = re.compile(r"(video[_ ]message)?", re.IGNORECASE)
"""The names of Slack's clips, and the empty one, say nothing."""


def transcript_file_names(reader: Reader, recording_name: str, message_ts: str) -> tuple[str, str, str]:
    """The names of a transcript's files: text, SubRip, WebVTT.

    Args:
        reader: In whose language a recording without a name of its own is called something.
        recording_name: As Slack tells it.
        message_ts: Of the message that shared it, which tells voice clips apart. In UTC, as the file may be
            read in any zone, and the sender's would tell where they are.
    """
    stem = _tamed(recording_name)
    if _VOICE_CLIP.fullmatch(stem):
        stem = _tamed(sentences.voice_message_name(reader, _time(message_ts)))
    elif _UNTOLD.fullmatch(stem):
        stem = _tamed(sentences.recording_name(reader, _time(message_ts)))
    return f"{stem}.txt", f"{stem}.srt", f"{stem}.vtt"


def _tamed(name: str) -> str:
    """A name without a recording's extension, that every file system takes; may be empty."""
    shown = "".join(map(_shown, unicodedata.normalize("NFC", name)))
    shown = " ".join(_FORBIDDEN.sub("", _DIVIDERS.sub("-", shown)).split())
    stem, _, extension = shown.rpartition(".")
    if extension.lower() not in _RECORDING_KINDS:
        stem = shown
    # Programs take a leading dash for an option, and hide what begins with a dot.
    stem = stem.lstrip(f" .-~{_JOINERS}")
    stem = stem.encode()[:_MOST_BYTES].decode(errors="ignore").rstrip(f" .{_JOINERS}")
    if stem.startswith(FORMER_BEGINNING):
        stem = stem.replace("-", " ", 1)
    return f"_{stem}" if _RESERVED.match(stem) else stem


def _shown(character: str) -> str:
    """A character as it may stand in a name: white space as a space, and nothing for what is unseen."""
    if character.isspace():
        return " "
    is_unseen = unicodedata.category(character).startswith("C") and character not in _JOINERS
    return "" if is_unseen else character


def _time(message_ts: str) -> str:
    """``2026-11-30 14.05 UTC``; empty where Slack's time is none."""
    try:
        return f"{datetime.fromtimestamp(float(message_ts), UTC):%Y-%m-%d %H.%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""

"""Renders a transcript as plain text, SubRip, WebVTT and JSON. Pure; the words in it are hostile here.

Neither format of subtitles has a way to write every text. WebVTT has character references; SubRip has none,
and players take ``<…>``, ``{…}`` and a backslash in it for markup: there these stand in their full-width
forms, which look the same and which NFKC turns back.

Source: https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pysubs2 import SSAEvent, SSAFile

from bot import sentences
from bot.recording import Gap, Paragraph, Transcript
from bot.transcript.cues import plan_cues
from bot.transcript.direction import CHARACTERS, is_right_to_left, laid_out, paragraphs_laid_out
from bot.transcript.time_marks import with_mark
from bot.translations import Reader

_UNSHOWABLE = re.compile(rf"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f{CHARACTERS}\ufeff\ud800-\udfff]")
"""Controls, what turns the reading direction, which is put in anew, and halves of surrogate pairs.

The controls that count as white space are missing: they end a word.
"""
_SRT = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "<>{}\\"})
_VTT = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;"})
_BACKSLASH = "\x00"
"""Stands for one in what pysubs2 gets, which else takes it and an N for a new line; no text has a NUL."""
_TIME = re.compile(r"(\d:\d{1,2})(?=[.,]\d)")
"""Two times on one line of words are a cue's times to some readers, arrow or not."""
WORD_JOINER = "\u2060"
"""Not seen, and no break."""


def plain_text(reader: Reader, transcript: Transcript) -> str:
    """Paragraphs with an empty line between them; a gap is a sentence in their place.

    Each begins with its time mark where the transcript has them.
    """
    return "\n\n".join(
        _passage_text(reader, passage, time_marks=transcript.time_marks) for passage in transcript.passages
    )


def render_txt(reader: Reader, transcript: Transcript) -> str:
    """The plain text as a file, each paragraph laid out in its direction."""
    return f"{paragraphs_laid_out(plain_text(reader, transcript))}\n"


def render_srt(reader: Reader, transcript: Transcript) -> str:
    """The transcript as SubRip subtitles."""
    return _subtitles(reader, transcript, "srt", _SRT)


def render_vtt(reader: Reader, transcript: Transcript) -> str:
    """The transcript as WebVTT subtitles."""
    return _subtitles(reader, transcript, "vtt", _VTT)


def render_json(transcript: Transcript) -> str:
    """The transcript for programs. Keys are only ever added.

    ``duration_s``; ``complete``, false where the recogniser stopped early; ``tracks``, how many hold sound;
    ``breaks_off``, true where the file ends before its sound does; ``languages``, each with ``code``
    (null where it is not known) and ``from_ms``; ``passages``, each with ``type``, ``start_ms`` and
    ``end_ms``, counted from the beginning of the recording. A passage's ``type`` is ``gap`` where nothing
    could be transcribed, or ``paragraph``: that has a ``text``, and the same text in pieces as
    ``utterances``, what was said between two pauses, each with ``start_ms``, ``end_ms`` and ``text``. Their
    times are estimated from the pauses.
    """
    document = {
        "duration_s": transcript.duration_s,
        "complete": transcript.complete,
        "tracks": transcript.tracks,
        "breaks_off": transcript.breaks_off,
        "languages": [{"code": heard.code, "from_ms": heard.from_ms} for heard in transcript.languages],
        "passages": [_passage_json(passage) for passage in transcript.passages],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _passage_text(reader: Reader, passage: Paragraph | Gap, *, time_marks: bool) -> str:
    if isinstance(passage, Gap):
        return sentences.gap(reader, passage.span.start_ms, passage.span.end_ms)
    text = on_one_line(passage.text)
    return with_mark(text, passage.utterances[0].span.start_ms) if time_marks else text


def _passage_json(passage: Paragraph | Gap) -> dict[str, Any]:
    if isinstance(passage, Gap):
        return {"type": "gap", "start_ms": passage.span.start_ms, "end_ms": passage.span.end_ms}
    return {
        "type": "paragraph",
        "start_ms": passage.utterances[0].span.start_ms,
        "end_ms": passage.utterances[-1].span.end_ms,
        "text": on_one_line(passage.text),
        "utterances": [
            {
                "start_ms": utterance.span.start_ms,
                "end_ms": utterance.span.end_ms,
                "text": on_one_line(utterance.text),
            }
            for utterance in passage.utterances
        ],
    }


def _subtitles(reader: Reader, transcript: Transcript, kind: str, escapes: Mapping[int, str]) -> str:
    subtitles = SSAFile()
    for cue in plan_cues(reader, transcript):
        lines = [line for line in map(on_one_line, cue.lines) if line]
        if lines:
            right_to_left = is_right_to_left(" ".join(lines))
            text = "\n".join(
                laid_out(_TIME.sub(rf"\1{WORD_JOINER}", line).translate(escapes), right_to_left=right_to_left)
                for line in lines
            )
            subtitles.append(SSAEvent(cue.start_ms, cue.end_ms, text.replace("\\", _BACKSLASH)))
    # Told to keep tags, pysubs2 looks for none: braces in a text stay.
    written = subtitles.to_string(kind, keep_ssa_tags=True)
    return written.replace(_BACKSLASH, "\\")


def on_one_line(text: str) -> str:
    """A text as people may see it: without line breaks, controls and what turns the reading direction."""
    return " ".join(_UNSHOWABLE.sub("", text).split())

"""What the job says -> Block Kit. Pure; transcripts and file names are hostile text here.

A transcript stands in ``rich_text`` text elements and a file name in ``plain_text``: Slack shows both to
the letter, so ``<!channel>`` in them notifies nobody. Every reply begins with a rich-text block, because
``chat.update`` replaces rich text only by rich text (``block_mismatch``).

Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.model import JobKey, Transcript, TranscriptionRequest
from bot.ports import Broken, GaveUp, Refused, Reply, Waiting
from bot import sentences

INLINE_CHARACTERS = (5_500, 1_000, 0)
"""How much of a transcript a message holds, and what is tried where Slack refuses that.

Slack took 5,700 characters and refused 13,000 (``msg_blocks_too_long``); not documented. With 0 nothing
but our own words is left, which it cannot refuse.
"""
_FALLBACK_CHARACTERS = 3_000
"""``chat.update`` refuses a ``text`` above 4,000, counted after escaping."""
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, halves of surrogate pairs, and what turns the reading direction of the text that follows."""

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What ``chat.postMessage`` takes."""

    text: str
    """What screen readers and notifications read; escaped."""
    blocks: list[Block]
    whole_text: str | None
    """The transcript for a file, where the message holds only its beginning."""


def render_reply(request: TranscriptionRequest, reply: Reply) -> Iterator[Message]:
    """One reply for one file: first as it should be, then ever smaller ones for where Slack refuses it."""
    if not isinstance(reply, Transcript):
        yield _render_sentence(request, _sentence(reply))
        return
    text = _showable(reply.text).strip() or "…"
    yield _render_transcript(request, reply, text, INLINE_CHARACTERS[0])
    for most in INLINE_CHARACTERS[1:]:
        if most < len(text):
            yield _render_transcript(request, reply, text, most)


def transcript_file_name(key: JobKey) -> str:
    """A name that only this job's file has in its thread, so that it can be found again."""
    run = f"-{key.run}" if key.run else ""
    return f"transcript-{key.file_id}{run}.txt"


def _render_sentence(request: TranscriptionRequest, said: str) -> Message:
    blocks = [_rich_text(said)]
    name = _shared_name(request)
    if name:
        blocks.append(_context(name))
    return Message(text=escape(said), blocks=blocks, whole_text=None)


def _sentence(reply: Refused | Waiting | GaveUp | Broken) -> str:
    match reply:
        case Refused(reason):
            return sentences.refusal(reason)
        case Waiting(why):
            return sentences.waiting(why)
        case GaveUp(why):
            return sentences.gave_up(why)
        case Broken(reference):
            return sentences.broken(reference)


def escape(text: str) -> str:
    """Slack's three control characters as entities.

    Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _render_transcript(
    request: TranscriptionRequest, transcript: Transcript, text: str, most_characters: int
) -> Message:
    facts = [sentences.language_name(transcript.language), sentences.duration(transcript.duration_s)]
    name = _shared_name(request)
    if name and most_characters:
        facts.append(name)
    if not transcript.complete:
        facts.append(sentences.CUT_SHORT)
    if len(text) <= most_characters:
        return Message(_fallback(text), [_rich_text(text), _context(" · ".join(facts))], whole_text=None)
    pointer = sentences.continued_in(transcript_file_name(request.key))
    if most_characters:
        shown = _beginning(text, most_characters)
        facts.append(pointer)
    else:
        shown = pointer
    return Message(_fallback(shown), [_rich_text(shown), _context(" · ".join(facts))], whole_text=text)


def _shared_name(request: TranscriptionRequest) -> str:
    """The file's name on one line where its message holds several; empty where it stands alone."""
    return " ".join(_showable(request.file.name).split()) if request.siblings > 1 else ""


def _showable(text: str) -> str:
    return _UNSHOWABLE.sub("", text)


def _rich_text(text: str) -> Block:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}


def _fallback(text: str) -> str:
    shown = text
    while len(escape(shown)) > _FALLBACK_CHARACTERS:
        # Escaping makes text at most five times longer, so this ends after a few rounds.
        shown = _beginning(shown, min(len(shown) * 3 // 4, _FALLBACK_CHARACTERS))
    return escape(shown)


def _beginning(text: str, limit: int) -> str:
    """At most ``limit`` characters of a longer text, cut at a space where there is one near."""
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return cut[: space if space > limit // 2 else len(cut)].rstrip() + "…"

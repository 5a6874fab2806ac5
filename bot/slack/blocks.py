"""What the job says -> Block Kit. Pure; transcripts and file names are hostile text here.

A transcript stands in ``rich_text`` text elements and a file name in ``plain_text``: Slack shows both to
the letter, so ``<!channel>`` in them notifies nobody. Every reply begins with a rich-text block, because
``chat.update`` replaces rich text only by rich text (``block_mismatch``).

Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.model import Transcript, TranscriptionRequest
from bot.ports import Broken, GaveUp, Refused, Reply, Waiting
from bot.slack import sentences

INLINE_CHARACTERS = 5_500
"""Slack took 5,700 characters in a message and refused 13,000 (``msg_blocks_too_long``); not documented."""
_FALLBACK_CHARACTERS = 3_000
"""``chat.update`` refuses a ``text`` above 4,000, counted after escaping."""

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What ``chat.postMessage`` takes."""

    text: str
    """What screen readers and notifications read; escaped."""
    blocks: list[Block]
    whole_text: str | None
    """The transcript for a file, where the message holds only its beginning."""


def render_reply(request: TranscriptionRequest, reply: Reply) -> Message:
    """One reply for one file."""
    if isinstance(reply, Transcript):
        return _render_transcript(request, reply)
    said = _sentence(reply)
    blocks = [_rich_text(said)]
    if request.siblings > 1 and request.file.name:
        blocks.append(_context(request.file.name))
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


def _render_transcript(request: TranscriptionRequest, transcript: Transcript) -> Message:
    shown = _beginning(transcript.text, INLINE_CHARACTERS)
    whole_text = None if shown == transcript.text else transcript.text
    facts = [sentences.language_name(transcript.language), sentences.duration(transcript.duration_s)]
    if request.siblings > 1 and request.file.name:
        facts.append(request.file.name)
    if whole_text is not None:
        facts.append(sentences.CONTINUED_IN_FILE)
    if not transcript.complete:
        facts.append(sentences.CUT_SHORT)
    return Message(
        text=_fallback(transcript.text),
        blocks=[_rich_text(shown), _context(" · ".join(facts))],
        whole_text=whole_text,
    )


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
    """At most ``limit`` characters, cut at a space where there is one near, with an ellipsis if cut."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return cut[: space if space > limit // 2 else len(cut)].rstrip() + "…"

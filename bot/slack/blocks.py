"""What the job says -> Block Kit. Pure; transcripts and file names are hostile text here.

A transcript stands in ``rich_text`` text elements and a file name in ``plain_text``: Slack shows both to
the letter, so ``<!channel>`` in them notifies nobody. Every reply begins with a rich-text block, because
``chat.update`` replaces rich text only by rich text (``block_mismatch``).

Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot import sentences
from bot.model import JobKey, Transcript, TranscriptionRequest
from bot.ports import Broken, GaveUp, Growing, Refused, Reply, Waiting
from bot.transcript.documents import on_one_line, plain_text, render_srt, render_txt, render_vtt

INLINE_CHARACTERS = (5_500, 1_000, 0)
"""How much of a transcript a message holds, and what is tried where Slack refuses that.

Slack took 5,700 characters and refused 13,000 (``msg_blocks_too_long``); not documented. With 0 nothing
but our own words is left, which it cannot refuse.
"""
_BLOCK_CHARACTERS = 3_000
"""Of one block's text: the documented limit of the blocks that have one."""
_FALLBACK_CHARACTERS = 3_000
"""``chat.update`` refuses a ``text`` above 4,000, counted after escaping."""
FILL_GAPS = "fill_gaps"
"""The action of the button that asks for the missing parts; its value is the job's key."""

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file to be shared."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Message:
    """What ``chat.postMessage`` takes."""

    text: str
    """What screen readers and notifications read; escaped."""
    blocks: list[Block]
    files: tuple[TextFile, ...] = ()
    """What has to be shared beside a message that holds only the beginning."""


def render_reply(request: TranscriptionRequest, reply: Reply, revision: int = 0) -> Iterator[Message]:
    """One reply for one file: first as it should be, then ever smaller ones for where Slack refuses it."""
    match reply:
        case Transcript():
            yield from _render_transcript(request, reply, revision)
        case Growing():
            yield from _render_growing(request, reply)
        case _:
            yield _render_sentence(request, _sentence(reply))


def _render_transcript(
    request: TranscriptionRequest, transcript: Transcript, revision: int
) -> Iterator[Message]:
    text, facts = _readable(transcript), _facts(request, transcript)
    buttons = [_gap_button(request.key)] if transcript.has_gaps else []
    files: tuple[TextFile, ...] = ()
    for most in INLINE_CHARACTERS:
        if len(text) <= most:
            if most == INLINE_CHARACTERS[0]:
                yield _message(text, facts, buttons)
            continue
        files = files or _files(request.key, transcript, revision)
        pointer = sentences.continued_in(files[0].name)
        if most:
            yield _message(_beginning(text, most), [*facts, pointer], buttons, files)
        else:
            yield _message(pointer, _own_facts(transcript), buttons, files)


def _render_growing(request: TranscriptionRequest, growing: Growing) -> Iterator[Message]:
    text, facts = _readable(growing.transcript), _facts(request, growing)
    for most in INLINE_CHARACTERS[:-1]:
        shown = text if len(text) <= most else _beginning(text, most)
        yield _message(shown, facts)
    yield _message(sentences.so_far(growing.done, growing.total, growing.delayed_by), [])


def _message(
    text: str, facts: list[str], buttons: list[Block] | None = None, files: tuple[TextFile, ...] = ()
) -> Message:
    line = [_context(" · ".join(facts))] if facts else []
    return Message(_fallback(text), [*_rich_texts(text), *line, *(buttons or [])], files)


def render_in_pieces(request: TranscriptionRequest, transcript: Transcript) -> list[Message]:
    """The same without a file: the reply, and the messages that carry it on."""
    pieces = list(_split(_readable(transcript), _BLOCK_CHARACTERS))
    facts = _facts(request, transcript)
    buttons = [_gap_button(request.key)] if transcript.has_gaps else []
    return [
        _message(
            piece,
            [*(facts if number == 1 else []), sentences.continued_below(number, len(pieces))],
            buttons if number == 1 else [],
        )
        for number, piece in enumerate(pieces, start=1)
    ]


def transcript_file_names(key: JobKey, revision: int) -> tuple[str, ...]:
    """Names that only this job's files have in its thread, so that they can be found again."""
    run = f"-{key.run}" if key.run else ""
    version = f"-v{revision + 1}" if revision else ""
    return tuple(f"transcript-{key.file_id}{run}{version}.{kind}" for kind in ("txt", "srt", "vtt"))


def _files(key: JobKey, transcript: Transcript, revision: int) -> tuple[TextFile, ...]:
    contents = (render_txt(transcript), render_srt(transcript), render_vtt(transcript))
    names = transcript_file_names(key, revision)
    return tuple(TextFile(name, content) for name, content in zip(names, contents, strict=True))


def _readable(transcript: Transcript) -> str:
    return plain_text(transcript) or "…"


def _facts(request: TranscriptionRequest, reply: Transcript | Growing) -> list[str]:
    """The line under a transcript, piece by piece."""
    facts = _own_facts(reply)
    if name := _shared_name(request):
        facts.insert(2, name)
    return facts


def _own_facts(reply: Transcript | Growing) -> list[str]:
    """The same in our own words alone, which Slack cannot refuse."""
    if isinstance(reply, Growing):
        transcript, extent = reply.transcript, sentences.so_far(reply.done, reply.total, reply.delayed_by)
    else:
        transcript, extent = reply, sentences.duration(reply.duration_s)
    cut_short = [] if transcript.complete else [sentences.CUT_SHORT]
    return [sentences.languages(transcript.languages), extent, *cut_short]


def _gap_button(key: JobKey) -> Block:
    text = {"type": "plain_text", "text": sentences.FILL_GAPS, "emoji": False}
    button = {"type": "button", "action_id": FILL_GAPS, "text": text, "value": str(key)}
    return {"type": "actions", "elements": [button]}


def _render_sentence(request: TranscriptionRequest, said: str) -> Message:
    blocks = [_rich_text(said)]
    name = _shared_name(request)
    if name:
        blocks.append(_context(name))
    return Message(text=escape(said), blocks=blocks)


def _sentence(reply: Refused | Waiting | GaveUp | Broken) -> str:
    match reply:
        case Refused(reason, limit):
            return sentences.refusal(reason, limit)
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


def _shared_name(request: TranscriptionRequest) -> str:
    """The file's name on one line where its message holds several; empty where it stands alone."""
    return on_one_line(request.file.name) if request.siblings > 1 else ""


def _rich_texts(text: str) -> list[Block]:
    return [_rich_text(piece) for piece in _split(text, _BLOCK_CHARACTERS)]


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
    return text[: _cut(text, limit - 1)].rstrip() + "…"


def _split(text: str, limit: int) -> Iterator[str]:
    """A text in pieces of at most ``limit`` characters, cut between paragraphs or words if one is near."""
    while len(text) > limit:
        cut = _cut(text, limit)
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    yield text


def _cut(text: str, limit: int) -> int:
    """Where to cut a longer text: at a paragraph's or word's end in the second half before ``limit``."""
    for mark in ("\n\n", " "):
        found = text.rfind(mark, limit // 2, limit + len(mark))
        if found != -1:
            return found
    return limit

"""View of an edited reply: its blocks with the new text, and its files. Pure; the text is hostile here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot import sentences
from bot.recording import Transcript
from bot.reply import TextFile
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block, context
from bot.slack.blockkit.rich_text import beginning, fallback, unescaped, with_text
from bot.slack.replies.handle import ReplyHandle
from bot.slack.replies.render import INLINE_CHARACTERS, OutgoingMessage
from bot.transcript.documents import plain_text, render_srt, render_txt, render_vtt
from bot.transcript.retime import retime
from bot.transcript.time_marks import MarkedParagraph
from bot.translations import Reader

_BETWEEN = " · "


def render_edited(
    reader: Reader,
    blocks: Sequence[Mapping[str, Any]],
    before: Sequence[MarkedParagraph],
    paragraphs: Sequence[str],
    names: Sequence[str],
    subtitles: str,
) -> Iterator[OutgoingMessage]:
    """The reply: first as it should be, then ever smaller ones for where Slack refuses it.

    Args:
        reader: In whose language.
        blocks: Of the reply that stands.
        before: Its old text. Where that has time marks, the new one gets them.
        paragraphs: Its new text.
        names: Of its files: text, SubRip, WebVTT.
        subtitles: WebVTT with the times of the old text; empty where there are none.
    """
    kept = [_with_edited_controls(block) for block in as_sent(blocks)]
    kept = [block for block in kept if block.get("elements") != []]
    transcript = retime(paragraphs, subtitles, before)
    text = plain_text(reader, transcript)
    pointer = (sentences.continued_in if subtitles else sentences.continued_in_text)(reader, names[0])
    files: tuple[TextFile, ...] = ()
    for most in INLINE_CHARACTERS:
        if len(text) <= most:
            if most == INLINE_CHARACTERS[0]:
                yield _message(kept, text)
            continue
        files = files or tuple(_files(reader, transcript, names, has_times=bool(subtitles)))
        if most:
            yield _message(kept, beginning(text, most), pointer, files)
        else:
            yield _message(kept, pointer, files=files)


def _message(
    blocks: Sequence[Block],
    text: str,
    pointer: str = "",
    files: tuple[TextFile, ...] = (),
) -> OutgoingMessage:
    placed = [_with_pointer(block, pointer) for block in with_text(blocks, text)]
    return OutgoingMessage(fallback(text), placed, files)


def _files(
    reader: Reader, transcript: Transcript, names: Sequence[str], *, has_times: bool
) -> Iterator[TextFile]:
    yield TextFile(names[0], render_txt(reader, transcript))
    if has_times:
        yield TextFile(names[1], render_srt(reader, transcript))
        yield TextFile(names[2], render_vtt(reader, transcript))


def _with_pointer(block: Block, pointer: str) -> Block:
    """The line of facts, ended by the pointer to where the rest is; any other block as it is."""
    if block.get("type") != "context":
        return block
    facts, _ = split_pointer(str(block["elements"][0].get("text") or ""))
    return context(_BETWEEN.join(fact for fact in (facts, pointer) if fact))


def split_pointer(facts: str) -> tuple[str, bool]:
    """A line of facts without the pointer to a file that ends it, and whether there was one.

    The file's name may be any, so the sentence begins where a fact does.
    """
    pattern = sentences.continued_in_any_language()
    told = facts.split(_BETWEEN)
    for at in reversed(range(len(told))):
        if pattern.fullmatch(_BETWEEN.join(told[at:])):
            return _BETWEEN.join(told[:at]), True
    return facts, False


def _with_edited_controls(block: Block) -> Block:
    """The block of buttons, marked as an edited reply's; any other block as it is.

    Without the button that fills gaps, which would bring the recogniser's words back.
    """
    if block.get("type") != "actions":
        return block
    left = [element for element in block["elements"] if element.get("action_id") != action_ids.FILL_GAPS]
    handle = ReplyHandle.parse(block.get("block_id"))
    marked = {} if handle is None else {"block_id": replace(handle, is_edited=True).dump()}
    return block | marked | {"elements": left}


def as_sent(blocks: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Blocks as they were sent, from those that Slack gives back."""
    return [_as_sent(block) for block in blocks]


def _as_sent(value: Any) -> Any:
    if isinstance(value, str):
        return unescaped(value)
    if isinstance(value, Mapping):
        return {name: _as_sent(inside) for name, inside in value.items()}
    if isinstance(value, list):
        return [_as_sent(inside) for inside in value]
    return value

"""Rich-text blocks and escaping: text of people and machines, shown to the letter. Pure.

Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.slack.blockkit.elements import Block
from bot.slack.incoming.fields import objects_in
from bot.transcript.direction import (
    first_mark,
    is_right_to_left,
    paragraphs_laid_out,
    without_direction,
)
from bot.transcript.time_marks import BEHIND, marks_and_words, without_marks
from bot.transcript.tokens import Ends, ends_sentence, tokens

BLOCK_CHARACTERS = 3_000
"""Of one block's text: the documented limit of the blocks that have one."""
_WORDS_IN_BLOCK = (BLOCK_CHARACTERS, BLOCK_CHARACTERS - 100, BLOCK_CHARACTERS // 2)
"""Without the characters that lay a right-to-left paragraph out: they at most double a text."""
_FALLBACK_CHARACTERS = 3_000
"""``chat.update`` refuses a ``text`` above 4,000, counted after escaping."""
_OF_MARKS = {"italic": True}
_SIGN = re.compile(r"[<>]|&(?!(?:amp|lt|gt);)")
_JOINTS = {"paragraph": "\n\n", "line": "\n", "word": " ", "cut": ""}
"""The white space between a block and the one before it, by the word that its id begins with."""


def escape(text: str) -> str:
    """Slack's three control characters as entities.

    Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return html.escape(text, quote=False)


def unescaped(text: str) -> str:
    """A text of a message as it was sent: Slack gives even plain text back with its signs as entities.

    Source: https://github.com/slackapi/bolt-python/issues/513
    """
    # With one of the signs standing by itself, nothing was escaped.
    return text if _SIGN.search(text) else html.unescape(text)


def rich_text(text: str, block_id: str | None = None) -> Block:
    """One rich-text block."""
    return _rich_text([{"type": "text", "text": text}], block_id)


def _rich_text(elements: Sequence[Block], block_id: str | None) -> Block:
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [section]} | ({"block_id": block_id} if block_id else {})


def rich_texts(text: str) -> list[Block]:
    """A text in as many rich-text blocks as it needs, each paragraph laid out in its direction.

    Its time marks stand in italics. These are quiet; and by these, whatever becomes of a space, they are told
    from the words when the text is read again.
    """
    pieces: list[tuple[str, str]] = []
    for limit in _WORDS_IN_BLOCK:
        pieces = [(joint, paragraphs_laid_out(piece)) for joint, piece in split(text, limit)]
        if all(len(piece) <= BLOCK_CHARACTERS for _, piece in pieces):
            break
    return [
        _rich_text(list(_elements(piece)), f"{joint}-{number}" if number else None)
        for number, (joint, piece) in enumerate(pieces)
    ]


def _elements(piece: str) -> Iterator[Block]:
    for mark, words in marks_and_words(piece):
        if mark:
            yield {"type": "text", "text": mark, "style": _OF_MARKS}
        if words or not mark:
            yield {"type": "text", "text": words}


def text_of(blocks: object) -> str:
    """The words that ``rich_texts`` put in blocks; a line that says where it is from is not of it."""
    return without_marks(marked_text_of(blocks))


def marked_text_of(blocks: object) -> str:
    """The same with its time marks, where it has some."""
    shown = ""
    for block in objects_in(blocks):
        text = _only_text(block)
        if text is not None:
            joint = str(block.get("block_id") or "").partition("-")[0]
            shown += (_JOINTS.get(joint, "\n\n") if shown else "") + unescaped(text)
    return without_direction(shown)


def with_text(blocks: Sequence[Block], text: str) -> list[Block]:
    """The same blocks with another text in the place of the one that ``text_of`` reads."""
    at = next((at for at, block in enumerate(blocks) if _only_text(block) is not None), 0)
    before, after = blocks[:at], [block for block in blocks[at:] if _only_text(block) is None]
    return [*before, *rich_texts(text), *after]


def _only_text(block: Mapping[str, Any]) -> str | None:
    elements = [
        element
        for section in objects_in(block.get("elements"))
        for element in objects_in(section.get("elements"))
    ]
    kinds = {element.get("type") for element in elements}
    if block.get("type") != "rich_text" or kinds != {"text"}:
        return None
    return "".join(map(_text_in, elements))


def _text_in(element: Mapping[str, Any]) -> str:
    text = str(element.get("text") or "")
    return f"{without_direction(text).strip()}{BEHIND}" if element.get("style") else text


def fallback(text: str) -> str:
    """The beginning of a text's words, escaped: what screen readers and notifications read (``text``)."""
    shown = without_marks(text)
    while len(escape(shown)) > _FALLBACK_CHARACTERS:
        # Escaping makes text at most five times longer, so this ends after a few rounds.
        shown = beginning(shown, min(len(shown) * 3 // 4, _FALLBACK_CHARACTERS))
    return first_mark(shown, right_to_left=is_right_to_left(shown)) + escape(shown)


def beginning(text: str, limit: int) -> str:
    """At most ``limit`` characters of a longer text, cut as ``split`` does, and dots behind them."""
    kept = text[: _cut(text, limit - len(" …"))].rstrip()
    return f"{kept} …" if ends_sentence(kept) else f"{kept}…"


def split(text: str, limit: int) -> Iterator[tuple[str, str]]:
    """A text in pieces of at most ``limit`` characters, cut between paragraphs, sentences or words.

    Yields:
        What stood before a piece (``paragraph``, ``line``, ``word``, or ``cut`` for nothing), and the piece.
    """
    joint = "cut"
    while len(text) > limit:
        cut = _cut(text, limit)
        piece, rest = text[:cut].rstrip(), text[cut:].lstrip()
        yield joint, piece
        joint, text = _joint(text[len(piece) : len(text) - len(rest)]), rest
    yield joint, text


def join(pieces: Iterable[tuple[str, str]]) -> str:
    """The text that ``split`` took apart, but for longer white space where it was cut."""
    return "".join(_JOINTS[joint] + piece for joint, piece in pieces)


def _joint(between: str) -> str:
    if "\n\n" in between:
        return "paragraph"
    if "\n" in between:
        return "line"
    return "word" if between else "cut"


def _cut(text: str, limit: int) -> int:
    """The position to cut at: the last end of a paragraph in the second half before ``limit``.

    Where there is none, that of a sentence; else that of a word; else there.
    """
    half = limit // 2
    paragraph = text.rfind("\n\n", half, limit + 2)
    if paragraph != -1:
        return paragraph
    # The window ends behind the limit, so that no end of its own is taken for one of a sentence.
    sentences = (half + token.end for token in tokens(text[half : limit + 2]) if token.ends is Ends.SENTENCE)
    sentence = max((end for end in sentences if end <= limit), default=-1)
    word = text.rfind(" ", half, limit + 1)
    return next((end for end in (sentence, word) if end != -1), limit)

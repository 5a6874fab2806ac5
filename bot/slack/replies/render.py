"""Rendering of replies as Block Kit. Pure; transcripts and file names are hostile text here.

A transcript stands in ``rich_text`` text elements and a file name in ``plain_text``: Slack shows both to
the letter, so ``<!channel>`` in them notifies nobody. Every reply begins with a rich-text block, because
``chat.update`` replaces rich text only by rich text (``block_mismatch``).

Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot import formats, sentences
from bot.model import TranscriptionRequest
from bot.recording import Transcript
from bot.reply import Broken, ConsentRequest, GaveUp, Growing, Refused, Reply, TextFile, Waiting
from bot.slack.blockkit.elements import Block, context
from bot.slack.blockkit.rich_text import (
    BLOCK_CHARACTERS,
    beginning,
    escape,
    fallback,
    rich_text,
    rich_texts,
    split,
)
from bot.slack.replies.controls import render_controls
from bot.slack.replies.file_names import transcript_file_names
from bot.transcript.documents import on_one_line, plain_text, render_srt, render_txt, render_vtt
from bot.translations import Reader

INLINE_CHARACTERS = (5_500, 1_000, 0)
"""The most of a transcript that a message holds, and what is tried where Slack refuses that.

Slack took 5,700 characters and refused 13,000 (``msg_blocks_too_long``); not documented. With 0 nothing
but our own words and the file's name is left, which it cannot refuse.
"""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """The content of a message for ``chat.postMessage``, with files to share beside it."""

    text: str
    """The text that screen readers and notifications read; escaped."""
    blocks: list[Block]
    files: tuple[TextFile, ...] = ()
    """Files to share beside a message that holds only the beginning."""

    @property
    def without_files(self) -> OutgoingMessage:
        """The message until its files are shared: without the line that points to them, and buttons."""
        return replace(
            self, blocks=[block for block in self.blocks if block["type"] == "rich_text"], files=()
        )


def render_reply(
    reader: Reader, request: TranscriptionRequest, reply: Reply, revision: int = 0, *, fleeting: bool = False
) -> Iterator[OutgoingMessage]:
    """One reply for one file: first as it should be, then ever smaller ones for where Slack refuses it.

    Args:
        reader: In whose language.
        request: Whose reply it is.
        reply: What it says.
        revision: Of the job.
        fleeting: The reply is to be an ephemeral message.
    """
    controls = render_controls(reader, request, reply, revision, fleeting=fleeting)
    match reply:
        case Transcript():
            yield from _render_transcript(reader, request, reply, controls)
        case Growing():
            yield from _render_growing(reader, request, reply)
        case _:
            yield _render_sentence(request, sentence_of(reader, reply), controls)


def _render_transcript(
    reader: Reader, request: TranscriptionRequest, transcript: Transcript, controls: list[Block]
) -> Iterator[OutgoingMessage]:
    text, facts = _readable(reader, transcript), _facts(reader, request, transcript)
    files: tuple[TextFile, ...] = ()
    for most in INLINE_CHARACTERS:
        if len(text) <= most:
            if most == INLINE_CHARACTERS[0]:
                yield _message(text, facts, controls)
            continue
        files = files or _files(reader, request, transcript)
        pointer = sentences.continued_in(reader, files[0].name)
        if most:
            yield _message(beginning(text, most), [*facts, pointer], controls, files)
        else:
            yield _message(pointer, _own_facts(reader, transcript), controls, files)


def _render_growing(
    reader: Reader, request: TranscriptionRequest, growing: Growing
) -> Iterator[OutgoingMessage]:
    text, facts = _readable(reader, growing.transcript), _facts(reader, request, growing)
    for most in INLINE_CHARACTERS[:-1]:
        shown = text if len(text) <= most else beginning(text, most)
        yield _message(shown, facts)
    yield _message(sentences.so_far(reader, growing.done, growing.total, growing.delayed_by), [])


def _message(
    text: str, facts: list[str], controls: list[Block] | None = None, files: tuple[TextFile, ...] = ()
) -> OutgoingMessage:
    line = [context(" · ".join(facts))] if facts else []
    return OutgoingMessage(fallback(text), [*rich_texts(text), *line, *(controls or [])], files)


def render_in_pieces(
    reader: Reader, request: TranscriptionRequest, transcript: Transcript, revision: int = 0
) -> list[OutgoingMessage]:
    """The same without a file: the reply, and the messages that carry it on."""
    pieces = [piece for _, piece in split(_readable(reader, transcript), BLOCK_CHARACTERS)]
    facts = _facts(reader, request, transcript)
    controls = render_controls(reader, request, transcript, revision)
    return [
        _message(
            piece,
            [*(facts if number == 1 else []), sentences.continued_below(reader, number, len(pieces))],
            controls if number == 1 else [],
        )
        for number, piece in enumerate(pieces, start=1)
    ]


def _files(reader: Reader, request: TranscriptionRequest, transcript: Transcript) -> tuple[TextFile, ...]:
    contents = (
        render_txt(reader, transcript),
        render_srt(reader, transcript),
        render_vtt(reader, transcript),
    )
    names = transcript_file_names(reader, request.file.name, request.key.message_ts)
    return tuple(TextFile(name, content) for name, content in zip(names, contents, strict=True))


def _readable(reader: Reader, transcript: Transcript) -> str:
    return plain_text(reader, transcript) or "…"


def _facts(reader: Reader, request: TranscriptionRequest, reply: Transcript | Growing) -> list[str]:
    """The line under a transcript, fact by fact."""
    facts = _own_facts(reader, reply)
    if name := _shared_name(request):
        facts.insert(2, name)
    return facts


def _own_facts(reader: Reader, reply: Transcript | Growing) -> list[str]:
    """The same in our own words alone, which Slack cannot refuse."""
    if isinstance(reply, Growing):
        transcript, extent = (
            reply.transcript,
            sentences.so_far(reader, reply.done, reply.total, reply.delayed_by),
        )
    else:
        transcript, extent = reply, formats.duration(reply.duration_s)
    facts = [sentences.languages(reader, transcript.languages), extent]
    if transcript.tracks > 1:
        facts.append(sentences.tracks(reader, transcript.tracks))
    if transcript.emotion is not None:
        facts.append(reader.say(sentences.EMOTIONS[transcript.emotion]))
    if not transcript.complete:
        facts.append(reader.say(sentences.CUT_SHORT))
    if transcript.breaks_off:
        facts.append(sentences.breaks_off(reader, transcript.duration_s))
    if transcript.month_used is not None:
        facts.append(sentences.month_used(reader, transcript.month_used))
    return facts


def _render_sentence(request: TranscriptionRequest, said: str, controls: list[Block]) -> OutgoingMessage:
    name = _shared_name(request)
    line = [context(name)] if name else []
    return OutgoingMessage(text=escape(said), blocks=[rich_text(said), *line, *controls])


def sentence_of(reader: Reader, reply: Refused | Waiting | ConsentRequest | GaveUp | Broken) -> str:
    """The sentence of a reply without a transcript."""
    match reply:
        case Refused(reason, limit, format_name):
            return sentences.refusal(reader, reason, limit, format_name)
        case Waiting(why):
            return sentences.waiting(reader, why)
        case ConsentRequest(duration_s, cost):
            return sentences.ask_first(reader, duration_s, cost)
        case GaveUp(why):
            return sentences.gave_up(reader, why)
        case Broken(reference):
            return sentences.broken(reader, reference)


def _shared_name(request: TranscriptionRequest) -> str:
    """The file's name on one line where its message holds several; empty where it stands alone."""
    return on_one_line(request.file.name) if request.siblings > 1 else ""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings

from bot import sentences
from bot.playground.slack_lookalike.blockkit import complaints_about_blocks
from bot.recording import Gap, Span, Transcript
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import line
from bot.slack.blockkit.rich_text import escape, marked_text_of, text_of
from bot.slack.replies.handle import ReplyHandle
from bot.slack.replies.render import OutgoingMessage, render_reply
from bot.slack.reply_menu.rewrite_view import render_edited
from bot.transcript.documents import render_vtt
from bot.transcript.edits import parse_marked, parse_paragraphs
from bot.translations import ENGLISH, Reader, readers
from tests.slack.payloads import request
from tests.slack.scene import LONG, LONG_TEXT
from tests.transcript.texts import texts
from tests.transcripts import said

NAMES = ("t.txt", "t.srt", "t.vtt")
HELLO = said("Hello <!channel>, *everybody*.", duration_s=11.4)
SUBTITLES = render_vtt(ENGLISH, LONG)
IN_FILE = sentences.continued_in(ENGLISH, "t.txt")


def blocks_of(transcript: Transcript, **changes: Any) -> list[dict[str, Any]]:
    return next(render_reply(ENGLISH, request(**changes), transcript)).blocks


def edited(blocks: list[dict[str, Any]], text: str, subtitles: str = "") -> list[OutgoingMessage]:
    before = parse_marked(marked_text_of(blocks))
    return list(render_edited(ENGLISH, blocks, before, parse_paragraphs(text), NAMES, subtitles))


def facts(message: OutgoingMessage) -> str:
    (shown,) = [block for block in message.blocks if block["type"] == "context"]
    return str(shown["elements"][0]["text"])


def ids_of(message: OutgoingMessage) -> list[str]:
    return [
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def as_edited(controls: dict[str, Any]) -> dict[str, Any]:
    """The buttons of a reply that somebody has edited: their block's id says so."""
    assert ReplyHandle.parse(controls["block_id"])
    return controls | {"block_id": controls["block_id"].replace("1|", "1e|", 1)}


def as_slack_gives_it_back(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {name: as_slack_gives_it_back(inside) for name, inside in value.items()}
    return [as_slack_gives_it_back(inside) for inside in value] if isinstance(value, list) else value


def test_only_the_text_changes() -> None:
    before = blocks_of(HELLO)

    message = edited(before, "Goodbye <!here>.\nYes.")[0]

    assert text_of(message.blocks) == "Goodbye <!here>.\n\nYes."
    assert message.text == "Goodbye &lt;!here&gt;.\n\nYes."
    assert message.blocks[1:] == [before[1], as_edited(before[2])]
    assert message.files == ()


def test_a_reply_is_edited_once_and_for_all() -> None:
    once = edited(blocks_of(HELLO), "Goodbye.")[0].blocks
    again = edited(once, "Goodbye, all.")[0].blocks
    assert again[1:] == once[1:]


def test_what_slack_gives_back_is_sent_as_it_was() -> None:
    before = blocks_of(HELLO, siblings=2)
    before[-2]["elements"][0]["text"] += " · R&D <1>.mp3"

    message = edited(as_slack_gives_it_back(before), "R&D")[0]

    assert message.blocks[1:] == [before[1], as_edited(before[2])]
    assert text_of(as_slack_gives_it_back(before)) == "Hello <!channel>, *everybody*."


def test_the_line_that_says_where_it_is_from_stays_above() -> None:
    origin = line("From {channel}", channel={"type": "channel", "channel_id": "C1"})

    message = edited([origin, *blocks_of(HELLO)], "Bye.")[0]

    assert message.blocks[0] == origin
    assert text_of(message.blocks) == "Bye."


@settings(max_examples=15)  # each has its subtitles timed anew
@given(texts, texts)
def test_every_form_passes_slacks_checks(old: str, new: str) -> None:
    # Who leaves nothing is told so in the modal.
    new = " ".join([new.strip() or "x"] * 30)
    assume(parse_paragraphs(new))

    messages = edited(blocks_of(said(old or "x")), new, SUBTITLES)

    assert messages
    for message in messages:
        assert complaints_about_blocks(message.blocks) == []
        assert len(message.text) <= 4_000
        assert message.blocks[0]["type"] == "rich_text"


def test_what_outgrows_the_message_goes_to_a_text_file() -> None:
    whole, smallest = edited(blocks_of(HELLO), LONG_TEXT)[-2:]

    (file,) = whole.files
    assert (file.name, file.content) == ("t.txt", f"{LONG_TEXT}\n")
    assert facts(whole) == f"English · 0:11 · {sentences.continued_in_text(ENGLISH, 't.txt')}"
    assert text_of(whole.blocks).endswith("…")
    assert text_of(smallest.blocks) == sentences.continued_in_text(ENGLISH, "t.txt")
    assert smallest.files == whole.files
    assert ids_of(whole) == [action_ids.REPLY_MENU]


def test_a_long_text_gets_files_with_the_times_of_the_old_ones() -> None:
    before = blocks_of(LONG)
    shorter = next(m for m in render_reply(ENGLISH, request(), LONG) if m.files)

    message = edited(shorter.blocks, LONG_TEXT.replace("word7 ", "seven "), SUBTITLES)[0]

    assert [file.name for file in message.files] == list(NAMES)
    assert all("seven" in file.content and "word7 " not in file.content for file in message.files)
    assert message.files[2].content.count("-->") == SUBTITLES.count("-->")
    assert before


def test_where_the_rest_is_is_said_once() -> None:
    first = edited(blocks_of(HELLO), LONG_TEXT)[0]
    second = edited(first.blocks, LONG_TEXT, SUBTITLES)[0]
    third = edited(second.blocks, LONG_TEXT, SUBTITLES)[0]

    assert facts(third) == facts(second) == f"English · 0:11 · {IN_FILE}"


@pytest.mark.parametrize("reader", readers(), ids=str)
def test_where_the_rest_was_is_taken_away_in_whatever_language_it_was_said(reader: Reader) -> None:
    (before, *_) = render_edited(reader, blocks_of(HELLO), [], parse_paragraphs(LONG_TEXT), NAMES, SUBTITLES)
    assert facts(before).endswith(sentences.continued_in(reader, "t.txt"))

    assert facts(edited(before.blocks, LONG_TEXT, SUBTITLES)[0]) == f"English · 0:11 · {IN_FILE}"
    assert facts(edited(before.blocks, "Short.", SUBTITLES)[0]) == "English · 0:11"


def test_what_fits_the_message_again_needs_no_file() -> None:
    long = edited(blocks_of(HELLO), LONG_TEXT, SUBTITLES)[0]

    (message, *_) = edited(long.blocks, "Short.", SUBTITLES)

    assert (text_of(message.blocks), message.files) == ("Short.", ())
    assert facts(message) == "English · 0:11"


@pytest.mark.parametrize("reader", [False, True])
def test_gaps_are_not_filled_over_an_edit(*, reader: bool) -> None:
    transcript = Transcript(
        (*HELLO.passages, Gap(Span(11_400, 20_000))), HELLO.languages, 20.0, complete=True
    )
    before = blocks_of(transcript)
    assert action_ids.FILL_GAPS in ids_of(OutgoingMessage("", before))
    if reader:
        before[-1]["elements"] = before[-1]["elements"][:1]

    message = edited(before, "Hello.")[0]

    assert ids_of(message) == ([] if reader else [action_ids.REPLY_MENU])
    assert complaints_about_blocks(message.blocks) == []

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import sentences
from bot.errors import Misconfiguration, Outage, Refusal
from bot.playground.slack_lookalike.blockkit import characters_in, complaints_about_blocks
from bot.recording import EMOTIONS, Gap, LanguageHeard, Paragraph, Span, Transcript, Utterance
from bot.reply import Broken, ConsentRequest, GaveUp, Growing, Refused, Reply, Waiting
from bot.slack.blockkit.action_ids import FILL_GAPS, REPLY_MENU
from bot.slack.replies.render import (
    INLINE_CHARACTERS,
    OutgoingMessage,
    render_in_pieces,
    render_reply,
)
from bot.transcript.direction import without_direction
from bot.translations import ENGLISH
from tests.slack.payloads import request, shared_file
from tests.transcripts import said as transcript

INJECTIONS = [
    "<!channel>",
    "<!here>",
    "<@U1>",
    "<!subteam^S1>",
    "<https://evil|x>",
    "*b*",
    "`c`",
    "&lt;!here&gt;",
]


def rendered(reply: Reply, **changes: Any) -> OutgoingMessage:
    return next(iter(render_reply(ENGLISH, request(**changes), reply)))


def shown_in(message: OutgoingMessage) -> str:
    """The text of the rich-text blocks, as a person reads it."""
    shown = []
    assert message.blocks[0]["type"] == "rich_text"
    for block in message.blocks:
        if block["type"] == "rich_text":
            (section,) = block["elements"]
            (element,) = section["elements"]
            assert element["type"] == "text"
            assert element.keys() == {"type", "text"}
            assert len(element["text"]) <= 3_000
            shown.append(str(element["text"]))
    return " ".join(shown)


def squeezed(text: str) -> str:
    """Without white space, at which blocks are divided, and without what lays them out."""
    return "".join(without_direction(text).split())


def context_of(message: OutgoingMessage) -> str:
    (block,) = (block for block in message.blocks if block["type"] == "context")
    (element,) = block["elements"]
    assert element["type"] == "plain_text"
    return str(element["text"])


def assert_sendable(message: OutgoingMessage) -> None:
    assert complaints_about_blocks(message.blocks) == []
    assert message.text
    assert len(message.text) <= 3_000
    assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", message.text)
    json.dumps([message.text, message.blocks], ensure_ascii=False).encode()
    for file in message.files:
        file.content.encode()
    assert message.blocks[0]["type"] == "rich_text"


def test_a_transcript_stands_as_it_was_said_with_its_facts_beneath() -> None:
    message = rendered(transcript("Let's meet at noon.", duration_s=11.4))

    assert shown_in(message) == "Let's meet at noon."
    assert context_of(message) == "English · 0:11"
    assert message.text == "Let's meet at noon."
    assert message.files == ()


def test_the_file_is_named_where_its_message_holds_several() -> None:
    several = {"siblings": 2, "file": shared_file(name="monday\n note.m4a")}

    assert context_of(rendered(transcript("Hello."), **several)) == "English · 0:02 · monday note.m4a"
    assert context_of(rendered(Refused(Refusal.EMPTY), **several)) == "monday note.m4a"
    assert [block["type"] for block in rendered(Refused(Refusal.EMPTY)).blocks] == ["rich_text", "actions"]
    assert (
        context_of(rendered(transcript("Hello."), siblings=2, file=shared_file(name=""))) == "English · 0:02"
    )


def test_time_marks_stand_in_italics_and_not_in_what_is_read_out() -> None:
    longer = replace(transcript("Let's meet at noon.", duration_s=200.0), time_marks=True)

    message = rendered(longer)

    (mark, words) = message.blocks[0]["elements"][0]["elements"]
    assert mark == {"type": "text", "text": "0:00\u2002", "style": {"italic": True}}
    assert words == {"type": "text", "text": "Let's meet at noon."}
    assert message.text == "Let's meet at noon."
    assert_sendable(message)
    assert rendered(Growing(longer, 1, 3)).blocks[0] == message.blocks[0]
    assert render_in_pieces(ENGLISH, request(), longer)[0].blocks[0] == message.blocks[0]


def test_a_transcript_that_was_cut_short_says_so() -> None:
    message = rendered(transcript("Hello.", complete=False, language=None))

    assert context_of(message) == f"Language not recognised · 0:02 · {ENGLISH.say(sentences.CUT_SHORT)}"


def test_several_tracks_and_an_end_that_is_missing_are_told() -> None:
    message = rendered(replace(transcript("Hello."), tracks=2, duration_s=35.2, breaks_off=True))

    assert context_of(message) == "English · 0:35 · 2 tracks · The file breaks off at 0:35"


def test_a_growing_transcript_tells_of_its_tracks_too() -> None:
    growing = Growing(replace(transcript("Hello."), tracks=3), 1, 4)

    assert context_of(rendered(growing)) == "English · To be continued: 1 of 4 parts done… · 3 tracks"


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_how_it_sounded_is_told_where_it_is_to_be(emotion: str) -> None:
    message = rendered(replace(transcript("Hello."), emotion=emotion))

    assert context_of(message) == f"English · 0:02 · {ENGLISH.say(sentences.EMOTIONS[emotion])}"


def test_a_month_that_is_nearly_used_up_stands_last() -> None:
    hello = replace(transcript("Hello.", complete=False), emotion="happy", month_used=0.84)
    several = {"siblings": 2, "file": shared_file(name="monday.m4a")}

    facts = context_of(rendered(hello, **several))

    assert facts == (
        f"English · 0:02 · monday.m4a · sounds happy · {ENGLISH.say(sentences.CUT_SHORT)} · "
        "84% of this month's minutes used"
    )


@pytest.mark.parametrize("injection", INJECTIONS)
def test_markup_comes_out_as_plain_characters(injection: str) -> None:
    message = rendered(transcript(injection), siblings=2, file=shared_file(name=injection))

    assert_sendable(message)
    assert shown_in(message) == injection
    assert context_of(message).endswith(injection)
    assert html.unescape(message.text) == injection


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        *((Refused(reason), sentences.refusal(ENGLISH, reason)) for reason in Refusal),
        *((Waiting(why), sentences.waiting(ENGLISH, why)) for why in [*Outage, *Misconfiguration]),
        *((GaveUp(why), sentences.gave_up(ENGLISH, why)) for why in [*Outage, *Misconfiguration]),
        (Broken("F024CLIP1"), sentences.broken(ENGLISH, "F024CLIP1")),
        (ConsentRequest(1_920.0, 0.0672), "32 min, about $0.07: transcribe?"),
        (ConsentRequest(20.0, 0.0), "1 min: transcribe?"),
    ],
)
def test_every_other_reply_is_its_sentence_in_one_form(reply: Reply, said: str) -> None:
    (message,) = render_reply(ENGLISH, request(), reply)

    assert_sendable(message)
    assert shown_in(message) == said
    assert html.unescape(message.text) == said


def test_a_long_transcript_begins_in_the_message_and_is_whole_in_a_file() -> None:
    text = " ".join(f"word{number}" for number in range(2_000))

    message = rendered(transcript(text))

    shown = shown_in(message)
    assert 5_000 < len(shown) <= INLINE_CHARACTERS[0]
    kinds = [block["type"] for block in message.blocks]
    assert kinds == ["rich_text", "rich_text", "context", "actions"]
    assert shown.endswith("…")
    assert text.startswith(shown[:-1] + " ")
    assert [file.name for file in message.files] == [
        f"Voice message 2024-07-03 09.46 UTC.{kind}" for kind in ("txt", "srt", "vtt")
    ]
    assert message.files[0].content == f"{text}\n"
    assert all("word1999" in file.content for file in message.files)
    assert "Voice message 2024-07-03 09.46 UTC.txt" in context_of(message)
    assert text.startswith(message.text.removesuffix("…"))
    assert len(message.text) > 2_000


def test_each_further_form_holds_less_and_the_last_only_our_own_words_and_the_files_name() -> None:
    text = "<@U1> " * 2_000

    forms = list(
        render_reply(ENGLISH, request(siblings=2, file=shared_file(name="<x>.m4a")), transcript(text))
    )

    assert [form.files[0].content for form in forms] == [f"{text.strip()}\n"] * 3
    sizes = [characters_in(form.blocks) for form in forms]
    assert [size // 1_000 for size in sizes] == [5, 1, 0]
    assert shown_in(forms[-1]) == forms[-1].text == sentences.continued_in(ENGLISH, "x.txt")
    assert "<" not in json.dumps(forms[-1].blocks)


def test_a_short_transcript_has_one_further_form() -> None:
    forms = list(render_reply(ENGLISH, request(), transcript("Hello.")))

    assert [[file.content for file in form.files[:1]] for form in forms] == [[], ["Hello.\n"]]


SOME_GAPS = Transcript(
    (
        Paragraph("Before.", (Utterance("Before.", Span(0, 1_000)),)),
        Gap(Span(120_000, 240_000)),
        Paragraph("Después.", (Utterance("Después.", Span(250_000, 251_000)),)),
    ),
    (LanguageHeard("en", 0), LanguageHeard("es", 250_000)),
    300.0,
    complete=True,
)


def test_a_gap_stands_in_its_place_with_a_button_below() -> None:
    message = rendered(SOME_GAPS)

    assert_sendable(message)
    assert shown_in(message) == "Before.\n\n[02:00–04:00 could not be transcribed]\n\nDespués."
    assert context_of(message) == "English, Spanish from 04:10 · 5:00"
    button, menu = message.blocks[-1]["elements"]
    assert (button["action_id"], button["value"]) == (FILL_GAPS, str(request().key))
    assert menu["action_id"] == REPLY_MENU


def test_the_controls_stand_under_every_form_of_a_transcript() -> None:
    long = Paragraph("word " * 3_000, (Utterance("word", Span(0, 1)),))
    passages = (long, *SOME_GAPS.passages)
    gapped = Transcript(passages, SOME_GAPS.languages, 300.0, complete=True)

    forms = list(render_reply(ENGLISH, request(), gapped))

    first, *others = render_in_pieces(ENGLISH, request(), gapped)
    for form in (*forms, first):
        assert_sendable(form)
        assert [element["action_id"] for element in form.blocks[-1]["elements"]] == [FILL_GAPS, REPLY_MENU]
    assert {piece.blocks[-1]["type"] for piece in others} == {"context"}


def test_a_transcript_that_grows_says_how_far_it_is() -> None:
    message = rendered(Growing(transcript("The beginning."), 3, 12))

    assert_sendable(message)
    assert shown_in(message) == "The beginning."
    assert context_of(message) == f"English · {sentences.so_far(ENGLISH, 3, 12, None)}"
    assert rendered(Growing(SOME_GAPS, 3, 12)).blocks[-1]["type"] == "context", "not the time to ask for gaps"


@pytest.mark.parametrize(
    ("done", "total", "late"), [(3, None, None), (3, 12, None), *((3, 12, outage) for outage in Outage)]
)
def test_every_form_of_a_growing_transcript_can_be_sent(
    done: int, total: int | None, late: Outage | None
) -> None:
    growing = Growing(transcript("word " * 4_000), done, total, late)

    forms = list(render_reply(ENGLISH, request(siblings=2, file=shared_file(name="<x>.m4a")), growing))

    assert [characters_in(form.blocks) // 1_000 for form in forms] == [5, 1, 0]
    for form in forms:
        assert_sendable(form)
        assert form.files == ()
    assert "word" not in json.dumps(forms[-1].blocks)


@given(
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=60).filter(str.strip)
)
def test_pieces_hold_everything_in_order(piece: str) -> None:
    text = " ".join(f"x{(piece * 5_500)[:7_000]}x".split())

    messages = render_in_pieces(ENGLISH, request(), transcript(text))

    for message in messages:
        assert_sendable(message)
    assert squeezed("".join(shown_in(message) for message in messages)) == squeezed(text)
    assert context_of(messages[-1]) == f"{len(messages)} of {len(messages)}"


ANYTHING = st.text(st.characters())
LONG = st.builds(
    lambda piece, length: (piece * length)[:7_000],
    st.text(st.sampled_from("a <>&é世\u202e😀\u200f\n\x00\ud83d"), min_size=1, max_size=40),
    st.integers(100, 7_000),
)


@given(text=ANYTHING | LONG, name=ANYTHING, siblings=st.integers(1, 3), complete=st.booleans())
@example(text="", name="", siblings=2, complete=True)
@example(text=" \x00\n", name="\x00", siblings=2, complete=True)
@example(text="&" * 7_000, name="<" * 255, siblings=2, complete=False)
@example(text="\ud800", name="\udfff", siblings=2, complete=True)
def test_whatever_was_said_can_be_sent(text: str, name: str, siblings: int, complete: bool) -> None:  # noqa: FBT001
    shared = request(siblings=siblings, file=shared_file(name=name[:255]))

    forms = list(render_reply(ENGLISH, shared, transcript(text, complete=complete)))

    assert forms
    for form in forms:
        assert_sendable(form)
        assert characters_in(form.blocks) < 6_400
        assert shown_in(form).strip()


@given(st.text(st.characters(categories=["L", "N", "P", "S", "M"]), min_size=1, max_size=5_000))
def test_what_fits_is_shown_to_the_letter(text: str) -> None:
    assert squeezed(shown_in(rendered(transcript(text)))) == squeezed(text)


@settings(max_examples=10)  # each renders a long transcript with its subtitles
@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=60))
def test_what_does_not_fit_is_in_the_file_to_the_letter(piece: str) -> None:
    text = " ".join(f"x{(piece * 5_500)[:7_000]}x".split())

    message = rendered(transcript(text))

    assert message.files[0].content == f"{text}\n"
    assert squeezed(text).startswith(squeezed(shown_in(message).removesuffix("…")))

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import Misconfiguration, Outage, Refusal
from bot.model import JobKey, Transcript
from bot.playground.slack.blockkit import characters_in, complaints_about_blocks
from bot.ports import Broken, GaveUp, Refused, Reply, Waiting
from bot import sentences
from bot.slack.blocks import INLINE_CHARACTERS, Message, escape, render_reply, transcript_file_name
from tests.slack.payloads import request, shared_file

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


def transcript(text: str, **changes: Any) -> Transcript:
    values: dict[str, Any] = {"text": text, "language": "en", "duration_s": 11.4, "complete": True}
    return Transcript(**values | changes)


def rendered(reply: Reply, **changes: Any) -> Message:
    return next(iter(render_reply(request(**changes), reply)))


def shown_in(message: Message) -> str:
    """The text of the first block, as a person reads it."""
    (section,) = message.blocks[0]["elements"]
    (element,) = section["elements"]
    assert (message.blocks[0]["type"], element["type"]) == ("rich_text", "text")
    assert element.keys() == {"type", "text"}
    return str(element["text"])


def context_of(message: Message) -> str:
    block = message.blocks[-1]
    assert block["type"] == "context"
    (element,) = block["elements"]
    assert element["type"] == "plain_text"
    return str(element["text"])


def assert_sendable(message: Message) -> None:
    assert complaints_about_blocks(message.blocks) == []
    assert message.text
    assert len(message.text) <= 3_000
    assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", message.text)
    json.dumps([message.text, message.blocks], ensure_ascii=False).encode()
    (message.whole_text or "").encode()
    assert message.blocks[0]["type"] == "rich_text"


def test_a_transcript_stands_as_it_was_said_with_its_facts_beneath() -> None:
    message = rendered(transcript("Let's meet at noon."))

    assert shown_in(message) == "Let's meet at noon."
    assert context_of(message) == "English · 0:11"
    assert message.text == "Let's meet at noon."
    assert message.whole_text is None


def test_the_file_is_named_where_its_message_holds_several() -> None:
    several = {"siblings": 2, "file": shared_file(name="monday\n note.m4a")}

    assert context_of(rendered(transcript("Hello."), **several)) == "English · 0:11 · monday note.m4a"
    assert context_of(rendered(Refused(Refusal.EMPTY), **several)) == "monday note.m4a"
    assert len(rendered(Refused(Refusal.EMPTY)).blocks) == 1
    assert (
        context_of(rendered(transcript("Hello."), siblings=2, file=shared_file(name=""))) == "English · 0:11"
    )


def test_a_transcript_that_was_cut_short_says_so() -> None:
    message = rendered(transcript("Hello.", complete=False, language=None))

    assert context_of(message) == f"Language not recognised · 0:11 · {sentences.CUT_SHORT}"


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
        *((Refused(reason), sentences.refusal(reason)) for reason in Refusal),
        *((Waiting(why), sentences.waiting(why)) for why in [*Outage, *Misconfiguration]),
        *((GaveUp(why), sentences.gave_up(why)) for why in [*Outage, *Misconfiguration]),
        (Broken("F024CLIP1"), sentences.broken("F024CLIP1")),
    ],
)
def test_every_other_reply_is_its_sentence_in_one_form(reply: Reply, said: str) -> None:
    (message,) = render_reply(request(), reply)

    assert_sendable(message)
    assert shown_in(message) == said
    assert html.unescape(message.text) == said


def test_a_long_transcript_begins_in_the_message_and_is_whole_in_a_file() -> None:
    text = " ".join(f"word{number}" for number in range(2_000))

    message = rendered(transcript(text))

    shown = shown_in(message)
    assert 5_000 < len(shown) <= INLINE_CHARACTERS[0]
    assert shown.endswith("…")
    assert text.startswith(shown[:-1] + " ")
    assert message.whole_text == text
    assert "transcript-F024CLIP1.txt" in context_of(message)
    assert text.startswith(message.text.removesuffix("…"))
    assert len(message.text) > 2_000


def test_each_further_form_holds_less_and_the_last_only_our_own_words() -> None:
    text = "<@U1> " * 2_000

    forms = list(render_reply(request(siblings=2, file=shared_file(name="<x>.m4a")), transcript(text)))

    assert [form.whole_text for form in forms] == [text.strip()] * 3
    sizes = [characters_in(form.blocks) for form in forms]
    assert [size // 1_000 for size in sizes] == [5, 1, 0]
    assert shown_in(forms[-1]) == forms[-1].text == sentences.continued_in("transcript-F024CLIP1.txt")
    assert "<" not in json.dumps(forms[-1].blocks)


def test_a_short_transcript_has_one_further_form() -> None:
    forms = list(render_reply(request(), transcript("Hello.")))

    assert [form.whole_text for form in forms] == [None, "Hello."]


def test_each_run_has_a_file_of_its_own() -> None:
    key = JobKey("T1", "C1", "1.2", "F1")

    assert transcript_file_name(key) == "transcript-F1.txt"
    assert transcript_file_name(JobKey("T1", "C1", "1.2", "F1", run=2)) == "transcript-F1-2.txt"


@given(st.text())
def test_escaping_loses_nothing(text: str) -> None:
    assert html.unescape(escape(text.replace("&", "and"))) == text.replace("&", "and")
    assert not re.search(r"[<>]", escape(text))


ANYTHING = st.text(st.characters())
LONG = st.builds(
    lambda piece, length: (piece * length)[:20_000],
    st.text(st.sampled_from("a <>&é世\u202e😀\u200f\n\x00\ud83d"), min_size=1, max_size=40),
    st.integers(100, 20_000),
)


@given(text=ANYTHING | LONG, name=ANYTHING, siblings=st.integers(1, 3), complete=st.booleans())
@example(text="", name="", siblings=2, complete=True)
@example(text=" \x00\n", name="\x00", siblings=2, complete=True)
@example(text="&" * 20_000, name="<" * 255, siblings=2, complete=False)
@example(text="\ud800", name="\udfff", siblings=2, complete=True)
def test_whatever_was_said_can_be_sent(text: str, name: str, siblings: int, complete: bool) -> None:  # noqa: FBT001
    shared = request(siblings=siblings, file=shared_file(name=name[:255]))

    for form in render_reply(shared, transcript(text, complete=complete)):
        assert_sendable(form)
        assert characters_in(form.blocks) < 6_200
        assert shown_in(form).strip()


@given(st.text(st.characters(categories=["L", "N", "P", "S", "M"]), min_size=1, max_size=5_000))
def test_what_fits_is_shown_to_the_letter(text: str) -> None:
    assert shown_in(rendered(transcript(text))) == text


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=60))
def test_what_does_not_fit_is_in_the_file_to_the_letter(piece: str) -> None:
    text = f"x{piece * 5_500}x"

    message = rendered(transcript(text))

    assert message.whole_text == text
    assert text.startswith(shown_in(message).removesuffix("…"))

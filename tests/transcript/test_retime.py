from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.recording import Paragraph, Part, Span, Transcript, Utterance
from bot.transcript.cues import plan_cues
from bot.transcript.documents import plain_text, render_srt, render_txt, render_vtt
from bot.transcript.edits import parse_marked, parse_paragraphs
from bot.transcript.join import join
from bot.transcript.retime import _parse_cues, retime
from bot.transcript.time_marks import MarkedParagraph, without_marks
from bot.translations import ENGLISH
from tests.transcript.texts import SPOKEN, letters, part, polite_texts, recordings, texts, words_of

MARK = "\u2605"
WORDS = "one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905  # a list of words


def recording(*said: str) -> Transcript:
    """Each text in four seconds of its own, with a silence behind it; one begins every twenty seconds."""
    return join([part(20.0 * at, 20.0 * at + 4.0, text) for at, text in enumerate(said)])


def utterances(transcript: Transcript) -> list[tuple[str, Span]]:
    paragraphs = [passage for passage in transcript.passages if isinstance(passage, Paragraph)]
    return [(said.text, said.span) for paragraph in paragraphs for said in paragraph.utterances]


def edited(old: Transcript, new: str) -> Transcript:
    return retime(parse_paragraphs(new), render_vtt(ENGLISH, old), parse_marked(render_txt(ENGLISH, old)))


def marks_of(transcript: Transcript) -> list[str]:
    """The marks in its text; empty where a paragraph has none."""
    found = [line.partition("\u2002") for line in plain_text(ENGLISH, transcript).split("\n\n")]
    return [mark if behind else "" for mark, behind, _ in found]


def when(transcript: Transcript, word: str) -> int:
    """When the cue with a word begins."""
    return next(cue.start_ms for cue in plan_cues(ENGLISH, transcript) if word in " ".join(cue.lines))


@settings(max_examples=60)
@given(recordings(polite_texts))
def test_what_nobody_changed_keeps_its_words_and_its_time(parts: list[Part]) -> None:
    old = join(parts)
    new = edited(old, without_marks(plain_text(ENGLISH, old)))

    assert without_marks(render_txt(ENGLISH, new)) == without_marks(render_txt(ENGLISH, old))
    assert list(map(bool, marks_of(new))) == list(map(bool, marks_of(old)))
    starts = [cue.start_ms for cue in plan_cues(ENGLISH, old)]
    spans = [span for _, span in utterances(new)]
    assert all(starts[0] <= span.start_ms for span in spans)
    assert {span.start_ms for span in spans} >= set(starts)


@settings(max_examples=100)
@given(recordings(), texts)
def test_every_word_of_the_new_text_is_said_once_in_order(parts: list[Part], text: str) -> None:
    paragraphs = parse_paragraphs(text)
    new = retime(paragraphs, render_vtt(ENGLISH, join(parts)))

    assert [p.text for p in new.passages if isinstance(p, Paragraph)] == paragraphs
    assert words_of(new) == letters(text_of(paragraphs))
    assert words_of(new) == letters("".join(said for said, _ in utterances(new)))
    edges = [edge for _, span in utterances(new) for edge in (span.start_ms, span.end_ms)]
    assert edges == sorted(edges)
    assert edges == [] or edges[-1] <= round(new.duration_s * 1000)
    assert render_srt(ENGLISH, new) == "" or "-->" in render_srt(ENGLISH, new)


def text_of(paragraphs: list[str]) -> str:
    return "".join(paragraphs)


@pytest.mark.parametrize("end", ["99:59:59.999", "99:99:99.999", "\u0663\u0663:00.000", "00:00:00.000"])
@settings(max_examples=30)
@given(st.text() | st.just(f"{MARK}\n<b>x</b>\n\n1\n00:00:02.000 --> 00:00:03.000\n\n"), texts)
def test_subtitles_that_are_none_lose_no_word(end: str, subtitles: str, text: str) -> None:
    paragraphs = parse_paragraphs(text)

    new = retime(paragraphs, subtitles.replace(MARK, f"WEBVTT\n\n00:00:01.000 --> {end} align:start"))

    assert words_of(new) == letters(text_of(paragraphs))
    render_vtt(ENGLISH, new)


# Some are what a reader of subtitles may take for its own: a cue's number, line breaks, tags, times.
@pytest.mark.parametrize(
    "text",
    [
        "Please call me back under this number. 01715550199",
        "Say \\N and \\h, never {\\b1}bold{\\b0}.",
        "AT&amp;T, &lt;b&gt; and <i>a</i> < b > c & d",
        "Between 00:00:01.000 --> 00:00:02.000 nothing is said.",
    ],
    ids=["number", "breaks", "tags", "times"],
)
def test_subtitles_are_read_as_they_were_written(text: str) -> None:
    said = Utterance(text, Span(36_000_000, 36_006_000))
    transcript = Transcript((Paragraph(text, (said,)),), (), 36_010.0, complete=True)

    read = list(_parse_cues(render_vtt(ENGLISH, transcript)))

    assert read == [
        (" ".join(cue.lines), Span(cue.start_ms, cue.end_ms)) for cue in plan_cues(ENGLISH, transcript)
    ]


def test_a_word_in_the_place_of_another_takes_its_time() -> None:
    old = recording("We met in Berlin.", "Tim took notes.", "Then we left.")

    new = edited(old, "We met in Berlin.\n\nJim took notes.\n\nThen we left.")

    assert when(new, "Jim") == when(old, "Tim") == 20_000
    assert when(new, "left") == when(old, "left") == 40_000


def test_what_is_put_in_shows_with_what_stands_before_it() -> None:
    old = recording("We met in Berlin.", "Tim took notes.", "Then we left.")

    new = edited(old, "We met in Berlin.\n\nTim always took notes.\n\nThen we left.")

    assert utterances(new)[1] == ("Tim always took notes.", Span(20_000, 24_000))
    assert when(new, "left") == 40_000


def test_what_is_put_before_everything_shows_at_the_beginning() -> None:
    new = edited(recording("We met.", "Tim took notes."), "Listen: We met.\n\nTim took notes.")

    assert when(new, "Listen") == 0


def test_what_is_taken_out_leaves_the_rest_in_its_place() -> None:
    old = recording("We met in Berlin.", "Um, well, you know.", "Then we left.")

    new = edited(old, "We met in Berlin.\n\nThen we left.")

    assert [span.start_ms for _, span in utterances(new)] == [0, 40_000]


def test_a_paragraph_that_is_divided_shares_its_time() -> None:
    old = recording("aaaa bbbb cccc dddd")

    new = edited(old, "aaaa\n\nbbbb cccc dddd")

    first, second = utterances(new)
    assert first == ("aaaa", Span(0, 1_000))
    assert second == ("bbbb cccc dddd", Span(1_000, 4_000))


def test_paragraphs_that_are_joined_keep_their_times() -> None:
    new = edited(recording("We met.", "Tim took notes."), "We met. Tim took notes.")

    assert [span.start_ms for _, span in utterances(new)] == [0, 20_000]
    assert len(new.passages) == 1


@pytest.mark.parametrize("text", [text for name, text in SPOKEN.items() if name != "hostile"])
def test_every_script_keeps_its_times(text: str) -> None:
    old = recording(text, "Entre nous.", text)

    new = edited(old, plain_text(ENGLISH, old).replace("nous", "vous"))

    assert when(new, "vous") == 20_000
    assert next(said for said, span in utterances(new) if span.start_ms >= 40_000)[:3] == text[:3]


@pytest.mark.parametrize("sign", ["12:30.500", "<b>", "&amp;", "R&D", "\\N", "{c}"])
def test_what_subtitles_write_otherwise_is_the_same_word(sign: str) -> None:
    old = recording("We met.", "Um.", f"{sign}", "Then we left.")

    new = edited(old, plain_text(ENGLISH, old).replace("Um.", ""))

    assert [span.start_ms for said, span in utterances(new) if said == sign] == [40_000]
    assert "\u2060" not in utterances(new)[1][0]


def test_a_gap_stays_where_it_was() -> None:
    old = join([part(0, 4, "We met."), part(10, 200, failed=True), part(200, 204, "We left.")])
    gap = plain_text(ENGLISH, old).split("\n\n")[1]
    assert gap.startswith("[")

    new = edited(old, without_marks(plain_text(ENGLISH, old)).replace("met", "sat"))

    assert when(new, gap[:8]) == 10_000
    assert when(new, "left") == 200_000
    assert gap in plain_text(ENGLISH, new)
    assert marks_of(new) == marks_of(old) == ["0:00", "", "3:20"]


MEETING = [f"We met in room {at} and then went on." for at in range(12)]
"""Twenty seconds each."""


def test_time_marks_follow_an_edit() -> None:
    old = recording(*MEETING)
    assert marks_of(old)[:2] == ["0:00", "0:20"]
    assert marks_of(old)[-1] == "3:40"

    text = "\n\n".join(["10:30 is late.", *MEETING[:3], "We met. In room 4", "and so on.", *MEETING[5:]])

    by_subtitles = edited(old, text)
    by_marks = retime(text.split("\n\n"), "", parse_marked(render_txt(ENGLISH, old)))

    assert without_marks(plain_text(ENGLISH, by_subtitles)) == text
    assert without_marks(plain_text(ENGLISH, by_marks)) == text
    untouched = marks_of(old)[1:4], marks_of(old)[5:]
    assert marks_of(by_subtitles) == ["0:00", "0:01", *untouched[0], "1:22", *untouched[1]]
    assert marks_of(by_marks) == ["0:00", "0:00", *untouched[0], "1:21", *untouched[1]]


def test_a_text_without_time_marks_gets_none_by_an_edit() -> None:
    old = replace(recording(*MEETING), time_marks=False)

    assert set(marks_of(edited(old, plain_text(ENGLISH, old)))) == {""}
    assert set(marks_of(retime(MEETING, "", [MarkedParagraph(text) for text in MEETING]))) == {""}


@pytest.mark.slow
@pytest.mark.no_cover  # a tracer triples what so much text takes
def test_a_day_of_words_is_matched_within_seconds() -> None:
    words = [f"{WORDS[at % 12]}{at % 997}" for at in range(20_000)]
    old = recording(" ".join(words))
    subtitles = render_vtt(ENGLISH, old)
    words[5], words[10_000], words[-5] = "x", "y", "z"
    began = time.process_time()

    new = retime([" ".join(words)], subtitles)

    assert time.process_time() - began < 10
    assert words_of(new) == "".join(words)

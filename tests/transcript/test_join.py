from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings

from bot.recording import (
    LanguageHeard,
    Paragraph,
    Part,
    RecognisedChannel,
    Recognition,
    Span,
    Transcript,
)
from bot.transcript.join import join
from bot.transcript.repetition import is_plausible
from tests.transcript.texts import SPOKEN, gaps_of, letters, part, recordings, span, words_of


def paragraphs(transcript: Transcript) -> list[str]:
    return [passage.text for passage in transcript.passages if isinstance(passage, Paragraph)]


@settings(max_examples=100)
@given(recordings())
def test_no_word_is_lost_or_doubled_and_times_are_in_order(parts: list[Part]) -> None:
    # What nobody can say in the time is a recogniser's loop, and cut: see test_repetition.
    for each in parts:
        sound_ms = sum(sound.duration_ms for sound in each.sounds) or each.span.duration_ms
        assume(each.recognition is None or is_plausible(each.recognition.text, sound_ms / 1_000))

    transcript = join(parts)

    said = "".join(each.recognition.text for each in parts if each.recognition)
    assert words_of(transcript) == letters(said)
    times: list[int] = []
    for passage in transcript.passages:
        pieces = passage.utterances if isinstance(passage, Paragraph) else (passage,)
        times += [at_ms for piece in pieces for at_ms in (piece.span.start_ms, piece.span.end_ms)]
    assert times == sorted(times)
    assert transcript.duration_s == (parts[-1].span.end_ms / 1000 if parts else 0)
    assert sum(gap.duration_ms for gap in gaps_of(transcript)) == sum(
        each.span.duration_ms for each in parts if each.failed
    )
    assert all(left.end_ms < right.start_ms for left, right in pairwise(gaps_of(transcript)))
    assert len({heard.code for heard in transcript.languages}) == len(transcript.languages)


@settings(max_examples=100)
@given(recordings())
def test_a_paragraph_is_its_utterances_with_the_spaces_between_them(parts: list[Part]) -> None:
    found = [passage for passage in join(parts).passages if isinstance(passage, Paragraph)]

    assert bool(found) == any(each.recognition and each.recognition.text.strip() for each in parts)
    for paragraph in found:
        assert paragraph.utterances
        left = paragraph.text
        for said in paragraph.utterances:
            assert left.lstrip(" ").startswith(said.text)
            left = left.lstrip(" ").removeprefix(said.text)
        assert left == ""


def test_no_parts_are_an_empty_transcript() -> None:
    assert join([]) == Transcript(passages=(), languages=(), duration_s=0.0, complete=True)


def test_nothing_said_is_no_passage_and_no_language() -> None:
    assert join([part(0, 10), part(10, 20, " ", language="en")]) == Transcript((), (), 20.0, complete=True)


@pytest.mark.parametrize(
    ("left", "right", "joined"),
    [
        ("We begin", "at nine.", "We begin at nine."),
        ("今天我们", "开会。", "今天我们开会。"),
        ("今日は", "休みです。", "今日は休みです。"),
        ("วันนี้", "ประชุม", "วันนี้ประชุม"),
        ("오늘", "회의", "오늘 회의"),
        ("صباح", "الخير", "صباح الخير"),
        ("Hello.", "你好。", "Hello. 你好。"),
    ],
)
def test_segments_join_as_their_scripts_want(left: str, right: str, joined: str) -> None:
    assert paragraphs(join([part(0, 10, left), part(10, 20, right)])) == [joined]


@pytest.mark.parametrize("text", SPOKEN.values(), ids=SPOKEN.keys())
def test_a_text_keeps_its_own_spaces(text: str) -> None:
    sounds = [(at, at + 0.9) for at in range(10)]

    assert paragraphs(join([part(0, 10, text, sounds=sounds)])) == [text]


@pytest.mark.parametrize(
    ("pause_s", "text", "shown"),
    [
        (4.0, "That is all. Now the rest.", ["That is all.", "Now the rest."]),
        (3.9, "That is all. Now the rest.", ["That is all. Now the rest."]),
        (5.0, "That is all, now the rest.", ["That is all, now the rest."]),
        (4.0, "说完了。现在说别的。", ["说完了。", "现在说别的。"]),
        (4.0, "สวัสดีครับทุกคน วันนี้เราจะประชุม", ["สวัสดีครับทุกคน", "วันนี้เราจะประชุม"]),
    ],
)
def test_a_long_pause_after_a_sentence_begins_a_paragraph(
    pause_s: float, text: str, shown: list[str]
) -> None:
    sounds = [(0, 1), (1 + pause_s, 2 + pause_s)]

    assert paragraphs(join([part(0, 10, text, sounds=sounds)])) == shown


@pytest.mark.parametrize(("first", "shown"), [("One is done.", 2), ("One is not", 1)])
def test_a_pause_across_segments_counts_too(first: str, shown: int) -> None:
    parts = [part(0, 10, first, sounds=[(1, 7.9)]), part(10, 20, "And two.", sounds=[(11.9, 19)])]

    assert len(paragraphs(join(parts))) == shown


def test_a_silent_part_is_a_pause() -> None:
    parts = [part(0, 10, "One."), part(10, 20), part(20, 30, "Two.")]

    assert paragraphs(join(parts)) == ["One.", "Two."]


def test_failed_parts_side_by_side_are_one_gap() -> None:
    parts = [
        part(0, 10, "One"),
        part(10, 20, failed=True),
        part(20, 30, failed=True),
        part(30, 40, "two."),
        part(40, 50, failed=True),
    ]

    transcript = join(parts)

    assert transcript.has_gaps
    assert [type(passage).__name__ for passage in transcript.passages] == [
        "Paragraph",
        "Gap",
        "Paragraph",
        "Gap",
    ]
    assert gaps_of(transcript) == [span(10, 30), span(40, 50)]


def test_silence_between_failed_parts_is_no_gap() -> None:
    parts = [part(0, 10, failed=True), part(10, 20), part(20, 30, failed=True)]

    assert gaps_of(join(parts)) == [span(0, 10), span(20, 30)]


def test_a_language_is_named_once_where_it_was_first_heard() -> None:
    parts = [
        part(0, 10, "", language="fr"),
        part(10, 20, "Hello.", language="en", sounds=[(12, 14)]),
        part(20, 30, "你好。", language="zh"),
        part(30, 40, "Bye.", language="en"),
        part(40, 50, "Hm.", language=None),
    ]

    assert join(parts).languages == (
        LanguageHeard("en", 12_000),
        LanguageHeard("zh", 20_000),
        LanguageHeard(None, 40_000),
    )


@pytest.mark.parametrize(
    ("parts", "emotion"),
    [
        ([], None),
        ([part(0, 10, "One.")], None),
        ([part(0, 10, "One.", emotion="sad")], "sad"),
        ([part(0, 10, "One.", emotion="sad"), part(10, 30, "Two.", emotion="happy")], "happy"),
        (
            [
                part(0, 10, "One.", emotion="sad"),
                part(10, 25, "Two.", emotion="happy"),
                part(25, 35, "Three.", emotion="sad"),
            ],
            "sad",
        ),
        ([part(0, 10, "One.", emotion="angry"), part(10, 60, "Two.")], "angry"),
        ([part(0, 10, "One.", emotion="angry"), part(10, 60, " ", emotion="neutral")], "angry"),
        ([part(0, 10, " ", emotion="neutral"), part(10, 20), part(20, 30, failed=True)], None),
        ([part(0, 10, "One.", emotion="sad"), part(10, 20, "Two.", emotion="happy")], "sad"),
    ],
    ids=[
        "nothing",
        "unsaid",
        "one",
        "longer",
        "in sum",
        "of those that say",
        "silence",
        "wordless",
        "a draw",
    ],
)
def test_the_emotion_is_that_of_most_of_what_was_said(parts: list[Part], emotion: str | None) -> None:
    assert join(parts).emotion == emotion


@pytest.mark.parametrize("complete", [True, False])
def test_it_is_complete_if_every_part_is(complete: bool) -> None:  # noqa: FBT001  # pytest passes it by name
    parts = [
        part(0, 10, "One."),
        part(10, 20),
        part(20, 30, "Two.", complete=complete),
        part(30, 40, failed=True),
    ]

    assert join(parts).complete is complete


def test_what_the_file_is_made_of_is_told_by_its_parts() -> None:
    last = replace(part(20, 30), tracks=2, breaks_off=True)
    parts = [part(0, 10, "One."), replace(part(10, 20), tracks=2), last]

    assert (join(parts).tracks, join(parts).breaks_off) == (2, True)
    assert (join(parts[:1]).tracks, join(parts[:1]).breaks_off) == (1, False)


def test_a_runaway_repetition_is_cut() -> None:
    runaway = "So we begin. " + "Thank you. " * 400

    assert paragraphs(join([part(0, 20, runaway)])) == ["So we begin. Thank you."]


def test_the_duration_is_the_end_of_the_last_part() -> None:
    assert join([part(0, 10, "One."), Part(Span(10_000, 12_345), (), last=True)]).duration_s == 12.345


def heard(text: str, language: str = "en") -> Recognition:
    return Recognition(text, language, 10.0, complete=True, request_id="r")


def conversation(*channels: tuple[str, Sequence[tuple[int, int]]]) -> Part:
    """A part of a minute with channels that were heard apart: what was said, and its sounds in seconds."""
    recognised = [
        RecognisedChannel(
            tuple(Span(start * 1_000, end * 1_000) for start, end in sounds), heard(text) if text else None
        )
        for text, sounds in channels
    ]
    first, *further = recognised
    return Part(
        Span(0, 60_000),
        first.sounds,
        last=True,
        recognition=first.recognition,
        further_channels=tuple(further),
    )


def paragraphs_of(part: Part) -> list[tuple[int, str]]:
    return [(one.voice, one.text) for one in join([part]).passages if isinstance(one, Paragraph)]


def test_voices_that_take_turns_have_paragraphs_in_the_order_of_speaking() -> None:
    part = conversation(
        ("How are you today? That is good to hear.", [(0, 2), (6, 8)]), ("I am fine, thank you.", [(3, 5)])
    )
    assert paragraphs_of(part) == [
        (0, "How are you today?"),
        (1, "I am fine, thank you."),
        (0, "That is good to hear."),
    ]


def test_a_sentence_is_not_divided_by_who_agrees_meanwhile() -> None:
    part = conversation(
        ("I think that we should go, and then come back.", [(0, 3), (3, 6)]), ("Yes.", [(2, 3)])
    )
    assert paragraphs_of(part) == [(0, "I think that we should go, and then come back."), (1, "Yes.")]


def test_two_who_speak_at_once_keep_all_of_their_words() -> None:
    part = conversation(("One two three four. " * 9, [(0, 30)]), ("Five six seven eight. " * 9, [(1, 31)]))
    found = paragraphs_of(part)
    assert {voice for voice, _ in found} == {0, 1}
    for voice, text in ((0, "One two three four. " * 9), (1, "Five six seven eight. " * 9)):
        assert " ".join(words for by, words in found if by == voice).split() == text.split()


def test_a_channel_without_words_adds_nothing() -> None:
    assert paragraphs_of(conversation(("Hello there.", [(0, 2)]), ("", []))) == [(0, "Hello there.")]
    assert paragraphs_of(conversation(("", []), ("Hello there.", [(0, 2)]))) == [(1, "Hello there.")]


def test_languages_come_in_the_order_in_which_they_are_heard() -> None:
    first, further = RecognisedChannel((Span(5_000, 9_000),), heard("Later.", "en")), heard("Früher.", "de")
    part = Part(
        *(Span(0, 10_000), first.sounds, True, first.recognition),
        further_channels=(RecognisedChannel((Span(0, 4_000),), further),),
    )
    assert [(one.code, one.from_ms) for one in join([part]).languages] == [("de", 0), ("en", 5_000)]

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from rich.cells import split_graphemes

from bot import sentences
from bot.recording import Gap, Paragraph, Part, Span, Transcript, Utterance
from bot.transcript.cues import Cue, plan_cues
from bot.transcript.join import join
from bot.translations import ENGLISH
from tests.transcript.texts import SPOKEN, gaps_of, letters, part, polite_texts, recordings, words_of


def assert_readable(cues: list[Cue], end_ms: int) -> None:
    for cue in cues:
        assert 1 <= len(cue.lines) <= 2
        assert all(line == line.strip(" ") != "" for line in cue.lines)
        for line in cue.lines:
            # What a terminal would give it, or a television.
            signs, columns = split_graphemes(line, "latest")
            assert columns <= (40 if any(width == 2 for _, _, width in signs) else 42)
        assert 0 <= cue.start_ms <= cue.end_ms <= end_ms
        assert cue.end_ms - cue.start_ms <= 7_000
    assert all(left.end_ms <= right.start_ms for left, right in pairwise(cues))


@settings(max_examples=100)
@given(recordings())
def test_no_word_is_lost_or_doubled_and_every_cue_can_be_read(parts: list[Part]) -> None:
    transcript = join(parts)

    cues = plan_cues(ENGLISH, transcript)

    assert_readable(cues, round(transcript.duration_s * 1000))
    shown = letters("".join(line for cue in cues for line in cue.lines))
    for gap in gaps_of(transcript):
        said = letters(sentences.gap(ENGLISH, gap.start_ms, gap.end_ms))
        assert said in shown
        shown = shown.replace(said, "", 1)
    assert shown == words_of(transcript)


@settings(max_examples=100)
@given(recordings(polite_texts))
def test_a_cue_shows_while_its_words_are_said(parts: list[Part]) -> None:
    transcript = join(parts)
    cues = plan_cues(
        ENGLISH,
        Transcript(tuple(p for p in transcript.passages if isinstance(p, Paragraph)), (), 1e6, complete=True),
    )

    sounding = [said.span for p in transcript.passages if isinstance(p, Paragraph) for said in p.utterances]
    for cue, after in pairwise([*cues, Cue(10**9, 10**9, ())]):
        assert any(span.start_ms <= cue.start_ms <= span.end_ms for span in sounding)
        spoken = any(span.start_ms <= cue.end_ms <= span.end_ms for span in sounding)
        assert spoken or cue.end_ms == min(cue.start_ms + 800, after.start_ms)


def test_nothing_is_no_cue() -> None:
    assert plan_cues(ENGLISH, join([])) == []
    assert plan_cues(ENGLISH, join([part(0, 10)])) == []


def test_a_short_cue_stays_long_enough_to_be_read_where_there_is_room() -> None:
    parts = [part(0, 10, "Yes. No. Oh.", sounds=[(0, 0.3), (1.8, 2.0), (9.9, 10)])]

    assert plan_cues(ENGLISH, join(parts)) == [
        Cue(0, 800, ("Yes.",)),
        Cue(1_800, 2_600, ("No.",)),
        Cue(9_900, 10_000, ("Oh.",)),
    ]


def test_a_cue_ends_with_its_words() -> None:
    assert plan_cues(ENGLISH, join([part(0, 60, "That is all.", sounds=[(5, 6.5)])])) == [
        Cue(5_000, 6_500, ("That is all.",))
    ]


def test_a_word_over_a_long_sound_shows_seven_seconds() -> None:
    assert plan_cues(ENGLISH, join([part(0, 60, "Om")])) == [Cue(0, 7_000, ("Om",))]


def test_a_gap_shows_its_sentence_at_its_beginning() -> None:
    parts = [part(0, 10, "One."), part(10, 130, failed=True), part(130, 140, "Two.")]

    assert plan_cues(ENGLISH, join(parts))[1] == Cue(
        10_000, 17_000, ("[00:10–02:10 could not be transcribed]",)
    )


def test_a_late_gap_still_fits() -> None:
    gap = Gap(Span(90_000_000, 100_000_000))

    (cue,) = plan_cues(ENGLISH, Transcript((gap,), (), 100_000.0, complete=True))

    assert " ".join(cue.lines) == "[25:00:00–27:46:40 could not be transcribed]"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (
            6,
            """
            I came. I saw what there was to be seen,

            and then, because it was late,
            I went home again.
            """,
        ),
        (
            6,
            """
            We will meet on Monday.

            Then we shall see what everybody
            thinks about the plan for next year.
            """,
        ),
        (
            9,
            """
            Nobody who was there will ever
            forget what was said on that day,

            for it was the first time that
            anybody had dared to say it aloud.

            And the last, I am sorry to say.
            """,
        ),
        (
            6.5,
            """
            今天我们要讨论两个问题，
            第一个是预算，第二个是明年的计划，

            第三个我们下次再说。
            请问大家有什么意见吗？
            """,
        ),
        (
            5,
            """
            コーヒーをもう一杯いただけますか？
            「はい、どうぞ」と言いました。
            """,
        ),
        (
            5,
            """
            สวัสดีครับทุกคน วันนี้เราจะประชุมกันนะครับ
            ขอบคุณทุกคนที่มา
            """,
        ),
        (
            5,
            """
            안녕하세요. 오늘 회의를 시작하겠습니다.
            질문이 있습니까?
            """,
        ),
        (
            5,
            """
            صباح الخير، هل أنتم جاهزون؟
            سنبدأ الاجتماع الآن.
            """,
        ),
        (3, f"{'x' * 42}\n{'x' * 30}"),
    ],
)
def test_lines_and_cues_end_where_something_ends(seconds: float, shown: str) -> None:
    cues = [tuple(line.strip() for line in cue.split("\n")) for cue in re.split(r"\n\s*\n", shown.strip())]
    between = "" if "x" * 42 in shown or "，" in shown or "「" in shown else " "
    text = between.join(line for cue in cues for line in cue)

    assert [cue.lines for cue in plan_cues(ENGLISH, join([part(0, seconds, text)]))] == cues


@pytest.mark.parametrize("text", SPOKEN.values(), ids=SPOKEN.keys())
def test_slow_speech_in_any_script_changes_within_seven_seconds(text: str) -> None:
    cues = plan_cues(ENGLISH, join([part(0, 30, text)]))

    assert_readable(cues, 30_000)
    assert len(cues) >= 30 // 7


@pytest.mark.parametrize(
    ("sign", "fit"),
    [
        ("\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}", 20),
        ("\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}", 20),
        ("\N{HEAVY BLACK HEART}\ufe0f", 20),
        ("\u1112\u1161\u11ab", 20),
        ("\u0915\u093f", 42),
        ("e\u0301", 42),
    ],
    ids=["family", "skin", "variant", "jamo", "vowel sign", "accent"],
)
def test_a_word_longer_than_a_line_is_not_cut_within_what_is_seen_as_one(sign: str, fit: int) -> None:
    cues = plan_cues(ENGLISH, join([part(0, 30, sign * 50)]))

    assert cues[0].lines[0] == sign * fit
    assert all(line == sign * line.count(sign) for cue in cues for line in cue.lines)


def test_words_on_both_sides_of_a_silence_do_not_show_together() -> None:
    parts = [part(0, 10, "One, two.", sounds=[(0, 0.9), (2.0, 2.9)])]

    assert [cue.lines for cue in plan_cues(ENGLISH, join(parts))] == [("One,",), ("two.",)]


def test_words_on_both_sides_of_a_breath_do() -> None:
    parts = [part(0, 10, "One, two.", sounds=[(0, 0.9), (1.4, 2.3)])]

    assert plan_cues(ENGLISH, join(parts)) == [Cue(0, 2_300, ("One, two.",))]


@pytest.mark.no_cover  # a tracer triples what so much text takes
@pytest.mark.parametrize(
    "text", ["x" * 50_000, "字" * 50_000, "\u0301" * 50_000, "\u2060 " * 25_000, "a " * 25_000]
)
@pytest.mark.slow
def test_hostile_text_takes_no_longer_than_any(text: str) -> None:
    said = Utterance(text.strip(), Span(0, 170_000))

    began_s = time.process_time()
    cues = plan_cues(ENGLISH, Transcript((Paragraph(said.text, (said,)),), (), 170.0, complete=True))

    assert letters("".join(line for cue in cues for line in cue.lines)) == letters(text)
    assert time.process_time() - began_s < 5


def test_cues_of_two_who_speak_at_once_hold_one_voice_each_and_come_in_order() -> None:
    voices = [
        Paragraph("One two three four five.", (Utterance("One two three four five.", Span(0, 9_000)),), 0),
        Paragraph("Six seven eight.", (Utterance("Six seven eight.", Span(1_000, 4_000)),), 1),
    ]
    cues = plan_cues(ENGLISH, Transcript(tuple(voices), (), 10.0, complete=True))
    assert [cue.start_ms for cue in cues] == sorted(cue.start_ms for cue in cues)
    said = [set(re.findall(r"\w+", " ".join(cue.lines).lower())) for cue in cues]
    first, second = {"one", "two", "three", "four", "five"}, {"six", "seven", "eight"}
    assert all(words <= first or words <= second for words in said)
    assert set().union(*said) == first | second

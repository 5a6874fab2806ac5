from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.recording import Span, Utterance
from bot.transcript.align import align
from bot.transcript.script import spoken_length
from bot.transcript.tokens import tokens
from tests.transcript.speaker import Talk, talk
from tests.transcript.texts import SPOKEN, letters, span, spans, texts


def sounds_at(*seconds: tuple[float, float]) -> tuple[Span, ...]:
    return tuple(span(*each) for each in seconds)


def shown(utterances: Sequence[Utterance]) -> list[tuple[str, float, float]]:
    return [(said.text, said.span.start_ms / 1000, said.span.end_ms / 1000) for said in utterances]


def assert_tells_all_of(text: str, utterances: Sequence[Utterance]) -> None:
    """Each utterance is a piece of the text, in order, with nothing but white space between and around."""
    at = 0
    for said in utterances:
        assert said.text
        assert said.text == said.text.strip()
        start = text.index(said.text, at)
        assert not text[at:start].strip()
        at = start + len(said.text)
    assert not text[at:].strip()


@settings(max_examples=100)
@given(texts, spans(-5_000, 20_000), st.integers(0, 15_000))
def test_no_character_is_lost_and_no_time_lies_outside(
    text: str, sounds: tuple[Span, ...], end_ms: int
) -> None:
    within = Span(0, end_ms)

    utterances = align(text, sounds, within)

    assert_tells_all_of(text, utterances)
    times = [time_ms for said in utterances for time_ms in (said.span.start_ms, said.span.end_ms)]
    assert times == sorted(times)
    assert all(0 <= time_ms <= end_ms for time_ms in times)


@pytest.mark.parametrize("text", ["", " \n\u3000"])
def test_without_words_there_are_no_utterances(text: str) -> None:
    assert align(text, sounds_at((0, 1), (2, 3)), span(0, 3)) == []


@pytest.mark.parametrize("text", SPOKEN.values(), ids=SPOKEN.keys())
def test_without_pauses_all_is_one_utterance(text: str) -> None:
    assert align(text, (), span(5, 9)) == [Utterance(text, span(5, 9))]
    assert align(text, sounds_at((6, 8)), span(5, 9)) == [Utterance(text, span(6, 8))]


@pytest.mark.parametrize(
    ("text", "sounds", "said"),
    [
        ("Yes. I think so, but not today.", [(0, 0.4), (1, 2.6)], ["Yes.", "I think so, but not today."]),
        ("Well, I do not know. Ask her.", [(0, 1.3), (2.5, 3.1)], ["Well, I do not know.", "Ask her."]),
        ("one two three four five six", [(0, 1), (2, 3)], ["one two three", "four five six"]),
        (
            "今天天气很好，我们去公园吧。好。",
            [(0, 1.5), (2, 3.2), (4, 4.3)],
            ["今天天气很好，", "我们去公园吧。", "好。"],
        ),
        ("はい。コーヒーをください。", [(0, 0.5), (1.5, 3)], ["はい。", "コーヒーをください。"]),
        ("สวัสดีครับ วันนี้เราจะประชุมกัน", [(0, 0.8), (1.6, 3)], ["สวัสดีครับ", "วันนี้เราจะประชุมกัน"]),
        ("안녕하세요. 질문이 있습니까?", [(0, 1), (1.8, 3)], ["안녕하세요.", "질문이 있습니까?"]),
        ("صباح الخير، سنبدأ الاجتماع الآن.", [(0, 0.8), (1.4, 3)], ["صباح الخير،", "سنبدأ الاجتماع الآن."]),
    ],
)
def test_pauses_fall_where_something_ends(
    text: str, sounds: list[tuple[float, float]], said: list[str]
) -> None:
    utterances = align(text, sounds_at(*sounds), span(0, 5))

    assert shown(utterances) == [(words, *sound) for words, sound in zip(said, sounds, strict=True)]


def test_a_noise_gets_no_words() -> None:
    sounds = sounds_at((0, 2.0), (2.6, 2.68), (3.4, 5.6))

    utterances = align(
        "The first thing I want to say is this. The second is a bit longer, I fear.", sounds, span(0, 6)
    )

    assert shown(utterances) == [
        ("The first thing I want to say is this.", 0, 2),
        ("The second is a bit longer, I fear.", 3.4, 5.6),
    ]


def test_speakers_of_different_paces_and_a_noise_do_not_move_where_sentences_begin() -> None:
    text = (
        "A rápida raposa marrom salta sobre o cachorro preguiçoso. El veloz murciélago hindú comía feliz "
        "cardillo y kiwi. Portez ce vieux whisky au juge blond qui fume. And mister john dashwood had then "
        "leisure to consider how much there might be prudently in his power to do for them."
    )
    sounds = sounds_at((1, 3.5), (3.94, 4.04), (5.92, 9.08), (11.1, 11.98), (12.28, 13.28), (14.48, 20.84))

    utterances = align(text, sounds, span(0, 21))

    begun = {said.text.split()[0]: said.span.start_ms for said in utterances}
    assert {"A": 1_000, "El": 5_920, "Portez": 11_100, "And": 14_480}.items() <= begun.items()


def test_a_sentence_may_begin_with_a_capital_letter_alone() -> None:
    text = "unless to be rather selfish is to be ill disposed You are about to enter an echo test."

    utterances = align(text, sounds_at((0, 3.8), (6.0, 7.9)), span(0, 8))

    assert [said.text.split()[0] for said in utterances] == ["unless", "You"]


def test_sounds_out_of_order_or_over_one_another_still_give_times_in_order() -> None:
    sounds = sounds_at((3, 5), (0, 2), (1, 4))

    times = shown(align("one two three four five six seven eight", sounds, span(0, 5)))

    assert [time_s for _, *pair in times for time_s in pair] == [0, 2, 2, 4, 4, 5]


def test_more_sounds_than_words() -> None:
    assert (
        " ".join(
            said.text for said in align("Oh no", sounds_at(*((i, i + 0.5) for i in range(40))), span(0, 40))
        )
        == "Oh no"
    )


def errors_ms(talked: Talk) -> list[float]:
    """How far off the beginning of each word is, its utterance's time shared out evenly."""
    errors = []
    starts = iter(talked.word_starts_ms)
    for said in align(talked.text, talked.sounds, talked.span):
        whole, before = spoken_length(said.text), 0
        for token in tokens(said.text):
            guessed_ms = said.span.start_ms + said.span.duration_ms * before / whole
            before += token.spoken_length
            errors.append(abs(guessed_ms - next(starts)))
    assert next(starts, None) is None
    return errors


@pytest.mark.parametrize(("language", "median_ms", "tenth_ms"), [("en", 120, 900), ("zh", 80, 400)])
def test_words_are_found_where_they_were_said(language: str, median_ms: int, tenth_ms: int) -> None:
    errors = sorted(error for seed in range(40) for error in errors_ms(talk(seed, language)))

    # With one way alone (_BEAM_WIDTH) half the English words are 0.38 s off, and a tenth of them 5.6 s.
    assert statistics.median(errors) < median_ms
    assert errors[len(errors) * 9 // 10] < tenth_ms


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "字" * 100_000,
        "、" * 100_000,
        "、 " * 50_000,
        "a " * 50_000,
        "\u0301 " * 50_000,
        "」" * 100_000,
    ],
)
@pytest.mark.slow
def test_hostile_text_takes_no_longer_than_any(text: str) -> None:
    sounds = tuple(Span(at * 500, at * 500 + 400) for at in range(300))

    began_s = time.process_time()
    utterances = align(text, sounds, Span(0, 150_000))

    assert letters("".join(said.text for said in utterances)) == letters(text)
    assert time.process_time() - began_s < 3

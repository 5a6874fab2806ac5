from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.recording import Gap, Paragraph, Part, Span, Transcript, Utterance
from bot.transcript.cues import plan_cues
from bot.transcript.join import join
from bot.transcript.paragraphs import divide
from bot.transcript.script import spoken_length
from bot.translations import ENGLISH
from tests.transcript.texts import SPOKEN, letters, part, polite_texts, recordings, texts, words_of

TWELVE_MINUTES_MS = 720_000


def speech(
    sentences: list[str], *, words_a_s: float = 2.5, pauses_ms: list[int] | None = None
) -> list[Utterance]:
    """Each sentence as an utterance, with a pause behind it: a third of a second unless told."""
    at_ms, said = 0, []
    for number, sentence in enumerate(sentences):
        end_ms = at_ms + round(len(sentence.split()) / words_a_s * 1000)
        said.append(Utterance(sentence, Span(at_ms, end_ms)))
        at_ms = end_ms + (pauses_ms[number] if pauses_ms else 333)
    return said


def divided(said: list[Utterance], between: str = " ") -> list[Paragraph]:
    return divide(said, [between] * len(said))


def lengths(paragraphs: list[Paragraph]) -> list[int]:
    return [len(paragraph.text.split()) for paragraph in paragraphs]


def sentence(number: int, words: int = 12) -> str:
    return " ".join(["Now", *(f"w{number}" for _ in range(words - 2)), "there."])


SENTENCES = [sentence(number, 6 + number * 7 % 17) for number in range(130)]
"""Some twelve minutes of them."""


def test_twelve_minutes_come_in_paragraphs_of_some_forty_to_a_hundred_and_twenty_words() -> None:
    said = speech(SENTENCES, pauses_ms=[200 + number * 137 % 1_500 for number in range(len(SENTENCES))])

    found = divided(said)

    assert said[-1].span.end_ms > 600_000
    assert all(40 <= length <= 120 for length in lengths(found)), lengths(found)
    assert " ".join(paragraph.text for paragraph in found) == " ".join(SENTENCES)
    assert all(paragraph.text.endswith("there.") for paragraph in found)


def test_so_do_twelve_minutes_without_one_pause() -> None:
    text = " ".join(SENTENCES)

    found = divided([Utterance(text, Span(0, TWELVE_MINUTES_MS))])

    assert all(40 <= length <= 120 for length in lengths(found)), lengths(found)
    assert " ".join(paragraph.text for paragraph in found) == text
    assert all(paragraph.text.endswith("there.") for paragraph in found)
    spans = [said.span for paragraph in found for said in paragraph.utterances]
    assert (spans[0].start_ms, spans[-1].end_ms) == (0, TWELVE_MINUTES_MS)
    assert all(left.end_ms == right.start_ms for left, right in pairwise(spans))
    # The time of each is its share.
    before = "".join(paragraph.text for paragraph in found[:3])
    share = TWELVE_MINUTES_MS * spoken_length(before) / spoken_length(text)
    assert spans[3].start_ms == pytest.approx(share, abs=2)


def test_the_longest_pause_behind_a_sentence_decides() -> None:
    said = speech([sentence(number) for number in range(12)], pauses_ms=[300] * 5 + [1_200] + [300] * 6)

    first, second = divided(said)

    assert (len(first.utterances), len(second.utterances)) == (6, 6)


def test_a_pause_a_word_off_the_end_of_a_sentence_counts_as_there() -> None:
    # The estimate put the long pause behind the sixth sentence's next word.
    said = speech([sentence(number) for number in range(6)])
    late = said[-1].span.end_ms
    said += [Utterance("Well", Span(late, late + 300))]
    said += [
        Utterance(each.text, Span(each.span.start_ms + late + 2_000, each.span.end_ms + late + 2_000))
        for each in speech([sentence(number) for number in range(6, 12)])
    ]

    first, second = divided(said)

    assert first.text.endswith("w5 there.")
    assert second.text.startswith("Well Now w6")


def test_no_scrap_is_left_behind() -> None:
    # The longest pause stands before the last sentence.
    said = speech([sentence(number) for number in range(11)], pauses_ms=[300] * 9 + [1_900, 300])

    assert min(lengths(divided(said))) >= 40


def test_what_is_short_is_one_paragraph_whatever_its_pauses() -> None:
    assert len(divided(speech([sentence(1), sentence(2)], pauses_ms=[3_900, 0]))) == 1


@pytest.mark.parametrize("end", ["there.", "there,"])
def test_four_seconds_of_silence_end_a_paragraph_only_behind_a_sentence(end: str) -> None:
    found = divided(speech([f"All is {end}", "Nothing more."], pauses_ms=[4_000, 0]))

    assert len(found) == (2 if end == "there." else 1)


def test_text_without_punctuation_is_divided_at_the_longest_pause() -> None:
    said = speech(["and so on it goes"] * 40, pauses_ms=[300] * 17 + [900] + [300] * 22)

    first, *others = divided(said)

    assert len(first.utterances) == 18
    assert all(40 <= length <= 120 for length in lengths([first, *others]))


def test_a_long_sentence_is_not_cut_where_its_end_is_in_reach() -> None:
    long = " ".join(["So", *["and"] * 138, "on."])

    found = divided(speech([sentence(1, 25), long, sentence(2, 50), sentence(3, 50)]))

    assert all(paragraph.text.endswith((".", "there.")) for paragraph in found)
    assert any(long in paragraph.text for paragraph in found)


def test_a_sentence_without_end_is_cut_all_the_same() -> None:
    found = divided([Utterance(" ".join(["and"] * 1_000), Span(0, 400_000))])

    assert all(40 <= length <= 120 for length in lengths(found))


def test_an_abbreviation_ends_no_sentence() -> None:
    said = speech(
        ["Das geht z.B."] + ["morgen noch einmal so weiter bis dann."] * 30, pauses_ms=[5_000] + [300] * 30
    )

    assert all(not paragraph.text.endswith("z.B.") for paragraph in divided(said))


@pytest.mark.parametrize(
    ("name", "between"), [("Chinese", ""), ("Japanese", ""), ("Thai", " "), ("Korean", " "), ("Arabic", " ")]
)
def test_every_script_has_paragraphs_of_about_one_length(name: str, between: str) -> None:
    said = speech([SPOKEN[name]] * 150)
    text = between.join([SPOKEN[name]] * 150)

    found = divided(said, between)

    assert between.join(paragraph.text for paragraph in found) == text
    sizes = [spoken_length(paragraph.text) / 10 for paragraph in found]
    # By the time it takes to say it: a Korean word says more than an English one.
    assert all(25 <= size <= 250 for size in sizes), sizes
    assert all(paragraph.text.endswith(tuple(".?؟。？มาน")) for paragraph in found)


def test_chinese_without_spaces_has_between_sixty_and_two_hundred_characters() -> None:
    text = "我们今天讨论两个问题，第一个是预算。" * 60

    found = divided([Utterance(text, Span(0, 300_000))], "")

    assert all(60 <= len(paragraph.text) <= 220 for paragraph in found)
    assert all(paragraph.text.endswith("。") for paragraph in found)


@settings(max_examples=150)
@given(
    st.lists(texts.filter(str.strip), max_size=30), st.lists(st.integers(0, 6_000), min_size=30, max_size=30)
)
def test_whatever_was_said_every_character_is_in_one_paragraph(said: list[str], pauses_ms: list[int]) -> None:
    utterances = speech([" ".join(text.split()) for text in said], pauses_ms=pauses_ms)

    found = divided(utterances)

    assert letters("".join(paragraph.text for paragraph in found)) == letters("".join(said))
    spans = [piece.span for paragraph in found for piece in paragraph.utterances]
    assert all(left.end_ms <= right.start_ms for left, right in pairwise(spans))
    for paragraph in found:
        assert paragraph.text == paragraph.text.strip()
        left = paragraph.text
        for piece in paragraph.utterances:
            assert left.lstrip(" ").startswith(piece.text)
            left = left.lstrip(" ").removeprefix(piece.text)
        assert left == ""


def test_no_paragraph_goes_on_behind_a_gap() -> None:
    parts = [part(0, 10, "It begins"), part(10, 20, failed=True), part(20, 30, "and ends.")]

    assert [type(passage) for passage in join(parts).passages] == [Paragraph, Gap, Paragraph]


def undivided(transcript: Transcript) -> Transcript:
    """The same with all that stands between two gaps in one paragraph."""
    passages: list[Paragraph | Gap] = []
    for passage in transcript.passages:
        last = passages[-1] if passages else None
        if isinstance(passage, Paragraph) and isinstance(last, Paragraph):
            merged = f"{last.text} {passage.text}"
            passages[-1] = Paragraph(merged, (*last.utterances, *passage.utterances))
        else:
            passages.append(passage)
    return Transcript(tuple(passages), transcript.languages, transcript.duration_s, transcript.complete)


@settings(max_examples=60)
@given(recordings(polite_texts.filter(lambda text: text.isascii())))
def test_subtitles_know_nothing_of_paragraphs(parts: list[Part]) -> None:
    transcript = join(parts)

    assert plan_cues(ENGLISH, transcript) == plan_cues(ENGLISH, undivided(transcript))


def test_subtitles_keep_their_times_where_a_paragraph_ends_in_an_utterance() -> None:
    text = " ".join(SENTENCES)
    whole = Utterance(text, Span(0, TWELVE_MINUTES_MS))
    one = Transcript((Paragraph(text, (whole,)),), (), 720.0, complete=True)
    many = Transcript(tuple(divided([whole])), (), 720.0, complete=True)

    before, after = plan_cues(ENGLISH, one), plan_cues(ENGLISH, many)

    assert [cue.lines for cue in after] == [cue.lines for cue in before]
    for old, new in zip(before, after, strict=True):
        assert new.start_ms == pytest.approx(old.start_ms, abs=2)
        assert new.end_ms == pytest.approx(old.end_ms, abs=2)
    assert words_of(one) == words_of(many)

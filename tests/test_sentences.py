from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

from bot import sentences
from bot.channel_settings import Automatic
from bot.errors import Misconfiguration, Outage, Refusal
from bot.recording import EMOTIONS, LanguageHeard
from bot.translations import ENGLISH, Reader, readers


def sayings(reader: Reader) -> dict[str, str]:
    """Sentences that stand alone, by what they are about."""
    return {
        **{f"refusal {reason}": sentences.refusal(reader, reason) for reason in Refusal},
        **{f"waiting {why}": sentences.waiting(reader, why) for why in [*Outage, *Misconfiguration]},
        **{f"gave up {why}": sentences.gave_up(reader, why) for why in [*Outage, *Misconfiguration]},
        "refusal of a named format": sentences.refusal(
            reader, Refusal.FORMAT_NOT_READ, format_name="AMR with several channels"
        ),
        "broken": sentences.broken(reader, "F024CLIP1"),
        "cut short": reader.say(sentences.CUT_SHORT),
        **{f"what I do {mode}": reader.say(sentences.WHAT_I_DO[mode]) for mode in Automatic},
        **{f"saved {mode}": sentences.saved(reader, mode) for mode in Automatic},
        "saved, directly": reader.say(sentences.SAVED_DIRECT),
        "greeting": reader.say(sentences.GREETING),
        "greeting, shared": reader.say(sentences.GREETING_SHARED),
        "where audio goes": sentences.where_audio_goes(reader, "speech.example.com"),
        "out of reach": reader.say(sentences.OUT_OF_REACH),
        "admins only": reader.say(sentences.ADMINS_ONLY),
        "slack silent": reader.say(sentences.SLACK_SILENT),
        "went wrong": reader.say(sentences.WENT_WRONG),
        "home": reader.say(sentences.HOME_ABOUT),
        "no channels": reader.say(sentences.NO_CHANNELS),
        "channels unknown": reader.say(sentences.CHANNELS_UNKNOWN),
        "too many words": sentences.vocabulary_too_long(reader, 12),
        "more channels": sentences.more_channels(reader, 12),
        "not in the channel": reader.say(sentences.NOT_IN_CHANNEL),
        "not readable": reader.say(sentences.NOT_READABLE),
        "for me only": reader.say(sentences.FOR_ME_ONLY),
        "slack slow": reader.say(sentences.SLACK_SLOW),
        "nothing in it": reader.say(sentences.NOTHING_IN_IT),
        "nothing recent": reader.say(sentences.NOTHING_RECENT),
        "asked in a thread": reader.say(sentences.ASKED_IN_THREAD),
        "under way in a thread": reader.say(sentences.UNDER_WAY_IN_THREAD),
        "answered in a thread": reader.say(sentences.ANSWERED_IN_THREAD),
        "asked here": reader.say(sentences.ASKED_HERE),
        "asked for a direct message": reader.say(sentences.ASKED_DIRECT),
        "under way for one": reader.say(sentences.UNDER_WAY_FOR_ONE),
        "mention me where": reader.say(sentences.MENTION_ME_WHERE),
        "nothing above": reader.say(sentences.NOTHING_ABOVE),
        "nothing sent": reader.say(sentences.NOTHING_SENT),
        "opted out oneself": reader.say(sentences.OPTED_OUT_YOURSELF),
        "unknown language": sentences.unknown_language(reader, "w" * 99),
        "direct always on": reader.say(sentences.DIRECT_ALWAYS_ON),
        "continued": sentences.continued_in(reader, "transcript-F024CLIP1.txt"),
    }


SAID = {
    f"{reader.locale}: {about}": (reader, said)
    for reader in readers()
    for about, said in sayings(reader).items()
}


@pytest.mark.parametrize(("reader", "said"), SAID.values(), ids=SAID.keys())
def test_every_sentence_is_short_whole_and_plain(reader: Reader, said: str) -> None:
    # Other languages take more room than English.
    assert 20 < len(said) < (250 if reader is ENGLISH else 300)
    assert said[0].isupper()
    assert said[-1] in ".!?"
    assert not re.search(r"[<>&*`~\n]|  ", said)


@pytest.mark.parametrize("reader", readers(), ids=str)
@pytest.mark.parametrize("word", ["link", " on", "off", "settings", "status", "usage", ":ear:", "transcribe"])
def test_the_help_names_every_way_to_ask(reader: Reader, word: str) -> None:
    lines = sentences.command_help(reader, "ear").splitlines()

    assert any(word in line.casefold() for line in lines)
    assert all(20 < len(line) < 150 and line.endswith(".") for line in lines)


@pytest.mark.parametrize("reader", readers(), ids=str)
@pytest.mark.parametrize("helped", [sentences.mention_help, sentences.direct_help])
@pytest.mark.parametrize("word", ["link", ":ear:", "transcribe ", "/transcribe help"])
def test_help_for_words_names_every_way_to_ask_by_them(
    reader: Reader, helped: Callable[[Reader, str], str], word: str
) -> None:
    lines = helped(reader, "ear").splitlines()

    assert any(word in line.casefold() for line in lines)
    assert all(20 < len(line) < 150 and line.endswith(".") for line in lines)


@pytest.mark.parametrize("reader", readers(), ids=str)
def test_a_word_that_means_nothing_is_named_before_the_help(reader: Reader) -> None:
    first, _, helped = sentences.mention_not_understood(reader, "w" * 99, "ear").partition("\n\n")

    assert "“" in first or "„" in first
    assert "w" * 51 not in first
    assert helped == sentences.mention_help(reader, "ear")


@pytest.mark.parametrize("reader", readers(), ids=str)
def test_no_two_causes_sound_the_same(reader: Reader) -> None:
    assert len(set(sayings(reader).values())) == len(sayings(reader))


@pytest.mark.parametrize("why", list(Misconfiguration))
def test_the_operator_gets_a_reference(why: Misconfiguration) -> None:
    assert f"({why})" in sentences.waiting(ENGLISH, why)
    assert f"({why})" in sentences.gave_up(ENGLISH, why)
    assert "whoever runs this bot" in sentences.waiting(ENGLISH, why)


@pytest.mark.parametrize("why", list(Misconfiguration))
def test_a_parked_recording_is_told_of_in_one_sentence(why: Misconfiguration) -> None:
    assert re.findall(r"[.!?](?= |$)", sentences.waiting(ENGLISH, why)) == ["."]


def test_a_fault_of_ours_carries_its_reference() -> None:
    assert "F024CLIP1" in sentences.broken(ENGLISH, "F024CLIP1")


@pytest.mark.parametrize(
    ("duration_s", "cost", "said"),
    [
        (1_920.0, 0.0672, "32 min, about $0.07: transcribe?"),
        (10_800.0, 0.378, "180 min, about $0.38: transcribe?"),
        (61.0, 0.002, "1 min, about $0.01: transcribe?"),
        (5.0, 0.0, "1 min: transcribe?"),
    ],
)
def test_a_question_names_the_length_and_the_cost(duration_s: float, cost: float, said: str) -> None:
    assert sentences.ask_first(ENGLISH, duration_s, cost) == said


def test_how_much_of_the_month_is_used_is_told_in_percent() -> None:
    assert sentences.month_used(ENGLISH, 0.84) == "84% of this month's minutes used"
    assert sentences.month_used(ENGLISH, 1.0) == "100% of this month's minutes used"


def test_every_emotion_of_the_recogniser_has_a_word() -> None:
    assert sentences.EMOTIONS.keys() == set(EMOTIONS)
    assert len(set(map(ENGLISH.say, sentences.EMOTIONS.values()))) == len(EMOTIONS)


@pytest.mark.parametrize("reader", readers(), ids=str)
def test_where_the_rest_is_is_known_again_in_every_language(reader: Reader) -> None:
    pointers = sentences.continued_in_any_language()

    assert pointers.fullmatch(sentences.continued_in(reader, "a (b) here.txt"))
    assert pointers.fullmatch(sentences.continued_in_text(reader, "t.txt"))
    assert not pointers.fullmatch(sentences.continued_in_text(reader, ""))
    assert not pointers.fullmatch("Hello.")


def test_a_german_reads_german_with_german_numbers_and_names() -> None:
    reader = Reader.of("de-AT")

    assert sentences.languages(reader, [LanguageHeard("de", 0), LanguageHeard("en", 80_000)]) == (
        "Deutsch, Englisch ab 01:20"
    )
    assert sentences.status(reader, Automatic.OFF, "de", 1_200).splitlines() == [
        "In diesem Channel transkribiere ich nur, worum mich jemand bittet.",
        "Sprache: Deutsch.",
        "1.200 Aufnahmen werden gerade transkribiert.",
    ]
    assert sentences.status(reader, None, None, 1).endswith("1 Aufnahme wird gerade transkribiert.")
    assert sentences.ask_first(reader, 1_920.0, 0.0672) == "32 Min. für etwa $\xa00,07 transkribieren?"
    assert sentences.gap(reader, 0, 1_000) == "[00:00–00:01 konnte nicht transkribiert werden]"


def test_every_sentence_is_found_by_what_makes_catalogues() -> None:
    source = Path(sentences.__file__)
    found = [text for _, text, *_ in extract_from_file("python", source)]
    marked = {one for text in found for one in ([text] if isinstance(text, str) else text)}
    nodes = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))
    documentation = {
        id(node.value)
        for node in nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    written = {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    }
    assert len(marked) > 150
    assert {text for text in written - marked if " " in text.strip(" ,")} == set()

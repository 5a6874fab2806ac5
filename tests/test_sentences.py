from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

from bot import sentences
from bot.errors import Misconfiguration, Outage, Refusal
from bot.model import EMOTIONS
from bot.preferences import Automatic
from bot.translations import ENGLISH

SAID = {
    **{f"refusal {reason}": sentences.refusal(ENGLISH, reason) for reason in Refusal},
    **{f"waiting {why}": sentences.waiting(ENGLISH, why) for why in [*Outage, *Misconfiguration]},
    **{f"gave up {why}": sentences.gave_up(ENGLISH, why) for why in [*Outage, *Misconfiguration]},
    "broken": sentences.broken(ENGLISH, "F024CLIP1"),
    "cut short": ENGLISH.say(sentences.CUT_SHORT),
    **{f"what I do {mode}": ENGLISH.say(sentences.WHAT_I_DO[mode]) for mode in Automatic},
    **{f"saved {mode}": sentences.saved(ENGLISH, mode) for mode in Automatic},
    "saved, directly": ENGLISH.say(sentences.SAVED_DIRECT),
    "greeting": ENGLISH.say(sentences.GREETING),
    "greeting, shared": ENGLISH.say(sentences.GREETING_SHARED),
    "where audio goes": sentences.where_audio_goes(ENGLISH, "speech.example.com"),
    "out of reach": ENGLISH.say(sentences.OUT_OF_REACH),
    "admins only": ENGLISH.say(sentences.ADMINS_ONLY),
    "slack silent": ENGLISH.say(sentences.SLACK_SILENT),
    "went wrong": ENGLISH.say(sentences.WENT_WRONG),
    "home": ENGLISH.say(sentences.HOME_ABOUT),
    "no channels": ENGLISH.say(sentences.NO_CHANNELS),
    "channels unknown": ENGLISH.say(sentences.CHANNELS_UNKNOWN),
    "too many words": sentences.vocabulary_too_long(ENGLISH, 12),
    "more channels": sentences.more_channels(ENGLISH, 12),
    "not in the channel": ENGLISH.say(sentences.NOT_IN_CHANNEL),
    "not readable": ENGLISH.say(sentences.NOT_READABLE),
    "for me only": ENGLISH.say(sentences.FOR_ME_ONLY),
    "slack slow": ENGLISH.say(sentences.SLACK_SLOW),
    "nothing in it": ENGLISH.say(sentences.NOTHING_IN_IT),
    "nothing recent": ENGLISH.say(sentences.NOTHING_RECENT),
    "asked in a thread": ENGLISH.say(sentences.ASKED_IN_THREAD),
    "under way in a thread": ENGLISH.say(sentences.UNDER_WAY_IN_THREAD),
    "answered in a thread": ENGLISH.say(sentences.ANSWERED_IN_THREAD),
    "asked here": ENGLISH.say(sentences.ASKED_HERE),
    "asked for a direct message": ENGLISH.say(sentences.ASKED_DIRECT),
    "under way for one": ENGLISH.say(sentences.UNDER_WAY_FOR_ONE),
    "mention me where": ENGLISH.say(sentences.MENTION_ME_WHERE),
    "mention not understood": sentences.mention_not_understood(ENGLISH, "w" * 99),
    "direct always on": ENGLISH.say(sentences.DIRECT_ALWAYS_ON),
    "continued": sentences.continued_in(ENGLISH, "transcript-F024CLIP1.txt"),
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID.keys())
def test_every_sentence_is_short_whole_and_plain(said: str) -> None:
    assert 20 < len(said) < 250
    assert said[0].isupper()
    assert said[-1] in ".!?"
    assert not re.search(r"[<>&*`~\n]|  ", said)


@pytest.mark.parametrize("word", ["a link", "on", "off", "settings", "status", "usage", ":ear:", "mention"])
def test_the_help_names_every_way_to_ask(word: str) -> None:
    lines = sentences.command_help(ENGLISH, "ear").splitlines()

    assert any(word in line for line in lines)
    assert all(20 < len(line) < 150 and line.endswith(".") for line in lines)


def test_no_two_causes_sound_the_same() -> None:
    assert len(set(SAID.values())) == len(SAID)


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

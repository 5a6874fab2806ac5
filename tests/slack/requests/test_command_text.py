from __future__ import annotations

from typing import Any

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from bot import formats
from bot.recording import LANGUAGES
from bot.slack.requests.command_text import (
    OWN_NAMES,
    NotUnderstood,
    RecordingQuery,
    Word,
    parse_command,
    parse_mention,
    says_nothing,
)
from bot.slack.requests.links import FileLink, MessageLink
from bot.translations import readers
from tests.slack.payloads import BOT

LINK = "https://acme.slack.com/archives/C123ABC45/p1695106171334469"
MESSAGE = MessageLink("C123ABC45", "1695106171.334469")
FILE_LINK = "https://acme.slack.com/files/U024ANNE1/F123ABC45/payload.m4a"
FILE = FileLink("F123ABC45")


@pytest.mark.parametrize("word", list(Word))
def test_a_command_of_one_word(word: Word) -> None:
    assert parse_command(word) is word
    assert parse_command(f"  {word.upper()}. ") is word


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", RecordingQuery()),
        ("this, please", RecordingQuery()),
        (LINK, RecordingQuery(MESSAGE)),
        (f"<{LINK}>", RecordingQuery(MESSAGE)),
        (f"<{LINK}|a message>", RecordingQuery(MESSAGE)),
        (f"{LINK}?thread_ts=1695100000.000100&amp;cid=C123ABC45", RecordingQuery(MESSAGE)),
        (FILE_LINK, RecordingQuery(FILE)),
        (f"<{FILE_LINK}|payload.m4a> German", RecordingQuery(FILE, "de")),
        (f"{LINK} German", RecordingQuery(MESSAGE, "de")),
        (f"{LINK} in German, please.", RecordingQuery(MESSAGE, "de")),
        (f"{LINK} in: German", RecordingQuery(MESSAGE, "de")),
        (f"{LINK} de", RecordingQuery(MESSAGE, "de")),
        (f"{LINK} DE", RecordingQuery(MESSAGE, "de")),
        (f"in German {LINK}", RecordingQuery(MESSAGE, "de")),
        (f"{LINK} português", RecordingQuery(MESSAGE, "pt")),
        (f"{LINK} PORTUGUÊS", RecordingQuery(MESSAGE, "pt")),
        (f"{LINK} portugue\u0302s", RecordingQuery(MESSAGE, "pt")),
        (f"{LINK} Tiếng Việt", RecordingQuery(MESSAGE, "vi")),
        (f"{LINK} 日本語", RecordingQuery(MESSAGE, "ja")),
        (f"{LINK} is", RecordingQuery(MESSAGE, "is")),
        ("in it", RecordingQuery(None, "it")),
        ("German", RecordingQuery(None, "de")),
        ("in Deutsch", RecordingQuery(None, "de")),
        (f"{LINK} auf Englisch", RecordingQuery(MESSAGE, "en")),
        (f"{LINK} auf Französisch", RecordingQuery(MESSAGE, "fr")),
        ("auf Deutsch", RecordingQuery(None, "de")),
    ],
)
def test_what_is_wanted_and_what_is_spoken_in_it(text: str, wanted: RecordingQuery) -> None:
    assert parse_command(text) == wanted


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("onn", "onn"),
        ("on now", "now"),
        (f"settings {LINK}", LINK),
        ("https://example.org/a.mp3", "https://example.org/a.mp3"),
        (f"{LINK} Klingon", "Klingon"),
        (f"{LINK} in Klingon", "Klingon"),
        (f"{LINK} in", "in"),
        (f"{LINK} German quickly", "quickly"),
        (f"{LINK} very German", "very"),
        (f"{LINK} {FILE_LINK}", FILE_LINK),
        ("no", "no"),
        ("is", "is"),
    ],
)
def test_the_word_that_means_nothing_is_named(text: str, word: str) -> None:
    assert parse_command(text) == NotUnderstood(word)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_goes_by_its_names_and_its_code(code: str) -> None:
    own = formats.language_name(code, Locale.parse(code))

    for name in (code, *(formats.language_name(code, one.locale) for one in readers()), own, own.upper()):
        assert parse_command(f"{LINK} in {name}") == RecordingQuery(MESSAGE, code), name
        assert parse_command(f"in {name} {LINK}") == RecordingQuery(MESSAGE, code), name
        # "Transcribe it" is no Italian.
        without_in = None if name == "it" else code
        assert parse_command(f"{LINK} {name}") == RecordingQuery(MESSAGE, without_in), name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"<@{BOT}>", RecordingQuery()),
        (f"<@{BOT}|threadscribe> transcribe", RecordingQuery()),
        (f"<@{BOT}>: please transcribe this in German", RecordingQuery(None, "de")),
        (f"please transcribe it, <@{BOT}>!", RecordingQuery()),
        (f"<@{BOT}> transcribe <{LINK}|that> in de", RecordingQuery(MESSAGE, "de")),
        (f"<@{BOT}> thanks", NotUnderstood("thanks")),
        (f"<@{BOT}> <@U024OTHER>", NotUnderstood("@U024OTHER")),
        (f"<@{BOT}> settings", NotUnderstood("settings")),
        (f"<@{BOT}> transcribe in Klingon", NotUnderstood("Klingon")),
        (f"<@{BOT}> transcribe auf Englisch", RecordingQuery(None, "en")),
        (f"<@{BOT}> transcribe auf Klingonisch", NotUnderstood("Klingonisch")),
        (f"can you transcribe this, <@{BOT}>?", RecordingQuery()),
        (f"<@{BOT}> help", Word.HELP),
        (f"<@{BOT}> Hilfe!", Word.HELP),
        (f"<@{BOT}> can you help?", Word.HELP),
        (f"<@{BOT}> help the others", NotUnderstood("help")),
        (f"Minutes of today. <@{BOT}> transcribe in German", RecordingQuery(None, "de")),
        (f"Hello <@{BOT}>, in German <@{BOT}> please in French", RecordingQuery(None, "fr")),
        (f"as I said, <@{BOT}> {LINK}", RecordingQuery(MESSAGE)),
        (f"<@{BOT}> as I said", NotUnderstood("as")),
        (f"I asked <@{BOT}> this", NotUnderstood("I")),
        (f"hi <{LINK}>", NotUnderstood("hi")),
        (f"in hi <{LINK}>", RecordingQuery(MESSAGE, "hi")),
    ],
)
def test_a_mention_says_the_same_in_a_sentence(text: str, said: Any) -> None:
    assert parse_mention(text, BOT) == said


@pytest.mark.parametrize(
    ("text", "is_attempt"),
    [
        ("transcribe in Klingon", True),
        ("in Swiss German, please", True),
        ("transcribe in the office", False),
        ("we talk in Klingon", False),
        ("settings", True),
        ("transcribe this in the afternoon of Monday", False),
        ("see this for the meeting, what a day", False),
        ("settings are wrong here", False),
        ("thanks", False),
        ("in", False),
    ],
)
def test_an_attempt_is_told_from_chatter(text: str, is_attempt: bool) -> None:  # noqa: FBT001  # a case
    said = parse_mention(f"<@{BOT}> {text}", BOT)

    assert isinstance(said, NotUnderstood)
    assert said.is_attempt is is_attempt


def test_the_link_beside_unknown_words_is_kept() -> None:
    said = parse_mention(f"have you seen <{LINK}>?", BOT)

    assert isinstance(said, NotUnderstood)
    assert said.link == MESSAGE


@pytest.mark.parametrize(("text", "nothing"), [("", True), (f"<@{BOT}> ?", True), ("hi", False), ("!", True)])
def test_a_text_without_words_says_nothing(text: str, nothing: bool) -> None:  # noqa: FBT001  # a case
    assert says_nothing(text, BOT) is nothing


WORDS = st.sampled_from(
    ["in", "auf", "transcribe", "please", "German", "no", "on", "help", LINK, FILE_LINK, f"<{LINK}|x>", "?"]
)


@given(st.text(max_size=30) | st.lists(WORDS | st.text(max_size=6), max_size=6).map(" ".join))
def test_no_text_breaks_the_reader(text: str) -> None:
    for said in (parse_command(text), parse_mention(text, BOT)):
        match said:
            case RecordingQuery(_, language):
                assert language is None or language in LANGUAGES
            case NotUnderstood(word):
                assert word
            case Word():
                assert said in Word


def test_the_names_of_languages_in_themselves_are_those_of_cldr() -> None:
    assert {code: formats.language_name(code, Locale.parse(code)) for code in LANGUAGES} == OWN_NAMES

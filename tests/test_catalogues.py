"""The catalogues in `bot/locale`: of the code's sentences, whole, and short enough where Slack shows them.

`make messages` brings them up to date; what is then empty is to be translated.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from gettext import GNUTranslations
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot import sentences
from bot.channel_settings import Automatic
from bot.slack.requests.command_text import Word
from bot.translations import DOMAIN, FOLDER, Reader, Sentence

PATHS = sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
AS_TYPED = re.compile(
    rf"/transcribe(?: (?:{'|'.join(Word)})\b)?|/invite @Threadscribe|Threadscribe"
    r"|Slack|\bMP3|\bM4A|\bWAV|\bMB\b|:\{reaction\}:"
)
"""What is the same in every language: commands, names, formats."""
STOPS = ".!?…。！？"  # those of Chinese and Japanese
TITLES = [
    *("ASK_TITLE", "ASK_SUBMIT", "SETTINGS_TITLE", "SAVE", "CANCEL", "CLOSE", "AGAIN_TITLE", "AGAIN_SUBMIT"),
    *("WORDS_TITLE", "WORDS_SUBMIT", "EDIT_TITLE", "DELETE_TITLE", "DELETE_SUBMIT"),
]
BUTTONS = ["FILL_GAPS", "TURN_ON", "TURN_OFF", "SETTINGS", "SHARE_IN_THREAD", "AGREE", "DECLINE"]
OPTIONS = [
    *("ASK_IN_THREAD", "ASK_FOR_ME", "LANGUAGE_AUTOMATIC", "NAMES_CHOICE", "DIGITS_CHOICE"),
    *("EMOTION_CHOICE", "TIME_MARKS_CHOICE", "REPLY_IN_THREAD", "REPLY_TO_SENDER", "OPT_OUT_CHOICE"),
    *("MENU_AGAIN_IN", "MENU_AGAIN", "MENU_WORDS", "MENU_EDIT", "MENU_DELETE", "MENU_DELETE_ANSWER"),
]
HEADERS = ["HOME_TITLE", "HOME_MINE", "HOME_CHANNELS", "HOME_USAGE", "HOME_HELP"]
LONGEST = {
    **dict.fromkeys(TITLES, 24),
    # Slack takes 75, and cuts off what a telephone has no room for.
    **dict.fromkeys(BUTTONS, 30),
    **dict.fromkeys(OPTIONS, 75),
    **dict.fromkeys([*HEADERS, "SUBSCRIPTIONS_HINT"], 150),
}
"""Characters. ``bot.slack.blockkit.elements`` would cut longer ones."""


def catalogue(path: Path) -> Catalog:
    with path.open(encoding="utf-8") as file:
        return read_po(file, locale=None if path.suffix == ".pot" else path.parent.parent.name)


def entries(path: Path) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each message of a catalogue with its translations; more than one of each where it has a plural."""
    for message in catalogue(path):
        if message.id:
            yield forms(message.id), forms(message.string)


def forms(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def compiled(path: Path) -> Mapping[Any, str]:
    """A compiled catalogue's messages, but for its header, which names a version of Babel."""
    return messages_in(path.read_bytes())


def messages_in(data: bytes) -> Mapping[Any, str]:
    found: dict[Any, str] = vars(GNUTranslations(io.BytesIO(data)))["_catalog"]
    return {known: said for known, said in found.items() if known}


@pytest.fixture(params=PATHS, ids=[path.parent.parent.name for path in PATHS])
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_there_is_a_german_catalogue() -> None:
    assert FOLDER / "de" / "LC_MESSAGES" / "threadscribe.po" in PATHS


def test_the_template_has_the_sentences_of_the_code() -> None:
    found = extract_from_file("python", sentences.__file__)
    written = dict.fromkeys(forms(text) for _, text, *_ in found)

    assert [known for known, _ in entries(FOLDER / f"{DOMAIN}.pot")] == list(written)


def test_a_catalogue_has_the_sentences_of_the_template_and_no_others(path: Path) -> None:
    template = [known for known, _ in entries(FOLDER / f"{DOMAIN}.pot")]

    assert [known for known, _ in entries(path)] == template
    assert catalogue(path).obsolete == {}


def test_every_sentence_is_translated_and_none_is_a_guess(path: Path) -> None:
    plurals = catalogue(path).num_plurals

    assert [known for known, said in entries(path) if not all(map(str.strip, said))] == []
    assert [known for known, said in entries(path) if len(known) > 1 and len(said) != plurals] == []
    assert [message.id for message in catalogue(path) if message.id and message.fuzzy] == []


def test_a_translation_has_its_sentences_gaps_commands_and_end(path: Path) -> None:
    for known, said in entries(path):
        for one in filter(None, said):
            assert names_in(one) == names_in(known[-1]), one
            assert set(AS_TYPED.findall(one)) == set(AS_TYPED.findall(known[-1])), one
            assert (one[-1] in STOPS) == (known[-1][-1] in STOPS), one
            assert one.strip() == one, one


def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    made = io.BytesIO()
    write_mo(made, catalogue(path))

    assert compiled(path.with_suffix(".mo")) == messages_in(made.getvalue()), "run `make messages`"


@pytest.mark.parametrize("name", LONGEST)
def test_a_label_is_not_too_long_for_its_place(path: Path, name: str) -> None:
    sentence: Sentence = getattr(sentences, name)

    said = Reader.of(path.parent.parent.name).say(sentence)

    assert len(said) <= LONGEST[name], said


def test_what_the_bot_does_by_itself_fits_a_menu(path: Path) -> None:
    reader = Reader.of(path.parent.parent.name)

    assert all(len(reader.say(sentences.AUTOMATIC_CHOICES[mode])) <= 75 for mode in Automatic)


def test_every_title_and_label_is_known_here() -> None:
    marked = ("_TITLE", "_SUBMIT", "_CHOICE", "MENU_")
    named = [
        name
        for name, value in vars(sentences).items()
        if isinstance(value, Sentence) and (name.endswith(marked) or name.startswith(marked))
    ]
    assert set(named) <= set(LONGEST)


def test_no_catalogue_names_a_person_or_a_day() -> None:
    for path in PATHS:
        head = path.read_text(encoding="utf-8").partition("\n\n")[0]
        assert re.findall(r"20\d\d-\d\d-\d\d", head) == ["2026-01-01"] * 2
        assert "@" not in head

"""Text after the slash command or a mention parsed: a command word, or a link and a language. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise

from bot import formats
from bot.recording import LANGUAGES
from bot.slack.requests.links import Link, parse_link, split_words
from bot.translations import readers

_IN = frozenset({"in", "auf"})
"""What stands before a language, as the sentences that explain it say in English and German."""
_ASKING = frozenset({"transcribe", "this", "that", "it", "please"})
"""Words that say no more than that somebody asks for a transcript."""


OWN_NAMES: Mapping[str, str] = {
    "zh": "中文",
    "yue": "粵語",
    "en": "English",
    "ja": "日本語",
    "de": "Deutsch",
    "ko": "한국어",
    "ru": "русский",
    "fr": "français",
    "pt": "português",
    "ar": "العربية",
    "it": "italiano",
    "es": "español",
    "hi": "हिन्दी",
    "id": "Indonesia",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "українська",
    "vi": "Tiếng Việt",
    "cs": "čeština",
    "da": "dansk",
    "fil": "Filipino",
    "fi": "suomi",
    "is": "íslenska",
    "ms": "Melayu",
    "no": "norsk",
    "pl": "polski",
    "sv": "svenska",
}
"""The names of languages in themselves, as CLDR has them.

A table, because to read them from Babel loads the data of 27 locales: 34 MB that stay, and 0.15 s.
"""


class Word(StrEnum):
    """A command that is one word."""

    ON = "on"
    OFF = "off"
    SETTINGS = "settings"
    STATUS = "status"
    USAGE = "usage"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class RecordingQuery:
    """A requested recording, and the language spoken in it."""

    link: Link | None = None
    """The recording's link; ``None`` for the one that is at hand."""
    language: str | None = None
    """One of ``recording.LANGUAGES``; ``None`` where nobody says."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The first word that means nothing here."""

    word: str


def parse_command(text: str) -> RecordingQuery | Word | NotUnderstood:
    """Read what follows ``/transcribe``: a word, or a link and a language, either of which may be missing."""
    words = list(split_words(text))
    try:
        known = Word(words[0].casefold()) if words else None
    except ValueError:
        known = None
    if known is not None:
        return known if len(words) == 1 else NotUnderstood(words[1])
    return _parse_wanted(words)


def parse_mention(text: str, bot_user_id: str) -> RecordingQuery | NotUnderstood:
    """Read a message that mentions the bot: “transcribe this, please”, with a link or “in German”."""
    return _parse_wanted([word for word in split_words(text) if word != f"@{bot_user_id}"])


def _parse_wanted(words: Sequence[str]) -> RecordingQuery | NotUnderstood:
    link: Link | None = None
    named: list[str] = []
    for before, word in pairwise(["", *words]):
        found = parse_link(word)
        if found is not None and link is not None:
            return NotUnderstood(word)
        if found is not None:
            link = found
        # "In it" is Italian; else it says nothing.
        elif _folded(before) in _IN or _folded(word) not in _ASKING:
            named.append(word)
    is_said = bool(named) and _folded(named[0]) in _IN
    named, first = (named[1:] if is_said else named), named[:1]
    if not first:
        return RecordingQuery(link)
    # A bare "no" or "is" is more often a word than a code.
    may_be_codes = is_said or link is not None
    language = _language(" ".join(named), may_be_codes=may_be_codes)
    if language is not None:
        return RecordingQuery(link, language)
    # The first word may name a language, and the next one mean nothing.
    is_first_known = len(named) > 1 and _language(named[0], may_be_codes=may_be_codes) is not None
    return NotUnderstood((named[1] if is_first_known else named[0]) if named else first[0])


def _language(name: str, *, may_be_codes: bool) -> str | None:
    """The code of a language by a name that somebody reads, its own name or, if it may be one, its code."""
    wanted = _folded(name)
    if may_be_codes and wanted in LANGUAGES:
        return wanted
    return language_names().get(wanted)


@cache
def language_names() -> Mapping[str, str]:
    """Codes by the folded names of languages: as the readers of each catalogue write them, and their own.

    The first call reads the data of the catalogues' languages; a thread makes it before the bot is ready.
    """
    named = ((_folded(name), code) for code in reversed(LANGUAGES) for name in _names(code))
    return dict(named)


def _names(code: str) -> Iterator[str]:
    for reader in readers():
        yield formats.language_name(code, reader.locale)
    yield OWN_NAMES[code]


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()

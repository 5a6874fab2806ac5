"""Text after the slash command or a mention parsed: a command word, or a link and a language. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from itertools import pairwise

from bot import formats
from bot.recording import LANGUAGES
from bot.slack.requests.links import Link, parse_link, split_words
from bot.translations import readers

_IN = frozenset({"in", "auf"})
"""What stands before a language, as the sentences that explain it say in English and German."""
_ASKING = frozenset({"transcribe", "this", "that", "it", "please", "pls", "bitte", "can", "could", "you"})
"""Words that say no more than that somebody asks for a transcript."""
_HELP = frozenset({"help", "hilfe"})

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
    link: Link | None = field(default=None, compare=False)
    """The link beside it, if there is one."""
    is_attempt: bool = field(default=False, compare=False)
    """It stands where a language or a command would, and nothing else is said: it is no chatter."""

    @property
    def is_language(self) -> bool:
        """True where it was to be a language."""
        return self.is_attempt and _command(self.word) is None


def parse_command(text: str) -> RecordingQuery | Word | NotUnderstood:
    """Read what follows ``/transcribe``: a word, or a link and a language, either of which may be missing."""
    words = list(split_words(text))
    known = _command(words[0]) if words else None
    if known is not None:
        return known if len(words) == 1 else NotUnderstood(words[1])
    return _parse_wanted(words)


def parse_mention(text: str, bot_user_id: str) -> RecordingQuery | Word | NotUnderstood:
    """Read a message to the bot: “transcribe this, please”, with a link or “in German”; or “help”.

    Where people talk to each other and end with a word to the bot, what comes after its name counts, as far
    as it names a recording or a language. Of the commands it knows but ``Word.HELP``.
    """
    name = f"@{bot_user_id}"
    words = list(split_words(text))
    said = _parse_said([word for word in words if word != name])
    if isinstance(said, NotUnderstood) and name in words:
        last = len(words) - words[::-1].index(name)
        after = _parse_said(words[last:])
        if isinstance(after, RecordingQuery) and after != RecordingQuery():
            return after
    return said


def ask_id(message_ts: str, language: str | None) -> str:
    """An id of what a message asks for of each recording: another where an edit names another language."""
    return f"{message_ts}:{language}" if language else message_ts


def says_nothing(text: str, bot_user_id: str) -> bool:
    """True where a message to the bot has no word but its name."""
    return all(word == f"@{bot_user_id}" for word in split_words(text))


def _parse_said(words: Sequence[str]) -> RecordingQuery | Word | NotUnderstood:
    meant = [word for word in words if _folded(word) not in _ASKING]
    if len(meant) == 1 and _folded(meant[0]) in _HELP:
        return Word.HELP
    wanted = _parse_wanted(words)
    is_command = len(meant) == 1 and _command(meant[0]) is not None
    return replace(wanted, is_attempt=True) if isinstance(wanted, NotUnderstood) and is_command else wanted


def _command(word: str) -> Word | None:
    try:
        return Word(word.casefold())
    except ValueError:
        return None


def _parse_wanted(words: Sequence[str]) -> RecordingQuery | NotUnderstood:
    link: Link | None = None
    named: list[str] = []
    is_after_link = False
    for before, word in pairwise(["", *words]):
        found = parse_link(word)
        if found is not None and link is not None:
            return NotUnderstood(word, link)
        if found is not None:
            link = found
        # "In it" is Italian; else it says nothing.
        elif _folded(before) in _IN or _folded(word) not in _ASKING:
            is_after_link = is_after_link or (link is not None and not named)
            named.append(word)
    is_said = bool(named) and _folded(named[0]) in _IN
    named, first = (named[1:] if is_said else named), named[:1]
    if not first:
        return RecordingQuery(link)
    # A bare "no" or "is" is more often a word than a code, and "hi" before a link a greeting.
    may_be_codes = is_said or is_after_link
    language = _language(" ".join(named), may_be_codes=may_be_codes)
    if language is not None:
        return RecordingQuery(link, language)
    # The first word may name a language, and the next one mean nothing.
    is_first_known = len(named) > 1 and _language(named[0], may_be_codes=may_be_codes) is not None
    word = (named[1] if is_first_known else named[0]) if named else first[0]
    # "In Klingon" and "in Swiss German", but not "in the afternoon".
    is_last_known = bool(named) and _language(named[-1], may_be_codes=False) is not None
    is_attempt = is_said and (len(named) == 1 or is_last_known)
    return NotUnderstood(word, link, is_attempt)


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

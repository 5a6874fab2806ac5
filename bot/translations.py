"""The language that somebody reads: their locale, and gettext's catalogue of the bot's sentences in it.

Catalogues lie in ``bot/locale``, as ``<locale>/LC_MESSAGES/threadscribe.mo``; each is read when somebody
first needs it. English has none: its sentences are what the others are found by.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError

DOMAIN = "threadscribe"
FOLDER = Path(__file__).with_name("locale")
_LONGEST_NAME = 35
"""So long may a language tag be at least, and no real one is longer.

Source: https://www.rfc-editor.org/rfc/rfc5646#section-4.4.1
"""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in English. It is no string, so that nothing shows it before it is said to a reader."""

    english: str

    def __call__(self, reader: Reader) -> str:
        """Say it to a reader."""
        return reader.say(self)


@dataclass(frozen=True, slots=True)
class Reader:
    """A language that somebody reads, with their region's way to write numbers and dates."""

    locale: Locale
    catalogue: gettext.NullTranslations = field(repr=False)

    @property
    def name(self) -> str:
        """The locale as Slack names it, such as ``en-GB``."""
        return str(self.locale).replace("_", "-")

    @staticmethod
    def of(name: str) -> Reader:
        """The reader of a locale, as Slack names it (``en-GB``) or a setting does (``pt_BR``).

        Where CLDR does not know the region (Slack's ``es-LA``) the language alone counts; where it does not
        know the language either, or the name is none, English does.
        """
        return _reader(name) if len(name) <= _LONGEST_NAME else ENGLISH

    def say(self, sentence: Sentence) -> str:
        """The sentence in the reader's language; in English where it is not translated."""
        return self.gettext(sentence.english)

    def gettext(self, english: str) -> str:
        """The same of a sentence that only one function says."""
        return self.catalogue.gettext(english)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The same of one that depends on a number."""
        return self.catalogue.ngettext(singular, plural, number)


ENGLISH = Reader(Locale("en"), gettext.NullTranslations())


@cache
def readers() -> tuple[Reader, ...]:
    """One reader of each language that the sentences exist in, English first."""
    found = sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    return (ENGLISH, *(Reader.of(path.parent.parent.name) for path in found))


# Names come from outside: without a bound they would fill the memory.
@lru_cache(maxsize=256)
def _reader(name: str) -> Reader:
    locale = _locale(name.replace("-", "_"))
    # Of its parts alone, which are letters and digits: the rest of a name (de@…) may be anything.
    parts = [part for part in (locale.language, locale.script, locale.territory) if part]
    names = ["_".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return Reader(locale, gettext.translation(DOMAIN, FOLDER, names, fallback=True))


def _locale(name: str) -> Locale:
    for known in (name, name.partition("_")[0]):
        try:
            return Locale.parse(known)
        except (ValueError, UnknownLocaleError):
            continue
    return ENGLISH.locale

"""Formats times, durations, money and names of languages, as people write them. Pure."""

from __future__ import annotations

from babel import Locale
from babel.numbers import format_currency

_ENGLISH = Locale("en")


def clock(ms: int, *, hours: bool = False) -> str:
    """A place in a recording as players show it: ``01:20``; ``1:02:03`` from an hour on or with ``hours``."""
    whole_minutes, seconds = divmod(ms // 1000, 60)
    whole_hours, minutes = divmod(whole_minutes, 60)
    if hours or whole_hours:
        return f"{whole_hours}:{minutes:02}:{seconds:02}"
    return f"{minutes:02}:{seconds:02}"


def duration(seconds: float) -> str:
    """``0:11``, ``12:05``, ``1:02:03``; a sound below a second counts as one."""
    whole = max(1, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def money(dollars: float, locale: Locale) -> str:
    """A sum as people of the locale write it; what is not nothing is at least a cent."""
    return format_currency(max(dollars, 0.01) if dollars > 0 else 0.0, "USD", locale=locale)


def language_name(code: str, locale: Locale) -> str:
    """A language by its CLDR name in the locale's language, else by its English one, else its code."""
    name: str = locale.languages.get(code) or _ENGLISH.languages.get(code, code)
    return name

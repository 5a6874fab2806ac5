"""Names that are no setting's: misspelt ones, and other programs' in the same file. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.settings.settings import Settings

KNOWN = tuple(name.upper() for name in Settings.model_fields)
_PREFIXES = tuple({f"{name.partition('_')[0]}_" for name in KNOWN})
_ALIKE = 0.8
"""Of difflib's ratio. SLACK_TOKEN is 0.85 like SLACK_BOT_TOKEN; HTTP_PROXY is 0.74 like HTTP_PORT."""
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
"""What a name looks like: whatever else stands before a ``=`` may be half of a secret."""


@dataclass(frozen=True, slots=True)
class Misspelt:
    """A name that is set, and the setting that it is most like."""

    name: str
    meant: str


@dataclass(frozen=True, slots=True)
class Names:
    """The names that are set and are no setting's."""

    misspelt: tuple[Misspelt, ...] = ()
    foreign: tuple[str, ...] = ()
    """Like none of ours, in the file; whose they are in the environment nobody knows."""


def sort_names(environment: Iterable[str], file: Iterable[str]) -> Names:
    """Tell the names that are no setting's apart.

    Args:
        environment: Every name that is set there; only what begins like one of ours is looked at.
        file: The names in ``.env``.
    """
    in_file = _by_upper(file)
    around = {upper: name for upper, name in _by_upper(environment).items() if upper.startswith(_PREFIXES)}
    misspelt = [
        Misspelt(name, meant)
        for upper, name in sorted((in_file | around).items())
        if upper not in KNOWN and (meant := _most_like(upper, KNOWN))
    ]
    known = {*KNOWN, *(found.name.upper() for found in misspelt)}
    foreign = sorted(upper for upper, name in in_file.items() if upper not in known and _NAME.fullmatch(name))
    return Names(tuple(misspelt), tuple(foreign))


def misspelling_of(setting: str, names: Iterable[str]) -> str | None:
    """The name, among those that are set, that may be misspelt for a setting; ``None`` where none may."""
    others = _by_upper(names)
    found = _most_like(setting, [upper for upper in others if upper not in KNOWN])
    return others[found] if found else None


def _by_upper(names: Iterable[str]) -> dict[str, str]:
    """The names by their capitals, in which they count; without those that could move a cursor."""
    return {name.upper(): name for name in names if name.isprintable()}


def _most_like(name: str, names: Sequence[str]) -> str | None:
    return next(iter(get_close_matches(name, names, n=1, cutoff=_ALIKE)), None)

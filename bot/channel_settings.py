"""The settings of a channel: what is transcribed by itself, and how. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Automatic(StrEnum):
    """The recordings that are transcribed in a channel without a request, from none to all."""

    OFF = "off"
    CLIPS = "clips"
    """Voice and video clips recorded in Slack."""
    AUDIO = "audio"
    """Clips, and uploaded audio."""
    VIDEO = "video"
    """Clips, audio and uploaded videos."""


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """The settings that the people of a channel have chosen."""

    automatic: Automatic | None = None
    """``None``: nobody has decided; the deployment's default counts, in a channel shared externally "off"."""
    language: str | None = None
    """The language spoken; one of ``recording.LANGUAGES``. ``None``: recognised by itself."""
    vocabulary: tuple[str, ...] = ()
    """Names and terms to expect; at most ``MOST_CONTEXT_BYTES`` in all."""
    names_in_vocabulary: bool = False
    """The members' names, and the channel's name and topic, are expected too."""
    digits: bool = False
    """Numbers are written as digits, in Chinese and English."""
    emotion: bool = False
    """Under a transcript stands how the voice sounded."""
    time_marks: bool = True
    """Each paragraph of a longer recording begins with its time."""
    only_for_sender: bool = False
    """The reply is for whoever shared the recording alone."""

    def automatic_now(self, *, by_default: bool, is_shared_externally: bool) -> Automatic:
        """The value in force, also where nobody has decided: ``by_default`` is the deployment's word."""
        if self.automatic is not None:
            return self.automatic
        return Automatic.AUDIO if by_default and not is_shared_externally else Automatic.OFF


def parse_vocabulary(text: str) -> tuple[str, ...]:
    """Names and terms, one a line: each once, without white space around it, in the order of the text."""
    # JSON can carry halves of surrogate pairs, and UTF-8 cannot.
    lines = text.encode(errors="replace").decode().splitlines()
    words = (" ".join(line.split()) for line in lines)
    return tuple(dict.fromkeys(word for word in words if word))


def vocabulary_bytes(words: Iterable[str]) -> int:
    """The bytes of ``MOST_CONTEXT_BYTES`` that these take, one a line."""
    return len("\n".join(words).encode())

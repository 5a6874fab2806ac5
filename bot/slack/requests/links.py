"""Links to messages and files parsed, and split from the words around them. Pure.

Source: https://docs.slack.dev/messaging/formatting-message-text#linking-urls
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.slack.incoming.hosts import is_slack_host

_MESSAGE = re.compile(r"/archives/([CDG][A-Z0-9]{1,30})/p([0-9]{1,12})([0-9]{6})/?")
"""A permalink."""
_THREAD = re.compile(r"/client/[A-Z0-9]{1,30}/[^/]+/thread/([CDG][A-Z0-9]{1,30})-([0-9]{1,12}\.[0-9]{6})/?")
"""The address that the browser shows where a thread is open: of its first message."""
_FILES = (
    re.compile(r"/files/[A-Z0-9]{1,30}/(F[A-Z0-9]{1,30})(/.*)?", re.DOTALL),
    re.compile(r"/files-(?:pri|tmb)/[A-Z0-9]{1,30}-(F[A-Z0-9]{1,30})(-[^/]*)?(/.*)?", re.DOTALL),
    re.compile(r"/T[A-Z0-9]{1,30}-(F[A-Z0-9]{1,30})-[A-Za-z0-9]+/?"),
)
"""A file's permalink, the addresses of its bytes, and its public link."""
_WORD = re.compile(r"<([^<>]*)>|([^\s<>]+)")
_AROUND_WORDS = ".,;:!?…()[]\"'“”„«»"
"""Punctuation before and after words."""


@dataclass(frozen=True, slots=True)
class MessageLink:
    """A link to a message, in a thread or not."""

    channel_id: str
    ts: str


@dataclass(frozen=True, slots=True)
class FileLink:
    """A link to a file."""

    file_id: str


Link = MessageLink | FileLink


def parse_link(word: str) -> Link | None:
    """The message or file that a link leads to; ``None`` where it is no such link, or leads away from Slack.

    The ``thread_ts`` and ``cid`` of a reply's link say nothing that its path does not. The secret of a file's
    public link opens nothing here.
    """
    try:
        address = urlsplit(word)
    except ValueError:
        return None
    if address.scheme not in {"http", "https"} or not is_slack_host(address.hostname or ""):
        return None
    if message := _MESSAGE.fullmatch(address.path):
        channel_id, seconds, microseconds = message.groups()
        return MessageLink(channel_id, f"{seconds}.{microseconds}")
    if thread := _THREAD.fullmatch(address.path):
        return MessageLink(*thread.groups())
    files = (pattern.fullmatch(address.path) for pattern in _FILES)
    return next((FileLink(file[1]) for file in files if file), None)


def split_words(text: str) -> Iterator[str]:
    """The words of a text as Slack delivers it: of ``<address|label>`` the address, entities replaced.

    What people write around words is taken off; what is nothing else is no word.
    """
    # JSON can carry halves of surrogate pairs, and UTF-8 cannot.
    for marked, bare in _WORD.findall(text.encode(errors="replace").decode()):
        word = marked.partition("|")[0] if marked else bare
        # In this order, or an ampersand that was typed would make entities of its own.
        for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
            word = word.replace(entity, sign)
        if word := word.strip(_AROUND_WORDS).strip():
            yield word

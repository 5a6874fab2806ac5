"""Reply handle: the id of a reply's block of buttons, so that its menu works without the database. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.model import JobKey, TranscriptionRequest
from bot.recording import LANGUAGES

_VERSION = "1"
_EDITED_VERSION = "1e"
"""The same of a reply that somebody has edited."""
_MOST_CHARACTERS = 255
"""Of a block's id.

Source: https://docs.slack.dev/reference/block-kit/blocks/actions-block
"""
_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_ID_OR_NOTHING = re.compile(r"[A-Za-z0-9]{0,64}")
_TS = re.compile(r"[0-9]{1,16}\.[0-9]{1,9}")
_DIGITS = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class ReplyHandle:
    """A reply's job and request, written as the id of the block of buttons that ends it."""

    key: JobKey
    revision: int
    sender_id: str
    """The user who shared the recording; empty where Slack does not say."""
    asked_by: str
    """The user who asked for it; empty where it was transcribed without being asked."""
    position: int
    """Place among the message's files that could be transcribed, from 0."""
    siblings: int
    """The number of files of the message that could be transcribed, this one included."""
    thread_ts: str
    """The thread of the recording."""
    language: str | None
    """The spoken language that the asker named; ``None`` where they named none."""
    is_edited: bool = False
    """Somebody has edited the reply by hand since it was transcribed."""

    @classmethod
    def of(cls, request: TranscriptionRequest, revision: int) -> ReplyHandle:
        """The handle of a request's reply."""
        return cls(
            key=request.key,
            revision=revision,
            sender_id=request.user_id,
            asked_by=request.asked_by,
            position=request.position,
            siblings=request.siblings,
            thread_ts=request.thread_ts,
            language=request.language,
        )

    def dump(self) -> str:
        """The handle as one word of at most 255 characters, as long as its ids are Slack's."""
        place = f"{self.position}|{self.siblings}|{self.thread_ts}"
        people = f"{self.sender_id}|{self.asked_by}"
        version = _EDITED_VERSION if self.is_edited else _VERSION
        return f"{version}|{self.key}|{self.revision}|{people}|{place}|{self.language or ''}"

    @classmethod
    def parse(cls, text: object, channel_id: str | None = None) -> ReplyHandle | None:
        """Read what ``dump`` wrote; ``None`` where it is anything else.

        Args:
            text: Whatever came as the id of a block.
            channel_id: Where the reply stands. One for everybody stands in its recording's channel, whatever
                id that went by when it was posted; one for a single person may stand in a direct message.
        """
        try:
            handle = _read(text)
        except ValueError:
            return None
        if not channel_id or handle.key.reader_id is not None:
            return handle
        return replace(handle, key=replace(handle.key, channel_id=channel_id))


def _read(text: object) -> ReplyHandle:
    if not isinstance(text, str) or len(text) > _MOST_CHARACTERS:
        raise ValueError("not the id of a block")
    version, key_text, revision, sender_id, asked_by, position, siblings, thread_ts, language = text.split(
        "|"
    )
    if version not in {_VERSION, _EDITED_VERSION} or language not in {"", *LANGUAGES}:
        raise ValueError("not of this version")
    return ReplyHandle(
        key=_key(key_text),
        revision=_number(revision),
        sender_id=_matching(_ID_OR_NOTHING, sender_id),
        asked_by=_matching(_ID_OR_NOTHING, asked_by),
        position=_number(position),
        siblings=_number(siblings),
        thread_ts=_matching(_TS, thread_ts),
        language=language or None,
        is_edited=version == _EDITED_VERSION,
    )


def _key(text: str) -> JobKey:
    key = JobKey.parse(text)
    _matching(_TS, key.message_ts)
    for word in (key.team_id, key.channel_id, key.file_id, key.audience):
        _matching(_ID, word)
    return key


def _matching(pattern: re.Pattern[str], word: str) -> str:
    if not pattern.fullmatch(word):
        raise ValueError("not what it should be")
    return word


def _number(word: str) -> int:
    return int(_matching(_DIGITS, word))

"""History of a channel read for what was missed: messages to take, threads to read, recordings gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from bot.model import FileState
from bot.ports.store import KnownRecording
from bot.slack.incoming.messages import Message, SharedMessage


def _seconds_of(ts: str) -> float:
    """The time of a message, in seconds since the epoch; 0 for what is no timestamp."""
    try:
        return float(ts)
    except ValueError:
        return 0.0


def is_after(ts: str, when: datetime) -> bool:
    """True where a message was posted after a time."""
    return _seconds_of(ts) > when.timestamp()


def beginning(missed_from: datetime, known: Iterable[KnownRecording]) -> str:
    """The ``oldest`` of a history that holds what was missed, and the known recordings."""
    times = [_seconds_of(recording.message_ts) for recording in known]
    # Slack leaves out the message at that very time.
    return f"{min([missed_from.timestamp(), *times]) - 1:.6f}"


class ChannelHistory:
    """The findings of one look through a channel's history.

    Args:
        missed_from: Replies since then are missed.
        known: The recordings that have to be there.
        bot_user_id: The bot's user: threads in which it alone has replied hold nothing new.
    """

    def __init__(self, missed_from: datetime, known: Sequence[KnownRecording], bot_user_id: str) -> None:
        self._missed_from = missed_from
        self._known = known
        self._bot_user_id = bot_user_id
        self._files: dict[str, frozenset[str]] = {}
        """The files that stand in each message, by its ``ts``."""
        self._threads: dict[str, None] = {}

    def note(self, message: Message, target: SharedMessage | None) -> None:
        """Add a message; ``target``: the same with its files, where it has a place."""
        self._files[message.ts] = files_in(target)
        if message.latest_reply and is_after(message.latest_reply, self._missed_from):
            others = set(message.reply_users) - {self._bot_user_id}
            if others or (message.reply_users_count or 0) > len(message.reply_users):
                self._threads[message.ts] = None

    def unseen(self, file_ids: Iterable[str]) -> list[str]:
        """Those of some files that stand in no message so far: they may stand in a thread of old."""
        seen = frozenset().union(*self._files.values())
        return [file_id for file_id in file_ids if file_id not in seen]

    def threads(self) -> Iterator[str]:
        """The threads to read: those with new replies, and those that hold known recordings."""
        in_threads = (one.thread_ts for one in self._known if one.thread_ts != one.message_ts)
        yield from dict.fromkeys([*self._threads, *in_threads])

    def known_in(self, thread_ts: str) -> list[KnownRecording]:
        """The known recordings of a thread."""
        return [one for one in self._known if one.thread_ts == thread_ts]

    def lacking(self) -> list[KnownRecording]:
        """The known recordings that were not found."""
        return [
            recording
            for recording in self._known
            if recording.file_id not in self._files.get(recording.message_ts, ())
        ]


def files_in(target: SharedMessage | None) -> frozenset[str]:
    """The ids of the files of a message that nobody has deleted."""
    files = target.files if target else ()
    return frozenset(file.id for file in files if file.state is not FileState.GONE)

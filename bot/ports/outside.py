"""Ports to the outside: files, audio, the recogniser, replies, and the context of a recognition."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Protocol

from bot.model import Job, Removal, SharedFile, TranscriptionRequest
from bot.recording import PreparedAudio, Recognition, RecognitionContext, Segment, Span
from bot.reply import Broken, GaveUp, Refused, Reply, ThreadLookup


class Files(Protocol):
    """Reads files that people shared."""

    async def info(self, file_id: str) -> SharedFile:
        """Ask Slack about a file, again for a few seconds while it has no address.

        Raises:
            Rejected: gone, hidden or forbidden.
            NotReady: Slack does not know it, or not yet.
            Unavailable: Slack does not answer, or the address does not come.
            Misconfigured: a scope or the token is wrong.
        """

    async def download(self, file: SharedFile, destination: Path) -> int:
        """Stream a file's bytes to ``destination`` (created, mode 0600) and return how many there were.

        Raises:
            Rejected: too big, empty, or an address away from Slack.
            NotReady: Slack does not have it, or does not hand out this file; or not yet.
            Unavailable: Slack does not answer, or the stream broke off.
            Misconfigured: Slack answered with its login page, as the token is wrong or may not read files.
        """


class Audio(Protocol):
    """Turns whatever people share into what the recogniser takes."""

    def split(self, source: Path, workspace: Path, done: Sequence[Span] = ()) -> AsyncGenerator[Segment]:
        """Decode ``source`` once, and yield each segment as soon as it is cut, in order.

        Segments lie side by side, and each fits one request. What is made lies in ``workspace``, which the
        caller deletes; close the generator to end the decoding.

        Args:
            source: The recording.
            workspace: A private folder.
            done: Stretches, in order, of which the caller needs nothing more. Cuts fall on their ends, and no
                segment is yielded for them.

        Raises:
            Rejected: NOT_AUDIO, NO_AUDIO_TRACK, TOO_LONG, PROTECTED, FORMAT_NOT_READ, DECODER_FAILED,
                TOO_COSTLY or EMPTY.
            Unavailable: MACHINE, when this machine could not do it now.
        """

    async def duration_s(self, source: Path) -> float | None:
        """The length of a recording in seconds, counted without decoding; ``None`` where that cannot be done.

        Counting ends where it is longer than any that is taken.

        Raises:
            Rejected: as ``split``, but for TOO_LONG and EMPTY.
            Unavailable: MACHINE, when this machine could not do it now.
        """

    async def heard_apart_s(self, source: Path) -> float | None:
        """The seconds that are heard of two channels, both counted; ``None`` where ``split`` mixes them.

        Of two channels that takes decoding them.

        Raises:
            Rejected: as ``split``.
            Unavailable: MACHINE, when this machine could not do it now.
        """


class Recogniser(Protocol):
    """Recognises speech."""

    async def recognise(
        self,
        audio: PreparedAudio,
        *,
        language: str | None = None,
        context: str = "",
        digits: bool | None = None,
        flow: str = "",
    ) -> Recognition:
        """Recognise one piece of audio within the provider's limits.

        Args:
            audio: What to recognise.
            language: One of ``recording.LANGUAGES``; ``None`` where it is unknown or mixed.
            context: Background text or words to expect.
            digits: Write numbers as digits, in the languages that can; ``None`` for the deployment's default.
            flow: On whose behalf (a job's key, say). Flows are queued fairly.

        Raises:
            Rejected: CONTENT_BLOCKED or UNSUPPORTED_BY_RECOGNISER.
            Unavailable: RECOGNISER or RECOGNISER_BUSY, with ``retry_after_s`` where it said; MACHINE.
            Misconfigured: RECOGNISER_KEY, RECOGNISER_ACCOUNT or RECOGNISER_MODEL.
        """

    async def verify(self) -> None:
        """Ask one cheap question that only a working key, account and model can answer.

        Raises:
            Unavailable: no answer now.
            Misconfigured: the key, the account or the model is wrong.
        """


class Replies(Protocol):
    """Posts in the thread, or to the one person who requested it. Doing it twice shows once.

    Where a job has a ``reader_id`` only that person reads its reply: by an ephemeral message where they look
    now (which may show twice after a crash, and cannot be edited), else by a direct message.
    """

    async def show_working(
        self, request: TranscriptionRequest, done: int = 0, total: int | None = None
    ) -> None:
        """Show in the thread that the bot is at work, and how many parts are done. Never raises.

        A reply takes it away, and so does Slack after two minutes.
        """

    async def clear_working(self, request: TranscriptionRequest) -> None:
        """Take that sign away where no reply does. Never raises."""

    async def find(self, job: Job) -> ThreadLookup:
        """Look in the thread, from the job's intent on, for what was posted with its key.

        Raises:
            ThreadGone: there is no such thread any more.
            Rejected: the channel is gone or closed to the bot.
            Unavailable: Slack does not answer.
            Misconfigured: the token or a scope is wrong.
        """

    async def publish(self, job: Job, reply: Reply, found: ThreadLookup) -> str:
        """Post the reply, or edit it into the one that stands; return its ``ts``.

        Raises:
            ThreadGone: there is no such thread any more; nothing of the reply stands.
            Rejected: the channel is gone or closed to the bot; or to the one reader, who is not a member of
                the recording's channel any more.
            Unavailable: Slack does not answer; the reply may have arrived all the same. ``UnknownRefusal``
                where it refuses the reply by a code that nobody here knows.
            Misconfigured: the token or a scope is wrong.
        """

    async def explain(self, job: Job, reply: Refused | GaveUp | Broken) -> None:
        """Tell the person who requested it why what stands in the thread stays as it is. Never raises."""

    async def members_among(self, channel_id: str, user_ids: Sequence[str]) -> Sequence[str]:
        """Those of these people who are in a channel now.

        Raises:
            Rejected: Slack knows no such channel.
            Unavailable: Slack does not answer.
            Misconfigured: the token or a scope is wrong.
        """

    async def delete_replies(self, removal: Removal) -> None:
        """Delete what the bot has posted of it: replies, further pieces, files; also in direct messages.

        Those that jobs know, those that are found in the thread and, where that is gone, in the channel.

        What is not there, or Slack refuses to delete for good, is passed over.

        Raises:
            Unavailable: Slack does not answer; some of it may be deleted.
            Misconfigured: the token or a scope is wrong.
        """

    async def verify(self) -> None:
        """Ask Slack whether the token is good and holds every scope that a job needs.

        Raises:
            Unavailable: no answer now.
            Misconfigured: the token or a scope is wrong.
        """


class RecognitionContextSource(Protocol):
    """Knows what helps to recognise a request's recording."""

    async def context_for(self, request: TranscriptionRequest) -> RecognitionContext:
        """The settings and the expected words of its channel. Slack's silence costs names, no more."""

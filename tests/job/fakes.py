"""Strict, small, recording stand-ins for what a job talks to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.model import THREAD, Claim, FileState, Job, JobKey, Removal, SharedFile, TranscriptionRequest
from bot.recording import (
    AudioChannel,
    PreparedAudio,
    Recognition,
    RecognitionContext,
    Segment,
    Span,
    Transcript,
)
from bot.reply import Broken, GaveUp, Refused, Reply, ReplyState, ThreadLookup, state_of
from tests.job.virtual import VirtualTime


def shared_file(file_id: str = "F1", claim: Claim = Claim.AUDIO, **changes: object) -> SharedFile:
    return SharedFile(
        **{
            "id": file_id,
            "name": "clip.m4a",
            "claim": claim,
            "state": FileState.AVAILABLE,
            "url": f"https://files.slack.com/{file_id}",
            "size_bytes": 1000,
            "duration_s": 2.0,
            "owner_id": "U1",
        }
        | changes  # type: ignore[arg-type]
    )


def request_for(
    file: SharedFile | None = None,
    *,
    position: int = 0,
    siblings: int = 1,
    explicit: bool = False,
    audience: str = THREAD,
    **changes: object,
) -> TranscriptionRequest:
    file = file or shared_file()
    return TranscriptionRequest(
        **{
            "key": JobKey("T1", "C1", "1700000000.000100", file.id, audience),
            "file": file,
            "thread_ts": "1700000000.000100",
            "user_id": "U1",
            "position": position,
            "siblings": siblings,
            "explicit": explicit,
        }
        | changes  # type: ignore[arg-type]
    )


@dataclass
class Trouble:
    """What goes wrong at a call, by file: a queue for the next calls, then what always goes wrong."""

    next: dict[str, deque[Exception | None]] = field(default_factory=dict)
    always: dict[str, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def then(self, file_id: str, *errors: Exception | None) -> None:
        self.next.setdefault(file_id, deque()).extend(errors)

    def strike(self, file_id: str) -> None:
        self.calls.append(file_id)
        queue = self.next.get(file_id)
        error = queue.popleft() if queue else self.always.get(file_id)
        if error is not None:
            raise error


class FakeFiles:
    """``bot.ports.outside.Files``: a file's bytes are its id."""

    def __init__(self) -> None:
        self.files: dict[str, SharedFile] = {}
        self.sizes: dict[str, int] = {}
        """Of downloads, where a test says more than there is."""
        self.infos, self.downloads = Trouble(), Trouble()

    async def info(self, file_id: str) -> SharedFile:
        self.infos.strike(file_id)
        return self.files.get(file_id) or shared_file(file_id)

    async def download(self, file: SharedFile, destination: Path) -> int:
        assert file.url, "a file without an address was to be downloaded"
        self.downloads.strike(file.id)
        size_bytes = _write(destination, file.id)
        return self.sizes.get(file.id, size_bytes)


class FakeAudio:
    """``bot.ports.outside.Audio``: one segment of 2 s, or as many as a test wants, all of the file's id."""

    def __init__(self) -> None:
        self.trouble = Trouble()
        self.has_video: set[str] = set()
        self.workspaces: list[Path] = []
        self.lengths_ms: dict[str, list[int]] = {}
        """Of a file's segments."""
        self.silent: set[str] = set()
        """Segments without sound, by name (``F1`` or ``F1@2000``)."""
        self.two_voices: set[str] = set()
        """Segments with a second channel, whose audio is called as the first's with ``/2`` behind it."""
        self.breaks_off: dict[str, Exception] = {}
        """Raised after a file's segments."""
        self.claims_s: dict[str, float] = {}
        """What a file says of its length."""
        self.heard_s: dict[str, float] = {}
        """What of a file would be sent, where its channels carry different voices."""
        self.measured: list[str] = []
        self.listened_to: list[str] = []
        """Files that were decoded for ``heard_s``."""
        self.cut: list[str] = []
        """The file of each segment that was made."""
        self.ended: list[str] = []
        """Files whose decoding has ended, in whatever way."""

    async def duration_s(self, source: Path) -> float | None:
        self.measured.append(_read(source))
        return self.claims_s.get(_read(source))

    async def heard_apart_s(self, source: Path) -> float | None:
        self.listened_to.append(_read(source))
        return self.heard_s.get(_read(source))

    async def split(
        self, source: Path, workspace: Path, done: Sequence[Span] = ()
    ) -> AsyncGenerator[Segment]:
        self.workspaces.append(workspace)
        file_id = _read(source)
        self.trouble.strike(file_id)
        try:
            async for segment in self._segments(file_id, workspace, done):
                self.cut.append(file_id)
                yield segment
        finally:
            self.ended.append(file_id)

    async def _segments(self, file_id: str, workspace: Path, done: Sequence[Span]) -> AsyncGenerator[Segment]:
        lengths_ms = self.lengths_ms.get(file_id, [2_000])
        start_ms = 0
        for number, length_ms in enumerate(lengths_ms, start=1):
            span = Span(start_ms, start_ms + length_ms)
            start_ms = span.end_ms
            if span in done:
                continue
            name = file_id if len(lengths_ms) == 1 else f"{file_id}@{span.start_ms}"
            last = number == len(lengths_ms) and file_id not in self.breaks_off
            if name in self.silent:
                yield Segment(span, (), last, None)
                continue
            names = [name, f"{name}/2"] if name in self.two_voices else [name]
            first, *further = (
                AudioChannel(
                    (span,), self._prepared(workspace / f"prepared-{span.start_ms}{at * '-2'}", called, span)
                )
                for at, called in enumerate(names)
            )
            yield Segment(span, (span,), last, first.audio, tuple(further))
            await asyncio.sleep(0)  # real decoding takes time, in which recognition begins
        if file_id in self.breaks_off:
            raise self.breaks_off[file_id]

    def _prepared(self, path: Path, name: str, span: Span) -> PreparedAudio:
        has_video = name.split("@", maxsplit=1)[0] in self.has_video
        return PreparedAudio(path, "audio/wav", _write(path, name), span.duration_ms / 1000, has_video)


class FakeRecogniser:
    """``bot.ports.outside.Recogniser``: hears the name of the segment, after as long as a test wants."""

    def __init__(self, time: VirtualTime) -> None:
        self.trouble = Trouble()
        self.takes_s: dict[str, float] = {}
        self.text: dict[str, str] = {}
        self.languages: dict[str, str] = {}
        self.emotions: dict[str, str] = {}
        self.contexts: list[str] = []
        self.asked: list[tuple[str | None, str, bool | None]] = []
        """Language, context and digits."""
        self.shares: set[str] = set()
        self.at_work = self.most_at_work = 0
        self._time = time

    async def recognise(
        self,
        audio: PreparedAudio,
        *,
        language: str | None = None,
        context: str = "",
        digits: bool | None = None,
        flow: str = "",
    ) -> Recognition:
        name = _read(audio.path)
        self.asked.append((language, context, digits))
        self.contexts.append(context)
        self.shares.add(flow)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            await self._time.sleep(self.takes_s.get(name, 0.0))
            self.trouble.strike(name)
        finally:
            self.at_work -= 1
        text = self.text.get(name, f"words of {name}")
        heard = language or self.languages.get(name, "en")
        return Recognition(
            text,
            heard,
            audio.duration_s,
            complete=True,
            request_id=f"request-{name}",
            emotion=self.emotions.get(name),
        )

    async def verify(self) -> None:
        raise AssertionError("jobs verify through the worker's own verification")


def _write(path: Path, text: str) -> int:
    assert not path.exists()
    return path.write_text(text)


def _read(path: Path) -> str:
    return path.read_text()


@dataclass
class Posted:
    """A message in the thread and everything that it has said."""

    ts: str
    key: JobKey
    said: list[Reply]
    revision: int = 0
    file_name: str = ""
    file_ids: tuple[str, ...] = ()

    @property
    def state(self) -> ReplyState:
        return state_of(self.said[-1])


class FakeRecognitionContextSource:
    """``bot.ports.outside.RecognitionContextSource``: says what a test wants."""

    def __init__(self) -> None:
        self.given = RecognitionContext()
        self.asked: list[JobKey] = []

    async def context_for(self, request: TranscriptionRequest) -> RecognitionContext:
        self.asked.append(request.key)
        return self.given


class FakeReplies:
    """``bot.ports.outside.Replies``: refuses what would show twice for another reason than a crash.

    Direct messages stand among the thread's: the key tells who reads one.
    """

    def __init__(self) -> None:
        self.messages: list[Posted] = []
        self.explained: list[tuple[JobKey, Refused | GaveUp | Broken]] = []
        self.withdrawn: list[Removal] = []
        self.withdrawals = Trouble()
        self.complaints: list[str] = []
        """What a job did that none may do: a worker survives an assertion."""
        self.signs: list[str] = []
        self.statuses: list[tuple[int, int | None]] = []
        self.finds, self.publishes, self.arrivals = Trouble(), Trouble(), Trouble()
        self.absent: set[str] = set()
        """Who has left the channel."""
        self.busy: dict[str, asyncio.Event] = {}
        """Channels by id in which Slack takes no post before the event."""
        self._posted = 0

    async def members_among(self, channel_id: str, user_ids: Sequence[str]) -> Sequence[str]:
        self._insist(bool(channel_id), "somebody is looked for nowhere")
        return [user_id for user_id in user_ids if user_id not in self.absent]

    async def show_working(
        self, request: TranscriptionRequest, done: int = 0, total: int | None = None
    ) -> None:
        self._insist(request.key.audience == THREAD, "a status that the thread sees, for another's reply")
        self.signs.append(f"show {request.key.file_id}")
        self.statuses.append((done, total))

    async def clear_working(self, request: TranscriptionRequest) -> None:
        self._insist(request.key.audience == THREAD, "there never was a status")
        self.signs.append(f"clear {request.key.file_id}")

    async def find(self, job: Job) -> ThreadLookup:
        self._insist(job.intent_at is not None, "a look into the thread that costs a call for nothing")
        self.finds.strike(job.key.file_id)
        for message in self.messages:
            if message.key == job.key:
                return ThreadLookup(message.ts, message.state, message.revision, file_ids=message.file_ids)
        return ThreadLookup()

    async def publish(self, job: Job, reply: Reply, found: ThreadLookup) -> str:
        self._insist(job.intent_at is not None, "a post without an intent")
        if free := self.busy.get(job.key.channel_id):
            await free.wait()
        self.publishes.strike(job.key.file_id)
        ts = found.ts or job.reply_ts
        if ts is None:
            self._posted += 1
            message = Posted(f"{self._posted}.0", job.key, [reply], job.revision)
            self.messages.append(message)
        else:
            message = next(m for m in self.messages if m.ts == ts)
            self._insist(message.key == job.key, "another job's reply was to be edited")
            is_anew = job.revision > message.revision
            self._insist(is_anew or not message.state.is_final, "a last word was to be edited")
            holds_words = message.state in {ReplyState.TRANSCRIBED, ReplyState.GAPPED}
            self._insist(not holds_words or isinstance(reply, Transcript), "words were to be taken away")
            message.said.append(reply)
            message.revision = job.revision
        message.file_name = job.request.file.name
        # The answer gets lost on its way back.
        self.arrivals.strike(job.key.file_id)
        return message.ts

    async def explain(self, job: Job, reply: Refused | GaveUp | Broken) -> None:
        self.explained.append((job.key, reply))

    async def delete_replies(self, removal: Removal) -> None:
        self.withdrawals.strike(removal.message_ts)
        self.withdrawn.append(removal)
        self.messages = [message for message in self.messages if not removal.covers(message.key)]

    async def verify(self) -> None:
        raise AssertionError("jobs verify through the worker's own verification")

    def _insist(self, condition: bool, complaint: str) -> None:  # noqa: FBT001  # as in an assert
        if not condition:
            self.complaints.append(complaint)
            raise AssertionError(complaint)

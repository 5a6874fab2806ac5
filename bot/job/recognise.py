"""Recognises one recording: its segments side by side, while the rest is still being decoded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing, nullcontext, suppress
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from pathlib import Path

import structlog

from bot.errors import Misconfigured, Outage, Rejected, TranscriptionError, Unavailable
from bot.job.clock import Clock
from bot.job.job_log import Observed
from bot.job.parts import Parts
from bot.ports.outside import Audio, Recogniser
from bot.recording import AudioChannel, Part, PreparedAudio, RecognisedChannel, Recognition, Segment
from bot.transcript.echo import is_echo

_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Between tries of one segment among several: sending the recording through the queue again costs more."""
_BUSY_PAUSES_S = (1.0, 2.0, 4.0, 8.0, *(15.0,) * 12)
"""The same while the account's limit stands in the way, which only time takes away."""
_QUEUED_EACH = 4
"""Segments that may wait, for each that may be under way. Of two minutes each: with 8 at once a recording
of 80 minutes is cut without a pause, and no worker ever waits for a cut that could have been made before.
More would fill the disk of a recording that gets no further."""
_LONGEST_WAIT_S = 60.0
"""A longer ``retry_after_s`` gives the job back to the queue."""


async def _take_freely(_seconds: float) -> None:
    """Spends without a limit."""


@dataclass(frozen=True, slots=True)
class RecognitionTask:
    """A recording to recognise, with the options for it."""

    source: Path
    workspace: Path
    """A private folder, which the caller deletes."""
    flow: str
    """On whose behalf; flows are queued fairly."""
    observed: Observed
    keep: Callable[[Part], Awaitable[None]]
    """Told of each part before it counts, to keep it."""
    wanted: Callable[[PreparedAudio], None] = lambda _audio: None
    """Called with each segment's audio before it is queued; raises what is to be raised."""
    take: Callable[[float], Awaitable[None]] = _take_freely
    """Told of each segment's seconds before it is sent; raises ``Rejected`` (MONTH_USED_UP) where so much may
    not be spent any more."""
    language: str | None = None
    context: str = ""
    digits: bool | None = None


@dataclass(slots=True)
class _Run:
    """The state of one recording's recognition."""

    task: RecognitionTask
    parts: Parts
    segments: asyncio.Queue[Segment]
    """That are cut and wait."""
    files: set[Path] = field(default_factory=set)
    """Of segments whose fate is open: each goes when it is settled, and all of them at the end."""
    refusal: Rejected | None = None
    """The recogniser's refusal of a segment, for the case that no segment is recognised."""
    trouble: TranscriptionError | None = None
    """The error after which nothing is begun: the file broke off, or no segment can be recognised now."""
    answered: int = 0


class RecordingRecogniser:
    """Has recordings recognised.

    Args:
        audio: Cuts and converts.
        recogniser: Recognises segments.
        clock: Time and patience.
        at_once: How many segments of one recording may be under way.
    """

    def __init__(self, audio: Audio, recogniser: Recogniser, clock: Clock, at_once: int) -> None:
        self._audio = audio
        self._recogniser = recogniser
        self._clock = clock
        self._at_once = at_once
        self._log = structlog.get_logger(__name__)

    @property
    def audio(self) -> Audio:
        """The reader of recordings."""
        return self._audio

    async def recognise_all(self, task: RecognitionTask, parts: Parts) -> None:
        """Add what is missing to ``parts``.

        A segment that fails for good becomes a failed part. When the file breaks off, or something stands in
        the way of all segments, those under way are still waited for: they are paid for. What cannot be kept
        now is kept as soon as that is possible, and nothing further is begun meanwhile. Any other error of
        ``RecognitionTask.keep`` ends all at once.

        Raises:
            Rejected: the file cannot be decoded, or the recogniser refused all there was.
            Unavailable: not now; what was recognised has been kept.
            Misconfigured: not before the operator acts; the same.
        """
        run = _Run(task, parts, asyncio.Queue(_QUEUED_EACH * self._at_once))
        broken: Exception | None = None
        try:
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(self._worker(run)) for _ in range(self._at_once)]
                try:
                    await self._cut(run)
                except TranscriptionError as error:
                    run.trouble = error
                with nullcontext() if run.trouble else task.observed.stage("recognise"):
                    await run.segments.join()
                for worker in workers:
                    worker.cancel()
        except ExceptionGroup as several:
            # The group has cancelled the others by now; raised here, it would lose its own cause.
            broken = several.exceptions[0]
        finally:
            await asyncio.shield(asyncio.to_thread(_delete, run.files))
        if broken is not None:
            raise broken
        if run.trouble is not None and not parts.is_whole:
            raise run.trouble
        if run.refusal is not None and not any(part.recognitions and not part.failed for part in parts):
            raise run.refusal

    async def _cut(self, run: _Run) -> None:
        """Hand each segment on as soon as it is there and there is room for it."""
        task = run.task
        with task.observed.stage("prepare"):
            async with aclosing(self._audio.split(task.source, task.workspace, run.parts.done())) as segments:
                async for segment in segments:
                    run.files.update(audio.path for audio in segment.audios if audio.path != task.source)
                    if run.trouble is not None:
                        await _discard(run, segment)
                        return
                    for audio in segment.audios:
                        task.wanted(audio)
                    run.parts.expect(segment)
                    await run.segments.put(segment)
        run.parts.all_cut = True

    async def _worker(self, run: _Run) -> None:
        """Take one segment after the other until cancelled; once there is trouble, for nothing."""
        while True:
            segment = await run.segments.get()
            if run.trouble is None:
                await self._hear_out(run, segment)
            else:
                await _discard(run, segment)
            run.segments.task_done()

    async def _hear_out(self, run: _Run, segment: Segment) -> None:
        """Add what becomes of a segment, or note why nothing further is to be begun."""
        try:
            for audio in segment.audios:
                await run.task.take(audio.duration_s)
            part = await self._recognise_segment(run, segment)
        except (Unavailable, Misconfigured, Rejected) as error:
            _note_trouble(run, error)
            return
        finally:
            # Before the part is kept: the disk may be full.
            await _discard(run, segment)
        await self._keep(run, part)
        run.parts.add(part)

    async def _keep(self, run: _Run, part: Part) -> None:
        """Keep a part, however long the database does not take it: it is paid for, and would be again."""
        for pause_s in chain(_PAUSES_S, repeat(_LONGEST_WAIT_S)):
            try:
                await run.task.keep(part)
            except Unavailable as error:
                self._log.warning("part not kept yet", key=run.task.flow, error=str(error))
                _note_trouble(run, error)
            else:
                return
            # What waits may be what fills the disk.
            while not run.segments.empty():
                await _discard(run, run.segments.get_nowait())
                run.segments.task_done()
            await self._clock.sleep(pause_s)

    async def _recognise_segment(self, run: _Run, segment: Segment) -> Part:
        """The part that a segment becomes: recognised, failed, or silent."""
        hearing = (self._recognise_channel(run, segment, channel) for channel in segment.channels)
        # All are waited for, since all are paid for.
        outcomes = await asyncio.gather(*hearing, return_exceptions=True)
        for error in (outcome for outcome in outcomes if isinstance(outcome, BaseException)):
            if not isinstance(error, Rejected):
                raise error
            run.refusal = error
        first, *further = [
            RecognisedChannel(channel.sounds, outcome if isinstance(outcome, Recognition) else None)
            for channel, outcome in zip(segment.channels, outcomes, strict=True)
        ]
        part = Part(
            *(segment.span, segment.sounds, segment.last, first.recognition),
            further_channels=tuple(further),
            tracks=segment.tracks,
            breaks_off=segment.breaks_off,
        )
        if len(part.recognitions) < len(segment.audios):
            return replace(part, failed=True)
        run.answered += bool(part.recognitions)
        return part

    async def _recognise_channel(self, run: _Run, segment: Segment, of: AudioChannel) -> Recognition | None:
        """The recognition of a channel; ``None`` for silence, and where only it cannot be recognised.

        Raises:
            TranscriptionError: as ``Recogniser.recognise``.
        """
        if of.audio is None:
            return None
        run.task.observed.record_sent(of.audio)
        return await self._hear(run, segment, of.audio)

    async def _hear(self, run: _Run, segment: Segment, audio: PreparedAudio) -> Recognition | None:
        """Recognise, with retries where they may help; ``None`` where only this segment cannot be recognised.

        Raises:
            TranscriptionError: as ``Recogniser.recognise``.
        """
        alone = segment.last and segment.span.start_ms == 0
        echoes: list[Recognition] = []
        answered_before: int | None = None
        tries: Counter[Outage] = Counter()
        while True:
            try:
                return await self._ask(run, audio, echoes)
            except Unavailable as error:
                pauses_s = _BUSY_PAUSES_S if error.reason is Outage.RECOGNISER_BUSY else _PAUSES_S
                asked_s = error.retry_after_s or 0.0
                if answered_before is None:
                    answered_before = run.answered
                if alone or run.trouble is not None or asked_s > _LONGEST_WAIT_S:
                    raise
                if tries[error.reason] >= len(pauses_s):
                    if run.answered > answered_before and error.reason is Outage.RECOGNISER:
                        return None  # others were recognised meanwhile: it is this one
                    raise
                # Half of it at random, so that segments do not come back in step.
                pause_s = pauses_s[tries[error.reason]] * (0.5 + self._clock.jitter())
                tries[error.reason] += 1
            await self._clock.sleep(max(pause_s, asked_s))

    async def _ask(self, run: _Run, audio: PreparedAudio, echoes: list[Recognition]) -> Recognition:
        """Send one request, and once an answer was an echo, one without context; tries share ``echoes``."""
        if not echoes:
            heard = await self._ask_with(run, audio, run.task.context)
            if not is_echo(heard.text, run.task.context):
                return heard
            # On little sound the recogniser may give back the context for a transcript.
            echoes.append(heard)
            try:
                await run.task.take(audio.duration_s)
            except Rejected:
                return replace(heard, text="")  # it is billed, and says nothing
        again = await self._ask_with(run, audio, "")
        return replace(again, billed_s=again.billed_s + sum(echo.billed_s for echo in echoes))

    async def _ask_with(self, run: _Run, audio: PreparedAudio, context: str) -> Recognition:
        task = run.task
        heard = await self._recogniser.recognise(
            audio, language=task.language, context=context, digits=task.digits, flow=task.flow
        )
        task.observed.record_recognised(heard)
        return heard


def _note_trouble(run: _Run, error: TranscriptionError) -> None:
    """Have nothing further begun. An outage passes: what the operator has to do counts for more."""
    if not isinstance(run.trouble, Misconfigured):
        run.trouble = error


async def _discard(run: _Run, segment: Segment) -> None:
    """Delete a segment's files, unless it is the recording itself."""
    if paths := {audio.path for audio in segment.audios} & run.files:
        run.files -= paths
        await asyncio.shield(asyncio.to_thread(_delete, paths))


def _delete(paths: Iterable[Path]) -> None:
    """Delete files; one that stays goes with the workspace, and costs nobody what was recognised of it."""
    for path in paths:
        with suppress(OSError):
            path.unlink()

"""The transcription pipeline: file info -> checks -> download -> recognise -> join. It posts nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot.errors import NotReady, Refusal, Rejected
from bot.job.budget import Budget, month_to_tell
from bot.job.current import CurrentJob
from bot.job.parts import Parts
from bot.job.recognise import RecognitionTask, RecordingRecogniser
from bot.model import Claim, FileState, Job, SharedFile, TranscriptionRequest
from bot.ports.outside import Files, RecognitionContextSource
from bot.ports.preferences import Preferences
from bot.ports.store import Queue
from bot.recording import MOST_CHANNELS, Part, PreparedAudio, RecognitionContext, Transcript
from bot.scratch import workspace
from bot.transcript.join import join

_LENGTH_MARGIN_S = 1.0
"""Slack's duration may be rounded, and encoders add a little; only decoding tells."""

_UNREADABLE = {
    FileState.GONE: Refusal.GONE,
    FileState.HIDDEN_BY_LIMIT: Refusal.HIDDEN_BY_LIMIT,
    FileState.FORBIDDEN: Refusal.FORBIDDEN,
    FileState.EXTERNAL: Refusal.EXTERNAL,
}


class Transcriber:
    """Turns a job's file into a transcript.

    Args:
        files: Reads from Slack.
        recogniser: Has recordings recognised.
        queue: Keeps what was recognised.
        scratch: A private folder for temporary audio.
        preferences: Knows who never wants to be transcribed.
        context_source: Knows what words a channel expects.
        budget: Knows what may be spent.
        most_minutes: The longest recording.
    """

    def __init__(
        self,
        files: Files,
        recogniser: RecordingRecogniser,
        queue: Queue,
        scratch: Path,
        *,
        preferences: Preferences,
        context_source: RecognitionContextSource,
        budget: Budget,
        most_minutes: int,
    ) -> None:
        self._files = files
        self._recogniser = recogniser
        self._queue = queue
        self._scratch = scratch
        self._preferences = preferences
        self._context_source = context_source
        self._budget = budget
        self._most_minutes = most_minutes

    async def transcribe(self, current: CurrentJob, started: Callable[[], None]) -> Transcript:
        """Download one file and recognise what is missing of it.

        Args:
            current: Whose file. Filled on the way, also when it fails: its parts, what is observed, and its
                file as Slack describes it.
            started: Called when it is clear that there is work to show.

        Raises:
            Rejected: it cannot be transcribed, or must not be.
            ConsentNeeded: somebody has to agree to what it costs.
            Unavailable: not now.
            Misconfigured: not before the operator acts.
        """
        job, parts = current.job, current.parts
        context = await self._context_source.context_for(job.request)
        current.time_marks = context.time_marks
        share_used = 0.0
        if parts.is_whole:
            # Nobody's words are given out after they have said no, nor those of a file that is gone.
            file = await self._owned(job.request.file)
            current.job = replace(job, request=replace(job.request, file=file))
            await self._refuse_opted_out(job.request, file)
            _refuse_unreadable(file)
        if not parts.is_whole:
            share_used = await self._budget.share_used(job.key.team_id)
            async with workspace(self._scratch) as folder:
                task = await self._fetched(current, started, share_used, folder)
                await self._recogniser.recognise_all(_in_context(task, job.request, context), parts)
        transcript = await asyncio.to_thread(join, list(parts))
        current.observed.audio_s = transcript.duration_s
        if not transcript.languages:
            reason = Refusal.UNSUPPORTED_BY_RECOGNISER if transcript.has_gaps else Refusal.NO_SPEECH
            raise Rejected(reason)
        return replace(
            transcript,
            emotion=transcript.emotion if context.emotion else None,
            time_marks=transcript.time_marks and current.time_marks,
            month_used=month_to_tell(share_used),
        )

    async def _fetched(
        self,
        current: CurrentJob,
        started: Callable[[], None],
        share_used: float,
        workspace: Path,
    ) -> RecognitionTask:
        """Download what may be recognised, and describe how.

        Raises:
            TranscriptionError: as ``transcribe``.
        """
        job, observed = current.job, current.observed
        request, source = job.request, workspace / "source"
        # Who has consented to what has begun has consented to its end.
        is_new = current.parts.count == 0
        reservation = self._budget.reservation(self._queue, job)
        with observed.stage("download"):
            file = await self._located(job)
            observed.claim = file.claim
            await self._refuse_opted_out(request, file)
            self._refuse_unwanted(request, file)
            if is_new:
                self._budget.check(job, share_used, file.duration_s)
            await reservation.begin(_left_s(file.duration_s, current.parts))
            current.job = replace(job, request=replace(request, file=file))
            started()
            observed.source_bytes = await self._files.download(file, source)
        size_bytes = observed.source_bytes
        if is_new and not file.duration_s and self._budget.needs_length(job, share_used, size_bytes):
            # Slack says how long a clip is, but not an upload.
            duration_s = await self._recogniser.audio.duration_s(source)
            self._refuse_too_long(duration_s, "counted")
            heard_s = duration_s or 0.0
            if self._budget.is_too_much(job, share_used, MOST_CHANNELS * heard_s):
                heard_s = max(heard_s, await self._recogniser.audio.heard_apart_s(source) or 0.0)
            self._budget.check(job, share_used, duration_s, heard_s)
            await reservation.begin(heard_s)

        def refuse_film(audio: PreparedAudio) -> None:
            if audio.has_video and not _wants_video(request, file):
                raise Rejected(Refusal.NOT_AUDIO, "an uploaded video, and nobody asked")

        async def keep(part: Part) -> None:
            await self._queue.keep(job, part, billed_s=_billed_s(part))

        return RecognitionTask(
            *(source, workspace, str(job.key), observed),
            keep=keep,
            wanted=refuse_film,
            take=reservation.take,
        )

    async def _located(self, job: Job) -> SharedFile:
        """The file as the event described it or, where that is not enough, as Slack does."""
        file = job.request.file
        stale = job.attempt > 0 or job.revision > 0 or job.is_confirmed
        vague = stale or not file.url or not file.owner_id or not file.is_described
        if file.state is FileState.STUB or (file.state is FileState.AVAILABLE and vague):
            return await self._files.info(file.id)
        return file

    async def _owned(self, file: SharedFile) -> SharedFile:
        """The file with its owner, as far as Slack tells."""
        if file.owner_id or file.state not in {FileState.STUB, FileState.AVAILABLE}:
            return file
        return await self._files.info(file.id)

    async def _refuse_opted_out(self, request: TranscriptionRequest, file: SharedFile) -> None:
        """Refuse where whoever recorded the file never wants to be transcribed; else who shared it counts.

        Raises:
            Rejected: OPTED_OUT.
        """
        speaker_id = file.owner_id or request.user_id
        if speaker_id and await self._preferences.is_opted_out(request.key.team_id, speaker_id):
            raise Rejected(Refusal.OPTED_OUT)

    def _refuse_unwanted(self, request: TranscriptionRequest, file: SharedFile) -> None:
        """Refuse before downloading what Slack already says cannot be done.

        Raises:
            Rejected: it cannot be read, is too long, or is not what is transcribed here.
            NotReady: it is not what is transcribed here, as far as Slack knows by now.
        """
        _refuse_unreadable(file)
        if _is_unwanted(request, file):
            refusal = Rejected if file.is_described else NotReady
            raise refusal(Refusal.NOT_AUDIO, f"claims {file.claim}")
        self._refuse_too_long(file.duration_s, "declared")

    def _refuse_too_long(self, duration_s: float | None, word: str) -> None:
        if duration_s is not None and duration_s > self._most_minutes * 60 + _LENGTH_MARGIN_S:
            raise Rejected(Refusal.TOO_LONG, f"{word} {duration_s:.0f} s", self._most_minutes)


def _refuse_unreadable(file: SharedFile) -> None:
    """Refuse what Slack does not show.

    Raises:
        Rejected: GONE, HIDDEN_BY_LIMIT, FORBIDDEN or EXTERNAL.
    """
    if file.state in _UNREADABLE:
        raise Rejected(_UNREADABLE[file.state])


def _left_s(duration_s: float | None, parts: Parts) -> float:
    """The seconds of a recording that are yet to be heard; 0 where nobody says how long it is."""
    return max(0.0, (duration_s or 0.0) - sum(span.duration_ms for span in parts.done()) / 1000)


def _billed_s(part: Part) -> float:
    """The seconds billed for a part; its length for each answer where the provider does not say."""
    return sum(heard.billed_s or part.span.duration_ms / 1000 for heard in part.recognitions)


def _is_unwanted(request: TranscriptionRequest, file: SharedFile) -> bool:
    """True where a file's claim already says that its audience does not get it."""
    if request.wanted is not None:
        return file.claim not in request.wanted
    unasked_video = file.claim is Claim.VIDEO and not _wants_video(request, file)
    unasked_blob = file.claim is Claim.UNKNOWN and not request.explicit
    return unasked_video or unasked_blob or file.claim is Claim.OTHER


def _wants_video(request: TranscriptionRequest, file: SharedFile) -> bool:
    asked = request.explicit or request.wants_video
    return asked or file.claim in {Claim.VOICE_CLIP, Claim.AUDIO, Claim.VIDEO_CLIP}


def _in_context(
    task: RecognitionTask, request: TranscriptionRequest, context: RecognitionContext
) -> RecognitionTask:
    language = request.language or context.language
    return replace(task, language=language, context=context.context, digits=context.digits)

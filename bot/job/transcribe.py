"""The story in order: file info -> download -> hear part by part -> join. Replying is the worker's part."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.errors import Refusal, Rejected
from bot.job.hear import Hearing, Task
from bot.job.observe import Observed
from bot.job.parts import Parts
from bot.model import (
    Claim,
    FileState,
    Job,
    Part,
    PreparedAudio,
    SharedFile,
    Transcript,
    TranscriptionRequest,
)
from bot.ports import Files, Jobs
from bot.transcript.join import join

_LENGTH_MARGIN_S = 1.0
"""Slack's duration may be rounded; only decoding tells."""

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
        hearing: Has recordings recognised.
        jobs: Keeps what was recognised.
        scratch: A private folder for temporary audio.
        most_minutes: The longest recording.
    """

    def __init__(
        self, files: Files, hearing: Hearing, jobs: Jobs, scratch: Path, *, most_minutes: int
    ) -> None:
        self._files = files
        self._hearing = hearing
        self._jobs = jobs
        self._scratch = scratch
        self._most_minutes = most_minutes

    async def transcribe(
        self, job: Job, parts: Parts, observed: Observed, started: Callable[[], None]
    ) -> Transcript:
        """Fetch one file and have heard what is missing of it.

        Args:
            job: Whose file.
            parts: What was kept of it; filled up.
            observed: Filled on the way, also when it fails.
            started: Called when it is clear that there is work to show.

        Raises:
            Rejected: it cannot be transcribed.
            Unavailable: not now.
            Misconfigured: not before the operator acts.
        """
        if not parts.is_whole:
            async with self._workspace() as workspace:
                await self._hear(job, parts, observed, started, workspace)
        transcript = await asyncio.to_thread(join, list(parts))
        observed.audio_s = transcript.duration_s
        if not transcript.languages:
            reason = Refusal.UNSUPPORTED_BY_RECOGNISER if transcript.has_gaps else Refusal.NO_SPEECH
            raise Rejected(reason)
        return transcript

    async def _hear(
        self, job: Job, parts: Parts, observed: Observed, started: Callable[[], None], workspace: Path
    ) -> None:
        source = workspace / "source"
        with observed.stage("download"):
            file = await self._located(job)
            observed.claim = file.claim
            self._refuse_unwanted(job.request, file)
            started()
            observed.source_bytes = await self._files.download(file, source)

        def refuse_film(audio: PreparedAudio) -> None:
            if audio.has_video and not _wants_video(job.request, file):
                raise Rejected(Refusal.NOT_AUDIO, "an uploaded video, and nobody asked")

        async def keep(part: Part) -> None:
            await self._jobs.keep(job, part)

        await self._hearing.hear(
            Task(source, workspace, str(job.key), observed, keep=keep, wanted=refuse_film), parts
        )

    async def _located(self, job: Job) -> SharedFile:
        """The file as the event described it or, where that is not enough, as Slack does."""
        file = job.request.file
        stale = job.attempt > 0 or job.revision > 0
        if file.state is FileState.STUB or (file.state is FileState.AVAILABLE and (stale or not file.url)):
            return await self._files.info(file.id)
        return file

    def _refuse_unwanted(self, request: TranscriptionRequest, file: SharedFile) -> None:
        """Refuse before downloading what Slack already says cannot be done.

        Raises:
            Rejected: it cannot be read, is too long, or is not what is transcribed here.
        """
        if file.state in _UNREADABLE:
            raise Rejected(_UNREADABLE[file.state])
        unasked = not request.explicit and file.claim in {Claim.VIDEO, Claim.UNKNOWN}
        if unasked or file.claim is Claim.OTHER:
            raise Rejected(Refusal.NOT_AUDIO, f"claims {file.claim}")
        if file.duration_s is not None and file.duration_s > self._most_minutes * 60 + _LENGTH_MARGIN_S:
            raise Rejected(Refusal.TOO_LONG, f"declared {file.duration_s:.0f} s", self._most_minutes)

    @asynccontextmanager
    async def _workspace(self) -> AsyncIterator[Path]:
        """A private folder that goes with everything in it."""
        workspace = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._scratch))
        try:
            yield workspace
        finally:
            # Shielded: a cancelled job leaves nothing behind either.
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, workspace, ignore_errors=True))


def _wants_video(request: TranscriptionRequest, file: SharedFile) -> bool:
    return request.explicit or file.claim in {Claim.AUDIO, Claim.VIDEO_CLIP}

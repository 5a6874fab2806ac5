"""The story in order: file info -> download -> prepare -> recognise. Replying is the worker's part."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.errors import Refusal, Rejected
from bot.job.observe import Observed
from bot.model import Claim, FileState, Job, SharedFile, Transcript, TranscriptionRequest
from bot.ports import Audio, Files, Recogniser

LONGEST_S = 300.0
"""One request's limit; until recordings are split, also ours."""
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
        audio: Prepares for the recogniser.
        recogniser: Hears.
        scratch: A private folder for temporary audio.
    """

    def __init__(self, files: Files, audio: Audio, recogniser: Recogniser, scratch: Path) -> None:
        self._files = files
        self._audio = audio
        self._recogniser = recogniser
        self._scratch = scratch

    async def transcribe(self, job: Job, observed: Observed, started: Callable[[], None]) -> Transcript:
        """Fetch, prepare and recognise one file.

        Args:
            job: Whose file.
            observed: Filled on the way, also when it fails.
            started: Called when it is clear that there is work to show.

        Raises:
            Rejected: it cannot be transcribed.
            Unavailable: not now.
            Misconfigured: not before the operator acts.
        """
        stage = observed.stage
        async with self._workspace() as workspace:
            source = workspace / "source"
            with stage("download"):
                file = await self._located(job)
                observed.claim = file.claim
                _refuse_unwanted(job.request, file)
                started()
                observed.source_bytes = await self._files.download(file, source)
            with stage("prepare"):
                audio = await self._audio.prepare(source, workspace)
            if audio.has_video and not _wants_video(job.request, file):
                raise Rejected(Refusal.NOT_AUDIO, "an uploaded video, and nobody asked")
            observed.audio_s = audio.duration_s
            observed.sent_bytes, observed.sent_mime = audio.size_bytes, audio.mime
            with stage("recognise"):
                heard = await self._recogniser.recognise(audio)
            observed.recognition = heard
        text = heard.text.strip()
        if not any(character.isalnum() for character in text):
            raise Rejected(Refusal.NO_SPEECH)
        return Transcript(text, heard.language, audio.duration_s, heard.complete)

    async def _located(self, job: Job) -> SharedFile:
        """The file as the event described it or, where that is not enough, as Slack does."""
        file = job.request.file
        stale = job.attempt > 0
        if file.state is FileState.STUB or (file.state is FileState.AVAILABLE and (stale or not file.url)):
            return await self._files.info(file.id)
        return file

    @asynccontextmanager
    async def _workspace(self) -> AsyncIterator[Path]:
        """A private folder that goes with everything in it."""
        workspace = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._scratch))
        try:
            yield workspace
        finally:
            # Shielded: a cancelled job leaves nothing behind either.
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, workspace, ignore_errors=True))


def _refuse_unwanted(request: TranscriptionRequest, file: SharedFile) -> None:
    """Refuse before downloading what Slack already says cannot be done.

    Raises:
        Rejected: it cannot be read, is too long, or is not what is transcribed here.
    """
    if file.state in _UNREADABLE:
        raise Rejected(_UNREADABLE[file.state])
    unasked = not request.explicit and file.claim in {Claim.VIDEO, Claim.UNKNOWN}
    if unasked or file.claim is Claim.OTHER:
        raise Rejected(Refusal.NOT_AUDIO, f"claims {file.claim}")
    if file.duration_s is not None and file.duration_s > LONGEST_S + _LENGTH_MARGIN_S:
        raise Rejected(Refusal.TOO_LONG, f"declared {file.duration_s:.0f} s")


def _wants_video(request: TranscriptionRequest, file: SharedFile) -> bool:
    return request.explicit or file.claim in {Claim.AUDIO, Claim.VIDEO_CLIP}

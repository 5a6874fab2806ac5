"""The way of one file through a transcriber, where no worker stands around it."""

from __future__ import annotations

from typing import Any

from bot.job.current import CurrentJob
from bot.job.job_log import Observed
from bot.job.parts import Parts
from bot.model import Claim, Job, SharedFile
from bot.recording import Transcript
from tests.job.fakes import request_for
from tests.job.harness import JobHarness
from tests.job.virtual import EPOCH


class Story:
    """One file's way, told."""

    def __init__(self, harness: JobHarness) -> None:
        self.observed = Observed(Claim.UNKNOWN)
        self.signs = 0
        self.located: SharedFile | None = None
        """As Slack describes it, once there is work to show."""
        self.parts = Parts()
        self._bench = harness

    async def tell(
        self, file: SharedFile, *, attempt: int = 0, revision: int = 0, confirmed: bool = False, **asked: Any
    ) -> Transcript:
        request = request_for(file, **asked)
        await self._bench.jobs.accept([request])
        await self._bench.jobs.claim()
        job = Job(request, EPOCH, attempt, None, None, None, revision=revision, is_confirmed=confirmed)
        current = CurrentJob(job, self.observed, self.parts)

        def sign() -> None:
            self.signs += 1
            self.located = current.job.request.file

        return await self._bench.transcriber().transcribe(current, sign)

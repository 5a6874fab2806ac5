"""The mutable state of one try: its job, its parts and what is observed of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.job.job_log import Observed
from bot.job.parts import Parts
from bot.model import Job


@dataclass(slots=True)
class CurrentJob:
    """A claimed job while it is tried; whoever records something of it in the store replaces ``job``."""

    job: Job
    """As it stands, after what was posted and after what Slack says of its file."""
    observed: Observed
    """The figures of this try, for the log and the metrics."""
    parts: Parts = field(default_factory=Parts)
    """The recognised parts of its recording, from earlier tries too."""
    time_marks: bool = True
    """Its channel wants to read when each paragraph of a longer recording begins."""

    @classmethod
    def of(cls, job: Job) -> CurrentJob:
        """A job that was just claimed, of which nothing is known yet."""
        return cls(job, Observed(claim=job.request.file.claim))

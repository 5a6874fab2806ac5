"""Partial transcripts: what was recognised before a failure, in place of the failure's sentence."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.errors import Refusal
from bot.job.current import CurrentJob
from bot.job.deliver import holds_words
from bot.model import Job
from bot.ports.store import Queue
from bot.recording import Transcript
from bot.reply import Broken, GaveUp, Refused, ReplyState, ThreadLookup
from bot.transcript.join import join

_ON_THE_WAY = frozenset(
    {Refusal.NOT_AUDIO, Refusal.DECODER_FAILED, Refusal.TOO_COSTLY, Refusal.MONTH_USED_UP}
)
"""Refusals that come in the middle of a recording, too: it breaks off, or is longer than the month allows."""


async def partial_transcript(
    queue: Queue, current: CurrentJob, reply: Refused | GaveUp | Broken, found: ThreadLookup
) -> Transcript | None:
    """A transcript with gaps, where what was recognised is worth more than ``reply``; else ``None``.

    The gaps are kept: whoever goes on after a crash has to say the same.

    Args:
        queue: Keeps them.
        current: The job that failed, and what was recognised of it.
        reply: What would be posted.
        found: What stands in the thread.
    """
    job = current.job
    # What stands is not given up for a part of a new one; where only its gaps were wanted, it is in there.
    is_in_there = found.state is ReplyState.GAPPED and job.fills_gaps
    if (holds_words(found) and not is_in_there) or not _leaves_words(job, reply):
        return None
    filled = current.parts.filled(round(1000 * (job.request.file.duration_s or 0.0)))
    transcript = await asyncio.to_thread(join, filled)
    if not transcript.languages:
        return None
    for part in filled:
        if part.failed:
            await queue.keep(job, part)
    is_month_over = isinstance(reply, Refused) and reply.reason is Refusal.MONTH_USED_UP
    # How it sounds is told of a recording that was recognised to its end.
    return replace(
        transcript,
        emotion=None,
        time_marks=transcript.time_marks and current.time_marks,
        month_used=1.0 if is_month_over else None,
    )


def _leaves_words(job: Job, reply: Refused | GaveUp | Broken) -> bool:
    """True where what was recognised before this failure is worth more than its sentence."""
    match reply:
        case Refused(Refusal.OPTED_OUT):
            return False
        case Refused(reason):
            # What somebody reads already is not taken away.
            return reason in _ON_THE_WAY or job.revision > 0 or job.reply_ts is not None
        case GaveUp() | Broken():
            return True

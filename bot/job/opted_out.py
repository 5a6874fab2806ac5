"""Refusal of a recording whose person has opted out: the asker is told alone, and the thread never is."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import Refusal
from bot.job.current import CurrentJob
from bot.job.deliver import holds_words
from bot.model import THREAD, Job, Removal
from bot.ports.outside import Replies
from bot.reply import Refused, ReplyState, ThreadLookup


def is_for_asker_alone(job: Job, reply: Refused) -> bool:
    """True for this refusal where many would read it."""
    return reply.reason is Refusal.OPTED_OUT and job.key.audience == THREAD


async def refuse_alone(
    current: CurrentJob, replies: Replies, reply: Refused, found: ThreadLookup
) -> ReplyState | None:
    """Tell the asker, if there is one, and take back what the thread shows of a transcript on its way.

    Args:
        current: The job that ends with this.
        replies: Tells and deletes.
        reply: The refusal.
        found: What stands in the thread.

    Returns:
        The state that the job ends with; ``None`` where an older transcript stays as it is.

    Raises:
        Unavailable: Slack does not answer; some of it may be deleted.
        Misconfigured: the token or a scope is wrong.
    """
    job, key = current.job, current.job.key
    is_kept = holds_words(found)
    if not is_kept and (found.ts or job.reply_ts):
        ids = (key.team_id, key.channel_id, job.request.thread_ts, key.message_ts, key.file_id, key.audience)
        await replies.delete_replies(Removal(0, *ids, attempt=job.attempt, keys=(key,)))
        current.job = job = replace(job, reply_ts=None)
    await replies.explain(job, reply)
    return None if is_kept else ReplyState.REFUSED

"""Carries out removals: stops the jobs that they cover, then deletes what stands of them in Slack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.errors import TranscriptionError, Unavailable
from bot.job.clock import Clock
from bot.job.retry import LONGEST_DELAY_S, backoff_s
from bot.model import Job, Removal
from bot.ports.outside import Replies
from bot.ports.store import Removals

LATE_S = 3.0
"""A message that was on its way when its job was stopped stands by then."""
_STUMBLE_S = 60.0
"""Between tries while the database does not take what became of a removal."""


class RemovalRunner:
    """Runs removals, one after the other.

    Args:
        removals: Where they are written.
        replies: Deletes.
        stop: Stops the jobs that a removal covers, and returns those that ran.
        clock: Time and patience.
    """

    def __init__(
        self,
        removals: Removals,
        replies: Replies,
        stop: Callable[[Removal], Awaitable[list[Job]]],
        clock: Clock,
    ) -> None:
        self._removals = removals
        self._replies = replies
        self._stop = stop
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Run the removals that are due, for ever. A bug of ours is logged, and costs a minute."""
        while True:
            try:
                removal = await self._removals.claim_removal()
                if removal is None:
                    await self._removals.wait_for_removal()
            except Exception:  # noqa: BLE001  # whatever broke here, the jobs go on
                self._log.exception("removals not read")
                await self._clock.sleep(_STUMBLE_S)
            else:
                if removal is not None:
                    await self._remove(removal)

    async def _remove(self, removal: Removal) -> None:
        trouble: Exception | None = None
        try:
            await self._delete(removal)
        except TranscriptionError as error:
            trouble = error
        except Exception as error:  # noqa: BLE001  # the other removals are not to wait for this one
            self._log.error("fault", exc_info=error, **_named(removal))
            trouble = error
        while True:
            try:
                await self._note(removal, trouble)
            except Exception:  # noqa: BLE001  # the database may be back in a minute
                self._log.exception("removal not recorded", **_named(removal))
                await self._clock.sleep(_STUMBLE_S)
            else:
                return

    async def _delete(self, removal: Removal) -> None:
        stopped = await self._stop(removal)
        await self._replies.delete_replies(removal)
        if stopped:
            await self._clock.sleep(LATE_S)
            await self._replies.delete_replies(removal)

    async def _note(self, removal: Removal, trouble: Exception | None) -> None:
        """Forget what is done, or was tried for as long as jobs are; give back what is not."""
        waited_s = sum(backoff_s(attempt, 0.5) for attempt in range(removal.attempt))
        if trouble is None:
            await self._removals.removed(removal)
            self._log.info("removed", **_named(removal))
        elif waited_s >= self._clock.give_up_after_s:
            await self._removals.removed(removal)
            self._log.error("given up removing: it may stand still", error=str(trouble), **_named(removal))
        else:
            asked_s = (trouble.retry_after_s or 0.0) if isinstance(trouble, Unavailable) else 0.0
            pause_s = max(backoff_s(removal.attempt, self._clock.jitter()), asked_s, LATE_S)
            delay_s = min(pause_s, LONGEST_DELAY_S)
            await self._removals.remove_later(removal, self._clock.now() + timedelta(seconds=delay_s))
            self._log.warning("not removed yet", error=str(trouble), **_named(removal))


def _named(removal: Removal) -> dict[str, object]:
    """The fields that name a removal in the log."""
    return {
        "channel_id": removal.channel_id,
        "message_ts": removal.message_ts,
        "file_id": removal.file_id,
        "attempt": removal.attempt,
    }

"""Answers to one person within a time limit: what they asked for, or why it did not happen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot import sentences
from bot.errors import Rejected, TranscriptionError
from bot.slack.client.readers import Readers
from bot.tasks import start_task
from bot.translations import Reader

PATIENCE_S = 2.5
"""Slack waits three seconds for the acknowledgement, and does not deliver again what people press or type."""

Answer = Callable[[Reader], str]
"""A sentence in no language yet: one of the sentences, or a function of theirs with its arguments."""


class Answers:
    """Does what somebody wants in time, or says why it did not happen, in their language.

    Args:
        readers: What they read.
        patience_s: Seconds that an answer may take.
    """

    def __init__(self, readers: Readers, *, patience_s: float = PATIENCE_S) -> None:
        self._readers = readers
        self._patience_s = patience_s
        self._log = structlog.get_logger(__name__)

    async def in_time(
        self, user_id: str, work: Callable[[], Awaitable[Answer | None]], *, unanswered: str
    ) -> str:
        """Run work within the time limit: its answer, or a sentence that says why there is none.

        Empty where the work answers nothing.

        Args:
            user_id: Who is answered.
            work: Begun at once: who comes first is first, however long the look-up of their language takes. A
                bug of ours that it raises is raised, and so not acknowledged.
            unanswered: The event that the operator finds in the log.
        """
        reading = start_task(self._readers.of(user_id))
        try:
            answer = await self._attempt(work, unanswered)
            return answer(await reading) if answer is not None else ""
        finally:
            reading.cancel()

    async def _attempt(self, work: Callable[[], Awaitable[Answer | None]], unanswered: str) -> Answer | None:
        try:
            async with asyncio.timeout(self._patience_s):
                return await work()
        except TimeoutError:
            self._log.warning(unanswered, error="TimeoutError")
            return sentences.SLACK_SLOW
        except Rejected as error:
            self._log.debug("out of reach", reason=str(error))
            return sentences.OUT_OF_REACH
        except TranscriptionError as error:
            self._log.warning(unanswered, error=str(error))
            return sentences.SLACK_SILENT

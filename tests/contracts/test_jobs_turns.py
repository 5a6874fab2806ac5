"""Files of one message take their places in the thread in the message's order."""

from __future__ import annotations

import asyncio

import pytest

from bot.model import SUBSCRIBERS, Outcome
from tests.contracts.kept import SOON_S, Kept, asked


async def test_files_of_a_message_wait_for_those_before_them(kept: Kept) -> None:
    await kept.requests.accept([asked(f"F{n}", position=n) for n in range(3)])
    first, second, third = [await kept.claimed() for _ in range(3)]
    await kept.queue.wait_for_earlier_files(first, 3600)
    async with kept.waiting(kept.queue.wait_for_earlier_files(third, 3600)):
        async with kept.waiting(kept.queue.wait_for_earlier_files(second, 3600)):
            await kept.queue.finish(first, Outcome.TRANSCRIBED)
        await kept.queue.finish(second, Outcome.IGNORED)


@pytest.mark.parametrize("elder", ["retried", "parked"])
async def test_a_file_waits_for_one_that_is_tried_again(kept: Kept, elder: str) -> None:
    await kept.requests.accept([asked("F1"), asked("F2", position=1)])
    first, second = await kept.claimed(), await kept.claimed()
    if elder == "parked":
        await kept.queue.park(first)
    else:
        await kept.queue.retry_at(first, kept.time.now())
    async with kept.waiting(kept.queue.wait_for_earlier_files(second, 3600)):
        await kept.queue.release_parked()
        await kept.queue.finish(await kept.claimed(), Outcome.TRANSCRIBED)


async def test_a_notice_holds_a_files_place(kept: Kept) -> None:
    await kept.requests.accept([asked("F1"), asked("F2", position=1)])
    first, second = await kept.claimed(), await kept.claimed()
    async with kept.waiting(kept.queue.wait_for_earlier_files(second, 3600)):
        await kept.queue.record_reply(first, "5.5", "slack")


async def test_patience_ends(kept: Kept) -> None:
    await kept.requests.accept([asked("F1"), asked("F2", position=1)])
    await kept.claimed()
    second = await kept.claimed()
    async with kept.waiting(kept.queue.wait_for_earlier_files(second, 3 * SOON_S)):
        await kept.pass_by(3 * SOON_S)


async def test_other_messages_wait_for_nobody(kept: Kept) -> None:
    await kept.requests.accept([asked("F1"), asked("F2", position=1, message_ts="2.0")])
    await kept.claimed()
    async with asyncio.timeout(5):
        await kept.queue.wait_for_earlier_files(await kept.claimed(), 3600)


async def test_nobody_waits_for_the_gaps_of_an_earlier_file(kept: Kept) -> None:
    await kept.requests.accept([asked("F1"), asked("F2", position=1)])
    first, second = await kept.claimed(), await kept.claimed()
    await kept.queue.finish(first, Outcome.GAPPED, has_gaps=True)
    async with asyncio.timeout(5):
        assert await kept.queue.wait_for_earlier_files(second, 3600)


async def test_a_turn_has_come_or_not(kept: Kept) -> None:
    await kept.requests.accept([asked("F1"), asked("F2", position=1)])
    first, second = await kept.claimed(), await kept.claimed()
    assert await kept.queue.wait_for_earlier_files(first, 3600)
    waiting = asyncio.create_task(kept.queue.wait_for_earlier_files(second, SOON_S))
    await asyncio.sleep(0)
    await kept.pass_by(2 * SOON_S)
    assert not await waiting


@pytest.mark.parametrize("audience", [SUBSCRIBERS, "U7"])
async def test_what_is_not_said_in_the_thread_has_no_turn(kept: Kept, audience: str) -> None:
    await kept.requests.accept([asked("F1", audience=audience), asked("F2", position=1)])
    await kept.claimed()
    async with asyncio.timeout(5):
        assert await kept.queue.wait_for_earlier_files(await kept.claimed(), 3600)


async def test_nobody_waits_for_a_file_that_is_withdrawn(kept: Kept) -> None:
    await kept.requests.accept([asked("F1"), asked("F2", position=1)])
    await kept.claimed()
    second = await kept.claimed()
    async with kept.waiting(kept.queue.wait_for_earlier_files(second, 3600)):
        await kept.requests.remove_message("T1", "C1", "1.0", thread_ts="0.5", file_id="F1")


async def test_a_question_holds_a_files_place(kept: Kept) -> None:
    await kept.requests.accept([asked("F1"), asked("F2", position=1)])
    first, second = await kept.claimed(), await kept.claimed()
    await kept.queue.hold(await kept.queue.record_reply(first, "5.5", "asking"))
    async with asyncio.timeout(5):
        assert await kept.queue.wait_for_earlier_files(second, 3600)

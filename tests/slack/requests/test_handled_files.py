from __future__ import annotations

import asyncio

from bot.slack.requests.handled_files import HandledFiles


async def test_a_file_is_known_by_its_channel_once_its_message_was_handled() -> None:
    handled = HandledFiles()
    handled.note("C1", ["F1", "F2"])

    assert await handled.wait_for("C1", "F1", 0.0)
    assert await handled.wait_for("C1", "F2", 0.0)
    assert not await handled.wait_for("C2", "F1", 0.0)
    assert not await handled.wait_for("C1", "F3", 0.0)


async def test_whoever_waits_hears_at_once() -> None:
    handled = HandledFiles()
    waiting = [asyncio.create_task(handled.wait_for("C1", "F1", 30.0)) for _ in range(2)]
    await asyncio.sleep(0)

    handled.note("C1", ["F1"])

    async with asyncio.timeout(5.0):
        assert await asyncio.gather(*waiting) == [True, True]


async def test_who_has_waited_in_vain_may_ask_again() -> None:
    handled = HandledFiles()
    assert not await handled.wait_for("C1", "F1", 0.0)

    handled.note("C1", ["F1"])

    assert await handled.wait_for("C1", "F1", 0.0)

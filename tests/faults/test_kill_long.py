"""kill -9, again and again during one long recording: one complete reply, and little is paid for twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from bot.playground.slack_lookalike.records import Message
from tests.faults.test_kill import has_ended, real_bot
from tests.flows.harness import BotHarness, bot_harness_at, words
from tests.flows.recordings import hum_with_pauses

SEGMENTS_S = [95 + 3 * number for number in range(22)]
"""Each of its own length, by which it is told apart. Half an hour and more in all."""
AT_ONCE = 3


def ended(harness: BotHarness) -> bool:
    return has_ended(harness.settings.data_dir)


def kept(harness: BotHarness) -> set[int]:
    """Seconds of the segments whose words lie in the database."""
    path = harness.settings.data_dir / "threadscribe.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT json_extract(content, '$.span.end_ms') - start_ms FROM part WHERE NOT failed"
        ).fetchall()
    return {round(length_ms / 1000) for (length_ms,) in rows}


def recognised(harness: BotHarness) -> Counter[int]:
    calls = [call for call in harness.dashscope.calls if call.acted and call.duration_s > 2]
    return Counter(round(call.duration_s) for call in calls)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [4, pytest.param(10, marks=pytest.mark.soak)])
async def test_killed_again_and_again_during_one_recording(tmp_path: Path, kills: int) -> None:
    pauses_s = [sum(SEGMENTS_S[:number]) for number in range(1, len(SEGMENTS_S))]
    path = hum_with_pauses(tmp_path / "meeting.wav", pauses_s, sum(SEGMENTS_S))
    in_flight: Counter[int] = Counter()
    async with bot_harness_at(tmp_path, "socket") as harness:
        harness.ear.delays_s = dict.fromkeys(SEGMENTS_S, 0.3)
        message: Message | None = None
        for _ in range(kills):
            async with real_bot(harness, tmp_path, ASR_CONCURRENCY=str(AT_ONCE)) as bot:
                if message is None:
                    file = harness.slack.state.add_file(
                        path, "meeting.wav", user=harness.ada.id, mimetype="audio/wav", as_voice_clip=True
                    )
                    message = harness.share(file)
                before = len(kept(harness))
                await harness.until(lambda: len(kept(harness)) > before)  # noqa: B023  # awaited at once
                os.kill(bot.pid, signal.SIGKILL)
                await asyncio.sleep(0.1)
                lost = [seconds for seconds in recognised(harness) if seconds not in kept(harness)]
                assert len(lost) <= AT_ONCE
                in_flight.update(lost)
        assert message is not None
        assert not harness.replies(message), "the last life still has to hear some of it"
        async with real_bot(harness, tmp_path, ASR_CONCURRENCY=str(AT_ONCE)):
            await harness.until(lambda: ended(harness))
            await harness.slack.settled()
        (reply,) = harness.replies(message)
    assert words(reply).split() == " ".join(f"A clip of {seconds} seconds." for seconds in SEGMENTS_S).split()
    again = recognised(harness) - Counter(SEGMENTS_S)
    assert set(recognised(harness)) == set(SEGMENTS_S)
    assert not again - in_flight, "recognised again without having been in flight at a kill"
    assert sum(again.values()) <= kills * AT_ONCE

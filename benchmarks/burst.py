"""Measures 5,000 recordings at once: how soon each event is acknowledged, and the memory of the bot.

The recogniser answers nothing meanwhile. The look-alike runs in this process, on the same cores.

    python -m benchmarks.burst [socket|http] [EVENTS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import cast

import psutil

from benchmarks.clips import make_voice_clips
from benchmarks.stand import DeliveryMode, standing
from bot.playground.slack_lookalike.delivery import Delivery

EVENTS = 5_000
CHANNELS = 20
_CLIP_S = 2.0
_RECOGNISER_S = 600.0
_PATIENCE_S = 80.0
_SAMPLE_EVERY_S = 0.05


async def measure(delivery: DeliveryMode, events: int) -> str:
    """A row of the table: post everything at once, and wait until all of it is acknowledged."""
    with tempfile.TemporaryDirectory(prefix="threadscribe-bench-") as folder:
        clip = make_voice_clips(Path(folder), _CLIP_S)[0]
        async with standing(delivery, _RECOGNISER_S) as stand:
            state = stand.slack.state
            channels = [state.add_channel(f"c{number}", stand.person).id for number in range(CHANNELS)]
            idle_mb = stand.process.memory_info().rss / 1e6
            files = [stand.upload(clip) for _ in range(events)]
            deliveries, began = [], time.perf_counter()
            for number, file in enumerate(files):
                stand.channel = channels[number % CHANNELS]
                deliveries.append(stand.post(file)[1])
            peak_mb = idle_mb
            while not all(one.acked or one.lost for one in deliveries):
                await asyncio.sleep(_SAMPLE_EVERY_S)
                peak_mb = max(peak_mb, _rss_mb(stand.process))
                if time.perf_counter() - began > _PATIENCE_S:
                    break
            took_s = time.perf_counter() - began
            tries = [len(one.attempts) for one in deliveries]
            waits_s = sorted(_wait_s(one) for one in deliveries if one.acked)
            stored = sum((await stand.depth()).values())
            # It would drain for as long as the recogniser sleeps.
            stand.process.kill()
    p50_s, p99_s = waits_s[len(waits_s) // 2], waits_s[len(waits_s) * 99 // 100]
    twice = sum(count > 1 for count in tries)
    return (
        f"| {delivery} | {len(waits_s)} of {events} | {p50_s:.2f} | {p99_s:.2f} | {took_s:.1f} "
        f"| {twice} | {stored} | {idle_mb:.0f} | {peak_mb:.0f} |"
    )


def _wait_s(delivery: Delivery) -> float:
    """From the first time that it was sent until it was acknowledged at last."""
    first_s = delivery.attempts[0].sent_at
    told = [one.sent_at + one.ack_after_s for one in delivery.attempts if one.ack_after_s is not None]
    return min(told, default=delivery.attempts[-1].sent_at) - first_s


def _rss_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


async def main() -> None:
    """Measure, and print a table in Markdown."""
    modes = [cast("DeliveryMode", sys.argv[1])] if len(sys.argv) > 1 else ["socket", "http"]
    events = int(sys.argv[2]) if len(sys.argv) > 2 else EVENTS
    print("| | Acknowledged | p50 s | p99 s | All s | Delivered again | Jobs | Idle MB | Peak MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for mode in modes:
        print(await measure(cast("DeliveryMode", mode), events), flush=True)


if __name__ == "__main__":
    asyncio.run(main())

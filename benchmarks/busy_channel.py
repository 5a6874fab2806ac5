"""Measures a clip in a quiet channel while 200 clips of another wait for Slack to take their replies.

Slack takes a message a second in each channel, and answers more of them 429 with ``Retry-After: 10``. The
same bot answers clips in the quiet channel before (calm) and while the other's wait (busy): their ratio is
what counts.

    python -m benchmarks.busy_channel
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path

from benchmarks.clips import Clip, make_voice_clips
from benchmarks.stand import Stand, standing
from bot.playground.slack_lookalike.post_limits import PostLimits

WAITING = 200
CLIPS = 20
EVERY_S = 1.5
_CLIP_S = 5.0
_RECOGNISER_S = 0.2
_SETTLING_S = 15.0
"""Until as many clips of the busy channel as may be are recognised, and wait."""
_PATIENCE_S = 240.0


async def measure() -> tuple[list[float], list[float], int]:
    """Seconds from clips to their replies, calm and busy, and how many of the busy channel's still waited."""
    with tempfile.TemporaryDirectory(prefix="threadscribe-bench-") as folder:
        clip = make_voice_clips(Path(folder), _CLIP_S)[0]
        async with standing("socket", _RECOGNISER_S) as stand:
            stand.slack.state.post_limits = PostLimits(retry_after_s=10)
            busy, quiet = stand.channel, stand.slack.state.add_channel("quiet", stand.person).id
            stand.channel = quiet
            calm_s = await _answered_s(stand, clip)
            stand.channel = busy
            for _ in range(WAITING):
                stand.post(stand.upload(clip))
            await asyncio.sleep(_SETTLING_S)
            stand.channel = quiet
            busy_s = await _answered_s(stand, clip)
            return calm_s, busy_s, sum((await stand.depth()).values())


async def _answered_s(stand: Stand, clip: Clip) -> list[float]:
    """Share clips one after the other, and see how long each waits for its reply."""
    waits_s = []
    for _ in range(CLIPS):
        posted_at = stand.slack.state.clock()
        message, _ = stand.post(stand.upload(clip))
        async with asyncio.timeout(_PATIENCE_S):
            while message.ts not in stand.replied_at:  # noqa: ASYNC110  # the state of a server tells no one
                await asyncio.sleep(0.002)
        waits_s.append(stand.replied_at[message.ts] - posted_at)
        await asyncio.sleep(max(0.0, EVERY_S - waits_s[-1]))
    return waits_s


async def main() -> None:
    """Measure, and print a table in Markdown."""
    calm_s, busy_s, left = await measure()
    calm_ms, busy_ms = statistics.median(calm_s) * 1000, statistics.median(busy_s) * 1000
    print(f"{CLIPS} WAVs of {_CLIP_S:.0f} s in a quiet channel, to their replies; {left} others waited.")
    print()
    print("| | Median ms | Longest ms |\n|---|---|---|")
    print(f"| calm | {calm_ms:.0f} | {max(calm_s) * 1000:.0f} |")
    print(f"| with {WAITING} clips waiting elsewhere | {busy_ms:.0f} | {max(busy_s) * 1000:.0f} |")
    print(f"| ratio | {busy_ms / calm_ms:.2f} | {max(busy_s) / max(calm_s):.2f} |")


if __name__ == "__main__":
    asyncio.run(main())

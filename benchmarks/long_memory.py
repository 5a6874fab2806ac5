"""What a long recording takes of memory: the whole bot, from the event to the reply, and its decoder.

    python -m benchmarks.long_memory [FOLDER] [--minutes 10 120]

The bot is a real child process between two look-alikes; the recogniser takes 1.0 s + 0.02 s an audio second
and answers with a text as long as speech of that length. About two minutes with the defaults.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.clips import Clip
from benchmarks.recordings import plan_recording, read_clips, write_m4a
from benchmarks.stand import standing
from benchmarks.yardsticks import describe_machine
from bot.whisper.heard import Heard

RECORDED_HZ = 48_000
SEED = 1961
SAMPLE_EVERY_S = 0.02
WORDS_A_SECOND = 2.5
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Peak:
    """Of one recording, in MB."""

    minutes: float
    idle_mb: float
    bot_mb: float
    children_mb: float
    together_mb: float
    took_s: float


class Watch(threading.Thread):
    """Reads the memory of a process and its children now and then."""

    def __init__(self, process: psutil.Process) -> None:
        """Watch until ``stopped`` is set."""
        super().__init__(daemon=True)
        self.stopped = threading.Event()
        self.bot = self.children = self.together = 0
        self._process = process

    def run(self) -> None:
        """Note the peaks."""
        while not self.stopped.wait(SAMPLE_EVERY_S):
            bot, children = self._process.memory_info().rss, 0
            for child in self._process.children(recursive=True):
                with suppress(psutil.Error):  # it ended meanwhile
                    children += child.memory_info().rss
            self.bot, self.children = max(self.bot, bot), max(self.children, children)
            self.together = max(self.together, bot + children)


async def measure(path: Path, minutes: float) -> Peak:
    """Share one recording with a fresh bot."""
    async with standing("socket", 0.0) as stand:
        stand.dashscope._hear = recognise  # noqa: SLF001  # the stand's own ear takes the same time for all
        idle_mb = stand.process.memory_info().rss / _MB
        file = stand.upload(Clip("recording", path, "audio/mp4", minutes * 60))
        ended = stand.ended(file)
        watch = Watch(stand.process)
        watch.start()
        started = time.perf_counter()
        stand.post(file)
        line = await ended
        took_s = time.perf_counter() - started
        watch.stopped.set()
        await asyncio.to_thread(watch.join)
        if line["outcome"] != "transcribed":
            raise RuntimeError(f"the recording was not transcribed: {line}")
        return Peak(minutes, idle_mb, watch.bot / _MB, watch.children / _MB, watch.together / _MB, took_s)


async def recognise(audio: bytes, _language: str | None, _context: str) -> Heard:
    """Take a fixed time for each second, and say as much as people say in it."""
    seconds = len(audio) / 32_000  # WAV, 16 kHz, s16
    await asyncio.sleep(1.0 + 0.02 * seconds)
    return Heard("And so, my fellow Americans. " * round(seconds * WORDS_A_SECOND / 5), "en", seconds)


def render(peaks: list[Peak]) -> Iterator[str]:
    """Yield the table's lines, in Markdown."""
    yield f"{describe_machine()}\n"
    yield "| Recording | Idle MB | Bot's peak | Decoder's peak | Together | Took s |"
    yield "|---|---|---|---|---|---|"
    for peak in peaks:
        yield (
            f"| {peak.minutes:g} min | {peak.idle_mb:.0f} | {peak.bot_mb:.0f} | {peak.children_mb:.0f} "
            f"| {peak.together_mb:.0f} | {peak.took_s:.1f} |"
        )
    yield f"\nThe last above the first: {peaks[-1].together_mb - peaks[0].together_mb:+.0f} MB."


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 120])
    arguments = parser.parse_args()
    clips = [clip for clip in read_clips(arguments.folder, RECORDED_HZ) if clip.language == "en"]
    peaks = []
    with tempfile.TemporaryDirectory(prefix="threadscribe-bench-") as scratch:
        for minutes in arguments.minutes:
            path = Path(scratch) / f"{minutes:g}.m4a"
            write_m4a(plan_recording(clips, 60 * minutes, SEED).render(), RECORDED_HZ, path)
            peaks.append(asyncio.run(measure(path, minutes)))
    print("\n".join(render(peaks)))


if __name__ == "__main__":
    main()

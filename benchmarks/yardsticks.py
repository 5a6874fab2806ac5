"""What a command costs, seen from outside, and the floor below which no command can be."""

from __future__ import annotations

import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import psutil

from benchmarks.lookalike import ROOT, Lookalike

LIMIT_S = 600.0
"""No command may take longer."""
_SAMPLE_EVERY_S = 0.02
_LOOK_CLOSER_EVERY = 10
"""Samples between looking for new processes and reading PSS, which cost more."""
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a command and all that it started."""

    wall_s: float
    cpu_s: float
    rss_mb: float
    """Peak of the sum over its processes; what they share is counted for each."""
    pss_mb: float
    """The same with what they share counted once; read five times a second."""
    processes: int
    """Most at once."""


class CommandError(Exception):
    """A command failed, or took longer than it may; it is ended then."""


def run(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path) -> Cost:
    """Run a command to its end.

    Args:
        command: Its words.
        environment: All that it sees of ours.
        folder: Where it runs; its output is kept in ``output.log`` there.

    Raises:
        CommandError: It failed; the message holds the last of its output.
    """
    log = folder / "output.log"
    with log.open("wb") as output:
        began_s = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=output, start_new_session=True
        )
        try:
            watched = _Tree(process.pid)
            while True:
                ended, status, usage = os.wait4(process.pid, os.WNOHANG)
                wall_s = time.perf_counter() - began_s
                if ended:
                    break
                if wall_s > LIMIT_S:
                    raise CommandError(f"{command[0]} took more than {LIMIT_S:.0f} s")
                watched.sample()
                time.sleep(_SAMPLE_EVERY_S)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            # Its group, since it may have left something behind.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, 9)
            process.wait()
    if process.returncode:
        raise CommandError(f"{command[0]} ended with {process.returncode}: {log.read_text()[-2000:]}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Cost(wall_s, cpu_s, watched.rss_bytes / _MB, watched.pss_bytes / _MB, watched.processes)


def transcribe(
    source: Path, target: Path, lookalike: Lookalike, parallel: int, language: str | None = None
) -> Cost:
    """Run ``threadscribe transcribe``, which writes plain text.

    Args:
        source: The recording.
        target: Where the transcript goes; the process runs beside it.
        lookalike: The recogniser.
        parallel: Requests at once.
        language: The only one that is spoken; ``None`` lets the recogniser find out.

    Raises:
        CommandError: It failed.
    """
    environment = {
        "PYTHONPATH": str(ROOT),
        "DASHSCOPE_API_KEY": lookalike.api_key,
        "DASHSCOPE_BASE_URL": lookalike.base_url,
        "ASR_CONCURRENCY": str(parallel),
        # Else the account's limit would be what is measured.
        "ASR_REQUESTS_PER_MINUTE": "100000",
    }
    command = [sys.executable, "-m", "bot", "transcribe", str(source), "--format", "txt", "-o", str(target)]
    if language:
        command += ["--language", language]
    return run(command, environment, target.parent)


class _Tree:
    """Peaks of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        self.rss_bytes = self.pss_bytes = self.processes = 0
        self._root = psutil.Process(pid)
        self._all = [self._root]
        self._samples = 0

    def sample(self) -> None:
        """Look once."""
        if self._samples % _LOOK_CLOSER_EVERY == 0:
            with suppress(psutil.NoSuchProcess):
                self._all = [self._root, *self._root.children(recursive=True)]
            self.processes = max(self.processes, len(self._all))
            self.pss_bytes = max(self.pss_bytes, sum(map(_pss_bytes, self._all)))
        self._samples += 1
        self.rss_bytes = max(self.rss_bytes, sum(map(_rss_bytes, self._all)))


def _rss_bytes(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return process.memory_info().rss
    return 0


def _pss_bytes(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return process.memory_full_info().pss
    return 0


@dataclass(frozen=True, slots=True)
class Decoding:
    """Decoding a recording to PCM s16le, mono, 16 kHz, in this process, and nothing else."""

    wall_s: float
    cpu_s: float


def decode_alone(path: Path) -> Decoding:
    """Decode as cheaply as PyAV can: a second at a time is resampled, and the samples are thrown away."""
    began_s, cpu_began_s = time.perf_counter(), time.process_time()
    with av.open(str(path)) as container:
        rate_hz = container.streams.audio[0].rate
        waiting = av.AudioFifo()
        resampler = av.AudioResampler("s16", "mono", 16_000)
        for frame in container.decode(audio=0):
            waiting.write(frame)
            if waiting.samples >= rate_hz:
                resampler.resample(waiting.read(0))
        resampler.resample(waiting.read(0))
        resampler.resample(None)
    return Decoding(time.perf_counter() - began_s, time.process_time() - cpu_began_s)


def floor_s(decoding: Decoding, latencies_s: Sequence[float], parallel: int) -> float:
    """The least wall time for these requests: decode, or wait for the recogniser, whichever is longer."""
    rounds = math.ceil(len(latencies_s) / parallel)
    return max(decoding.wall_s, rounds * sum(latencies_s) / len(latencies_s))


def describe_machine() -> str:
    """What everything runs on, now."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, load average {load:.2f}"
    )

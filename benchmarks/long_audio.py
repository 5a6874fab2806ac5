"""Long recordings: time, CPU and memory beside the floor and the official toolkit; and words at the cuts.

    python -m benchmarks.long_audio [FOLDER] [--minutes 30 60] [--parallel 4 16] [--toolkit VENV] [--json]

First ``threadscribe transcribe``, as a process of its own, against a DashScope look-alike in another process
that takes 1.0 s and 0.02 s for each second of audio. It answers each request with a word of its own, so that
an answer which got lost or stands twice is seen. Then ten minutes of English with the packaged Whisper behind
the look-alike, against Whisper on the same recording whole: which words the cuts cost.

FOLDER holds clips and a ``manifest.json``: a list of ``{"file", "lang", "reference"}``; without it the few
clips of the tests are used. VENV holds ``qwen3-asr-toolkit`` (1.0.4 was tried), ``onnxruntime`` and, in
``bin`` unless it is installed, ``ffmpeg``.

On two cores this takes about five minutes, with the toolkit seven. No program runs for longer than ten: it
is ended then. Everything stays on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.lookalike import Lookalike, Request, latency_s
from benchmarks.recordings import plan_recording, read_clips, write_m4a
from benchmarks.words_at_cuts import Heard, hear_with_and_without_cuts, render_words
from benchmarks.yardsticks import Cost, Decoding, decode_alone, describe_machine, floor_s, run, transcribe

COMMAND = "python -m benchmarks.long_audio"
RECORDED_HZ = 48_000
SEED = 20_260
WARM_UP_S = 200.0
"""The toolkit cuts nothing shorter than three minutes."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One program on one recording."""

    cost: Cost
    requests: int
    sent_mb: float
    failed: int
    """Requests that were not answered with a transcript."""
    lost: int
    """Answers that do not stand in its transcript."""
    doubled: int
    """Answers that stand in it more than once."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One recording, at one number of requests at once."""

    minutes: float
    unique_speech_s: float
    parallel: int
    decoding: Decoding
    floor_s: float
    ours: Trial
    toolkit: Trial | None


@dataclass(frozen=True, slots=True)
class Report:
    """One run's figures."""

    machine: str
    comparisons: list[Comparison]
    words: list[Heard]


class Programs:
    """The programs that are measured, with one look-alike and one folder.

    Args:
        lookalike: Where they send what they hear.
        folder: Private, for their files.
        toolkit: The virtual environment of the official toolkit.
    """

    def __init__(self, lookalike: Lookalike, folder: Path, toolkit: Path | None) -> None:
        self._lookalike = lookalike
        self._folder = folder
        self._toolkit = toolkit

    def ours(self, source: Path, parallel: int) -> tuple[Trial, list[Request]]:
        """Run ``threadscribe transcribe``; the requests that it sent come along."""
        target = self._folder / "ours.txt"
        cost = transcribe(source, target, self._lookalike, parallel)
        return self._judge(cost, target)

    def toolkit(self, source: Path, parallel: int) -> Trial | None:
        """Run the toolkit, if there is one."""
        if self._toolkit is None:
            return None
        programs = self._toolkit.resolve() / "bin"
        chunks = self._folder / "chunks"
        command = (programs / "qwen3-asr", "-i", source, "-j", str(parallel), "-t", chunks, "-s")
        environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self._folder),
            "DASHSCOPE_API_KEY": self._lookalike.api_key,
            # Read when its SDK is imported.
            "DASHSCOPE_HTTP_BASE_URL": f"{self._lookalike.base_url}/api/v1",
        }
        cost = run(command, environment, self._folder)
        return self._judge(cost, source.with_suffix(".txt"))[0]

    def _judge(self, cost: Cost, target: Path) -> tuple[Trial, list[Request]]:
        told = self._lookalike.told()
        written = Counter(target.read_text().split())
        trial = Trial(
            cost,
            requests=len(told.requests),
            sent_mb=sum(request.audio_bytes for request in told.requests) / 1_000_000,
            failed=sum(request.status != 200 for request in told.requests),
            lost=sum(not written[word] for word in told.words),
            doubled=sum(written[word] > 1 for word in told.words),
        )
        target.unlink()
        return trial, told.requests


def compare(arguments: argparse.Namespace) -> Iterator[Comparison]:
    """Run every program on every recording."""
    clips = read_clips(arguments.folder, RECORDED_HZ)
    with tempfile.TemporaryDirectory(prefix="threadscribe-bench-") as name, Lookalike("fixed") as lookalike:
        folder = Path(name)
        source = folder / "recording.m4a"
        programs = Programs(lookalike, folder, arguments.toolkit)
        write_m4a(plan_recording(clips, WARM_UP_S, SEED).render(), RECORDED_HZ, source)
        programs.ours(source, 1)
        programs.toolkit(source, 1)
        for minutes in arguments.minutes:
            recording = plan_recording(clips, 60 * minutes, SEED)
            _tell(f"{minutes:g} minutes: making them …")
            write_m4a(recording.render(), RECORDED_HZ, source)
            for parallel in arguments.parallel:
                _tell(f"{minutes:g} minutes, {parallel} requests at once …")
                decoding = decode_alone(source)
                ours, requests = programs.ours(source, parallel)
                latencies_s = [latency_s(request.audio_s) for request in requests]
                yield Comparison(
                    *(minutes, recording.unique_speech_s, parallel, decoding),
                    floor_s=floor_s(decoding, latencies_s, parallel),
                    ours=ours,
                    toolkit=programs.toolkit(source, parallel),
                )


def render(report: Report) -> Iterator[str]:
    """Yield the report's lines, in Markdown."""
    yield f"`{COMMAND}`: {report.machine}, all of it shared with the look-alike."
    yield (
        "\n| Recording | At once | Program | Wall s | CPU s | Peak MB, RSS | PSS | Processes | Requests "
        "| MB sent | Failed | Answers lost | doubled |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    )
    for one in report.comparisons:
        what = f"{one.minutes:g} min, of {one.unique_speech_s:.0f} s unique | {one.parallel}"
        decoding = one.decoding
        yield f"| {what} | decoding alone | {decoding.wall_s:.1f} | {decoding.cpu_s:.1f} |" + " |" * 8
        yield f"| {what} | the floor | {one.floor_s:.1f} | {decoding.cpu_s:.1f} |" + " |" * 8
        yield f"| {what} | Threadscribe | {_render_trial(one.ours)} |"
        if one.toolkit:
            yield f"| {what} | the toolkit | {_render_trial(one.toolkit)} |"
    yield (
        "\n| Ratio | "
        + " | ".join(f"{one.minutes:g} min, {one.parallel}" for one in report.comparisons)
        + " |"
    )
    yield "|---" * (1 + len(report.comparisons)) + "|"
    for name, ratios in _ratios(report.comparisons):
        yield f"| {name} | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |"
    if report.words:
        yield from render_words(report.words)


def _render_trial(trial: Trial) -> str:
    cost = trial.cost
    return (
        f"{cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.rss_mb:.0f} | {cost.pss_mb:.0f} | {cost.processes} "
        f"| {trial.requests} | {trial.sent_mb:.1f} | {trial.failed} | {trial.lost} | {trial.doubled}"
    )


def _ratios(comparisons: Sequence[Comparison]) -> Iterator[tuple[str, list[float]]]:
    yield "Wall, Threadscribe / floor", [one.ours.cost.wall_s / one.floor_s for one in comparisons]
    yield (
        "CPU, Threadscribe / decoding alone",
        [one.ours.cost.cpu_s / one.decoding.cpu_s for one in comparisons],
    )
    beside = [(one.ours.cost, one.toolkit.cost) for one in comparisons if one.toolkit]
    if beside:
        yield "Wall, toolkit / Threadscribe", [theirs.wall_s / ours.wall_s for ours, theirs in beside]
        yield "CPU, toolkit / Threadscribe", [theirs.cpu_s / ours.cpu_s for ours, theirs in beside]
        yield "Memory (PSS), toolkit / Threadscribe", [theirs.pss_mb / ours.pss_mb for ours, theirs in beside]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Run as a module."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--minutes", type=float, nargs="+", default=[30.0, 60.0])
    parser.add_argument("--parallel", type=int, nargs="+", default=[4, 16], help="requests at once")
    parser.add_argument("--toolkit", type=Path, metavar="VENV")
    parser.add_argument("--no-words", action="store_true", help="leave out the words at the cuts")
    parser.add_argument("--json", action="store_true", help="print JSON, for later comparison")
    arguments = parser.parse_args()
    machine = describe_machine()
    comparisons = list(compare(arguments))
    words = [] if arguments.no_words else hear_with_and_without_cuts(arguments.folder)
    report = Report(machine, comparisons, words)
    print(json.dumps(asdict(report), indent=2) if arguments.json else "\n".join(render(report)))


if __name__ == "__main__":
    main()

"""Where recordings are cut: inside words or between them, and what that costs in recognised words.

    python -m benchmarks.cuts [FOLDER] [--minutes N]

Real speech, clean and with white noise, pink noise and babble 10 dB below it; the bot's own planner against
cuts at fixed times. The bot's window is 90 to 170 s; so that few minutes hold many cuts, a window of 10 to
20 s is tried too, and it alone is heard: by the packaged Whisper, each piece by itself, and once uncut
(Whisper hears 30 s at a time and then cuts for itself, at the quietest moment).

FOLDER holds clips and a ``manifest.json``: a list of ``{"file", "lang", "reference"}``; without it the few
clips of the tests are used. A cut lies inside a word where the clean clip, over 50 ms, is louder than 35 dB
below its loudest.

On two cores this takes about three minutes, and one more for each of the N minutes that are heard (10 unless
told).
"""

from __future__ import annotations

import argparse
import tempfile
from array import array
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.noise import NOISES, Noise, with_noise
from benchmarks.recordings import Clip, Recording, plan_recording, read_clips
from benchmarks.yardsticks import describe_machine
from bot.audio.cuts import decide_cut, quietest_ms
from bot.audio.levels import FRAME_MS, FRAME_SAMPLES, measure
from bot.audio.plan import LONGEST_MS
from bot.whisper.whisper import Whisper, join_model
from tests.speech.encoding import Samples, write_wav
from tests.speech.scoring import count_errors

COMMAND = "python -m benchmarks.cuts"
RATE_HZ = 16_000
SEED = 4_000
SOUNDS: tuple[Noise | None, ...] = (None, *NOISES)


@dataclass(frozen=True, slots=True)
class Window:
    """How long a piece may be, and how much is cut to count."""

    from_s: int
    to_s: int
    recordings: int
    """Of half an hour each."""


BOT = Window(90, 170, recordings=10)
SHORT = Window(10, 20, recordings=1)
RECORDING_S = 1_800.0

Planner = Callable[[Samples, Window], list[int]]
"""Sound at ``RATE_HZ`` -> the samples before which it is cut."""


def plan_with_bot(sound: Samples, window: Window) -> list[int]:
    """Cut as the bot does; in a window of another length, as it does where there is no long silence."""
    levels = array("I")
    measure(array("h", sound.tobytes()), levels)
    at, cuts = 0, []
    # What is left at the end is a second longer than the window, or not cut.
    while len(levels) - at >= (window.to_s + 1) * 1_000 // FRAME_MS:
        if window is BOT:
            length_ms = decide_cut(levels[at : at + LONGEST_MS // FRAME_MS])
            assert length_ms
        else:
            length_ms = quietest_ms(levels[at:], 1_000 * window.from_s, 1_000 * window.to_s)
        at += length_ms // FRAME_MS
        cuts.append(at * FRAME_SAMPLES)
    return cuts


def plan_fixed(sound: Samples, window: Window) -> list[int]:
    """Cut at fixed times, in the middle of the window."""
    step = (window.from_s + window.to_s) * RATE_HZ // 2
    return list(range(step, len(sound) - RATE_HZ, step))


PLANNERS: dict[str, Planner] = {"Threadscribe": plan_with_bot, "fixed times": plan_fixed}


@dataclass(frozen=True, slots=True)
class Counted:
    """Cuts of one planner in one kind of sound."""

    planner: str
    sound: str
    cuts: int
    inside: int
    """That fall inside a word."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the recogniser made of one kind of sound."""

    sound: str
    percent: dict[str, float]
    """Word errors by planner; "uncut" is one of them."""


def count_cuts(clips: Sequence[Clip], window: Window) -> list[Counted]:
    """Cut hours of speech, and look where the cuts fall."""
    counted = []
    for noise in SOUNDS:
        inside: dict[str, list[bool]] = {name: [] for name in PLANNERS}
        for number in range(window.recordings):
            recording = plan_recording(clips, RECORDING_S, SEED + number)
            sound = with_noise(recording, noise, clips)
            for name, plan in PLANNERS.items():
                inside[name] += [cuts_word(recording, cut) for cut in plan(sound, window)]
        counted += [
            Counted(name, noise or "clean", len(cuts), inside=sum(cuts)) for name, cuts in inside.items()
        ]
    return counted


def cuts_word(recording: Recording, cut: int) -> bool:
    """Whether a cut falls inside a word, as the clean clip tells."""
    index = bisect([said.start for said in recording.said], cut) - 1
    if index < 0 or cut >= recording.said[index].end:
        return False
    said = recording.said[index]
    return said.clip.in_word(cut - said.start)


def recognise(clips: Sequence[Clip], minutes: float, whisper: Whisper) -> Iterator[Heard]:
    """Have pieces of the short window recognised, and the whole beside them."""
    english = [clip for clip in clips if clip.language == "en"]
    recording = plan_recording(english, 60 * minutes, SEED)
    said = " ".join(recording.words)
    for noise in SOUNDS:
        sound = with_noise(recording, noise, clips)
        cuts = {"uncut": [], **{name: plan(sound, SHORT) for name, plan in PLANNERS.items()}}
        percent = {}
        for name, places in cuts.items():
            text = " ".join(hear_piece(piece, whisper) for piece in np.split(sound, places))
            percent[name] = count_errors("en", said, text).percent
        yield Heard(noise or "clean", percent)


def hear_piece(piece: Samples, whisper: Whisper) -> str:
    """Recognise a piece by itself."""
    with tempfile.TemporaryDirectory(prefix="threadscribe-bench-") as folder:
        return whisper.recognise_now(write_wav(piece, Path(folder, "piece.wav"), RATE_HZ), "en").text


def render_counted(window: Window, counted: Sequence[Counted]) -> Iterator[str]:
    """Yield a table's lines, in Markdown."""
    names = [noise or "clean" for noise in SOUNDS]
    hours = window.recordings * RECORDING_S / 3_600
    title = f"Cuts inside a word, window {window.from_s}-{window.to_s} s, {hours:g} h"
    yield f"\n| {title} | {' | '.join(names)} |"
    yield "|---" * (1 + len(names)) + "|"
    for planner in PLANNERS:
        cells = (
            f"{one.inside / one.cuts:.1%} ({one.inside} of {one.cuts})"
            for one in counted
            if one.planner == planner
        )
        yield f"| {planner} | {' | '.join(cells)} |"


def render_heard(heard: Sequence[Heard], minutes: float) -> Iterator[str]:
    """Yield a table's lines, in Markdown."""
    yield (
        f"\n| Word errors %, window {SHORT.from_s}-{SHORT.to_s} s, {minutes:g} min of English "
        f"| {' | '.join(one.sound for one in heard)} |"
    )
    yield "|---" * (1 + len(heard)) + "|"
    for name in heard[0].percent:
        yield f"| {name} | {' | '.join(f'{one.percent[name]:.1f}' for one in heard)} |"


def main() -> None:
    """Run as a module."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--minutes", type=float, default=10.0, metavar="N", help="how much is recognised")
    arguments = parser.parse_args()
    clips = read_clips(arguments.folder, RATE_HZ)
    unique_s = sum(clip.duration_s for clip in clips)
    english_s = sum(clip.duration_s for clip in clips if clip.language == "en")
    print(f"`{COMMAND}`: {describe_machine()}; {unique_s:.0f} s of unique speech, {english_s:.0f} s English.")
    for window in (BOT, SHORT):
        print("\n".join(render_counted(window, count_cuts(clips, window))), flush=True)
    heard = list(recognise(clips, arguments.minutes, Whisper(join_model())))
    print("\n".join(render_heard(heard, arguments.minutes)))


if __name__ == "__main__":
    main()

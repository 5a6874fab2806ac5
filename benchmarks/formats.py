"""The acceptance run: real speech in every format, through the whole bot and the offline recogniser.

    python -m benchmarks.formats FOLDER

``FOLDER`` holds ``manifest.json``: a list of ``{"file", "lang", "reference"}``. Every clip is shared as it is
and converted to each format, in one playground; nothing tells the recogniser which clip it hears.

Targets: the language right for all clips but one, English under 4% word errors, every format within 3 points
of the clips as they are (AMR, a telephone's format, 8).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.playground.session import Playground, Result, playground
from tests.speech.encoding import FORMATS, decode, encode
from tests.speech.scoring import Errors, count_errors

AS_IS = "as it is"
# How Slack's own voice clips come is told by m4a and webm; one kind of Ogg is enough.
TRIED = (AS_IS, *(name for name in FORMATS if name != "ogg (Vorbis)"))
STAGES = ("download", "prepare", "recognise", "reply", "total")
MOST_ENGLISH_PERCENT = 4.0
MOST_POINTS = 3.0
MOST_POINTS_AMR = 8.0


@dataclass(frozen=True, slots=True)
class Clip:
    """One line of the manifest."""

    path: Path
    language: str
    said: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a clip in one format."""

    clip: Clip
    result: Result

    @property
    def errors(self) -> Errors:
        """Characters for Chinese and Japanese, words for the others."""
        return count_errors(self.clip.language, self.clip.said, self.result.transcript)


def read_manifest(folder: Path) -> list[Clip]:
    """Every clip of the folder."""
    entries = json.loads((folder / "manifest.json").read_text())
    return [Clip(folder / entry["file"], entry["lang"], entry["reference"]) for entry in entries]


async def share_all(clips: Sequence[Clip], scratch: Path, *, show_clips: bool) -> dict[str, list[Heard]]:
    """Share every clip in every format, one after the other, in one playground."""
    heard: dict[str, list[Heard]] = {}
    async with playground(None, "socket", lambda _line: None) as place:
        for name in TRIED:
            heard[name] = [await share(place, clip, name, scratch) for clip in clips]
            for one in heard[name] if show_clips else ():
                print(f"{name} | {one.clip.path.name} | {one.result.language} | {one.result.transcript}")
            print(f"{name}: done", file=sys.stderr)
    return heard


async def share(place: Playground, clip: Clip, name: str, scratch: Path) -> Heard:
    """Share one clip in one format, under a name that says nothing."""
    path, suffix = clip.path, clip.path.suffix
    if name != AS_IS:
        wanted = FORMATS[name]
        suffix = wanted.suffix
        path = encode(decode(path, wanted.rate_hz), scratch / f"clip{suffix}", wanted)
    return Heard(clip, await place.share(path, f"{secrets.token_hex(4)}{suffix}"))


def pooled(heard: Iterable[Heard]) -> float:
    """Error rate of several clips, in percent."""
    return sum((one.errors for one in heard), Errors()).percent


def english(heard: Iterable[Heard]) -> list[Heard]:
    """The English clips alone."""
    return [one for one in heard if one.clip.language == "en"]


def languages_right(heard: Iterable[Heard]) -> int:
    """How many clips were heard in their own language."""
    return sum(one.result.language == one.clip.language for one in heard)


def report(heard: dict[str, list[Heard]]) -> None:
    """Print a table in Markdown."""
    print(
        "\n| format | transcribed | language right | English WER % | all % | points against as it is", end=""
    )
    print("".join(f" | {stage} s" for stage in STAGES) + " |")
    print("|---" * (6 + len(STAGES)) + "|")
    as_is = pooled(heard[AS_IS])
    for name, some in heard.items():
        transcribed = sum(one.result.outcome == "transcribed" for one in some)
        medians = (statistics.median(one.result.elapsed_s[stage] or 0 for one in some) for stage in STAGES)
        print(
            f"| {name} | {transcribed}/{len(some)} | {languages_right(some)}/{len(some)} "
            f"| {pooled(english(some)):.1f} | {pooled(some):.1f} | {pooled(some) - as_is:+.1f}"
            + "".join(f" | {median:.2f}" for median in medians)
            + " |"
        )


def missed(heard: dict[str, list[Heard]]) -> list[str]:
    """The targets that were not met, each as a sentence."""
    plainly = heard[AS_IS]
    found = []
    if languages_right(plainly) < len(plainly) - 1:
        found.append(f"The language was right for only {languages_right(plainly)} of {len(plainly)} clips.")
    if english(plainly) and pooled(english(plainly)) >= MOST_ENGLISH_PERCENT:
        found.append(f"English has {pooled(english(plainly)):.1f}% word errors.")
    for name, some in heard.items():
        points = pooled(some) - pooled(plainly)
        if points > (MOST_POINTS_AMR if name == "amr" else MOST_POINTS):
            found.append(f"{name} has {points:.1f} points more errors than the clips as they are.")
    return found


def main() -> int:
    """Run as a script; 1 when a target was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", action="store_true", help="print what was heard, too")
    arguments = parser.parse_args()
    clips = read_manifest(arguments.folder)
    with tempfile.TemporaryDirectory() as scratch:
        heard = asyncio.run(share_all(clips, Path(scratch), show_clips=arguments.clips))
    report(heard)
    complaints = missed(heard)
    print("\n" + ("\n".join(complaints) or "Every target was met."))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())

"""Measures the offline recogniser on a folder of clips, by language: errors, language found, time.

The folder holds ``manifest.json``: a list of ``{"file", "lang", "duration_s", "reference"}``.

    python benchmarks/recogniser.py FOLDER [--clips]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer

from bot.whisper.whisper import Whisper


@dataclass(frozen=True, slots=True)
class Result:
    """One clip, heard."""

    clip: dict[str, Any]
    text: str
    language: str | None
    took_s: float


def plain(text: str) -> str:
    """NFKC, lower case, without apostrophes; other punctuation is a space."""
    text = (
        unicodedata.normalize("NFKC", text)
        .lower()
        .replace("'", "")
        .replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    )
    spaced = (" " if unicodedata.category(character)[0] in "PS" else character for character in text)
    return " ".join("".join(spaced).split())


async def hear_all(folder: Path) -> list[Result]:
    """Hear each clip of the manifest from its file's bytes."""
    clips = json.loads((folder / "manifest.json").read_text())
    results = []
    async with Whisper.opened() as whisper:
        for clip in clips:
            began = time.perf_counter()
            heard = await whisper.recognise((folder / clip["file"]).read_bytes(), None, "")
            results.append(Result(clip, heard.text, heard.language, time.perf_counter() - began))
    return results


def report(results: list[Result]) -> None:
    """Print a table in Markdown."""
    by_language: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_language[result.clip["lang"]].append(result)
    print("| language | clips | audio s | WER % | CER % | language right | x real time |")
    print("|---|---|---|---|---|---|---|")
    for language, some in by_language.items():
        references = [plain(result.clip["reference"]) for result in some]
        texts = [plain(result.text) for result in some]
        audio_s = sum(result.clip["duration_s"] for result in some)
        right = sum(result.language == language for result in some)
        print(
            f"| {language} | {len(some)} | {audio_s:.0f} | {100 * jiwer.wer(references, texts):.1f} "
            f"| {100 * jiwer.cer(references, texts):.1f} | {right} "
            f"| {sum(result.took_s for result in some) / audio_s:.2f} |"
        )
    right = sum(result.language == result.clip["lang"] for result in results)
    print(f"\nLanguage right on {right} of {len(results)}.")


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", action="store_true", help="print what was heard, too")
    arguments = parser.parse_args()
    results = asyncio.run(hear_all(arguments.folder))
    if arguments.clips:
        for result in results:
            print(f"{result.clip['file']}: {result.language} {result.text}")
    report(results)


if __name__ == "__main__":
    main()

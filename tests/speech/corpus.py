"""Clips of real and of synthetic speech, and what is said in them."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

from bot.commands.playground import CLIP

CLIPS = Path(__file__).parent / "clips"


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip."""

    path: Path
    language: str
    said: str

    @property
    def name(self) -> str:
        """For a test's name alone."""
        return f"{self.language}_{self.path.stem.removeprefix(f'{self.language}_')}"


JFK = Clip(
    CLIP,
    "en",
    "And so, my fellow Americans, ask not what your country can do for you, "
    "ask what you can do for your country.",
)


def real() -> list[Clip]:
    """People's recordings; see ``clips/ATTRIBUTION.md``."""
    entries = json.loads((CLIPS / "manifest.json").read_text())
    return [JFK, *(Clip(CLIPS / entry["file"], entry["lang"], entry["reference"]) for entry in entries)]


def synthetic(name: str) -> Clip:
    """A clip of pytest-audioeval, such as ``ja/pangrama``.

    Its files are found without importing it: the package is a pytest plugin.
    """
    spec = importlib.util.find_spec("pytest_audioeval")
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0], "samples", "audio", f"{name}.wav")
    return Clip(path, name.split("/", maxsplit=1)[0], path.with_suffix(".txt").read_text())

"""The Dockerfile, read: what no engine is needed for."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    """Each instruction's name and its arguments, on one line."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    parts = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(name, arguments.strip()) for name, _, arguments in parts]


def stages() -> list[list[Instruction]]:
    """The builder's, that for development, and last the image's."""
    found: list[list[Instruction]] = []
    for name, arguments in instructions():
        if name == "FROM":
            found.append([])
        found[-1].append((name, arguments))
    return found


def of(name: str, stage: list[Instruction]) -> list[str]:
    """The arguments of each instruction of a name."""
    return [arguments for each, arguments in stage if each == name]


def environment(stage: list[Instruction]) -> dict[str, str]:
    """What ENV sets."""
    return dict(pair.split("=", 1) for line in of("ENV", stage) for pair in line.split())

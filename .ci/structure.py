"""Check what no linter does of the structure of ``bot``, and print the figures.

- Every module but the sentences has at most 300 lines.
- No docstring of a module, and outside the playground of a class or function, begins with a question word: it
  says what the thing is.
- The modules that call themselves pure are those of import-linter's contract.
- Between the direct children of ``bot.slack`` there are at most 50 edges (each pair of rooms counts once).
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_MOST_LINES, _MOST_EDGES = 300, 50
_LONG = {"bot.sentences"}
_RIDDLES = ("What", "Who", "How", "Whether", "Where")
_PURE = re.compile(r"\bPure\b(?! but)")
_PURE_CONTRACT = "What calls itself pure does no input or output"


def _modules() -> Iterator[tuple[str, str, ast.Module]]:
    """Each module's name, text and syntax tree."""
    for path in sorted((_ROOT / "bot").rglob("*.py")):
        parts = path.relative_to(_ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        text = path.read_text(encoding="utf-8")
        yield name, text, ast.parse(text)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _first_lines(tree: ast.Module, *, within: bool) -> Iterator[str]:
    """The first lines of a module's docstring and, ``within`` it, of those of its classes and functions."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree) if within else [tree]:
        if isinstance(node, documented) and (docstring := ast.get_docstring(node)):
            yield docstring.splitlines()[0]


def _room(module: str) -> str | None:
    """The direct child of ``bot.slack`` that a module, or a name in one, belongs to."""
    found = re.match(r"bot\.slack\.(\w+)", module)
    return found[1] if found else None


def _declared_pure() -> set[str]:
    settings = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    return {*next(one["source_modules"] for one in contracts if one["name"] == _PURE_CONTRACT)}


def main() -> int:
    """Print what was counted, and what is wrong; the exit status is how many things are."""
    wrong: list[str] = []
    pure: set[str] = set()
    edges: set[tuple[str, str]] = set()
    longest = (0, "")
    for name, text, tree in _modules():
        lines, docstring = text.count("\n"), ast.get_docstring(tree) or ""
        if name not in _LONG:
            longest = max(longest, (lines, name))
            if lines > _MOST_LINES:
                wrong.append(f"{name} has {lines} lines, more than {_MOST_LINES}: divide it by subject")
        wrong += [
            f"{name}: a docstring asks ({first!r}): say what the thing is"
            for first in _first_lines(tree, within=not name.startswith("bot.playground"))
            if first.split(" ", 1)[0] in _RIDDLES
        ]
        if _PURE.search(docstring):
            pure.add(name)
        if room := _room(name):
            edges |= {(room, other) for other in map(_room, _imported(tree)) if other not in {None, room}}
    declared = _declared_pure()
    packages = tuple(f"{name}." for name in declared)
    wrong += [
        f"{name} calls itself pure: name it in the contract"
        for name in sorted(pure - declared)
        if not name.startswith(packages)
    ]
    wrong += [f"{name} does not call itself pure, and its contract does" for name in sorted(declared - pure)]
    if len(edges) > _MOST_EDGES:
        wrong.append(f"the rooms of bot.slack have {len(edges)} edges, more than {_MOST_EDGES}")
    print(f"{len(edges)} edges between the rooms of bot.slack, {len(pure)} pure modules, longest: {longest}")
    for one in wrong:
        print(one, file=sys.stderr)
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())

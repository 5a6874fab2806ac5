"""What Markdown files say of the tree is true: paths, modules and links lead to something."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("bot", "tests", "docs", "benchmarks", "campaign", "requirements")
_PATH = re.compile(rf"(?<![\w/.:-])(?:{'|'.join(FOLDERS)})/[\w./-]*")
_MODULE = re.compile(r"`(bot(?:\.\w+)+)`")
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def pages() -> Iterator[Path]:
    """Every Markdown file of ours."""
    yield from ROOT.glob("*.md")
    for folder in FOLDERS:
        found = (ROOT / folder).rglob("*.md")
        yield from (path for path in found if "node_modules" not in path.parts)


PAGES = sorted(pages())


def wrong_in(text: str, folder: Path) -> list[str]:
    """The paths and modules that a text names and links to from a folder, and that are not there."""
    paths = [path.rstrip(".") for path in _PATH.findall(text)]
    wrong = [path for path in paths if not (ROOT / path).exists()]
    wrong += [name for name in _MODULE.findall(text) if not resolves(name)]
    wrong += [link for link in _LINK.findall(text) if not (folder / link).exists()]
    return wrong


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_what_a_page_names_exists(page: Path) -> None:
    assert wrong_in(page.read_text(encoding="utf-8"), page.parent) == []


def test_what_does_not_exist_is_found() -> None:
    text = (
        "`bot/app.py`, bot/slack/menu/words.py, `bot.job.worker.Worker`, `bot.job.hear`, "
        "[one](README.md#settings), [another](docs/none.md), <https://example.com/bot/none>."
    )
    assert wrong_in(text, ROOT) == [
        *("bot/slack/menu/words.py", "docs/none.md"),
        "bot.job.hear",
        "docs/none.md",
    ]


def test_there_are_pages() -> None:
    assert {ROOT / "README.md", ROOT / "docs" / "operating.md"} <= set(PAGES)


@pytest.mark.parametrize("record", sorted((ROOT / "docs" / "adr").glob("0*.md")), ids=lambda path: path.name)
def test_every_decision_has_a_status_a_date_and_its_line_in_the_index(record: Path) -> None:
    lines = record.read_text(encoding="utf-8").splitlines()
    number, _, title = lines[0].removeprefix("# ").partition(". ")
    status, dated = (next(line for line in lines if line.startswith(mark)) for mark in ("Status: ", "Date: "))
    assert status.removeprefix("Status: ")
    date = dated.removeprefix("Date: ")
    index = (record.parent / "README.md").read_text(encoding="utf-8")
    assert f"| [{number}]({record.name}) | {title} | {date} |" in index

"""Finds the links of a chained Ogg file, and an end that is cut off. Runs in the child process alone.

Each link is an Ogg stream of its own, with its own codec, rate and channels; FFmpeg reads on only into one
like the first. Internet radio and pausing recorders write such chains.

Source: https://www.rfc-editor.org/rfc/rfc3533 (4 and 6)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MAGIC = b"OggS"
_HEAD_BYTES = 27
_FIRST_PAGE = 2
"""A page's flag: the first one of a stream."""
_MOST_PAGE_BYTES = _HEAD_BYTES + 255 + 255 * 255
_STEP_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Link:
    """A piece of a file, from its first byte to the one behind it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Page:
    start: int
    end: int
    is_first: bool


def links_of(source: Path) -> list[Link]:
    """The links of a chain, in order; none where the file is no chain."""
    with source.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return []
        starts, size_bytes, begins = list[int](), source.stat().st_size, False
        for page in _pages(file):
            # A link of several streams begins with the first page of each.
            if page.is_first and not begins:
                starts.append(page.start)
            begins = page.is_first
    ends = [*starts[1:], size_bytes]
    return [Link(*ends) for ends in zip(starts, ends, strict=True)] if len(starts) > 1 else []


def is_page_cut(file: BinaryIO, size_bytes: int) -> bool:
    """True where an Ogg file ends within a page."""
    file.seek(max(0, size_bytes - _MOST_PAGE_BYTES))
    tail = file.read(_MOST_PAGE_BYTES)
    at = tail.rfind(_MAGIC)
    page = _page(file, size_bytes - len(tail) + at) if at >= 0 else None
    return at >= 0 and (page is None or page.end > size_bytes)


def _pages(file: BinaryIO) -> Iterator[_Page]:
    at: int | None = 0
    while at is not None:
        page = _page(file, at)
        if page is None:
            at = _next_magic(file, at + 1)
        else:
            yield page
            at = page.end


def _page(file: BinaryIO, at: int) -> _Page | None:
    """The page that begins there; ``None`` where none does."""
    file.seek(at)
    head = file.read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES or head[:5] != _MAGIC + b"\0":
        return None
    sizes = file.read(head[26])
    if len(sizes) < head[26]:
        return None
    return _Page(at, at + _HEAD_BYTES + len(sizes) + sum(sizes), bool(head[5] & _FIRST_PAGE))


def _next_magic(file: BinaryIO, at: int) -> int | None:
    """The place where the next page may begin, behind what is none."""
    while True:
        file.seek(at)
        piece = file.read(_STEP_BYTES)
        if len(piece) < len(_MAGIC):
            return None
        found = piece.find(_MAGIC)
        if found >= 0:
            return at + found
        at += len(piece) - len(_MAGIC) + 1

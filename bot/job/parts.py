"""The parts of one recording, as they come in. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.recording import Part, Segment, Span


class Parts:
    """The known parts of a recording, in its order, whatever the order of arrival.

    Attributes:
        all_cut: No further segment will be expected.
    """

    def __init__(self) -> None:
        """Nothing is known."""
        self._by_start: dict[int, Part] = {}
        self._expected = 0
        self.all_cut = False

    def remember(self, kept: Iterable[Part]) -> None:
        """Take the parts of an earlier try. What failed then was for good, until somebody requests it."""
        self._by_start = {part.span.start_ms: part for part in kept}
        self._expected = len(self._by_start)

    def expect(self, _segment: Segment) -> None:
        """Count a segment that was cut and is to become a part."""
        self._expected += 1

    def add(self, part: Part) -> None:
        """Take what became of a segment."""
        self._by_start[part.span.start_ms] = part

    def done(self) -> list[Span]:
        """Stretches that are settled."""
        return [part.span for part in self]

    @property
    def count(self) -> int:
        """The number of parts that are settled."""
        return len(self._by_start)

    @property
    def total(self) -> int | None:
        """The number of parts in all; ``None`` while the recording is still being cut."""
        return self._expected if self.all_cut else None

    @property
    def is_whole(self) -> bool:
        """True where nothing is missing."""
        prefix = self.prefix()
        return bool(prefix) and prefix[-1].last

    def prefix(self) -> list[Part]:
        """The parts that follow each other from the recording's beginning on."""
        found: list[Part] = []
        for part in self:
            if part.span.start_ms != (found[-1].span.end_ms if found else 0):
                break
            found.append(part)
        return found

    def filled(self, end_ms: int) -> list[Part]:
        """All parts, with failures where some are missing.

        Args:
            end_ms: Where the recording ends, as far as anybody knows.
        """
        found: list[Part] = []
        for part in self:
            _fill(found, part.span.start_ms)
            found.append(part)
        if found and not found[-1].last:
            _fill(found, max(end_ms, found[-1].span.end_ms + 1), last=True)
        return found

    def __iter__(self) -> Iterator[Part]:
        """In the order of the recording."""
        return iter(sorted(self._by_start.values(), key=lambda part: part.span.start_ms))


def _fill(found: list[Part], until_ms: int, *, last: bool = False) -> None:
    end_ms = found[-1].span.end_ms if found else 0
    if end_ms < until_ms:
        found.append(Part(Span(end_ms, until_ms), (), last=last, failed=True))

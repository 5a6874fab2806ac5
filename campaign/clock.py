"""The system's clock as the bot's process sees it, set by libfaketime where that is installed."""

from __future__ import annotations

from pathlib import Path

_LIBRARY = "faketime/libfaketimeMT.so.1"


def find_libfaketime() -> Path | None:
    """The library, as Debian's package ``faketime`` installs it; ``None`` where it is not."""
    return next(iter(sorted(Path("/usr/lib").glob(f"*/{_LIBRARY}"))), None)


class SystemClock:
    """The clock of the bot alone; what it measures time by (the monotonic clock) goes on as it is.

    Args:
        file: The library reads it once a second.
        library: See ``find_libfaketime``; without it the clock cannot be set.

    Attributes:
        environment: What the bot's process needs for it.
    """

    def __init__(self, file: Path, library: Path | None) -> None:
        self._file = file
        self.environment: dict[str, str] = {}
        self.set(0)
        if library is not None:
            self.environment = {
                "LD_PRELOAD": str(library),
                "FAKETIME_TIMESTAMP_FILE": str(file),
                "FAKETIME_CACHE_DURATION": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                # Meant for old C libraries: with today's, threads that wait for each other spin instead.
                "FAKETIME_FORCE_MONOTONIC_FIX": "0",
                "NO_FAKE_STAT": "1",
            }

    @property
    def can_be_set(self) -> bool:
        """True where the library is there."""
        return bool(self.environment)

    def set(self, ahead_s: int) -> None:
        """Set it so far ahead of the true time, or behind where negative."""
        self._file.write_text(f"{ahead_s:+d}\n", encoding="ascii")

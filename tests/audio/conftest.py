"""Where the audio tests put their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.audio.media import Media


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A job's own folder."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def media() -> Media:
    return Media(children=2)

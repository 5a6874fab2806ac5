"""Hears a whole recording at once, where a test has no eye for the order of things."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from bot.audio.media import Media
from bot.recording import PreparedAudio, Segment, Span


async def segments_of(
    media: Media, source: Path, workspace: Path, done: Sequence[Span] = ()
) -> list[Segment]:
    """Every segment that is yielded, the generator closed."""
    async with aclosing(media.split(source, workspace, done)) as segments:
        return [segment async for segment in segments]


async def only_segment_of(media: Media, source: Path, workspace: Path) -> Segment:
    """The segment of a recording that must come out as one."""
    (segment,) = await segments_of(media, source, workspace)
    assert segment.last
    assert segment.span.start_ms == 0
    return segment


async def only_audio_of(media: Media, source: Path, workspace: Path) -> PreparedAudio:
    """The audio of a short recording with sound."""
    audio = (await only_segment_of(media, source, workspace)).audio
    assert audio is not None
    return audio

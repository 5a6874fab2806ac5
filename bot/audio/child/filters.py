"""A graph of FFmpeg's audio filters that ends in PCM s16, interleaved. Runs in the child process alone."""

from __future__ import annotations

from typing import cast

import av.error
from av.audio.frame import AudioFrame
from av.filter import Graph

SAMPLE_BYTES = 2


class FilterGraph:
    """Filters in a row, with one source or with as many as the first filter takes.

    Without threads: each would be started anew with the graph, and map memory of its own.

    Args:
        sources: Of each its sample format, layout and rate in Hz, by FFmpeg's names.
        filters: Of each its name and its arguments.
    """

    def __init__(self, sources: list[tuple[str, str, int]], filters: list[tuple[str, str]]) -> None:
        self._graph = Graph()  # its filters do not keep it
        self._graph.threads = 1
        self._sources = [
            self._graph.add_abuffer(sample_rate=rate_hz, format=sample_format, layout=layout)
            for sample_format, layout, rate_hz in sources
        ]
        chain = [self._graph.add(name, arguments) for name, arguments in filters]
        for number, source in enumerate(self._sources):
            source.link_to(chain[0], 0, number)
        self._sink = self._graph.add("abuffersink")
        self._graph.link_nodes(*chain, self._sink).configure()

    def push(self, frame: AudioFrame, source: int = 0) -> None:
        """Take a frame."""
        self._sources[source].push(frame)

    def end(self) -> bytes:
        """The rest; nothing is taken any more."""
        for source in self._sources:
            source.push(None)
        return self.pull()

    def pull(self) -> bytes:
        """The samples that are ready."""
        pcm = bytearray()
        while True:
            try:
                frame = cast("AudioFrame", self._sink.pull())
            except (av.error.BlockingIOError, av.error.EOFError):
                return bytes(pcm)
            # Planes are padded.
            pcm += memoryview(frame.planes[0])[: frame.samples * SAMPLE_BYTES * frame.layout.nb_channels]

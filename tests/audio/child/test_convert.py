"""The pass over a file in this process, to see in which order things happen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.audio.child.convert import ConversionTask, convert
from bot.audio.child_protocol import Cut
from bot.recording import Span
from tests.audio.samples import encode, tone, write_wav

ENCODERS = 2


class LazyPool(Executor):
    """Encodes nothing before somebody waits for it, and counts what waits."""

    def __init__(self) -> None:
        self.waiting = 0
        self.most_waiting = 0

    def submit(self, fn: Callable[..., Any], /, *_args: Any, **_options: Any) -> Future[Any]:
        pool, future = self, Future[Any]()
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)

        class WaitedFor(Future[Any]):
            def result(self, timeout: float | None = None) -> Any:
                pool.waiting -= 1
                future.set_result(None)
                return future.result(timeout)

        assert fn.__name__ == "write_mp3"
        return WaitedFor()


def task_of(
    source: Path, hand_over: Callable[[Cut], None], has_decoded: Callable[[float], None]
) -> ConversionTask:
    return ConversionTask(
        source=source,
        workspace=source.parent,
        done=(),
        most_s=3_600,
        compressed=True,
        has_decoded=has_decoded,
        hand_over=hand_over,
    )


def test_a_segment_is_handed_over_as_soon_as_it_is_ready(tmp_path: Path) -> None:
    source = encode(tmp_path / "source", "flac", "flac", 8_000, seconds=300, tones_hz=(0,))
    decoded_s, after_s = 0.0, []

    def has_decoded(more_s: float) -> None:
        nonlocal decoded_s
        decoded_s += more_s

    with ThreadPoolExecutor(ENCODERS) as pool:
        convert(task_of(source, lambda _cut: after_s.append(decoded_s), has_decoded), pool, ENCODERS)

    assert after_s == [pytest.approx(171, abs=10), pytest.approx(300)]


def test_segments_that_wait_for_the_encoder_are_few_and_stay_in_order(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "source", tone(10.0, 4_000) * 90, 4_000)
    pool, spans = LazyPool(), list[Span]()

    convert(task_of(source, lambda cut: spans.append(cut.span), lambda _s: None), pool, ENCODERS)

    assert len(spans) == 6
    assert spans == sorted(spans, key=lambda span: span.start_ms)
    assert pool.most_waiting == ENCODERS


def test_an_encoder_s_failure_ends_the_pass(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "source", tone(1.0, 4_000), 4_000)
    (tmp_path / "source.0-1000.mp3").mkdir()
    cuts: list[Cut] = []

    with ThreadPoolExecutor(1) as pool, pytest.raises(OSError, match="directory"):
        convert(task_of(source, cuts.append, lambda _s: None), pool, 1)

    assert cuts == []

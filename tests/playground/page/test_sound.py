from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.playground import CLIP
from bot.playground.page.sound import hundred, measure_sound
from tests.flows.harness import tone


def test_a_voice_clip_has_its_length_and_its_pauses() -> None:
    sound = measure_sound(CLIP)
    assert sound is not None
    assert 11_000 <= sound.duration_ms <= 11_100
    assert max(sound.wave) == 100
    assert min(sound.wave) < 10


def test_what_is_cut_off_still_has_a_beginning(tmp_path: Path) -> None:
    whole = tmp_path / "whole.wav"
    whole.write_bytes(tone(2))
    cut = tmp_path / "cut.wav"
    cut.write_bytes(tone(2)[:40_000])
    sounds = [measure_sound(path) for path in (whole, cut)]
    assert [sound and sound.duration_ms for sound in sounds] == [2000, 1249]


def test_what_is_no_sound_has_none(tmp_path: Path) -> None:
    text = tmp_path / "note.txt"
    text.write_text("Nobody said this. " * 50)
    assert measure_sound(text) is None


@given(st.lists(st.floats(0, 2), max_size=500))
def test_there_are_always_a_hundred_points_and_the_loudest_counts(loudness: list[float]) -> None:
    points = hundred(loudness)
    assert len(points) == 100
    assert all(0 <= point <= 100 for point in points)
    assert max(points) == (100 if max(loudness, default=0.0) > 0 else 0)


def test_samples_that_are_no_numbers_are_silence(tmp_path: Path) -> None:
    odd = tmp_path / "odd.wav"
    with av.open(str(odd), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=8_000, layout="mono")
        samples = np.full((1, 8_000), 0.5, dtype=np.float32)
        samples[0, :4_000] = np.nan
        samples[0, 7_000:] = np.inf
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout="mono")
        frame.sample_rate = 8_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    sound = measure_sound(odd)
    assert sound is not None
    assert (sound.wave[0], sound.wave[99]) == (0, 100)

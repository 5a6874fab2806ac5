from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio.plan import (
    LONGEST_MS,
    MAX_DATA_URI_BYTES,
    MP3_BITS_PER_S,
    RATE_HZ,
    UNTOUCHED_WAV_BYTES,
    WAV_HEAD_BYTES,
    Limits,
    data_uri_bytes,
    fits_request,
    segment_path,
    sent_as,
    untouched_wav,
)
from bot.recording import AudioMime, Span
from tests.audio.test_headers import fmt, wav


@given(st.binary(max_size=100))
def test_a_data_uri_is_measured_as_it_is_written(data: bytes) -> None:
    written = f"data:audio/mpeg;base64,{base64.b64encode(data).decode()}"

    assert data_uri_bytes(len(data), "audio/mpeg") == len(written)


def test_the_limits_themselves_fit_and_what_is_beyond_does_not() -> None:
    prefix_bytes = len("data:audio/wav;base64,")
    most_bytes = (MAX_DATA_URI_BYTES - prefix_bytes) // 4 * 3

    assert fits_request(most_bytes, 300, "audio/wav")
    assert not fits_request(most_bytes + 1, 300, "audio/wav")
    assert not fits_request(1_000, 300.01, "audio/wav")
    assert not fits_request(1_000, 0, "audio/wav")
    assert not fits_request(1_000, float("nan"), "audio/wav")


def test_whatever_is_converted_fits() -> None:
    longest_s = LONGEST_MS / 1_000
    encoder_s = 0.25
    size_bytes = int((longest_s + encoder_s) * MP3_BITS_PER_S / 8)

    assert fits_request(size_bytes, longest_s, "audio/mpeg")
    assert size_bytes < Limits().file_bytes


@pytest.mark.parametrize(("rate_hz", "seconds"), [(16_000, 20), (1_000, 300)])
def test_a_short_wav_goes_out_as_it_is(rate_hz: int, seconds: int) -> None:
    whole = wav(fmt(rate_hz=rate_hz), data=bytes(rate_hz * 2 * seconds))

    found = untouched_wav(whole[:WAV_HEAD_BYTES], len(whole))

    assert found is not None
    assert found.duration_s == seconds


def test_a_wav_beyond_the_limit_does_not_go_out() -> None:
    whole = wav(fmt(rate_hz=1_000), data=bytes(1_000 * 2 * 301))

    assert untouched_wav(whole[:WAV_HEAD_BYTES], len(whole)) is None


def test_a_big_wav_is_made_smaller() -> None:
    whole = wav(fmt(), data=bytes(UNTOUCHED_WAV_BYTES))

    assert untouched_wav(whole[:WAV_HEAD_BYTES], len(whole)) is None


def test_each_segment_has_a_place_of_its_own_that_is_never_the_source_s(tmp_path: Path) -> None:
    source = tmp_path / "source"
    mimes: tuple[AudioMime, ...] = ("audio/mpeg", "audio/wav")
    spans = (Span(0, 1), Span(0, 2), Span(1, 2))
    places = {
        segment_path(tmp_path, source, span, mime, channel)
        for span in spans
        for mime in mimes
        for channel in (0, 1)
    }

    assert len(places | {source}) == 13
    assert {place.parent for place in places} == {tmp_path}


@pytest.mark.parametrize(
    ("short", "compressed", "mime"),
    [
        (True, False, "audio/mpeg"),
        (False, False, "audio/wav"),
        (True, True, "audio/mpeg"),
        (False, True, "audio/mpeg"),
    ],
)
def test_a_short_clip_is_made_small_and_a_long_recording_soon_ready(
    mime: AudioMime, *, short: bool, compressed: bool
) -> None:
    assert sent_as(short=short, compressed=compressed) == mime


def test_the_longest_segment_fits_either_way() -> None:
    wav_bytes = 44 + LONGEST_MS * RATE_HZ // 1_000 * 2

    assert fits_request(wav_bytes, LONGEST_MS / 1_000, "audio/wav")
    assert wav_bytes < Limits().file_bytes

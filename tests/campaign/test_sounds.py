from __future__ import annotations

import asyncio
import io
import random

import av
import pytest

from campaign.sounds import MOST_CLIPS, Ear, Kind, clip_in, make_clip, make_clips, words_of
from tests.flows.harness import tone


def part_of(audio: bytes, start_s: float, end_s: float) -> bytes:
    """A stretch of a WAV file of 16 kHz, as a recording is cut into parts."""
    start, end = (44 + round(at_s * 16_000) * 2 for at_s in (start_s, end_s))
    samples = audio[start:end]
    sizes = (len(samples) + 36).to_bytes(4, "little"), len(samples).to_bytes(4, "little")
    return audio[:4] + sizes[0] + audio[8:40] + sizes[1] + samples


@pytest.mark.parametrize("kind", ["wav", "m4a", "wordy"])
def test_each_clip_is_known_by_its_sound(kind: Kind) -> None:
    numbers = [1, 2, 3, 299, 300, MOST_CLIPS]
    clips = [make_clip(number, kind, random.Random(1)) for number in numbers]
    assert [clip_in(clip.content) for clip in clips] == numbers


def test_a_part_of_a_clip_is_known_however_short() -> None:
    audio = make_clip(17, "wav", random.Random(1)).content
    assert [clip_in(part_of(audio, start_s, start_s + 0.3)) for start_s in (0.0, 0.7, 1.7)] == [17] * 3


def test_silence_is_of_no_clip() -> None:
    silence = bytearray(tone(1))
    silence[44:] = bytes(len(silence) - 44)
    assert clip_in(bytes(silence)) is None


@pytest.mark.parametrize("seed", range(6))
def test_a_broken_clip_holds_no_sound(seed: int) -> None:
    clip = make_clip(5, "broken", random.Random(seed))
    with pytest.raises((av.FFmpegError, IndexError)), av.open(io.BytesIO(clip.content), "r") as container:
        container.streams.audio[0]


def test_a_seed_makes_the_same_clips() -> None:
    made = make_clips(20, random.Random(4))
    assert made == make_clips(20, random.Random(4))
    assert [clip.number for clip in made] == list(range(1, 21))


def test_more_clips_than_pitches_are_refused() -> None:
    with pytest.raises(ValueError, match=str(MOST_CLIPS)):
        make_clips(MOST_CLIPS + 1, random.Random(1))


async def test_the_recogniser_says_the_words_of_each_and_counts_repetitions() -> None:
    short, wordy = make_clip(1, "wav", random.Random(1)), make_clip(2, "wordy", random.Random(1))
    ear = Ear([short, wordy])
    said = [(await ear.hear(clip.content, None, "")).text for clip in (short, wordy, short)]
    assert said[0] == said[2] == words_of(1)
    assert said[1].startswith(f"{words_of(2)} word0 word1 ")
    assert ear.again == 1


async def test_a_repetition_is_laid_to_what_happened_when_the_answer_was_given() -> None:
    clip, now = make_clip(1, "wav", random.Random(1)), asyncio.get_running_loop().time
    ear = Ear([clip])
    for _ in range(3):
        await ear.hear(clip.content, None, "")
    first, second, _last = ear.answered_at[next(iter(ear.answered_at))]
    assert ear.again_after([]) == 0
    assert ear.again_after([first - 0.3]) == ear.again_after([first - 0.3, first - 0.2]) == 1
    assert ear.again_after([second + 0.9]) == 1
    assert ear.again_after([now() + 60]) == 0


async def test_parts_of_one_recording_are_no_repetition() -> None:
    clip = make_clip(1, "wav", random.Random(1))
    ear = Ear([clip])
    for start_s in (0.0, 1.0):
        await ear.hear(part_of(clip.content, start_s, start_s + 1), None, "")
    assert ear.again == 0

from __future__ import annotations

import pytest

from bot import sentences
from bot.recording import LanguageHeard
from bot.translations import ENGLISH


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "shown"),
    [
        (120_000, 240_000, "02:00–04:00"),
        (0, 400, "00:00–00:01"),
        (120_900, 240_040, "02:01–04:00"),
        (3_480_000, 3_600_000, "0:58:00–1:00:00"),
        (3_720_000, 3_840_000, "1:02:00–1:04:00"),
    ],
)
def test_a_gap_says_from_where_to_where(start_ms: int, end_ms: int, shown: str) -> None:
    assert sentences.gap(ENGLISH, start_ms, end_ms) == f"[{shown} could not be transcribed]"


@pytest.mark.parametrize(
    ("codes", "shown"),
    [
        (["en"], "English"),
        (["en", "es"], "English, Spanish from 01:20"),
        (["en", "es", "fr", "zh"], "English, Spanish from 01:20, French from 02:40, Chinese from 04:00"),
        (
            ["en", "es", "fr", "zh", "ja"],
            "English, Spanish from 01:20, French from 02:40, Chinese from 04:00 and more",
        ),
        ([None, "en", None], "English"),
        (["en", None, "es"], "English, Spanish from 02:40"),
        ([None], "Language not recognised"),
        ([], "Language not recognised"),
    ],
)
def test_languages_are_named_with_where_they_begin(codes: list[str | None], shown: str) -> None:
    heard = [LanguageHeard(code, 80_000 * number) for number, code in enumerate(codes)]

    assert sentences.languages(ENGLISH, heard) == shown

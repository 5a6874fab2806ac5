from __future__ import annotations

import pytest
from babel import Locale

from bot import formats
from bot.recording import LANGUAGES


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "00:00"),
        (999, "00:00"),
        (80_000, "01:20"),
        (3_599_999, "59:59"),
        (3_600_000, "1:00:00"),
        (36_061_000, "10:01:01"),
    ],
)
def test_a_place_reads_as_players_show_it(ms: int, shown: str) -> None:
    assert formats.clock(ms) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0:01"),
        (0.4, "0:01"),
        (11.4, "0:11"),
        (59.6, "1:00"),
        (725.0, "12:05"),
        (3599.7, "1:00:00"),
        (3723.0, "1:02:03"),
    ],
)
def test_a_duration_reads_like_a_clock(seconds: float, shown: str) -> None:
    assert formats.duration(seconds) == shown


@pytest.mark.parametrize(
    ("code", "locale", "name"),
    [
        ("en", "en", "English"),
        ("zh", "en", "Chinese"),
        ("yue", "en", "Cantonese"),
        ("fil", "en", "Filipino"),
        ("pt", "en", "Portuguese"),
        ("no", "en", "Norwegian"),
        ("de", "de_AT", "Deutsch"),
        ("fr", "ja", "フランス語"),
        ("qxz", "de", "qxz"),
    ],
)
def test_a_language_goes_by_its_cldr_name(code: str, locale: str, name: str) -> None:
    assert formats.language_name(code, Locale.parse(locale)) == name


def test_every_language_of_the_recogniser_has_a_name() -> None:
    names = {formats.language_name(code, Locale("en")) for code in LANGUAGES}

    assert len(names) == len(LANGUAGES)
    assert names.isdisjoint(LANGUAGES)


@pytest.mark.parametrize(
    ("dollars", "locale", "shown"),
    [
        (0.0, "en", "$0.00"),
        (0.0001, "en", "$0.01"),
        (1_234.5, "en", "$1,234.50"),
        (1_234.5, "de", "1.234,50\xa0$"),
    ],
)
def test_a_sum_reads_as_people_write_it_and_is_nothing_only_where_it_is(
    dollars: float, locale: str, shown: str
) -> None:
    assert formats.money(dollars, Locale(locale)) == shown

from __future__ import annotations

import pytest

from bot.translations import ENGLISH, Reader, Sentence


@pytest.mark.parametrize(
    ("name", "locale"),
    [
        ("de", "de"),
        ("de-DE", "de_DE"),
        ("en-GB", "en_GB"),
        ("pt_BR", "pt_BR"),
        ("es-419", "es_419"),
        ("zh-TW", "zh_Hant_TW"),
        ("zh-CN", "zh_Hans_CN"),
        # Slack's names for Latin America and Norway; to CLDR the first one's region is Laos.
        ("es-LA", "es"),
        ("no-NO", "no"),
        ("de-XX", "de"),
        ("xx-DE", "en"),
        ("", "en"),
        ("-", "en"),
        ("../../etc", "en"),
        ("\x00", "en"),
        ("de-\u0661", "de"),
        ("x" * 10_000, "en"),
        ("de-" + "x" * 10_000, "en"),
    ],
)
def test_whatever_slack_or_the_operator_names_there_is_a_language_to_read(name: str, locale: str) -> None:
    assert str(Reader.of(name).locale) == locale


def test_a_sentence_in_no_catalogue_is_said_in_english() -> None:
    unknown = Sentence("Nobody has translated this.")

    assert ENGLISH.say(unknown) == unknown.english
    assert Reader.of("ja-JP").say(unknown) == unknown.english
    assert Reader.of("ja-JP").ngettext("{n} thing", "{n} things", 2) == "{n} things"

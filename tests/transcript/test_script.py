from __future__ import annotations

import pytest
from hypothesis import given

from bot.transcript.script import is_unspaced, join, separator, spoken_length
from tests.transcript.texts import texts


@pytest.mark.parametrize("character", "中々〇ひカｶー。，「Ａ𠮷ㄅกำเລខក\u1000あ")
def test_these_are_written_without_spaces(character: str) -> None:
    assert is_unspaced(character)


@pytest.mark.parametrize("character", "aé1.,한ㅏשعहд😀 ")
def test_these_are_not(character: str) -> None:
    assert not is_unspaced(character)


@pytest.mark.parametrize(
    ("left", "right", "joined"),
    [
        ("Good morning.", "Everybody", "Good morning. Everybody"),
        ("你好", "世界", "你好世界"),
        ("你好。", "世界", "你好。世界"),
        ("你好.", "世界", "你好.世界"),
        ("你好", ", 世界", "你好, 世界"),
        ("はい", "「どうぞ」", "はい「どうぞ」"),
        ("สวัสดี", "ครับ", "สวัสดีครับ"),
        ("안녕", "하세요", "안녕 하세요"),
        ("한국어", "中文", "한국어 中文"),
        ("مرحبا", "بك", "مرحبا بك"),
        # Between a Chinese and a foreign word a space, but none beside punctuation that brings its own.
        ("我用", "Python", "我用 Python"),
        ("Python", "很好", "Python 很好"),
        ("你好。", "Hello", "你好。Hello"),
        ("Hello", "「你好」", "Hello「你好」"),
        ("ใช้", "Python", "ใช้ Python"),
        ("Hello.", "你好", "Hello. 你好"),
        ("", "x", "x"),
        ("x", "", "x"),
        ("", "", ""),
    ],
)
def test_texts_join_as_their_scripts_want(left: str, right: str, joined: str) -> None:
    assert join(left, right) == joined


@given(texts, texts)
def test_joining_adds_one_space_at_most(left: str, right: str) -> None:
    assert join(left, right) in {left + right, f"{left} {right}"}
    assert separator(left, right) in {"", " "}


def test_what_takes_longer_to_say_is_longer() -> None:
    assert spoken_length("ab") < spoken_length("のa") < spoken_length("한a") < spoken_length("中a")
    assert spoken_length("2024") > spoken_length("year")
    assert spoken_length("…，。!? \u0301\u0e49") == 0

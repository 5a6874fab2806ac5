from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given

from bot.transcript.tokens import Ends, ends_sentence, tokens
from tests.transcript.texts import letters, texts


@given(texts)
def test_every_character_but_white_space_is_in_one_token(text: str) -> None:
    found = tokens(text)

    assert "".join(text[token.start : token.end] for token in found) == letters(text)
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert all(token.start < token.end and token.spoken_length > 0 for token in found)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("can't stop.", "can't|stop."),
        ("你好，世界。", "你|好，|世|界。"),
        ("「はい」", "「は|い」"),
        ("ちょっと待って", "ちょっ|と|待っ|て"),
        ("コーヒー", "コー|ヒー"),
        ("我用Python写的", "我|用|Python|写|的"),
        ("น้ำแข็ง", "น้ำ|แข็|ง"),
        ("ខ្មែរ", "ខ្មែ|រ"),
        ("မြန်မာ", "မြ|န်|မာ"),
        ("が行", "が|行"),
        ("漢\ufe00字", "漢\ufe00|字"),
        ("안녕하세요 여러분", "안녕하세요|여러분"),
        ("(你好)", "(你|好)"),
    ],
)
def test_what_no_line_may_divide_stays_together(text: str, shown: str) -> None:
    assert "|".join(text[token.start : token.end] for token in tokens(text)) == shown


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("Yes. no", "sentence word"),
        ("“Yes!” no,", "sentence clause"),
        ("Dr. J. Smith.", "word word sentence"),
        ("3.5 kg", "word word"),
        ("好，吧。", "clause sentence"),
        ("好 吧", "clause clause"),
        ("用 Python", "word word"),
        ("ครับ ขอ", "word word sentence word sentence"),
        ("كيف؟ نعم،", "sentence clause"),
    ],
)
def test_a_token_knows_what_ends_with_it(text: str, ends: str) -> None:
    assert [token.ends.value for token in tokens(text)] == ends.split()


@pytest.mark.parametrize("text", ["Yes.", "Yes?”", "好。", "好！」", "ขอบคุณครับ", "네.", "نعم؟", "हाँ।"])
def test_a_sentence_ends_here(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["Yes,", "Yes", "Mr.", "好", "好，", "", "…a"])
def test_no_sentence_ends_here(text: str) -> None:
    assert not ends_sentence(text)


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "字" * 100_000, "、" * 100_000, "」" * 100_000, "e\u0301" * 50_000]
)
def test_hostile_text_takes_no_longer_than_any(text: str) -> None:
    began_s = time.process_time()
    found = tokens(text)

    assert sum(token.end - token.start for token in found) == len(text)
    assert {token.ends for token in found} <= set(Ends)
    assert time.process_time() - began_s < 3

from __future__ import annotations

import unicodedata

import pytest

from bot.transcript.direction import is_right_to_left, laid_out, paragraphs_laid_out, without_direction
from bot.transcript.documents import on_one_line, plain_text, render_json, render_srt, render_txt, render_vtt
from bot.transcript.echo import is_echo
from bot.transcript.edits import new_words, parse_marked
from bot.transcript.join import join
from bot.transcript.retime import retime
from bot.translations import ENGLISH
from tests.transcript.texts import SPOKEN, part

RIGHT_TO_LEFT = {
    "Arabic": "صباح الخير، هل أنتم جاهزون؟ سنبدأ الاجتماع الآن.",
    "Hebrew": "בוקר טוב לכולם. נתחיל את הפגישה עכשיו.",
    "Persian": "سلام، می‌خواهم جلسه را شروع کنم.",
    "Urdu": "السلام علیکم، ہم اجلاس شروع کرتے ہیں۔",
    "Latin name first": "Kubernetes הוא הנושא של הפגישה שלנו היום.",
    "Latin names": "نستخدم Slack و Python في المشروع كل يوم.",
    "number first": "25 شخصا يعملون في الفريق.",
}
LEFT_TO_RIGHT = {
    **{name: SPOKEN[name] for name in ("English", "Chinese", "Thai", "Korean")},
    "Arabic word first": "مرحبا is how people say hello in Arabic.",
    "numbers": "12:30, 2024.",
    "nothing": "",
}


def direction(text: str) -> str:
    """The direction of a paragraph by its first strong character: P2 and P3 of UAX #9, without isolates."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in kinds if kind in {"L", "R", "AL"}), "L")[0].replace("A", "R")


@pytest.mark.parametrize("text", RIGHT_TO_LEFT.values(), ids=RIGHT_TO_LEFT)
def test_a_right_to_left_text_says_so_to_whatever_shows_it(text: str) -> None:
    shown = laid_out(text, right_to_left=is_right_to_left(text))

    assert direction(shown) == "R"
    assert (shown[0], shown[-1]) == ("\u202b", "\u202c")
    assert without_direction(shown) == on_one_line(shown) == text


@pytest.mark.parametrize("text", LEFT_TO_RIGHT.values(), ids=LEFT_TO_RIGHT)
def test_any_other_text_is_laid_out_left_to_right(text: str) -> None:
    shown = laid_out(text, right_to_left=is_right_to_left(text))

    assert direction(shown) == "L"
    assert shown.removeprefix("\u200e") == text


def test_each_paragraph_has_its_own_direction() -> None:
    first, second = RIGHT_TO_LEFT["Latin name first"], "Good morning."

    shown = paragraphs_laid_out(f"{first}\n\n{second}").split("\n\n")

    assert list(map(direction, shown)) == ["R", "L"]
    assert shown[1] == second


@pytest.mark.parametrize("text", RIGHT_TO_LEFT.values(), ids=RIGHT_TO_LEFT)
def test_files_are_laid_out_and_read_again_without_what_is_not_seen(text: str) -> None:
    transcript = join([part(0, 10, text), part(10, 200), part(200, 210, text)])
    txt, vtt = render_txt(ENGLISH, transcript), render_vtt(ENGLISH, transcript)

    assert [direction(line) for line in txt.split("\n") if line] == ["R", "R"]
    for written in (render_srt(ENGLISH, transcript), vtt):
        lines = [line for line in written.split("\n") if any(map(str.isalpha, line)) and line != "WEBVTT"]
        assert {(line[0], line[-1], direction(line)) for line in lines} == {("\u202b", "\u202c", "R")}
    assert render_json(transcript) == without_direction(render_json(transcript))

    before = parse_marked(txt)
    assert [(each.text, each.start_ms) for each in before] == [(text, 0), (text, 200_000)]
    again = retime([text, text], vtt, before)
    assert render_txt(ENGLISH, again) == txt
    assert render_vtt(ENGLISH, again) == vtt


def test_what_is_not_seen_is_no_word() -> None:
    text = RIGHT_TO_LEFT["Hebrew"]
    turned = " \u200f".join(text.split()).replace("ב", "ב\u200f")

    assert plain_text(ENGLISH, join([part(0, 9, turned)])) == text
    assert new_words(text, laid_out(turned, right_to_left=True)) == []
    assert is_echo(turned, text)
    assert is_echo(text, turned)

from __future__ import annotations

import html
import json
import re
import unicodedata
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from pysubs2 import SSAFile

from bot.recording import Part
from bot.transcript.cues import Cue, plan_cues
from bot.transcript.direction import without_direction
from bot.transcript.documents import plain_text, render_json, render_srt, render_txt, render_vtt
from bot.transcript.join import join
from bot.translations import ENGLISH
from tests.transcript.texts import SPOKEN, part, recordings

DROPPED = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
JOINER = "\u2060"
"""Put into what looks like a time."""


def read(written: str, kind: str) -> list[Cue]:
    """The cues as pysubs2 reads them, with nothing taken for a tag."""
    # Its reader takes a number at the end of the last cue for the next cue's: another cue comes behind.
    stamp = "99:00:00.000 --> 99:00:01.000" if kind == "vtt" else "99:00:00,000 --> 99:00:01,000"
    events = SSAFile.from_string(f"{written}0\n{stamp}\nend\n", kind, keep_html_tags=True).events
    assert events.pop().text == "end"
    return [Cue(event.start, event.end, tuple(event.text.split("\\N"))) for event in events]


def expected(parts: list[Part]) -> list[Cue]:
    cues = []
    for cue in plan_cues(ENGLISH, join(parts)):
        lines = tuple(
            line for line in (" ".join(DROPPED.sub("", line).split()) for line in cue.lines) if line
        )
        if lines:
            cues.append(Cue(cue.start_ms, cue.end_ms, lines))
    return cues


def seen(cues: list[Cue], *, from_vtt: bool) -> list[tuple[int, int, str]]:
    """What stands in them for a reader: references resolved, full-width forms as the usual ones."""
    texts = ["\n".join(cue.lines) for cue in cues]
    shown = [html.unescape(text) if from_vtt else text for text in texts]
    return [
        (
            cue.start_ms,
            cue.end_ms,
            unicodedata.normalize("NFKC", without_direction(text.replace(JOINER, ""))).replace("\\N", "\n"),
        )
        for cue, text in zip(cues, shown, strict=True)
    ]


@settings(max_examples=100)
@given(recordings())
def test_subtitles_come_back_as_they_were_planned(parts: list[Part]) -> None:
    transcript = join(parts)
    planned = seen(expected(parts), from_vtt=False)

    assert seen(read(render_srt(ENGLISH, transcript), "srt"), from_vtt=False) == planned
    assert seen(read(render_vtt(ENGLISH, transcript), "vtt"), from_vtt=True) == planned


@settings(max_examples=100)
@given(recordings())
def test_no_cue_holds_an_empty_line_or_an_arrow(parts: list[Part]) -> None:
    transcript = join(parts)

    for written in (
        render_srt(ENGLISH, transcript),
        render_vtt(ENGLISH, transcript).removeprefix("WEBVTT\n\n"),
    ):
        written.encode()
        assert "\r" not in written
        blocks = written.strip("\n").split("\n\n") if transcript.passages else []
        for number, block in enumerate((block for block in blocks if block), start=1):
            head, times, *lines = block.split("\n")
            assert head == str(number)
            assert re.fullmatch(r"\d\d:\d\d:\d\d[.,]\d{3} --> \d\d:\d\d:\d\d[.,]\d{3}", times)
            assert 1 <= len(lines) <= 2
            assert all(line.strip() for line in lines)
            assert not any("-->" in line for line in lines)
            # But for what is put around a line that is laid out right to left.
            bare = [
                line.removeprefix("\u202b").lstrip("\u200e\u200f").removesuffix("\u202c") for line in lines
            ]
            assert not any(DROPPED.search(line) for line in bare)


HOSTILE = [
    r"{\an8}up {hidden} there",
    r"C:\new\Nasa\here",
    "<i>i</i> <b <font color=red>x</font>",
    "a & b &lt; &amp; &#60;",
    "00:00:01,000 --> 00:00:02,000",
    "00:01.000 00:02.000",
    "WEBVTT",
    "NOTE 1",
    "7",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    transcript = join([part(0, 5, text)])

    (srt,) = read(render_srt(ENGLISH, transcript), "srt")
    (vtt,) = SSAFile.from_string(render_vtt(ENGLISH, transcript), "vtt", keep_html_tags=True).events

    assert unicodedata.normalize("NFKC", "".join(srt.lines)).replace(JOINER, "") == text
    assert html.unescape(vtt.text).replace(JOINER, "") == text
    assert (srt.start_ms, srt.end_ms) == (vtt.start, vtt.end) == (0, 5_000)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_player_finds_markup_in_it(text: str) -> None:
    transcript = join([part(0, 5, text)])

    srt_words = render_srt(ENGLISH, transcript).split("\n", 2)[2]
    vtt_words = render_vtt(ENGLISH, transcript).split("\n", 4)[4]

    assert not re.search(r"[<>{}\\]", srt_words)
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", vtt_words)


def test_controls_and_what_turns_the_reading_direction_are_dropped_everywhere() -> None:
    transcript = join([part(0, 5, "a\u202eb\x07c\u2066d\ue000\ufeff \x1b \ud800 e\u2028f\x85g\r\nh")])

    assert plain_text(ENGLISH, transcript) == "abcd\ue000 e f g h"
    assert render_srt(ENGLISH, transcript) == "1\n00:00:00,000 --> 00:00:05,000\nabcd\ue000 e f g h\n\n"
    assert json.loads(render_json(transcript))["passages"][0]["text"] == "abcd\ue000 e f g h"


@pytest.mark.parametrize("text", ["\x07", "\u202e\u202c", "\ud800"])
def test_what_cannot_be_shown_is_no_cue(text: str) -> None:
    assert render_srt(ENGLISH, join([part(0, 5, text)])) == ""
    assert render_vtt(ENGLISH, join([part(0, 5, text)])) == "WEBVTT\n\n"


PARTS = [
    part(0, 10, "Good morning. How are you?", sounds=[(0.5, 1.5), (5.5, 6.5)]),
    part(10, 130, failed=True),
    part(130, 140, "我很好。", language="zh", sounds=[(131, 132)], complete=False),
]


def test_plain_text_has_a_line_for_each_passage_and_one_between_them() -> None:
    text = "Good morning.\n\nHow are you?\n\n[00:10–02:10 could not be transcribed]\n\n我很好。"

    assert plain_text(ENGLISH, join(PARTS)) == text
    assert render_txt(ENGLISH, join(PARTS)) == text + "\n"
    assert plain_text(ENGLISH, join([])) == ""


LONGER = [
    part(0, 100, "Good morning.", sounds=[(2.5, 5.5)]),
    part(100, 170, failed=True),
    part(170, 180, "How are you?"),
]


def test_paragraphs_of_recordings_above_three_minutes_begin_with_their_times() -> None:
    three_minutes = join(LONGER)
    longer = join([*LONGER, part(180, 3_730), part(3_730, 3_740, "10:30 is late.")])

    assert render_txt(ENGLISH, three_minutes).startswith("Good morning.\n\n[01:40")
    assert render_txt(ENGLISH, longer) == (
        "0:02\u2002Good morning.\n\n"
        "[01:40–02:50 could not be transcribed]\n\n"
        "2:50\u2002How are you?\n\n"
        "1:02:10\u200210:30 is late.\n"
    )
    assert render_txt(ENGLISH, replace(longer, time_marks=False)).endswith("\n\n10:30 is late.\n")


def test_what_has_times_of_its_own_has_no_time_marks() -> None:
    longer = join([*LONGER, part(180, 190, "Well.")])
    assert longer.time_marks

    for render in (partial(render_srt, ENGLISH), partial(render_vtt, ENGLISH), render_json):
        assert render(longer) == render(replace(longer, time_marks=False))
        assert "\u2002" not in render(longer)


def test_srt() -> None:
    assert render_srt(ENGLISH, join(PARTS)) == (
        "1\n00:00:00,500 --> 00:00:01,500\nGood morning.\n\n"
        "2\n00:00:05,500 --> 00:00:06,500\nHow are you?\n\n"
        "3\n00:00:10,000 --> 00:00:17,000\n[00:10–02:10 could not be transcribed]\n\n"
        "4\n00:02:11,000 --> 00:02:12,000\n我很好。\n\n"
    )


def test_vtt() -> None:
    written = render_vtt(ENGLISH, join(PARTS))

    assert written.startswith("WEBVTT\n\n1\n00:00:00.500 --> 00:00:01.500\nGood morning.\n\n")
    assert written.endswith("4\n00:02:11.000 --> 00:02:12.000\n我很好。\n\n")


def test_json() -> None:
    transcript = replace(join(PARTS), tracks=2, breaks_off=True)

    assert json.loads(render_json(transcript)) == {
        "duration_s": 140.0,
        "complete": False,
        "tracks": 2,
        "breaks_off": True,
        "languages": [{"code": "en", "from_ms": 500}, {"code": "zh", "from_ms": 131_000}],
        "passages": [
            {
                "type": "paragraph",
                "start_ms": 500,
                "end_ms": 1_500,
                "text": "Good morning.",
                "utterances": [{"start_ms": 500, "end_ms": 1_500, "text": "Good morning."}],
            },
            {
                "type": "paragraph",
                "start_ms": 5_500,
                "end_ms": 6_500,
                "text": "How are you?",
                "utterances": [{"start_ms": 5_500, "end_ms": 6_500, "text": "How are you?"}],
            },
            {"type": "gap", "start_ms": 10_000, "end_ms": 130_000},
            {
                "type": "paragraph",
                "start_ms": 131_000,
                "end_ms": 132_000,
                "text": "我很好。",
                "utterances": [{"start_ms": 131_000, "end_ms": 132_000, "text": "我很好。"}],
            },
        ],
    }


@given(recordings())
def test_json_and_text_can_be_written_whatever_was_said(parts: list[Part]) -> None:
    transcript = join(parts)

    assert json.loads(render_json(transcript).encode())["duration_s"] == transcript.duration_s
    assert plain_text(ENGLISH, transcript).encode().count(b"\n\n") == max(0, len(transcript.passages) - 1)


@pytest.mark.parametrize("text", SPOKEN.values(), ids=SPOKEN.keys())
def test_every_script_is_written_as_it_is(text: str) -> None:
    shown = " ".join(DROPPED.sub("", text).split())

    assert plain_text(ENGLISH, join([part(0, 9, text)])) == shown
    assert json.loads(render_json(join([part(0, 9, text)])))["passages"][0]["text"] == shown

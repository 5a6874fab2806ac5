from __future__ import annotations

import re

import pytest

from bot import sentences
from bot.errors import Misconfiguration, Outage, Refusal
from bot.model import LANGUAGES

SAID = {
    **{f"refusal {reason}": sentences.refusal(reason) for reason in Refusal},
    **{f"waiting {why}": sentences.waiting(why) for why in [*Outage, *Misconfiguration]},
    **{f"gave up {why}": sentences.gave_up(why) for why in [*Outage, *Misconfiguration]},
    "broken": sentences.broken("F024CLIP1"),
    "cut short": sentences.CUT_SHORT,
    "continued": sentences.continued_in("transcript-F024CLIP1.txt"),
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID.keys())
def test_every_sentence_is_short_whole_and_plain(said: str) -> None:
    assert 20 < len(said) < 250
    assert said[0].isupper()
    assert said[-1] in ".!?"
    assert not re.search(r"[<>&*`~\n]|  ", said)


def test_no_two_causes_sound_the_same() -> None:
    assert len(set(SAID.values())) == len(SAID)


@pytest.mark.parametrize("why", list(Misconfiguration))
def test_the_operator_gets_a_reference(why: Misconfiguration) -> None:
    assert f"({why})" in sentences.waiting(why)
    assert f"({why})" in sentences.gave_up(why)
    assert "whoever runs this bot" in sentences.waiting(why)


@pytest.mark.parametrize("why", list(Misconfiguration))
def test_a_parked_recording_is_told_of_in_one_sentence(why: Misconfiguration) -> None:
    assert re.findall(r"[.!?](?= |$)", sentences.waiting(why)) == ["."]


def test_a_fault_of_ours_carries_its_reference() -> None:
    assert "F024CLIP1" in sentences.broken("F024CLIP1")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("en", "English"),
        ("zh", "Chinese"),
        ("yue", "Cantonese"),
        ("fil", "Filipino"),
        ("pt", "Portuguese"),
        ("no", "Norwegian"),
        (None, "Language not recognised"),
        ("qxz", "qxz"),
    ],
)
def test_a_language_goes_by_its_cldr_name(code: str | None, name: str) -> None:
    assert sentences.language_name(code) == name


def test_every_language_of_the_recogniser_has_a_name() -> None:
    names = {sentences.language_name(code) for code in LANGUAGES}

    assert len(names) == len(LANGUAGES)
    assert names.isdisjoint(LANGUAGES)


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
    assert sentences.duration(seconds) == shown

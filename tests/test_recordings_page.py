"""The page on recordings lists what the code reads and says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.audio.child.decode import DECODERS, DEMUXERS
from bot.audio.unread_formats import CODECS, SIGNATURES
from bot.errors import Refusal
from bot.sentences import REFUSALS
from bot.settings.settings import Settings
from bot.slack.incoming.files import AUDIO_KINDS, EITHER_KINDS, VIDEO_KINDS
from bot.translations import ENGLISH

PAGE = (Path(__file__).parents[1] / "docs" / "recordings.md").read_text(encoding="utf-8")
NOT_OF_A_FILE = {
    *(Refusal.GONE, Refusal.HIDDEN_BY_LIMIT, Refusal.FORBIDDEN, Refusal.NOT_HANDED_OUT, Refusal.EXTERNAL),
    *(Refusal.UNSAFE_ADDRESS, Refusal.CONTENT_BLOCKED, Refusal.UNSUPPORTED_BY_RECOGNISER),
    *(Refusal.OPTED_OUT, Refusal.MONTH_USED_UP),
}
"""Refusals for what Slack, the recogniser or people say: not what the page is about."""


def rows(section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    (text,) = re.findall(rf"^## {section}$(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(section: str) -> list[str]:
    """The code names in a table's last column."""
    return [name for row in rows(section) for name in re.findall("`([^`]+)`", row[-1])]


@pytest.mark.parametrize(("section", "listed"), [("Containers", DEMUXERS), ("Codecs", DECODERS)])
def test_what_is_read_is_listed_once(section: str, listed: str) -> None:
    assert sorted(names(section)) == sorted(listed.split(","))


def test_what_counts_as_a_recording_is_listed() -> None:
    assert sorted(names("What counts as a recording")) == sorted([*AUDIO_KINDS, *EITHER_KINDS, *VIDEO_KINDS])


def test_what_is_not_read_is_listed() -> None:
    (files, codecs) = (row[1].split(", ") for row in rows("What is not read"))
    assert files == sorted(SIGNATURES)
    assert codecs == sorted(set(CODECS.values()))


def test_each_refusal_of_a_file_is_listed_with_its_sentence() -> None:
    said = {word.strip("`"): sentence for word, sentence in rows("Refusals")}
    assert said == {reason: ENGLISH.say(REFUSALS[reason]) for reason in set(Refusal) - NOT_OF_A_FILE}


def test_the_settings_that_it_names_exist() -> None:
    named = set(re.findall("`([A-Z]+(?:_[A-Z]+)+)`", PAGE))
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}

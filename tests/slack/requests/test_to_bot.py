from __future__ import annotations

from typing import Any

import pytest

from bot.slack.requests.command_text import NotUnderstood, RecordingQuery, Word
from bot.slack.requests.links import MessageLink
from bot.slack.requests.to_bot import parse_to_bot
from tests.slack.payloads import BOT, callback, clip, event

LINK = "<https://acme.slack.com/archives/C123ABC45/p1695106171334469>"
MESSAGE = MessageLink("C123ABC45", "1695106171.334469")
GERMAN = RecordingQuery(None, "de")
ME = f"<@{BOT}>"


def written(text: str, *files: Any, **changes: Any) -> dict[str, Any]:
    return event(*files, text=text, subtype=None, **changes)


DIRECT = {"channel": "D024DIRECT", "channel_type": "im"}


@pytest.mark.parametrize(
    ("inner", "wanted"),
    [
        (written(f"{ME} in German"), GERMAN),
        (written(f"{ME} hello"), None),
        (written(f"{ME} {LINK}"), RecordingQuery(MESSAGE)),
        (written(f"{ME} have you seen {LINK}"), None),
        (written("have you seen this", clip(), **DIRECT), None),
        (written("in German", clip(), **DIRECT), GERMAN),
        (written(f"have you seen {LINK}", **DIRECT), RecordingQuery(MESSAGE)),
        (written(f"{LINK} in German", **DIRECT), RecordingQuery(MESSAGE, "de")),
        (written("transcribe", **DIRECT), RecordingQuery()),
        (written("?", **DIRECT), None),
        (written("help", **DIRECT), None),
        (written(f"{ME} what a day", clip()), RecordingQuery()),
        (written(f"{ME} {LINK} in German", clip()), GERMAN),
    ],
)
def test_what_is_wanted(inner: dict[str, Any], wanted: RecordingQuery | None) -> None:
    message = parse_to_bot(callback(inner))

    assert message is not None
    assert message.wanted == wanted


@pytest.mark.parametrize(
    "inner",
    [written("in German"), written("", **DIRECT), written("  ", clip(), **DIRECT), written(ME, ts=None)],
)
def test_what_is_not_said_to_the_bot(inner: dict[str, Any]) -> None:
    assert parse_to_bot(callback(inner)) is None


def test_words_for_people_are_told_from_words_for_the_bot() -> None:
    chatter, klingon, helped = (
        parse_to_bot(callback(written(f"{ME} {text}", clip())))
        for text in ("what a day", "in Klingon", "help")
    )

    assert chatter is not None
    assert klingon is not None
    assert helped is not None
    assert (chatter.is_for_bot_alone, klingon.is_for_bot_alone, helped.is_for_bot_alone) == (
        False,
        True,
        True,
    )
    assert (chatter.said, klingon.said, helped.said) == (
        NotUnderstood("what"),
        NotUnderstood("Klingon"),
        Word.HELP,
    )

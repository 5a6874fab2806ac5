"""The modal of the message shortcut: where the answer goes, and what is spoken. Pure.

Source: https://docs.slack.dev/interactivity/implementing-shortcuts#message-shortcuts
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot import sentences
from bot.model import THREAD, Claim, FileState, SharedFile
from bot.slack import actions
from bot.slack.bodies import Body, part
from bot.slack.files import parse_id
from bot.slack.kit import Block, field, modal, option, section, select
from bot.slack.language_menu import language_menu, parse_language
from bot.slack.targets import Target
from bot.translations import Reader

_WHERE, _LANGUAGE = "where", "language"
_ENTRY = "entry"
_FOR_ME = "me"
_MOST_METADATA = 3_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose."""

    for_me: bool
    language: str | None


def render_ask(reader: Reader, target: Target, *, only_for_me: bool = False) -> Block:
    """The modal about a message; ``only_for_me`` where the bot cannot answer in its thread."""
    for_me = option(reader.say(sentences.ASK_FOR_ME), _FOR_ME)
    in_thread = option(reader.say(sentences.ASK_IN_THREAD), THREAD)
    where = select(
        _ENTRY, [for_me] if only_for_me else [in_thread, for_me], None if only_for_me else in_thread
    )
    if only_for_me:
        where |= {"initial_option": for_me}
    blocks = [
        *([section(reader.say(sentences.FOR_ME_ONLY))] if only_for_me else []),
        field(_WHERE, reader.say(sentences.ASK_WHERE_LABEL), where),
        field(
            _LANGUAGE,
            reader.say(sentences.LANGUAGE_LABEL),
            language_menu(reader, _ENTRY, None),
            hint=reader.say(sentences.LANGUAGE_HINT),
        ),
    ]
    return modal(
        actions.ASK_MODAL,
        reader.say(sentences.ASK_TITLE),
        blocks,
        submit=reader.say(sentences.ASK_SUBMIT),
        close=reader.say(sentences.CANCEL),
        private_metadata=_dump(target),
    )


def render_said(reader: Reader, text: str) -> Block:
    """The modal with nothing but a sentence in it."""
    return modal(
        actions.ASK_MODAL, reader.say(sentences.ASK_TITLE), [section(text)], close=reader.say(sentences.CLOSE)
    )


def parse_choice(view: Body) -> Choice | None:
    """What is chosen in the modal; ``None`` where that is none of its choices."""
    values = part(part(view, "state"), "values")
    where = part(part(part(values, _WHERE), _ENTRY), "selected_option").get("value")
    try:
        language = parse_language(part(part(values, _LANGUAGE), _ENTRY))
    except ValueError:
        return None
    return Choice(where == _FOR_ME, language) if where in (_FOR_ME, THREAD) else None


def parse_asked_about(view: Body, team_id: str) -> Target | None:
    """The message that the modal is about; its files are known by their ids alone."""
    try:
        raw: Any = json.loads(str(view.get("private_metadata") or ""))
    except ValueError:
        return None
    if not isinstance(raw, dict):
        return None
    channel_id, ts, thread_ts = (parse_id(raw, name) for name in ("channel", "ts", "thread_ts"))
    files = tuple(_files(raw.get("files")))
    if not (channel_id and ts and thread_ts and files):
        return None
    return Target(team_id, channel_id, ts, thread_ts, parse_id(raw, "user"), files)


def _dump(target: Target) -> str:
    """Ids alone, of as many files as there is room for."""
    known = {
        "channel": target.channel_id,
        "ts": target.message_ts,
        "thread_ts": target.thread_ts,
        "user": target.user_id,
        "files": [file.id for file in target.transcribable],
    }
    while len(dumped := json.dumps(known, separators=(",", ":"))) > _MOST_METADATA:
        known["files"] = known["files"][:-1]
    return dumped


def _files(ids: Any) -> Iterator[SharedFile]:
    """Files of which nothing is known yet: their job asks Slack."""
    for file_id in ids if isinstance(ids, list) else []:
        if parse_id({"id": file_id}, "id"):
            yield SharedFile(
                id=file_id,
                name="",
                claim=Claim.UNKNOWN,
                state=FileState.STUB,
                url=None,
                size_bytes=None,
                duration_s=None,
            )

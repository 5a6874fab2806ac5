"""View of the message shortcut's modal: where the answer goes, and the spoken language. Pure.

Source: https://docs.slack.dev/interactivity/implementing-shortcuts#message-shortcuts
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

from bot import sentences
from bot.model import THREAD
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block, field, modal, option, section, select
from bot.slack.blockkit.language_menu import language_menu, parse_language
from bot.slack.incoming.fields import Id, Payload, id_in, object_in
from bot.slack.incoming.files import stub
from bot.slack.incoming.interactions import View
from bot.slack.incoming.messages import SharedMessage
from bot.slack.interactions.modal_kind import ModalKind
from bot.translations import Reader

_WHERE, _LANGUAGE = "where", "language"
_ENTRY = "entry"
_FOR_ME = "me"
_MOST_METADATA = 3_000


def _ids_in(value: object) -> list[str]:
    return [item for item in value if id_in(item)] if isinstance(value, list) else []


MODAL = ModalKind(sentences.ASK_TITLE, action_ids.ASK_MODAL, not_filled="modal not set right")


class _Known(Payload):
    """The message that a modal is about, as its ``private_metadata`` carries it."""

    channel: Id = ""
    ts: Id = ""
    thread_ts: Id = ""
    user: Id = ""
    files: Annotated[tuple[str, ...], BeforeValidator(_ids_in)] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice that was submitted: the answer for the person alone or not, and the language."""

    for_me: bool
    language: str | None


def render_ask(reader: Reader, target: SharedMessage, *, only_for_me: bool = False) -> Block:
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
        action_ids.ASK_MODAL,
        reader.say(sentences.ASK_TITLE),
        blocks,
        submit=reader.say(sentences.ASK_SUBMIT),
        close=reader.say(sentences.CANCEL),
        private_metadata=_dump(target),
    )


def parse_choice(view: View) -> Choice | None:
    """Read the choice in the modal; ``None`` where it is none that was offered."""
    where = view.input(_WHERE).selected_option.value
    try:
        language = parse_language(view.input(_LANGUAGE))
    except ValueError:
        return None
    return Choice(where == _FOR_ME, language) if where in {_FOR_ME, THREAD} else None


def parse_asked_about(view: View, team_id: str) -> SharedMessage | None:
    """The message that the modal is about; its files are known by their ids alone."""
    try:
        known = _Known.model_validate(object_in(json.loads(view.private_metadata or "null")))
    except ValueError:
        return None
    if not (known.channel and known.ts and known.thread_ts and known.files):
        return None
    files = tuple(stub(file_id) for file_id in known.files)
    return SharedMessage(team_id, known.channel, known.ts, known.thread_ts, known.user, files)


def _dump(target: SharedMessage) -> str:
    """The message as metadata: ids alone, of as many files as there is room for."""
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

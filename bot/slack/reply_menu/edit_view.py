"""View of the edit modal: a transcript in text fields, and parsing them. Pure; what comes back is hostile.

Source: https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from bot import sentences
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block, field, modal, section, text_input
from bot.slack.blockkit.rich_text import join, split
from bot.slack.incoming.interactions import View
from bot.slack.interactions.modal_kind import ModalKind
from bot.slack.interactions.presses import Press
from bot.translations import Reader

MODAL = ModalKind(sentences.EDIT_TITLE)
_FILLED_IN_A_FIELD = 2_400
"""Of the 3,000 characters that a field takes, so that there is room to write in each."""
_MOST_FIELDS = 90
"""Of the 100 blocks of a modal."""
_MOST_BYTES = 240_000
"""Slack takes 250 KB of modal."""
_ENTRY = "entry"
_JOINTS = ("cut", "word", "line", "paragraph")
"""The white space between two fields' texts, by name, from nothing to most."""


def render_edit(reader: Reader, press: Press, version: str, text: str, warning: str = "") -> Block:
    """The modal with a text in it, or why that cannot be.

    Args:
        reader: In whose language.
        press: Of which reply.
        version: Identifies the reply's present state.
        text: The whole transcript.
        warning: A sentence above it; empty for none.
    """
    pieces = list(split(text, _FILLED_IN_A_FIELD))
    fields = [
        field(
            f"{joint}-{number}",
            reader.say(sentences.EDIT_MORE_LABEL if number else sentences.EDIT_LABEL),
            text_input(_ENTRY, piece, lines=True),
            optional=len(pieces) > 1,
        )
        for number, (joint, piece) in enumerate(pieces)
    ]
    view = modal(
        action_ids.EDIT_MODAL,
        reader.say(sentences.EDIT_TITLE),
        [*([section(warning)] if warning else []), *fields],
        submit=reader.say(sentences.SAVE),
        close=reader.say(sentences.CANCEL),
        private_metadata=press.dump(version),
    )
    if len(fields) > _MOST_FIELDS or len(json.dumps(view)) > _MOST_BYTES:
        return MODAL.notice(reader, reader.say(sentences.EDIT_TOO_LONG))
    return view


def parse_text(view: View) -> str:
    """The text in the modal now; paragraphs lie between empty lines, or on lines of their own."""
    pieces: list[tuple[str, str]] = []
    between = _JOINTS[0]
    for joint, piece in _pieces(view):
        # Where a field was emptied, what stood on both sides of it still does.
        between = max(between, joint, key=_JOINTS.index)
        if piece.strip():
            pieces.append((between if pieces else _JOINTS[0], piece))
            between = _JOINTS[0]
    return join(pieces)


def _pieces(view: View) -> Iterator[tuple[str, str]]:
    found = []
    for block_id, state in view.state.items():
        joint, _, number = block_id.partition("-")
        if joint in _JOINTS and number.isdecimal() and len(number) < 4:
            found.append((int(number), joint, state.value))
    for _, joint, piece in sorted(found):
        yield joint, piece

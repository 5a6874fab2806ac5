"""What can be done with a reply: the buttons and the menu at its end. Pure.

The id of their block is the reply's handle, so they work for ever, without the database.
"""

from __future__ import annotations

from enum import StrEnum

from bot import sentences
from bot.model import Transcript, TranscriptionRequest
from bot.reply import AskFirst, Broken, GaveUp, Growing, Refused, Reply, Waiting
from bot.slack import actions, kit
from bot.slack.kit import Block
from bot.slack.speech.reply_handle import ReplyHandle
from bot.translations import Reader


class Choice(StrEnum):
    """The values of the menu's options."""

    AGAIN_IN = "again_in"
    """In another language."""
    AGAIN = "again"
    WORDS = "words"
    EDIT = "edit"
    DELETE = "delete"


def render_controls(
    reader: Reader, request: TranscriptionRequest, reply: Reply, revision: int, *, fleeting: bool = False
) -> list[Block]:
    """The last block of a reply, or none.

    Args:
        reader: In whose language.
        request: Whose reply it is.
        reply: What it says.
        revision: Of the job.
        fleeting: It is an ephemeral message, which can be neither edited nor deleted.
    """
    elements = [*_buttons(reader, request, reply), *([] if fleeting else _menu(reader, reply))]
    return [kit.actions(elements, ReplyHandle.of(request, revision).dump())] if elements else []


def _buttons(reader: Reader, request: TranscriptionRequest, reply: Reply) -> list[Block]:
    match reply:
        case Transcript():
            gaps = kit.button(reader.say(sentences.FILL_GAPS), actions.FILL_GAPS, str(request.key))
            share = kit.button(reader.say(sentences.SHARE_IN_THREAD), actions.SHARE)
            return [*([gaps] if reply.has_gaps else []), *([share] if request.key.reader_id else [])]
        case AskFirst():
            return [
                kit.button(reader.say(sentences.AGREE), actions.AGREE, style="primary"),
                kit.button(reader.say(sentences.DECLINE), actions.DECLINE),
            ]
        case Refused() | Waiting() | Growing() | GaveUp() | Broken():
            return []


def _menu(reader: Reader, reply: Reply) -> list[Block]:
    more = _more_choices(reader, reply)
    again = [
        kit.option(reader.say(sentences.MENU_AGAIN_IN), Choice.AGAIN_IN),
        kit.option(reader.say(sentences.MENU_AGAIN), Choice.AGAIN),
    ]
    return [kit.overflow(actions.REPLY_MENU, [*again, *more])] if more else []


def _more_choices(reader: Reader, reply: Reply) -> list[Block]:
    """What the menu holds besides another try; nothing where it is not the time for one."""
    match reply:
        case Transcript():
            return [
                kit.option(reader.say(sentences.MENU_WORDS), Choice.WORDS),
                kit.option(reader.say(sentences.MENU_EDIT), Choice.EDIT),
                kit.option(reader.say(sentences.MENU_DELETE), Choice.DELETE),
            ]
        case Refused() | GaveUp() | Broken():
            return [kit.option(reader.say(sentences.MENU_DELETE_ANSWER), Choice.DELETE)]
        case Waiting() | Growing() | AskFirst():
            return []

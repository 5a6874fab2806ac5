"""Controls of a reply: the buttons and the overflow menu at its end. Pure.

The id of their block is the reply's handle, so they work for ever, without the database.
"""

from __future__ import annotations

from enum import StrEnum

from bot import sentences
from bot.model import TranscriptionRequest
from bot.recording import Transcript
from bot.reply import Broken, ConsentRequest, GaveUp, Growing, Refused, Reply, Waiting
from bot.slack.blockkit import action_ids, elements
from bot.slack.blockkit.elements import Block
from bot.slack.replies.handle import ReplyHandle
from bot.translations import Reader


class Choice(StrEnum):
    """The values of the menu's options."""

    AGAIN_IN = "again_in"
    """Retranscribe, in another language."""
    AGAIN = "again"
    WORDS = "words"
    EDIT = "edit"
    DELETE = "delete"


def render_controls(
    reader: Reader, request: TranscriptionRequest, reply: Reply, revision: int, *, fleeting: bool = False
) -> list[Block]:
    """The actions block that ends a reply, or none.

    Args:
        reader: In whose language.
        request: Whose reply it is.
        reply: What it says.
        revision: Of the job.
        fleeting: The reply is an ephemeral message, which can be neither edited nor deleted.
    """
    shown = [*_buttons(reader, request, reply), *([] if fleeting else _menu(reader, reply))]
    return [elements.actions(shown, ReplyHandle.of(request, revision).dump())] if shown else []


def _buttons(reader: Reader, request: TranscriptionRequest, reply: Reply) -> list[Block]:
    match reply:
        case Transcript():
            gaps = elements.button(reader.say(sentences.FILL_GAPS), action_ids.FILL_GAPS, str(request.key))
            share = elements.button(reader.say(sentences.SHARE_IN_THREAD), action_ids.SHARE)
            return [*([gaps] if reply.has_gaps else []), *([share] if request.key.reader_id else [])]
        case ConsentRequest():
            return [
                elements.button(reader.say(sentences.AGREE), action_ids.AGREE, style="primary"),
                elements.button(reader.say(sentences.DECLINE), action_ids.DECLINE),
            ]
        case Refused() | Waiting() | Growing() | GaveUp() | Broken():
            return []


def _menu(reader: Reader, reply: Reply) -> list[Block]:
    more = _more_choices(reader, reply)
    again = [
        elements.option(reader.say(sentences.MENU_AGAIN_IN), Choice.AGAIN_IN),
        elements.option(reader.say(sentences.MENU_AGAIN), Choice.AGAIN),
    ]
    return [elements.overflow(action_ids.REPLY_MENU, [*again, *more])] if more else []


def _more_choices(reader: Reader, reply: Reply) -> list[Block]:
    """The menu's options besides retranscribing; none while the reply is not final."""
    match reply:
        case Transcript():
            return [
                elements.option(reader.say(sentences.MENU_WORDS), Choice.WORDS),
                elements.option(reader.say(sentences.MENU_EDIT), Choice.EDIT),
                elements.option(reader.say(sentences.MENU_DELETE), Choice.DELETE),
            ]
        case Refused() | GaveUp() | Broken():
            return [elements.option(reader.say(sentences.MENU_DELETE_ANSWER), Choice.DELETE)]
        case Waiting() | Growing() | ConsentRequest():
            return []

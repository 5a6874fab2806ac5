"""View of the greeting, as it is posted and once somebody has turned the bot on or off. Pure."""

from __future__ import annotations

from bot import sentences
from bot.channel_settings import Automatic
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block, button, line, section
from bot.slack.blockkit.elements import actions as row
from bot.translations import Reader


def render_greeting(
    reader: Reader, channel_id: str, automatic: Automatic, *, waits_for_a_word: bool, audio_goes_to: str
) -> list[Block]:
    """The blocks of the greeting.

    Args:
        reader: In whose language.
        channel_id: The channel.
        automatic: The mode that counts now.
        waits_for_a_word: Nobody has decided, and the channel is shared with another organisation.
        audio_goes_to: The host that recordings are sent to.
    """
    return [
        section(reader.say(sentences.GREETING)),
        section(
            reader.say(sentences.GREETING_SHARED if waits_for_a_word else sentences.WHAT_I_DO[automatic])
        ),
        *_rest(reader, channel_id, audio_goes_to),
    ]


def render_decision(
    reader: Reader, channel_id: str, user_id: str, automatic: Automatic, *, audio_goes_to: str
) -> list[Block]:
    """The same once somebody has turned the bot on or off."""
    decided = reader.say(sentences.TURNED_OFF if automatic is Automatic.OFF else sentences.TURNED_ON)
    return [
        section(reader.say(sentences.GREETING)),
        line(decided, person={"type": "user", "user_id": user_id}),
        section(reader.say(sentences.WHAT_I_DO[automatic])),
        *_rest(reader, channel_id, audio_goes_to),
    ]


def _rest(reader: Reader, channel_id: str, audio_goes_to: str) -> list[Block]:
    buttons = [
        button(reader.say(sentences.TURN_ON), action_ids.TURN_ON, channel_id),
        button(reader.say(sentences.TURN_OFF), action_ids.TURN_OFF, channel_id),
        button(reader.say(sentences.SETTINGS), action_ids.OPEN_SETTINGS, channel_id),
    ]
    return [section(sentences.where_audio_goes(reader, audio_goes_to)), row(buttons)]

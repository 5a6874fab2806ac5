"""What the bot says when it is invited, and once somebody has decided. Pure."""

from __future__ import annotations

from bot import sentences
from bot.preferences import Automatic
from bot.slack import actions
from bot.slack.kit import Block, button, line, section
from bot.slack.kit import actions as row


def render_greeting(
    channel_id: str, automatic: Automatic, *, waits_for_a_word: bool, audio_goes_to: str
) -> list[Block]:
    """The greeting.

    Args:
        channel_id: Where.
        automatic: What counts now.
        waits_for_a_word: Nobody has decided, and the channel is shared with another organisation.
        audio_goes_to: The host that recordings are sent to.
    """
    return [
        section(sentences.GREETING),
        section(sentences.GREETING_SHARED if waits_for_a_word else sentences.WHAT_I_DO[automatic]),
        *_rest(channel_id, audio_goes_to),
    ]


def render_decision(
    channel_id: str, user_id: str, automatic: Automatic, *, audio_goes_to: str
) -> list[Block]:
    """The same once somebody has turned the bot on or off."""
    decided = sentences.TURNED_OFF if automatic is Automatic.OFF else sentences.TURNED_ON
    return [
        section(sentences.GREETING),
        line(decided, person={"type": "user", "user_id": user_id}),
        section(sentences.WHAT_I_DO[automatic]),
        *_rest(channel_id, audio_goes_to),
    ]


def _rest(channel_id: str, audio_goes_to: str) -> list[Block]:
    buttons = [
        button(sentences.TURN_ON, actions.TURN_ON, channel_id),
        button(sentences.TURN_OFF, actions.TURN_OFF, channel_id),
        button(sentences.SETTINGS, actions.OPEN_SETTINGS, channel_id),
    ]
    return [section(sentences.where_audio_goes(audio_goes_to)), row(buttons)]

"""Messages to the bot parsed: the recording that they ask for, and the words that it does not know. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.requests.command_text import NotUnderstood, RecordingQuery, Word, parse_mention, says_nothing


@dataclass(frozen=True, slots=True)
class MessageToBot:
    """A mention of the bot, or a message in its own conversation with one person."""

    said: RecordingQuery | Word | NotUnderstood
    wanted: RecordingQuery | None
    """The recording that is asked for, if one is."""
    has_files: bool
    """It shares files: these are meant, whatever else is said, and words beside them may be for people."""

    @property
    def is_for_bot_alone(self) -> bool:
        """True where the words are surely not for people, such as a command or a language."""
        return not isinstance(self.said, NotUnderstood) or self.said.is_attempt


def parse_to_bot(written: EventCallback[MessageEvent]) -> MessageToBot | None:
    """Read a message; ``None`` where it says nothing to the bot."""
    event, bot_user_id = written.event, written.bot_user_id
    target = event.target(written.installation_id, event.channel)
    is_mention = event.type == "app_mention" or event.mentions(bot_user_id)
    if target is None or not (is_mention or (event.is_direct and event.text.strip())):
        return None
    said, has_files = parse_mention(event.text, bot_user_id), bool(target.files)
    wanted = said if isinstance(said, RecordingQuery) else None
    if has_files:
        # Who mentions the bot beside a file means it, whatever else they say.
        wanted = replace(wanted, link=None) if wanted else RecordingQuery() if is_mention else None
    elif event.is_direct and isinstance(said, NotUnderstood) and said.link:
        # To whom else would they say it?
        wanted = RecordingQuery(said.link)
    elif event.is_direct and says_nothing(event.text, bot_user_id):
        wanted = None
    return MessageToBot(said, wanted, has_files)

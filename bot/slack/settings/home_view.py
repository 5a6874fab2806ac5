"""View of the home tab: what the bot does, and what somebody may decide. Pure.

Slack keeps what was chosen in a menu as long as its block goes by the same id, whatever is published later.
So the ids of blocks that hold a choice name it.

Source: https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bot import sentences
from bot.channel_settings import Automatic
from bot.model import Usage
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block, button, context, header, multi_select, option, plain, section
from bot.slack.blockkit.elements import actions as row
from bot.slack.incoming.fields import id_in
from bot.slack.incoming.interactions import Action
from bot.slack.settings.controls import automatic_menu, box
from bot.transcript.documents import on_one_line
from bot.translations import Reader

MOST_CHANNELS = 30
"""Two blocks each; a view holds 100."""
_MOST_OPTIONS = 100


@dataclass(frozen=True, slots=True)
class SharedChannel:
    """A channel that both the bot and the reader are in."""

    id: str
    name: str
    automatic: Automatic
    """The mode that counts there now."""
    is_shared_externally: bool
    may_change: bool
    """The reader may change its settings."""


@dataclass(frozen=True, slots=True)
class Tab:
    """The content of the home tab."""

    reader: Reader
    audio_goes_to: str
    ask_reaction: str
    is_opted_out: bool
    channels: Sequence[SharedChannel] | None
    """By name; ``None`` where Slack did not tell."""
    subscriptions: frozenset[str]
    """Ids of channels."""
    month: date
    used: Usage
    """By the workspace, in this month."""
    cost: float
    """In US dollars."""
    monthly_minutes: int | None
    notice: str = ""
    """The reason why something that the reader wanted did not happen."""


def render_home(tab: Tab) -> Block:
    """The view of the tab; at most 75 blocks."""
    reader = tab.reader
    usage = sentences.usage(reader, tab.month, tab.used, tab.cost, tab.monthly_minutes)
    blocks = [
        *([section(tab.notice)] if tab.notice else []),
        header(reader.say(sentences.HOME_TITLE)),
        section(reader.say(sentences.HOME_ABOUT)),
        section(sentences.where_audio_goes(reader, tab.audio_goes_to)),
        header(reader.say(sentences.HOME_MINE)),
        section(
            reader.say(sentences.OPT_OUT_LABEL),
            box(action_ids.HOME_OPT_OUT, reader.say(sentences.OPT_OUT_CHOICE), ticked=tab.is_opted_out),
            f"opt_out:{tab.is_opted_out}",
        ),
        *_subscriptions(reader, tab.channels or (), tab.subscriptions),
        header(reader.say(sentences.HOME_CHANNELS)),
        *_channels(reader, tab.channels),
        header(reader.say(sentences.HOME_USAGE)),
        section(usage),
        header(reader.say(sentences.HOME_HELP)),
        {"type": "section", "text": plain(sentences.ways_to_ask(reader, tab.ask_reaction), with_emoji=True)},
    ]
    return {"type": "home", "blocks": blocks}


def render_trouble(reader: Reader, text: str) -> Block:
    """The view of the tab where nothing else can be shown."""
    return {"type": "home", "blocks": [section(reader.say(sentences.HOME_ABOUT)), section(text)]}


def parse_mode(action: Action) -> tuple[str, Automatic] | None:
    """The channel whose menu was used, and the mode chosen; ``None`` where it is no such menu."""
    value = action.selected_option.value
    if value not in list(Automatic):
        return None
    kind, _, rest = action.block_id.partition(":")
    channel_id = id_in(rest.partition(":")[0])
    return (channel_id, Automatic(value)) if kind == "mode" and channel_id else None


def parse_subscriptions(action: Action) -> list[str]:
    """The ids of the channels that are chosen."""
    chosen = (id_in(choice.value) for choice in action.selected_options)
    return [channel_id for channel_id in chosen if channel_id]


def _subscriptions(
    reader: Reader, channels: Sequence[SharedChannel], chosen: frozenset[str]
) -> Iterator[Block]:
    # What is chosen comes first: the menu tells all that stays chosen, so it has to offer that.
    first = sorted(channels, key=lambda channel: channel.id not in chosen)[:_MOST_OPTIONS]
    choices = {channel.id: option(_name(reader, channel), channel.id) for channel in first}
    if choices:
        menu = multi_select(
            action_ids.HOME_SUBSCRIPTIONS,
            list(choices.values()),
            [choice for channel_id, choice in choices.items() if channel_id in chosen],
            reader.say(sentences.SUBSCRIPTIONS_HINT),
        )
        yield section(reader.say(sentences.SUBSCRIPTIONS_LABEL), menu, "subscriptions")


def _channels(reader: Reader, channels: Sequence[SharedChannel] | None) -> Iterator[Block]:
    if not channels:
        yield section(reader.say(sentences.CHANNELS_UNKNOWN if channels is None else sentences.NO_CHANNELS))
        return
    for channel in channels[:MOST_CHANNELS]:
        if not channel.may_change:
            mode = reader.say(sentences.AUTOMATIC_CHOICES[channel.automatic])
            yield section(
                reader.say(sentences.CHANNEL_AND_MODE).format(channel=_name(reader, channel), mode=mode)
            )
            continue
        yield section(_name(reader, channel))
        yield row(
            [
                automatic_menu(reader, action_ids.HOME_MODE, channel.automatic),
                button(reader.say(sentences.SETTINGS), action_ids.OPEN_SETTINGS, channel.id),
            ],
            f"mode:{channel.id}:{channel.automatic}",
        )
    if len(channels) > MOST_CHANNELS:
        yield context(sentences.more_channels(reader, len(channels) - MOST_CHANNELS))


def _name(reader: Reader, channel: SharedChannel) -> str:
    named = reader.say(sentences.CHANNEL_SHARED if channel.is_shared_externally else sentences.CHANNEL)
    return named.format(name=on_one_line(channel.name)[:80])

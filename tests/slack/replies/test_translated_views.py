"""What one person sees, in their own language: no view forgets who reads it, and Slack takes all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings
from bot.errors import Misconfiguration, Outage, Refusal
from bot.model import JobKey, Usage
from bot.playground.slack_lookalike.blockkit import complaints_about_blocks, complaints_about_view
from bot.recording import Gap, LanguageHeard, Span, Transcript
from bot.reply import Broken, ConsentRequest, GaveUp, Growing, Refused, Reply, Waiting
from bot.slack.blockkit.elements import Block
from bot.slack.incoming.messages import Message
from bot.slack.interactions.presses import Press
from bot.slack.replies.handle import ReplyHandle
from bot.slack.replies.render import render_in_pieces, render_reply
from bot.slack.reply_menu.edit_view import render_edit
from bot.slack.requests import shortcut_view
from bot.slack.requests.shortcut_view import render_ask
from bot.slack.settings import channel_modal_view
from bot.slack.settings.channel_modal_view import form_for, render_settings
from bot.slack.settings.greeting_view import render_decision, render_greeting
from bot.slack.settings.home_view import SharedChannel, Tab, render_home, render_trouble
from bot.translations import Reader, Sentence, readers
from tests.slack.payloads import CHANNEL, TEAM, TS, clip, event, request
from tests.transcripts import said

ENGLISH_TEXTS = {
    one.english
    for found in vars(sentences).values()
    for one in (found.values() if isinstance(found, dict) else [found])
    if isinstance(one, Sentence) and any(map(str.isalpha, one.english.partition("{")[0]))
}
SOUNDS = said("…", duration_s=400.0)
WHOLE = Transcript(
    (*SOUNDS.passages, Gap(Span(1_000, 240_000))),
    (LanguageHeard("de", 0), LanguageHeard("en", 90_000)),
    400.0,
    complete=False,
    emotion="happy",
    month_used=0.8,
)
PRIVATE = JobKey(TEAM, CHANNEL, TS, "F024CLIP1", "U024BERT1")
PRESS = Press(ReplyHandle.of(request(), 0), CHANNEL, "1.2", TS, "U024ANNE1", "press")
REPLIES: list[Reply] = [
    WHOLE,
    Growing(WHOLE, 3, 12),
    Growing(WHOLE, 3, None, Outage.RECOGNISER),
    *map(Refused, Refusal),
    *map(Waiting, [*Outage, *Misconfiguration]),
    *map(GaveUp, [*Outage, *Misconfiguration]),
    ConsentRequest(1_920.0, 0.07),
    Broken("F024CLIP1"),
]


def home(reader: Reader) -> Block:
    channels = [
        SharedChannel(f"C{number}", "x", Automatic.CLIPS, is_shared_externally=shared, may_change=may)
        for number, (shared, may) in enumerate([(True, False), (False, True)] * 20)
    ]
    return render_home(
        Tab(
            reader,
            audio_goes_to="speech.example.com",
            ask_reaction="ear",
            is_opted_out=True,
            channels=channels,
            subscriptions=frozenset({"C1"}),
            month=date(2026, 11, 3),
            used=Usage(2, 60.0),
            cost=0.01,
            monthly_minutes=9,
        )
    )


def ask(reader: Reader) -> Block:
    target = Message.model_validate(event(clip())).target(TEAM, CHANNEL)
    assert target is not None
    return render_ask(reader, target, only_for_me=True)


VIEWS: dict[str, Callable[[Reader], Block]] = {
    "home": home,
    "trouble": lambda reader: render_trouble(reader, reader.say(sentences.WENT_WRONG)),
    "settings": lambda reader: render_settings(
        form_for("C1", reader, ChannelSettings(vocabulary=("Åsa",)), Automatic.VIDEO)
    ),
    "settings, directly": lambda reader: render_settings(
        form_for("D1", reader, ChannelSettings(), Automatic.VIDEO)
    ),
    "settings, a notice": lambda reader: channel_modal_view.MODAL.notice(
        reader, reader.say(sentences.ONE_MOMENT)
    ),
    "ask": ask,
    "asked": lambda reader: shortcut_view.MODAL.notice(reader, reader.say(sentences.ASKED_DIRECT)),
    "edit": lambda reader: render_edit(reader, PRESS, "v", "a " * 3_000, reader.say(sentences.EDIT_CHANGED)),
    "edit, too long": lambda reader: render_edit(reader, PRESS, "v", "a " * 300_000),
}


def shown(value: Any) -> Iterator[str]:
    """Every text in a view."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inside in value.values():
            yield from shown(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from shown(inside)


def english_in(blocks: Any) -> set[str]:
    return {text for whole in shown(blocks) for text in (whole, *whole.split(" · "))} & ENGLISH_TEXTS


@pytest.mark.parametrize("reader", readers()[1:], ids=str)
@pytest.mark.parametrize("render", VIEWS.values(), ids=VIEWS)
def test_a_view_speaks_one_language_and_slack_takes_it(
    render: Callable[[Reader], Block], reader: Reader
) -> None:
    view = render(reader)

    assert complaints_about_view(view) == []
    assert english_in(view) == set()
    # Cut by us where it was too long.
    assert [text for text in shown(view) if text.endswith("…") and not text.endswith(" …")] == []


@pytest.mark.parametrize("reader", readers()[1:], ids=str)
@pytest.mark.parametrize("reply", REPLIES, ids=str)
@pytest.mark.parametrize("key", [request().key, PRIVATE], ids=["thread", "private"])
def test_a_reply_speaks_one_language_with_its_buttons(reader: Reader, reply: Reply, key: JobKey) -> None:
    for message in render_reply(reader, request(key=key), reply):
        assert complaints_about_blocks(message.blocks) == []
        assert english_in(message.blocks) == set()


@pytest.mark.parametrize("reader", readers()[1:], ids=str)
def test_the_greeting_and_pieces_of_a_transcript_do_too(reader: Reader) -> None:
    blocks = [
        *render_greeting(reader, "C1", Automatic.OFF, waits_for_a_word=True, audio_goes_to="x.example.com"),
        *render_decision(reader, "C1", "U1", Automatic.AUDIO, audio_goes_to="x.example.com"),
        *(block for message in render_in_pieces(reader, request(), WHOLE) for block in message.blocks),
    ]
    assert english_in(blocks) == set()
    assert sentences.continued_below(reader, 1, 1) in " ".join(shown(blocks))


def test_english_is_noticed_where_it_is_left() -> None:
    assert english_in(home(readers()[0])) > {"Usage", "Settings"}

from __future__ import annotations

from typing import Any

import pytest

from bot.playground.slack_lookalike.block_text import render_blocks, render_mrkdwn
from bot.playground.slack_lookalike.records import Channel, Message, User
from bot.playground.slack_lookalike.state import SlackState
from bot.playground.slack_lookalike.thread_text import render_thread


@pytest.fixture
def state() -> SlackState:
    return SlackState()


@pytest.fixture
def ann(state: SlackState) -> User:
    return state.add_user("ann")


@pytest.fixture
def general(state: SlackState, ann: User) -> Channel:
    return state.add_channel("general", ann.id)


def reply(state: SlackState, head: Message, text: str, **more: Any) -> Message:
    bot = state.workspace
    message = Message(state.next_ts(), head.channel_id, bot.bot_user_id, text, bot_id=bot.bot_id, **more)
    message.thread_ts = head.ts
    state.keep(message)
    return message


def test_a_thread_reads_as_a_person_sees_it(state: SlackState, general: Channel, ann: User) -> None:
    clip = state.add_file(b"abc", "audio_message.m4a", user=ann.id, as_voice_clip=True, duration_ms=83_400)
    head = state.post_as_user(general.id, ann.id, "<@U0BOT000001> listen", files=[clip])
    state.react(head, ann.id, "ear")
    words = [{"type": "text", "text": "Hello\nthere"}]
    blocks = [
        {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": words}]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "*English* &amp; 1:23"}]},
    ]
    reply(state, head, "Hello", blocks=blocks)
    reply(state, head, "Only you", ephemeral_for=ann.id)
    thread = state.thread(general.id, head.ts)
    assert render_thread(thread, state.users, "is transcribing").splitlines() == [
        "ann:",
        "    @threadscribe listen",
        "    [voice clip: audio_message.m4a, 1:23]",
        "    :ear: 1",
        "    threadscribe (app):",
        "        > Hello",
        "        > there",
        "        *English* & 1:23",
        "    threadscribe (app, only visible to ann):",
        "        Only you",
        "    ~ is transcribing",
    ]


def test_forwarded_edited_and_deleted(state: SlackState, general: Channel, ann: User) -> None:
    clip = state.add_file(b"abc", "talk.mp3", user=ann.id)
    original = state.post_as_user(general.id, ann.id, "the talk", files=[clip])
    forward = state.post_as_user(general.id, ann.id, forwarded=original)
    assert render_thread([forward], state.users) == "ann:\n    > the talk [talk.mp3]"
    state.delete_file(clip)
    state.edit(original, text="gone", blocks=[])
    assert render_thread([original], state.users) == "ann (edited):\n    gone\n    [deleted file]"


def test_a_transcript_cannot_steer_the_terminal(state: SlackState, general: Channel, ann: User) -> None:
    message = state.post_as_user(general.id, ann.id, "a\x1b[2Jb\u202ec")
    assert render_thread([message], state.users) == "ann:\n    a\N{REPLACEMENT CHARACTER}[2Jb\ufffdc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("<!here> <!subteam^S1|team> <#C1|general>", "@here @subteam general"),
        ("<https://example.com|the page> <https://example.com>", "the page https://example.com"),
        ("<@U404>", "@U404"),
    ],
)
def test_mrkdwn(text: str, shown: str) -> None:
    assert render_mrkdwn(text, {}) == shown


def test_every_kind_of_block() -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Copy"}}
    item = {"type": "rich_text_section", "elements": [{"type": "emoji", "name": "ear"}]}
    listed = {"type": "rich_text_list", "style": "ordered", "elements": [item, item], "indent": 1}
    label = {"type": "plain_text", "text": "Terms"}
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": "Title"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "one"}, "accessory": {"type": "overflow"}},
        {"type": "section", "fields": [{"type": "plain_text", "text": "<two>"}]},
        {"type": "divider"},
        {"type": "actions", "elements": [button, button]},
        {"type": "rich_text", "elements": [listed]},
        {"type": "markdown", "text": "three\nfour"},
        {"type": "image", "alt_text": "a picture"},
        {"type": "input", "label": label},
        {"type": "video"},
    ]
    assert render_blocks(blocks, {}).splitlines() == [
        "# Title",
        "one",
        "[⋯]",
        "<two>",
        "---",
        "[Copy] [Copy]",
        "  1. :ear:",
        "  2. :ear:",
        "three",
        "four",
        "[image: a picture]",
        "Terms: ____",
        "[video]",
    ]

"""Mentions of the bot: beside a file, below a recording in a thread, and edited afterwards."""

from __future__ import annotations

from bot.playground.slack_lookalike.records import Message
from tests.flows.hands import menu, option
from tests.flows.harness import BotHarness, at_the_door, context, words

HELLO = "A clip of 2 seconds."


def _me(harness: BotHarness) -> str:
    return f"<@{harness.slack.state.workspace.bot_user_id}>"


def _say(harness: BotHarness, text: str, head: Message | None = None) -> Message:
    """Ada writes in the channel, or in a thread."""
    thread_ts = head.ts if head else None
    return harness.slack.state.post_as_user(harness.channel.id, harness.ada.id, text, thread_ts=thread_ts)


async def _edit(harness: BotHarness, message: Message, text: str) -> None:
    harness.slack.state.edit(message, text=text)
    await harness.idle()


@at_the_door
async def test_the_language_beside_a_file_counts(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2), text=f"{_me(harness)} transcribe in German")
        (reply,) = await harness.answered(message)
    assert words(reply) == HELLO
    assert context(reply).startswith("German")
    assert harness.ear.languages[-1] == "de"
    assert harness.whispers() == []


async def test_chatter_beside_a_file_hinders_nothing_and_is_not_answered(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        text = f"{_me(harness)} see this for the meeting, what a day"
        (reply,) = await harness.answered(harness.share(harness.clip(2), text=text))
    assert words(reply) == HELLO
    assert harness.whispers() == []


@at_the_door
async def test_a_language_that_the_bot_does_not_know_is_told_alone_and_once(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip(2), text=f"{_me(harness)} transcribe in Klingon")
        (reply,) = await harness.answered(message)
    assert words(reply) == HELLO
    (told,) = harness.whispers()
    assert "“Klingon”" in told.text


async def test_unknown_words_and_help_are_answered_with_help_alone(harness: BotHarness) -> None:
    async with harness.bot_running():
        _say(harness, f"{_me(harness)} dance")
        await harness.idle()
        _say(harness, f"{_me(harness)} help")
        await harness.idle()
    unknown, helped = (told.text for told in harness.whispers())
    assert "“dance”" in unknown
    assert helped in unknown
    assert "in German" in helped
    assert harness.calls("chat.postMessage") == []


async def test_below_a_recording_in_a_thread_that_one_is_meant(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        head = _say(harness, "Who was in the meeting?")
        harness.share(harness.clip(3), thread_ts=head.ts)
        nearest = harness.share(harness.clip(2), thread_ts=head.ts)
        _say(harness, "anybody?", head)
        _say(harness, f"{_me(harness)} transcribe", head)
        harness.share(harness.clip(5), thread_ts=head.ts)
        (reply,) = await harness.answered(nearest)
    assert words(reply) == HELLO
    assert harness.whispers() == []


async def test_the_head_of_the_thread_is_meant_where_nothing_is_nearer(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        first = harness.share(harness.clip(3))
        harness.share(harness.clip(2), thread_ts=first.ts)
        _say(harness, f"{_me(harness)} transcribe", first)
        (nearer,) = await harness.answered(first)
        alone = harness.share(harness.clip(4))
        _say(harness, f"{_me(harness)} transcribe", alone)
        (reply,) = await harness.answered(alone)
    assert words(nearer) == HELLO
    assert words(reply) == "A clip of 4 seconds."


async def test_a_mended_typo_asks_for_nothing_and_is_not_answered(harness: BotHarness) -> None:
    async with harness.bot_running():
        head = harness.share(harness.clip(2))
        await harness.answered(head)
        ask = _say(harness, f"{_me(harness)} transcribe", head)
        chatter = _say(harness, f"{_me(harness)} what a day", head)
        await harness.until(lambda: len(harness.whispers()) == 2)
        heard = len(harness.ear.languages)
        await _edit(harness, ask, f"{_me(harness)} transcribe, please")
        await _edit(harness, chatter, f"{_me(harness)} wht a day!")
    assert len(harness.whispers()) == 2
    assert len(harness.ear.languages) == heard


@at_the_door
async def test_a_language_that_an_edit_adds_is_heard(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        head = harness.share(harness.clip(2))
        ask = _say(harness, f"{_me(harness)} transcribe", head)
        beside = harness.share(harness.clip(3), text=_me(harness))
        await harness.answered(head)
        await harness.answered(beside)
        await _edit(harness, ask, f"{_me(harness)} transcribe in German")
        await _edit(harness, beside, f"{_me(harness)} in French")
        await harness.until(lambda: context(harness.replies(head)[0]).startswith("German"))
        await harness.until(lambda: context(harness.replies(beside)[0]).startswith("French"))
        await harness.idle()
    assert (len(harness.replies(head)), len(harness.replies(beside))) == (1, 1)
    assert harness.whispers() == []


async def test_a_mention_that_an_edit_adds_is_heard(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        late = harness.share(harness.clip(2), text="minutes of today")
        await harness.idle()
        assert harness.replies(late) == []
        await _edit(harness, late, f"minutes of today {_me(harness)}")
        (reply,) = await harness.answered(late)
        await _edit(harness, late, "minutes of today")
    assert words(reply) == HELLO
    assert harness.replies(late) == [reply]
    assert harness.whispers() == []


async def test_an_edit_that_asks_the_same_brings_no_deleted_transcript_back(harness: BotHarness) -> None:
    async with harness.bot_running():
        beside = harness.share(harness.clip(2), text=_me(harness))
        head = harness.share(harness.clip(3))
        await harness.answered(head)
        ask = _say(harness, f"{_me(harness)} transcribe", head)
        for message in (beside, head):
            (reply,) = await harness.answered(message)
            choice = option(menu(reply), "Delete")
            await harness.done(
                harness.people.click(reply, menu(reply)["action_id"], harness.ada.id, selected_option=choice)
            )
            await harness.done(harness.people.submit(harness.modal(), {}))
            await harness.until(lambda m=message: harness.replies(m) == [])  # type: ignore[misc]  # bound now
        await _edit(harness, beside, f"{_me(harness)} hm")
        await _edit(harness, ask, f"{_me(harness)} please transcribe")
    assert (harness.replies(beside), harness.replies(head)) == ([], [])

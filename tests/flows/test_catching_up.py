"""What was shared, edited and deleted while the bot was away is caught up on; nothing is answered twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.records import Message
from tests.flows.harness import BotHarness, Delivery, at_the_door, bot_harness_at, state_of, words
from tests.store.old_files import old_file


@pytest.fixture
async def harness(tmp_path: Path, delivery: Delivery) -> AsyncIterator[BotHarness]:
    """Slack gives up after a second, in the place of six minutes."""
    async with bot_harness_at(tmp_path, delivery, ack_timeout_s=0.3) as made:
        yield made


async def given_up(harness: BotHarness) -> None:
    """Wait until Slack tries no event again."""
    harness.slack.deliveries[:] = [sent for sent in harness.slack.deliveries if not sent.acked]
    assert harness.slack.deliveries, "nothing happened while the bot was away"
    await harness.slack.settled()
    assert all(sent.lost for sent in harness.slack.deliveries)


async def caught_up(harness: BotHarness) -> None:
    """Wait until nothing is left to look through, and all that was found is answered."""
    assert harness.bot is not None
    bot = harness.bot

    async def is_done() -> bool:
        team_id = harness.slack.state.workspace.team_id
        return not await bot.store.listening.missed(team_id)

    await harness.until(lambda: bool(harness.calls("users.conversations")))
    await harness.until_async(is_done)
    await harness.idle()


async def first_run(harness: BotHarness) -> None:
    """Run the bot once, so that it listens to the channels that there are."""
    async with harness.bot_running():
        await listening(harness)


async def listening(harness: BotHarness) -> None:
    """Wait until the bot listens to every channel that it is in."""
    assert harness.bot is not None
    database = harness.bot.store.database
    bot_user = harness.slack.state.workspace.bot_user_id
    joined = sum(bot_user in channel.members for channel in harness.slack.state.channels.values())

    async def has_begun() -> bool:
        from sqlalchemy import func, select  # noqa: PLC0415

        from bot.store import schema  # noqa: PLC0415

        rows = await database.rows(select(func.count()).select_from(schema.listening))
        return int(rows[0][0]) >= joined

    await harness.until_async(has_begun)


def transcripts(harness: BotHarness, message: Message) -> list[str]:
    """The words under a message, however often they stand there."""
    return [words(reply) for reply in harness.replies(message) if state_of(reply) == "transcribed"]


@at_the_door
async def test_what_happened_while_the_bot_was_away_is_made_good(harness: BotHarness) -> None:
    state = harness.slack.state
    direct = state.add_channel("", harness.ada.id, kind="im")
    async with harness.bot_running():
        before = harness.share(harness.clip(2))
        deleted = harness.share(harness.clip(3))
        emptied = harness.share(harness.clip(4), harness.clip(5))
        thread = state.post_as_user(harness.channel.id, harness.ada.id, "A thread of old")
        gone_in_thread = harness.share(harness.clip(6), thread_ts=thread.ts)
        for message, replies in ((before, 1), (deleted, 1), (emptied, 2), (gone_in_thread, 1)):
            await harness.answered(message, replies)
        await listening(harness)
    recognised = len(harness.dashscope.calls)

    shared = harness.share(harness.clip(11))
    threaded = harness.share(harness.clip(12), thread_ts=thread.ts)
    asked = harness.share(harness.clip(13), channel=direct)
    state.delete_message(deleted)
    state.delete_file(emptied.files[0])
    state.delete_message(gone_in_thread)
    state.edit(before, text="with a note")
    await given_up(harness)

    async with harness.bot_running():
        await harness.until(lambda: len(harness.dashscope.calls) >= recognised + 4)  # one verifies the key
        await caught_up(harness)
        await harness.until(lambda: harness.replies(deleted) == [] and len(harness.replies(emptied)) == 1)
        await harness.until(lambda: len(harness.replies(thread)) == 1)
    assert transcripts(harness, shared) == ["A clip of 11 seconds."]
    assert transcripts(harness, threaded) == ["A clip of 12 seconds."]
    assert transcripts(harness, asked) == ["A clip of 13 seconds."]
    assert transcripts(harness, before) == ["A clip of 2 seconds."]
    assert transcripts(harness, emptied) == ["A clip of 5 seconds."]
    again = len(harness.dashscope.calls)
    async with harness.bot_running():
        await caught_up(harness)
    assert len(harness.dashscope.calls) - again <= 1, "only the key is verified"


@at_the_door
async def test_nothing_old_is_transcribed_by_the_first_start_or_an_upgrade(
    harness: BotHarness, tmp_path: Path
) -> None:
    old = harness.share(harness.clip(2))
    await given_up(harness)
    data = tmp_path / "data"
    data.mkdir()
    with closing(old_file(data, 4)) as database:
        database.execute("DELETE FROM job")
        database.commit()
    await first_run(harness)
    assert harness.replies(old) == []

    missed = harness.share(harness.clip(3))
    await given_up(harness)
    async with harness.bot_running():
        await harness.answered(missed)
        await caught_up(harness)
    assert harness.replies(old) == []


async def test_a_channel_that_the_bot_was_just_invited_to_begins_then(harness: BotHarness) -> None:
    state, comings = harness.slack.state, harness.comings
    channel = state.add_channel("late", harness.ada.id, with_bot=False)
    unheard = harness.share(harness.clip(2), channel=channel)
    async with harness.bot_running():
        await listening(harness)
        comings.join(channel, state.workspace.bot_user_id)
        await harness.idle()
    missed = harness.share(harness.clip(3), channel=channel)
    await given_up(harness)
    async with harness.bot_running():
        await harness.answered(missed)
        await caught_up(harness)
    assert harness.replies(unheard) == []


async def test_nothing_is_transcribed_from_before_somebody_decided(harness: BotHarness) -> None:
    state = harness.slack.state
    eve = state.add_user("eve")
    silent = state.add_channel("silent", harness.ada.id, eve.id)
    state.channels[harness.channel.id].members.append(eve.id)
    async with harness.bot_running() as bot:
        team_id = state.workspace.team_id
        assert await harness.command("off", channel=silent)
        await bot.store.preferences.opt_out(team_id, eve.id, out=True)
        await listening(harness)
    early = harness.share(harness.clip(2), channel=silent)
    of_eve = state.post_as_user(harness.channel.id, eve.id, files=[harness.clip(3, user=eve.id)])
    await given_up(harness)
    async with harness.bot_running(auto_transcribe=True) as bot:
        # Before a look back that takes its time, people decide.
        held = harness.slack.faults.hold("users.conversations")
        await held.reached()
        assert await harness.command("on", channel=silent)
        await bot.store.preferences.opt_out(team_id, eve.id, out=False)
        held.release()
        late = harness.share(harness.clip(4), channel=silent)
        await harness.answered(late)
        await caught_up(harness)
    assert harness.replies(early) == []
    assert harness.replies(of_eve) == []


async def test_the_operators_default_counts_from_when_it_was_set(harness: BotHarness) -> None:
    async with harness.bot_running(auto_transcribe=False):
        await listening(harness)
    early = harness.share(harness.clip(2))
    await given_up(harness)
    async with harness.bot_running(auto_transcribe=True):
        await caught_up(harness)
        await harness.answered(harness.share(harness.clip(3)))
    assert harness.replies(early) == []


async def test_it_can_be_switched_off(harness: BotHarness) -> None:
    await first_run(harness)
    missed = harness.share(harness.clip(2))
    await given_up(harness)
    async with harness.bot_running(catch_up_hours=0):
        await harness.answered(harness.share(harness.clip(3)))
    async with harness.bot_running():
        await listening(harness)
        await caught_up(harness)
    assert harness.replies(missed) == []


async def test_of_a_thousand_channels_those_with_news_come_first(harness: BotHarness) -> None:
    state = harness.slack.state
    channels = [state.add_channel(f"channel-{number}", harness.ada.id) for number in range(1_000)]
    await first_run(harness)
    news = [harness.share(harness.clip(number), channel=channels[number * 300]) for number in (1, 2, 3)]
    await given_up(harness)
    before = len(state.calls)
    async with harness.bot_running(catch_up_calls_per_minute=20):
        for message in news:
            await harness.answered(message)
        calls = [call.method for call in state.calls[before:] if call.method in LOOKING]
    assert [transcripts(harness, message) for message in news] == [
        [f"A clip of {number} seconds."] for number in (1, 2, 3)
    ]
    assert len(calls) <= 20
    found = [arguments["channel"] for arguments in harness.calls("conversations.history")[:3]]
    assert found == [message.channel_id for message in reversed(news)], "the newest first"


LOOKING = {"users.conversations", "files.list", "conversations.history", "conversations.replies"}


async def test_an_interrupted_look_back_loses_and_repeats_nothing(harness: BotHarness) -> None:
    state = harness.slack.state
    for number in range(4):
        state.add_channel(f"channel-{number}", harness.ada.id)
    await first_run(harness)
    missed = harness.share(harness.clip(2))
    await given_up(harness)
    held = harness.slack.faults.hold("conversations.history", nth=3)
    async with harness.bot_running():
        await held.reached()
        await harness.answered(missed)
    looked = len(harness.calls("conversations.history"))
    async with harness.bot_running():
        await caught_up(harness)
    then = [arguments["channel"] for arguments in harness.calls("conversations.history")[looked:]]
    assert transcripts(harness, missed) == ["A clip of 2 seconds."]
    assert sorted(then) == sorted(state.channels), "in each channel something may have been missed since"


async def test_it_survives_a_slack_that_allows_little(harness: BotHarness) -> None:
    await first_run(harness)
    missed = harness.share(harness.clip(2))
    await given_up(harness)
    for method in LOOKING:
        harness.slack.faults.add(method, slack.Answer(429, retry_after_s=1), times=1)
    async with harness.bot_running():
        await harness.answered(missed)
        await caught_up(harness)
    assert transcripts(harness, missed) == ["A clip of 2 seconds."]


async def test_live_clips_do_not_wait_for_old_ones(harness: BotHarness) -> None:
    await first_run(harness)
    old = [harness.share(harness.clip(2)) for _ in range(12)]
    await given_up(harness)
    harness.ear.delays_s = {2: 0.5}
    async with harness.bot_running():
        await harness.until(lambda: any(harness.replies(message) for message in old))
        live = harness.share(harness.clip(3))
        await harness.until(lambda: bool(transcripts(harness, live)))
        waiting = sum(not harness.replies(message) for message in old)
        assert waiting > 3, "old ones were still to come"
        harness.ear.delays_s = {}
        for message in old:
            await harness.answered(message)

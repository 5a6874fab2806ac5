"""What people delete takes its transcript along; what the bot leaves it forgets."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from bot.app import Bot
from bot.playground.slack_lookalike import faults as slack
from tests.flows.harness import BotHarness, at_the_door, words

HELLO = "A clip of 2 seconds."


@at_the_door
async def test_a_deleted_message_takes_its_reply_along(harness: BotHarness) -> None:
    async with harness.bot_running():
        kept = harness.share(harness.clip(3))
        await harness.answered(kept)
        message = harness.share(harness.clip(2))
        await harness.answered(message)
        harness.slack.state.delete_message(message)
        await harness.until(lambda: harness.replies(message) == [])
        await harness.idle()
    assert len(harness.replies(kept)) == 1


async def test_a_deleted_message_inside_a_thread_leaves_the_others_alone(harness: BotHarness) -> None:
    async with harness.bot_running():
        head = harness.share(harness.clip(3))
        await harness.answered(head)
        message = harness.share(harness.clip(2), thread_ts=head.ts)
        await harness.answered(head, replies=2)
        harness.slack.state.delete_message(message)
        await harness.until(lambda: len(harness.replies(head)) == 1)
        await harness.idle()
    assert [words(reply) for reply in harness.replies(head)] == ["A clip of 3 seconds."]


async def test_a_deleted_file_takes_its_reply_along(harness: BotHarness) -> None:
    async with harness.bot_running():
        first, second = harness.clip(2), harness.clip(3)
        message = harness.share(first, second)
        await harness.answered(message, replies=2)
        harness.slack.state.delete_file(first)
        await harness.until(lambda: len(harness.replies(message)) == 1)
        await harness.idle()
    assert words(harness.replies(message)[0]) == "A clip of 3 seconds."


async def test_a_long_transcripts_files_go_too(harness: BotHarness) -> None:
    harness.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        await harness.answered(message)
        await harness.until(lambda: len(harness.replies(message)) == 2)
        shared = [file for reply in harness.replies(message) for file in reply.files]
        harness.slack.state.delete_message(message)
        await harness.until(lambda: harness.replies(message) == [])
        await harness.idle()
    assert len(shared) == 3
    assert all(file.deleted for file in shared)


async def test_a_job_under_way_stops(harness: BotHarness) -> None:
    async with harness.bot_running() as bot:
        held = harness.slack.faults.hold("download")
        message = harness.share(harness.clip(2))
        await held.reached()
        harness.slack.state.delete_message(message)
        await harness.until(lambda: _withdrawn(bot) == 1)
        held.release()
        await harness.idle()
        await harness.answered(harness.share(harness.clip(3)))
    assert harness.replies(message) == []
    assert 2 not in {round(call.duration_s) for call in harness.dashscope.calls}


def _withdrawn(bot: Bot) -> float:
    """How many running jobs were stopped."""
    labels = {"outcome": "withdrawn"}
    return bot.metrics.registry.get_sample_value("threadscribe_jobs_total", labels) or 0.0


async def test_what_slack_does_not_delete_now_it_deletes_later(socket_harness: BotHarness) -> None:
    harness = socket_harness
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        await harness.answered(message)
        harness.slack.faults.add("chat.delete", slack.Answer(500))
        harness.slack.state.delete_message(message)
        await harness.until(lambda: harness.replies(message) == [])
    assert len(harness.calls("chat.delete")) == 2


async def test_a_deletion_survives_a_restart(socket_harness: BotHarness) -> None:
    harness = socket_harness
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        await harness.answered(message)
        held = harness.slack.faults.hold("chat.delete")
        harness.slack.state.delete_message(message)
        await held.reached()
    async with harness.bot_running():
        await harness.until(lambda: harness.replies(message) == [])


async def test_the_bots_own_deleted_reply_is_no_deleted_recording(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
        harness.slack.state.delete_message(reply)
        await harness.idle()
        (other,) = await harness.answered(harness.share(harness.clip(3)))
    assert words(other) == "A clip of 3 seconds."


async def test_a_recording_under_way_stops_with_its_channel(socket_harness: BotHarness) -> None:
    harness = socket_harness
    async with harness.bot_running() as bot:
        held = harness.slack.faults.hold("download")
        message = harness.share(harness.clip(2))
        await held.reached()
        harness.comings.remove_bot(harness.channel)
        await harness.until(lambda: _withdrawn(bot) == 1)
        held.release()
        await harness.idle()
    assert harness.replies(message) == []
    assert 2 not in {round(call.duration_s) for call in harness.dashscope.calls}


@at_the_door
async def test_a_workspace_that_removes_the_bot_is_forgotten(harness: BotHarness) -> None:
    async with harness.bot_running():
        await harness.answered(harness.share(harness.clip(2)))
        await harness.command("off")
        harness.comings.uninstall()
        await harness.slack.settled()
        await harness.until(lambda: not any(_rows(harness).values()))


def _rows(harness: BotHarness) -> dict[str, int]:
    """How many rows each table holds, but for the one that names the version."""
    with closing(sqlite3.connect(harness.settings.data_dir / "threadscribe.db")) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608  # its own
            for (name,) in names
            if name != "alembic_version"
        }

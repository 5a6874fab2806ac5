"""What people delete takes its transcript along; what the bot leaves it forgets."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from bot.app import Bot
from bot.playground.slack_lookalike import faults as slack
from tests.flows.world import World, at_the_door, words

HELLO = "A clip of 2 seconds."


@at_the_door
async def test_a_deleted_message_takes_its_reply_along(world: World) -> None:
    async with world.bot_running():
        kept = world.share(world.clip(3))
        await world.answered(kept)
        message = world.share(world.clip(2))
        await world.answered(message)
        world.slack.state.delete_message(message)
        await world.until(lambda: world.replies(message) == [])
        await world.idle()
    assert len(world.replies(kept)) == 1


async def test_a_deleted_message_inside_a_thread_leaves_the_others_alone(world: World) -> None:
    async with world.bot_running():
        head = world.share(world.clip(3))
        await world.answered(head)
        message = world.share(world.clip(2), thread_ts=head.ts)
        await world.answered(head, replies=2)
        world.slack.state.delete_message(message)
        await world.until(lambda: len(world.replies(head)) == 1)
        await world.idle()
    assert [words(reply) for reply in world.replies(head)] == ["A clip of 3 seconds."]


async def test_a_deleted_file_takes_its_reply_along(world: World) -> None:
    async with world.bot_running():
        first, second = world.clip(2), world.clip(3)
        message = world.share(first, second)
        await world.answered(message, replies=2)
        world.slack.state.delete_file(first)
        await world.until(lambda: len(world.replies(message)) == 1)
        await world.idle()
    assert words(world.replies(message)[0]) == "A clip of 3 seconds."


async def test_a_long_transcripts_files_go_too(world: World) -> None:
    world.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with world.bot_running():
        message = world.share(world.clip(2))
        await world.answered(message)
        await world.until(lambda: len(world.replies(message)) == 2)
        shared = [file for reply in world.replies(message) for file in reply.files]
        world.slack.state.delete_message(message)
        await world.until(lambda: world.replies(message) == [])
        await world.idle()
    assert len(shared) == 3
    assert all(file.deleted for file in shared)


async def test_a_job_under_way_stops(world: World) -> None:
    async with world.bot_running() as bot:
        held = world.slack.faults.hold("download")
        message = world.share(world.clip(2))
        await held.reached()
        world.slack.state.delete_message(message)
        await world.until(lambda: _withdrawn(bot) == 1)
        held.release()
        await world.idle()
        await world.answered(world.share(world.clip(3)))
    assert world.replies(message) == []
    assert 2 not in {round(call.duration_s) for call in world.dashscope.calls}


def _withdrawn(bot: Bot) -> float:
    """How many running jobs were stopped."""
    labels = {"outcome": "withdrawn"}
    return bot.metrics.registry.get_sample_value("threadscribe_jobs_total", labels) or 0.0


async def test_what_slack_does_not_delete_now_it_deletes_later(socket_world: World) -> None:
    world = socket_world
    async with world.bot_running():
        message = world.share(world.clip(2))
        await world.answered(message)
        world.slack.faults.add("chat.delete", slack.Answer(500))
        world.slack.state.delete_message(message)
        await world.until(lambda: world.replies(message) == [])
    assert len(world.calls("chat.delete")) == 2


async def test_a_deletion_survives_a_restart(socket_world: World) -> None:
    world = socket_world
    async with world.bot_running():
        message = world.share(world.clip(2))
        await world.answered(message)
        held = world.slack.faults.hold("chat.delete")
        world.slack.state.delete_message(message)
        await held.reached()
    async with world.bot_running():
        await world.until(lambda: world.replies(message) == [])


async def test_the_bots_own_deleted_reply_is_no_deleted_recording(world: World) -> None:
    async with world.bot_running():
        message = world.share(world.clip(2))
        (reply,) = await world.answered(message)
        world.slack.state.delete_message(reply)
        await world.idle()
        (other,) = await world.answered(world.share(world.clip(3)))
    assert words(other) == "A clip of 3 seconds."


async def test_a_recording_under_way_stops_with_its_channel(socket_world: World) -> None:
    world = socket_world
    async with world.bot_running() as bot:
        held = world.slack.faults.hold("download")
        message = world.share(world.clip(2))
        await held.reached()
        world.comings.remove_bot(world.channel)
        await world.until(lambda: _withdrawn(bot) == 1)
        held.release()
        await world.idle()
    assert world.replies(message) == []
    assert 2 not in {round(call.duration_s) for call in world.dashscope.calls}


@at_the_door
async def test_a_workspace_that_removes_the_bot_is_forgotten(world: World) -> None:
    async with world.bot_running():
        await world.answered(world.share(world.clip(2)))
        await world.command("off")
        world.comings.uninstall()
        await world.slack.settled()
        await world.until(lambda: not any(_rows(world).values()))


def _rows(world: World) -> dict[str, int]:
    """How many rows each table holds, but for the one that names the version."""
    with closing(sqlite3.connect(world.settings.data_dir / "threadscribe.db")) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608  # its own
            for (name,) in names
            if name != "alembic_version"
        }

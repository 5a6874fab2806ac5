"""A recording that is gone before its reply comes, and replies that Slack does not take."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import app
from bot.app import Bot
from bot.model import JobState
from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.records import Message
from tests.flows.harness import BotHarness, words

LONG = " ".join(f"word{number}" for number in range(1_500)) + "."


def of_bot(harness: BotHarness) -> list[Message]:
    """All that the bot has said, wherever."""
    state = harness.slack.state
    return [message for message in state.messages.values() if message.bot_id == state.workspace.bot_id]


@contextmanager
def unheard(harness: BotHarness) -> Iterator[None]:
    """What happens inside, Slack does not tell."""
    state = harness.slack.state
    sinks, state.sinks = state.sinks, []
    yield
    state.sinks = sinks


def ended(bot: Bot, outcome: str) -> float:
    """How many jobs have ended so."""
    return bot.metrics.registry.get_sample_value("threadscribe_jobs_total", {"outcome": outcome}) or 0.0


@pytest.mark.parametrize("method", ["chat.postMessage", "files.getUploadURLExternal"])
async def test_a_reply_to_what_is_gone_does_not_stay_in_the_channel(
    socket_harness: BotHarness, method: str
) -> None:
    harness = socket_harness
    harness.ear.text = LONG if method.startswith("files") else "My salary is secret."
    async with harness.bot_running() as bot:
        held = harness.slack.faults.hold(method)
        message = harness.share(harness.clip(2))
        await held.reached()
        with unheard(harness):
            harness.slack.state.delete_message(message)
        held.release()
        await harness.until(lambda: ended(bot, "withdrawn") == 1)
        await harness.idle()
        assert of_bot(harness) == []
        files = [file for file in harness.slack.state.files.values() if file.user != harness.ada.id]
        assert all(file.deleted for file in files)
        assert len(harness.calls("chat.delete")) == 1
        kept = await harness.answered(harness.share(harness.clip(3)))
    assert of_bot(harness) == kept


@pytest.mark.parametrize("text", ["My salary is secret.", LONG])
async def test_nor_does_one_of_a_process_that_died(
    socket_harness: BotHarness, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = socket_harness
    harness.ear.text = text
    monkeypatch.setattr(app, "DRAIN_PATIENCE_S", 0.0)
    async with harness.bot_running():
        downloading = harness.slack.faults.hold("download")
        posted = harness.slack.faults.hold("chat.postMessage", after_acting=True)
        message = harness.share(harness.clip(2))
        await downloading.reached()
        with unheard(harness):
            harness.slack.state.delete_message(message)
        downloading.release()
        await posted.reached()
    assert [said.thread_ts for said in of_bot(harness)] == [None]
    async with harness.bot_running() as bot:
        await harness.until(lambda: ended(bot, "withdrawn") == 1)
        await harness.until(lambda: of_bot(harness) == [])
        await harness.idle()
    assert len(harness.calls("chat.postMessage")) == 1


async def test_a_deletion_that_names_no_more_than_a_time_takes_the_reply_along(harness: BotHarness) -> None:
    harness.slack.state.workspace.tells_previous_message = False
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
        harness.slack.state.delete_message(message)
        await harness.until(lambda: harness.replies(message) == [])
        await harness.idle()
        (kept,) = await harness.answered(other := harness.share(harness.clip(3)))
        harness.slack.state.delete_message(kept)
        await harness.idle()
    assert reply.ts not in {said.ts for said in of_bot(harness)}
    assert harness.slack.state.messages[other.channel_id, other.ts] is other


async def test_words_do_not_wait_for_uploads_that_never_succeed(socket_harness: BotHarness) -> None:
    harness = socket_harness
    harness.ear.text = LONG
    harness.slack.faults.add("files.completeUploadExternal", slack.SlackError("internal_error"), times=None)
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        await harness.answered(message)
    assert " ".join(words(reply) for reply in harness.replies(message)).split() == LONG.split()
    assert len(harness.slack.state.uploads) == 3


Lines = list[MutableMapping[str, Any]]


@pytest.mark.parametrize("code", ["no_permission", "team_access_not_granted"])
async def test_one_channel_that_is_closed_is_not_the_operators(socket_harness: BotHarness, code: str) -> None:
    harness = socket_harness
    closed = harness.slack.state.add_channel("closed", harness.ada.id)
    harness.slack.faults.add(
        "chat.postMessage",
        slack.SlackError(code),
        times=None,
        when=lambda arguments: arguments["channel"] == closed.id,
    )
    logged: Lines
    with capture_logs() as logged:
        async with harness.bot_running() as bot:
            harness.share(harness.clip(2), channel=closed)
            await harness.until(lambda: ended(bot, "undeliverable") == 1)
            await harness.answered(harness.share(harness.clip(3)))
            assert (await bot.store.requests.depth())[JobState.PARKED] == 0
    assert "operator needed" not in {line["event"] for line in logged}
    assert [line["outcome"] for line in logged if line["event"] == "job"] == ["undeliverable", "transcribed"]

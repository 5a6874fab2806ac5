"""What fails on the way, on either side, delays the reply and never doubles or loses it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from bot import sentences
from bot.errors import Misconfiguration, Outage
from bot.model import JobState
from bot.playground.dashscope_lookalike import faults as dashscope
from bot.playground.dashscope_lookalike.calls import Call
from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.records import Message, Served
from bot.playground.slack_lookalike.socket_mode import DisconnectReason
from bot.translations import ENGLISH
from tests.flows.harness import BotHarness, Delivery, bot_harness_at, context, state_of, words


def is_clip(call: Call) -> bool:
    """Not the verification at start, which is one second of silence."""
    return round(call.duration_s or 0) != 1


PASSING: dict[str, dashscope.Fault] = {
    "429": dashscope.Answer(429, "Throttling.RateQuota", retry_after_s=1),
    "500": dashscope.Answer(500, "InternalError"),
    "503": dashscope.Answer(503, "ModelUnavailable"),
    "a code with 200": dashscope.Answer(200, "SystemError"),
    "a proxy's page": dashscope.Page(),
    "dropped before": dashscope.Drop(),
    "dropped after": dashscope.Drop(after_acting=True),
    "no choices": dashscope.without_choices(),
}


@pytest.mark.parametrize("kind", PASSING)
async def test_the_recogniser_fails_once(harness: BotHarness, kind: str) -> None:
    harness.dashscope.faults.add(PASSING[kind], when=is_clip)
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip()))
    assert words(reply) == "A clip of 2 seconds."
    assert len([call for call in harness.dashscope.calls if is_clip(call)]) == 2


ODD: dict[str, tuple[dashscope.Fault, Callable[[Message], bool]]] = {
    "no content": (dashscope.without_content(), lambda reply: state_of(reply) == "refused"),
    "no annotations": (
        dashscope.without_annotations(),
        lambda reply: context(reply).startswith("Language not recognised"),
    ),
    "a language of its own": (dashscope.in_language("tlh"), lambda reply: "Klingon" in context(reply)),
    "cut short": (dashscope.cut_short(), lambda reply: ENGLISH.say(sentences.CUT_SHORT) in context(reply)),
}


@pytest.mark.parametrize("kind", ODD)
async def test_the_recogniser_answers_oddly(harness: BotHarness, kind: str) -> None:
    fault, expected = ODD[kind]
    harness.dashscope.faults.add(fault, when=is_clip)
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip()))
    assert expected(reply)


TROUBLE: dict[str, tuple[str, slack.Fault]] = {
    "post: 429": ("chat.postMessage", slack.Answer(429, retry_after_s=1)),
    "post: 500": ("chat.postMessage", slack.Answer(500)),
    "post: a proxy's page": ("chat.postMessage", slack.Answer(503, html=True)),
    "post: dropped before": ("chat.postMessage", slack.Drop()),
    "post: accepted, then dropped": ("chat.postMessage", slack.Drop(after_acting=True)),
    "post: internal error": ("chat.postMessage", slack.SlackError("internal_error")),
    "download: 500": ("download", slack.Answer(500)),
    "download: 429": ("download", slack.Answer(429, retry_after_s=1)),
    "download: dropped": ("download", slack.Drop()),
    "status: dropped": ("assistant.threads.setStatus", slack.Drop()),
    "files.info: 500": ("files.info", slack.Answer(500)),
    "files.info: 429": ("files.info", slack.Answer(429, retry_after_s=1)),
}


@pytest.mark.parametrize("kind", TROUBLE)
async def test_slack_fails_once(harness: BotHarness, kind: str) -> None:
    method, fault = TROUBLE[kind]
    harness.slack.faults.add(method, fault)
    async with harness.bot_running():
        message = harness.share(harness.clip(urls_missing_for=1 if method == "files.info" else 0))
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert len([call for call in harness.dashscope.calls if is_clip(call)]) == 1


async def test_slack_takes_the_reply_and_never_answers(socket_harness: BotHarness) -> None:
    harness = socket_harness
    harness.slack.faults.hold("chat.postMessage", after_acting=True)
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip()))
    assert words(reply) == "A clip of 2 seconds."
    assert len(harness.calls("chat.postMessage")) == 1


async def test_a_download_that_breaks_off_is_tried_again(harness: BotHarness) -> None:
    clip = harness.clip(served=Served(cut_after_bytes=2000))
    async with harness.bot_running():
        message = harness.share(clip)
        await harness.until(lambda: bool(harness.calls("download")))
        clip.served = Served()
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."


MISSET: dict[str, tuple[dashscope.Fault, Misconfiguration]] = {
    "expired key": (dashscope.Answer(401, "InvalidApiKey"), Misconfiguration.RECOGNISER_KEY),
    "arrears": (dashscope.Answer(400, "Arrearage"), Misconfiguration.RECOGNISER_ACCOUNT),
    "unknown model": (dashscope.Answer(404, "ModelNotFound"), Misconfiguration.RECOGNISER_MODEL),
}


@pytest.mark.parametrize("kind", MISSET)
async def test_a_misconfiguration_parks_jobs_until_it_is_mended(harness: BotHarness, kind: str) -> None:
    fault, reason = MISSET[kind]
    harness.dashscope.faults.add(fault, times=None)
    async with harness.bot_running() as bot:
        messages = [harness.share(harness.clip(seconds)) for seconds in (2, 3)]
        notices = [await harness.noticed(message) for message in messages]
        assert [words(notice) for notice in notices] == [sentences.waiting(ENGLISH, reason)] * 2
        await harness.until_async(lambda: _all_parked(bot.store.requests.depth, 2))
        harness.dashscope.faults.clear()
        replies = [await harness.answered(message) for message in messages]
    assert [[words(reply) for reply in found] for found in replies] == [
        ["A clip of 2 seconds."],
        ["A clip of 3 seconds."],
    ]
    assert [found[0].ts for found in replies] == [notice.ts for notice in notices]


async def _all_parked(depth: Callable[[], Awaitable[dict[JobState, int]]], count: int) -> bool:
    return (await depth())[JobState.PARKED] == count


async def test_an_expired_key_survives_a_restart(harness: BotHarness) -> None:
    harness.dashscope.faults.add(dashscope.Answer(401, "InvalidApiKey"), times=None)
    async with harness.bot_running() as bot:
        message = harness.share(harness.clip())
        await harness.noticed(message)
        await harness.until_async(lambda: _all_parked(bot.store.requests.depth, 1))
    harness.dashscope.faults.clear()
    async with harness.bot_running():
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."


async def _limit_pages(harness: BotHarness, count: int) -> None:
    """The bot's database may not grow beyond so many pages, as on a disk that is full."""
    assert harness.bot is not None

    async def execute(connection: AsyncConnection) -> None:
        await connection.execute(text(f"PRAGMA max_page_count={count}"))

    await harness.bot.store.database.transact(execute)


async def test_what_was_heard_while_the_disk_was_full_is_not_heard_again(harness: BotHarness) -> None:
    harness.ear.text = " ".join(f"word{number}" for number in range(2_000)) + "."
    held = harness.dashscope.faults.hold(when=is_clip)
    async with harness.bot_running():
        message = harness.share(harness.clip())
        await held.reached()
        with capture_logs() as logged:
            await _limit_pages(harness, 1)
            held.release()
            await harness.until(lambda: any(line["event"] == "part not kept yet" for line in logged))
        await _limit_pages(harness, 10**6)
        said = await harness.answered(message)
    assert [state_of(reply) for reply in said if reply.metadata] == ["transcribed"]
    assert len([call for call in harness.dashscope.calls if is_clip(call)]) == 1


async def test_what_lasts_too_long_ends_with_a_sentence(harness: BotHarness) -> None:
    harness.dashscope.faults.add(dashscope.Answer(500, "InternalError"), times=None)
    async with harness.bot_running(job_give_up_after_s=1):
        message = harness.share(harness.clip())
        (reply,) = await harness.answered(message)
    assert words(reply) == sentences.gave_up(ENGLISH, Outage.RECOGNISER)
    assert state_of(reply) == "failed"


async def test_a_key_that_stays_expired_ends_with_a_sentence(socket_harness: BotHarness) -> None:
    harness = socket_harness
    harness.dashscope.faults.add(dashscope.Answer(401, "InvalidApiKey"), times=None)
    async with harness.bot_running(job_give_up_after_s=2):
        message = harness.share(harness.clip())
        (reply,) = await harness.answered(message)
    assert words(reply) == sentences.gave_up(ENGLISH, Misconfiguration.RECOGNISER_KEY)


@pytest.mark.parametrize("how", ["socket", "http"])
async def test_what_cannot_be_stored_is_not_acknowledged(tmp_path: Path, how: Delivery) -> None:
    async with bot_harness_at(tmp_path, how, ack_timeout_s=0.4) as harness, harness.bot_running():
        database = tmp_path / "data" / "threadscribe.db"
        other = sqlite3.connect(database, isolation_level=None, timeout=5, check_same_thread=False)
        # In a thread: the bot, in this one, may have to end a transaction of its own first.
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        message = harness.share(harness.clip())
        delivery = harness.slack.deliveries[0]
        await harness.until(lambda: len(delivery.attempts) >= 2)
        assert not delivery.acked
        other.execute("ROLLBACK")
        other.close()
        (reply,) = await harness.answered(message)
        await asyncio.sleep(0.1)  # a second reply would come now
    assert words(reply) == "A clip of 2 seconds."
    assert len(harness.replies(message)) == 1


async def test_the_socket_comes_back_after_its_address_went_stale(socket_harness: BotHarness) -> None:
    harness = socket_harness
    async with harness.bot_running():
        held = harness.slack.faults.hold("socket_connect")
        await harness.slack.socket_mode.disconnect("refresh_requested")
        await held.reached()
        # The ticket in the address is good for a while only.
        harness.slack.state.socket_tickets.clear()
        held.drop()
        (reply,) = await harness.answered(harness.share(harness.clip(3)))
    assert words(reply) == "A clip of 3 seconds."


@pytest.mark.parametrize("reason", get_args(DisconnectReason))
async def test_whatever_slack_says_when_it_ends_a_connection_nothing_is_lost(
    socket_harness: BotHarness, reason: DisconnectReason
) -> None:
    harness = socket_harness
    harness.slack.socket_mode.close_after_s = 0.3
    async with harness.bot_running():
        held = harness.slack.faults.hold("download")
        under_way = harness.share(harness.clip(2))
        await held.reached()
        await harness.slack.socket_mode.disconnect(reason)
        told = [harness.share(harness.clip(3 + number)) for number in range(3)]
        held.release()
        await asyncio.sleep(0.6)  # by then Slack has closed what was still open
        told.append(harness.share(harness.clip(6)))
        for message in (under_way, *told):
            await harness.answered(message)
    assert [len(harness.replies(message)) for message in (under_way, *told)] == [1] * 5
    heard = [round(call.duration_s) for call in harness.dashscope.calls if call.duration_s > 1.5]
    assert sorted(heard) == [2, 3, 4, 5, 6]


async def test_the_socket_comes_back_after_it_broke(socket_harness: BotHarness) -> None:
    harness = socket_harness
    async with harness.bot_running():
        await harness.answered(harness.share(harness.clip(2)))
        await harness.slack.socket_mode.disconnect("refresh_requested")
        (reply,) = await harness.answered(harness.share(harness.clip(3)))
    assert words(reply) == "A clip of 3 seconds."

"""Recordings that Slack is slow with, or tells of in another way than by a message with files."""

from __future__ import annotations

from typing import Any

import pytest

from bot import sentences
from bot.errors import Refusal
from bot.playground.slack_lookalike.answering import LOGIN_PAGE
from bot.playground.slack_lookalike.records import Channel, File, Served
from bot.translations import ENGLISH
from tests.flows.harness import BotHarness, state_of, tone, words


def direct_message(harness: BotHarness) -> Channel:
    return harness.slack.state.add_channel("", harness.ada.id, kind="im")


def mention(harness: BotHarness) -> str:
    return f"<@{harness.slack.state.workspace.bot_user_id}> please"


def upload(harness: BotHarness, seconds: float, name: str, **described: Any) -> File:
    mimetype = described.pop("mimetype", "audio/wav")
    return harness.slack.state.add_file(
        tone(seconds), name, user=harness.ada.id, mimetype=mimetype, **described
    )


# -- young files


@pytest.mark.parametrize("described", [{}, {"stub_in_events": True}, {"urls_missing_for": 1}])
async def test_a_file_that_slack_does_not_know_yet_is_asked_for_again(
    harness: BotHarness, described: dict[str, Any]
) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(unknown_for=1, **described))
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert len(harness.calls("chat.postMessage")) == 1


async def test_where_one_address_is_dead_the_other_is_tried(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(served=Served(only_played=True)))
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert len(harness.calls("download")) == 2


# -- the login page


async def test_a_login_page_in_place_of_a_young_file_passes_unseen(
    harness: BotHarness, capfd: pytest.CaptureFixture[str]
) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(login_page_for=2))
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert len(harness.calls("chat.postMessage")) == 1
    assert "operator needed" not in str(capfd.readouterr())


async def test_a_file_that_is_closed_to_the_app_is_refused_alone(
    harness: BotHarness, capfd: pytest.CaptureFixture[str]
) -> None:
    async with harness.bot_running(job_give_up_after_s=3):
        closed = harness.share(harness.clip(2, served=Served(html=LOGIN_PAGE)))
        other = harness.share(harness.clip(3))
        (reply,) = await harness.answered(closed)
        (heard,) = await harness.answered(other)
    assert words(reply) == sentences.refusal(ENGLISH, Refusal.NOT_HANDED_OUT)
    assert state_of(reply) == "refused"
    assert words(heard) == "A clip of 3 seconds."
    assert "operator needed" not in str(capfd.readouterr())

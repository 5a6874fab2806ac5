"""Channels of which something is stored, and the harness of those who delete it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from bot.channel_settings import Automatic, ChannelSettings
from bot.model import JobKey
from bot.playground.slack_lookalike.records import Channel
from tests.slack.harness import SlackHarness, slack_harness
from tests.slack.payloads import request

DECIDED = ChannelSettings(Automatic.VIDEO, language="de")


class FullDisk:
    """A store that cannot write."""

    def __getattr__(self, name: str) -> Any:
        async def fail(*_: str) -> None:
            raise OSError(28, f"No space left on device: {name}")

        return fail


@asynccontextmanager
async def harness(preferences: object = None) -> AsyncIterator[SlackHarness]:
    async with slack_harness(
        lambda handlers: [handlers.channel_lifecycle, handlers.app_removal],
        ack_timeout_s=0.3,
        stored=lambda kept: preferences or kept,
    ) as made:
        yield made


async def decided(here: SlackHarness, *channels: Channel) -> None:
    """Each channel has settings, a greeting, a subscriber and a job."""
    await here.preferences.opt_out(here.team_id, "U1", out=True)
    await here.preferences.subscribe(here.team_id, "U1", [channel.id for channel in channels])
    for channel in channels:
        await here.preferences.change_channel(here.team_id, channel.id, lambda _: DECIDED)
        await here.preferences.greet(here.team_id, channel.id)
        key = JobKey(here.team_id, channel.id, "1.0", "F1")
        await here.jobs.accept([replace(request(), key=key)])


async def known(here: SlackHarness, channel_id: str) -> tuple[ChannelSettings, list[str], list[str]]:
    jobs = [key.file_id for key in here.jobs.rows if key.channel_id == channel_id]
    subscribers = list(await here.preferences.subscribers(here.team_id, channel_id))
    return await here.preferences.channel(here.team_id, channel_id), subscribers, jobs


NOTHING: tuple[ChannelSettings, list[str], list[str]] = (ChannelSettings(), [], [])
ALL = (DECIDED, ["U1"], ["F1"])

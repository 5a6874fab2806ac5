from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from bot import sentences
from bot.errors import Refusal, Rejected, Unavailable
from bot.model import THREAD, Outcome, Place
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.records import File, Message, User
from bot.ports.store import RequestOutcome
from bot.slack.incoming.messages import ManualRequest, SharedMessage
from bot.slack.requests.links import FileLink, MessageLink
from bot.slack.requests.opt_outs import OptedOut, OptOuts
from bot.slack.requests.request import Requesting, said_of
from tests.job.memory import MemoryJobs
from tests.job.virtual import VirtualTime
from tests.slack.harness import SlackHarness, slack_harness


@dataclass
class Counter:
    """Where asks come in."""

    harness: SlackHarness
    asking: Requesting
    anne: User

    def share(self, *files: File) -> tuple[str, Message]:
        """A message with files in a channel of its own."""
        state = self.harness.slack.state
        channel = state.add_channel("general", self.anne.id)
        return channel.id, state.post_as_user(channel.id, self.anne.id, files=files)

    def clip(self) -> File:
        return self.harness.slack.state.add_file(
            b"sound", "audio_message.m4a", user=self.anne.id, as_voice_clip=True
        )

    async def target(self, *files: File) -> SharedMessage:
        channel_id, message = self.share(*files)
        link = MessageLink(channel_id, message.ts)
        return await self.asking.linked(self.harness.team_id, link, self.anne.id, channel_id)


def asking_of(harness: SlackHarness, jobs: MemoryJobs) -> Requesting:
    context = harness.context
    opt_outs = OptOuts(context.preferences, context.lookups)
    own_user_id = harness.slack.state.workspace.bot_user_id
    return Requesting(jobs, context.lookups, context.permissions, opt_outs, own_user_id)


@pytest.fixture
async def counter() -> AsyncIterator[Counter]:
    async with slack_harness(lambda _: []) as harness:
        yield Counter(harness, asking_of(harness, harness.jobs), harness.slack.state.add_user("anne"))


async def test_of_several_files_it_is_told_that_something_happens(counter: Counter) -> None:
    target = await counter.target(counter.clip(), counter.clip())
    ask = ManualRequest(counter.anne.id, "1")
    assert await counter.asking.ask(target, ask) is RequestOutcome.ACCEPTED
    assert await counter.asking.ask(target, ask) is RequestOutcome.UNDER_WAY

    job = await counter.harness.jobs.claim()
    assert job is not None
    await counter.harness.jobs.finish(job, Outcome.TRANSCRIBED)
    assert await counter.asking.ask(target, ManualRequest(counter.anne.id, "2")) is RequestOutcome.UNDER_WAY

    job = await counter.harness.jobs.claim()
    assert job is not None
    await counter.harness.jobs.finish(job, Outcome.REFUSED)
    assert await counter.asking.ask(target, ManualRequest(counter.anne.id, "3")) is RequestOutcome.ACCEPTED


class SlowJobs(MemoryJobs):
    """A store that takes its time."""

    async def ask(self, *args: Any, **kwargs: Any) -> list[RequestOutcome]:
        await asyncio.sleep(0.02)
        return await super().ask(*args, **kwargs)


async def test_who_runs_out_of_time_has_asked_for_all_files_or_for_none(counter: Counter) -> None:
    jobs = SlowJobs(VirtualTime())
    asking = asking_of(counter.harness, jobs)
    target = await counter.target(*(counter.clip() for _ in range(3)))
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await asking.ask(target, ManualRequest(counter.anne.id, "1"))
    assert len(jobs.rows) in {0, 3}


async def test_a_file_that_is_no_recording_is_asked_for_where_there_is_nothing_else(counter: Counter) -> None:
    pdf = counter.harness.slack.state.add_file(
        b"pdf", "report.pdf", user=counter.anne.id, mimetype="application/pdf", filetype="pdf"
    )

    target = await counter.target(pdf)

    assert await counter.asking.ask(target, ManualRequest(counter.anne.id, "1")) is RequestOutcome.ACCEPTED
    assert await counter.asking.ask(await counter.target(), ManualRequest(counter.anne.id, "1")) is None


async def test_what_the_bot_itself_has_shared_is_no_recording(counter: Counter) -> None:
    state = counter.harness.slack.state
    bot = state.workspace.bot_user_id
    ours = state.add_file(b"sound", "a.m4a", user=bot, as_voice_clip=True)
    ask, channel = ManualRequest(counter.anne.id, "1"), state.add_channel("general", counter.anne.id)
    by_us = state.post_as_user(channel.id, bot, files=[counter.clip()])

    assert await counter.asking.ask(await counter.target(ours), ask) is None
    target = await counter.harness.context.lookups.message(counter.harness.team_id, channel.id, by_us.ts)
    assert await counter.asking.ask(target, ask) is None
    assert counter.harness.jobs.rows == {}


async def test_of_several_the_recordings_of_others_are_asked_for(counter: Counter) -> None:
    bea = counter.harness.slack.state.add_user("bea")
    hers = counter.harness.slack.state.add_file(b"sound", "b.m4a", user=bea.id, as_voice_clip=True)
    await counter.harness.preferences.opt_out(counter.harness.team_id, bea.id, out=True)
    ask = ManualRequest(counter.anne.id, "1")

    asked = await counter.asking.ask(await counter.target(hers, counter.clip()), ask)

    assert isinstance(asked, OptedOut)
    assert said_of(asked, ask) is sentences.REFUSALS[Refusal.OPTED_OUT]
    (row,) = counter.harness.jobs.rows.values()
    assert (row.job.request.position, row.job.request.siblings) == (1, 2)


async def test_of_a_file_in_very_many_channels_the_first_are_looked_at(counter: Counter) -> None:
    state, file, guest = (
        counter.harness.slack.state,
        counter.clip(),
        counter.harness.slack.state.add_user("bea"),
    )
    places = [state.add_channel(f"c{number}", counter.anne.id) for number in range(12)]
    for place in places:
        state.post_as_user(place.id, counter.anne.id, files=[file])
    places[-1].members.append(guest.id)
    link = FileLink(file.id)

    with pytest.raises(Rejected) as refused:
        await counter.asking.linked(counter.harness.team_id, link, guest.id, "C0ELSEWHERE")
    assert refused.value.reason is Refusal.FORBIDDEN
    assert len(counter.harness.calls("conversations.members")) == 10

    found = await counter.asking.linked(counter.harness.team_id, link, guest.id, places[-1].id)
    assert found.channel_id == places[-1].id


async def test_what_slack_does_not_say_is_not_allowed(counter: Counter) -> None:
    channel_id, message = counter.share(counter.clip())
    counter.harness.slack.faults.add("conversations.members", SlackError("internal_error"))

    with pytest.raises(Unavailable):
        await counter.asking.linked(
            counter.harness.team_id, MessageLink(channel_id, message.ts), counter.anne.id, channel_id
        )
    assert counter.harness.calls("conversations.replies") == []


async def test_the_bot_is_in_a_channel_or_not(counter: Counter) -> None:
    state = counter.harness.slack.state
    channel_id, _ = counter.share()
    public = state.add_channel("public", counter.anne.id, with_bot=False)
    direct = state.add_channel("", counter.anne.id, kind="im")

    assert await counter.asking.is_in(channel_id)
    assert await counter.asking.is_in(direct.id)
    assert not await counter.asking.is_in(public.id)
    assert not await counter.asking.is_in("C0NOWHERE")


def test_every_outcome_has_its_own_sentence() -> None:
    in_thread = ManualRequest("U1", "1", THREAD)
    here, direct = ManualRequest("U1", "1", "U1", whisper_in=Place("C1")), ManualRequest("U1", "1", "U1")

    said = [said_of(asked, in_thread) for asked in RequestOutcome]
    said += [said_of(asked, here) for asked in (RequestOutcome.ACCEPTED, RequestOutcome.UNDER_WAY)]

    assert len({*said, said_of(RequestOutcome.ACCEPTED, direct)}) == 6
    # Only the same ask delivered twice ends so: whatever one reader asks for is done again.
    assert said_of(RequestOutcome.ANSWERED, here) == said_of(RequestOutcome.UNDER_WAY, here)
    assert {said_of(None, ask) for ask in (in_thread, here, direct)} == {sentences.NOTHING_IN_IT}

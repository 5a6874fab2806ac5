"""What a look through the histories of channels finds, and what it costs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Outcome, Removal
from bot.playground.slack_lookalike import faults
from bot.playground.slack_lookalike.records import Channel, File, Message
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.ports.store import KnownRecording
from bot.slack.client.api import SlackApi
from bot.slack.client.identity import SCOPES, Identity
from bot.slack.client.lookups import Lookups
from bot.slack.client.paced import PacedApi
from bot.slack.requests.look_back import LookBack
from bot.slack.requests.opt_outs import OptOuts
from bot.slack.requests.shares import Shares
from bot.store.store import Store, open_store
from bot.telemetry import Metrics


class Away:
    """A workspace in which things happen while nobody listens, and a bot that looks back."""

    def __init__(self, slack: SlackLookalike, store: Store) -> None:
        self.slack, self.store = slack, store
        state = slack.state
        self.state = state
        self.team_id, self.bot_user_id = state.workspace.team_id, state.workspace.bot_user_id
        self.ada = state.add_user("ada")
        self.room = state.add_channel("room", self.ada.id)
        self.passed_s = 0.0
        self.metrics = Metrics()
        self.ended: list[str] = []
        state.clock = self.time

    def time(self) -> float:
        return 1_800_000_000.0 + self.passed_s

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    async def sleep(self, seconds: float) -> None:
        """Time passes, in which the jobs that wait end."""
        self.passed_s += seconds
        await self.end_jobs()

    def clip(self, name: str = "clip.m4a", **described: Any) -> File:
        known: dict[str, Any] = {"user": self.ada.id, "as_voice_clip": True}
        return self.state.add_file(b"sound", name, **known | described)

    def share(self, *files: File, channel: Channel | None = None, thread: Message | None = None) -> Message:
        self.passed_s += 1
        where = (channel or self.room).id
        return self.state.post_as_user(
            where, self.ada.id, files=files, thread_ts=thread.ts if thread else None
        )

    async def listen(self) -> None:
        """Listen to every channel from now on."""
        await self.store.listening.start(self.team_id, automatic=True)
        await self.store.listening.begin(self.team_id, list(self.state.channels))
        self.passed_s += 10

    async def answer(self, message: Message) -> None:
        """Have what stands in a message answered, as if it had been heard."""
        await self.look_back()
        await self.end_jobs()
        assert message.ts in {recording.message_ts for recording in await self.known(message.channel_id)}

    async def known(self, channel_id: str) -> list[KnownRecording]:
        found = await self.store.requests.recordings_since(self.team_id, datetime.fromtimestamp(0, UTC))
        return list(found.get(channel_id, ()))

    async def end_jobs(self) -> list[str]:
        """The files of all jobs so far, in their order; those that wait end."""
        while job := await self.store.queue.claim():
            self.ended.append(job.key.file_id)
            await self.store.queue.finish(job, Outcome.TRANSCRIBED)
        return self.ended

    async def removals(self) -> list[Removal]:
        found = []
        while removal := await self.store.removals.claim_removal():
            found.append(removal)
        return found

    async def look_back(
        self, *, window: timedelta = timedelta(hours=24), is_last_gap: bool = True, missed: bool = True
    ) -> bool:
        if missed:
            await self.store.listening.note_missed(self.team_id, self.now() - timedelta(hours=200))
        client = AsyncWebClient(self.slack.bot_token, base_url=self.slack.api_url, retry_handlers=[])
        shares = Shares(
            self.store.requests,
            self.store.preferences,
            self.store.listening,
            OptOuts(self.store.preferences, Lookups(SlackApi(client, client))),
            automatic=True,
            metrics=self.metrics,
        )
        look_back = LookBack(
            PacedApi(client, 20, self.time, self.sleep),
            identity=Identity(self.team_id, self.state.workspace.bot_id, self.bot_user_id, SCOPES),
            listening=self.store.listening,
            requests=self.store.requests,
            preferences=self.store.preferences,
            shares=shares,
            window=window,
            metrics=self.metrics,
            now=self.now,
            sleep=self.sleep,
        )
        return await look_back.run(lambda: is_last_gap)

    def calls(self, method: str) -> list[str]:
        """The channel and thread of each call."""
        return [
            " ".join(filter(None, (call.arguments.get("channel"), call.arguments.get("ts"))))
            for call in self.state.calls
            if call.method == method
        ]

    def counted(self, what: str) -> float:
        return self.metrics.registry.get_sample_value("threadscribe_catch_up_total", {"what": what}) or 0.0


@pytest.fixture
async def away(tmp_path: Path) -> AsyncIterator[Away]:
    async with SlackLookalike() as slack:
        holder: list[Away] = []
        async with open_store(tmp_path, lambda: holder[0].now() if holder else datetime.now(UTC)) as store:
            holder.append(Away(slack, store))
            yield holder[0]


async def test_the_newest_recording_is_taken_first(away: Away) -> None:
    await away.listen()
    messages = [away.share(away.clip()) for _ in range(3)]
    assert await away.look_back()
    assert await away.end_jobs() == [message.files[0].id for message in reversed(messages)]
    assert (away.counted("recordings"), away.counted("channels"), away.counted("removed")) == (3, 1, 0)
    assert await away.store.listening.missed(away.team_id) == {}


async def test_what_is_no_recording_or_is_a_bots_is_passed_over(away: Away) -> None:
    await away.listen()
    away.share(away.clip("notes.pdf", mimetype="application/pdf", as_voice_clip=""))
    away.state.post_as_user(away.room.id, "U0OTHERBOT1", files=[away.clip()], bot_id="B0OTHERBOT1")
    away.state.post_as_user(away.room.id, away.bot_user_id, files=[away.clip()], bot_id="B0BOT000001")
    assert await away.look_back()
    assert await away.end_jobs() == []


async def test_nothing_is_taken_from_before_the_window(away: Away) -> None:
    await away.listen()
    away.share(away.clip())
    away.passed_s += 3 * 3_600
    late = away.share(away.clip())
    assert await away.look_back(window=timedelta(hours=2))
    assert await away.end_jobs() == [late.files[0].id]


async def test_threads_that_hold_nothing_new_are_not_read(away: Away) -> None:
    away.share(away.clip())
    own = away.share(away.clip())
    await away.listen()
    busy = away.share(away.clip())
    reply = away.share(away.clip(), thread=busy)
    away.state.keep(
        Message(away.state.next_ts(), away.room.id, away.bot_user_id, "x", "B0BOT000001", thread_ts=own.ts)
    )
    assert await away.look_back()
    assert away.calls("conversations.replies") == [f"{away.room.id} {busy.ts}"]
    assert set(await away.end_jobs()) == {busy.files[0].id, reply.files[0].id}


async def test_a_recording_in_a_thread_of_old_is_found_by_its_file(away: Away) -> None:
    head = away.state.post_as_user(away.room.id, away.ada.id, "weeks ago")
    away.passed_s += 30 * 24 * 3_600
    await away.listen()
    reply = away.share(away.clip(), thread=head)
    assert await away.look_back()
    assert await away.end_jobs() == [reply.files[0].id]
    assert away.calls("conversations.replies") == [f"{away.room.id} {head.ts}"]


async def test_a_known_recording_that_is_gone_takes_its_transcripts_along(away: Away) -> None:
    await away.listen()
    thread = away.share(away.clip())
    gone, stays = away.share(away.clip()), away.share(away.clip())
    in_thread = away.share(away.clip(), thread=thread)
    emptied = away.share(away.clip(), away.clip())
    await away.answer(stays)
    away.state.delete_message(gone)
    away.state.delete_message(in_thread)
    away.state.delete_file(emptied.files[0])
    assert await away.look_back()
    assert {(one.message_ts, one.thread_ts, one.file_id) for one in await away.removals()} == {
        (gone.ts, gone.ts, gone.files[0].id),
        (in_thread.ts, thread.ts, in_thread.files[0].id),
        (emptied.ts, emptied.ts, emptied.files[0].id),
    }
    assert away.counted("removed") == 3
    assert len(await away.end_jobs()) == 6, "each once"


async def test_a_thread_that_is_gone_as_a_whole_takes_its_recordings_along(away: Away) -> None:
    await away.listen()
    thread = away.state.post_as_user(away.room.id, away.ada.id, "head")
    inside = away.share(away.clip(), thread=thread)
    await away.answer(inside)
    away.state.delete_message(inside)
    away.state.delete_message(thread)
    assert await away.look_back()
    assert [one.message_ts for one in await away.removals()] == [inside.ts]


async def test_nothing_is_removed_because_slack_did_not_list_it(away: Away) -> None:
    await away.listen()
    known = away.share(away.clip())
    await away.answer(known)
    # As if the history had left it out, or the one look that proves it were refused.
    hidden = away.state.messages.pop((away.room.id, known.ts))
    away.slack.faults.add("conversations.replies", faults.SlackError("not_in_channel"))
    assert await away.look_back()
    away.state.messages[away.room.id, known.ts] = hidden
    assert await away.removals() == []


async def test_older_recordings_are_not_looked_for(away: Away) -> None:
    await away.listen()
    old = away.share(away.clip())
    await away.answer(old)
    away.passed_s += 3 * 3_600
    away.state.delete_message(old)
    assert await away.look_back(window=timedelta(hours=2))
    assert await away.removals() == []


async def test_a_channel_where_nothing_is_wanted_costs_no_call(away: Away) -> None:
    silent = away.state.add_channel("silent", away.ada.id, is_ext_shared=True)
    await away.listen()
    away.share(away.clip(), channel=silent)
    assert await away.look_back()
    assert away.calls("conversations.history") == [away.room.id]
    away.passed_s += 1
    await away.store.preferences.subscribe(away.team_id, "U0READER001", [silent.id])
    heard = away.share(away.clip(), channel=silent)
    assert await away.look_back()
    assert away.calls("conversations.history").count(silent.id) == 1
    known = [recording.message_ts for recording in await away.known(silent.id)]
    assert known == [heard.ts], "not from before they wanted it"


async def test_a_channel_that_is_closed_stops_no_other(away: Away) -> None:
    for number in range(3):
        away.share(away.clip(), channel=away.state.add_channel(f"other-{number}", away.ada.id))
    await away.listen()
    for code in ("channel_not_found", "missing_scope"):
        away.slack.faults.add("conversations.history", faults.SlackError(code))
    assert not await away.look_back(), "a scope may be granted"
    assert len(away.calls("conversations.history")) == 4
    assert len(await away.store.listening.missed(away.team_id)) == 1
    assert await away.look_back(missed=False)
    assert len(away.calls("conversations.history")) == 5


async def test_it_does_without_a_list_of_new_files(away: Away) -> None:
    await away.listen()
    message = away.share(away.clip())
    away.slack.faults.add("files.list", faults.SlackError("not_allowed"))
    assert await away.look_back()
    assert await away.end_jobs() == [message.files[0].id]


async def test_what_was_left_comes_before_what_was_done(away: Away) -> None:
    others = [away.state.add_channel(f"other-{number}", away.ada.id) for number in range(3)]
    await away.listen()
    left = others[1]
    await away.store.listening.note_missed(away.team_id, away.now())
    for channel in (away.room, others[0], others[2]):
        await away.store.listening.caught_up(away.team_id, channel.id)
    away.passed_s += 3_600
    await away.store.listening.note_missed(away.team_id, away.now())
    assert await away.look_back(missed=False)
    assert away.calls("conversations.history")[0] == left.id


async def test_a_gap_meanwhile_has_all_of_it_done_again(away: Away) -> None:
    await away.listen()
    away.share(away.clip())
    assert not await away.look_back(is_last_gap=False)
    assert set(await away.store.listening.missed(away.team_id)) == {away.room.id}
    assert await away.look_back()
    assert len(await away.end_jobs()) == 1


@pytest.mark.parametrize("channels", [100, pytest.param(1_000, marks=pytest.mark.soak)])
async def test_quiet_channels_take_a_minute_for_twenty(away: Away, channels: int) -> None:
    for number in range(channels - 1):
        away.state.add_channel(f"quiet-{number}", away.ada.id)
    await away.listen()
    began = away.passed_s
    assert await away.look_back()
    assert len(away.calls("conversations.history")) == channels
    assert channels / 20 - 1 <= (away.passed_s - began) / 60 <= channels / 20 + 1


async def test_no_more_is_taken_while_there_is_much_to_do(away: Away) -> None:
    await away.listen()
    for _ in range(6):
        away.share(away.clip())
    assert await away.look_back()
    assert len(away.ended) == 4, "those that ended while the others had to wait"
    assert len(await away.end_jobs()) == 6

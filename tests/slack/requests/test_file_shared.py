from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot.model import TranscriptionRequest
from bot.playground.slack_lookalike.faults import Answer, SlackError
from bot.playground.slack_lookalike.records import Channel, File, Message, User
from bot.slack.requests import file_shared
from tests.slack.harness import SlackHarness, slack_harness

LOOKED_UP = ["files.info", "conversations.replies"]


@dataclass
class Room:
    """A channel where files are shared, and no message event tells of it."""

    harness: SlackHarness
    channel: Channel
    anne: User

    def clip(self, **more: Any) -> File:
        return self.harness.slack.state.add_file(
            b"sound", "audio_message.m4a", user=self.anne.id, as_voice_clip=True, **more
        )

    async def share(self, *files: File, text: str = "", **more: Any) -> Message:
        message = self.harness.slack.state.post_as_user(
            more.pop("channel", self.channel).id, self.anne.id, text, files=files, **more
        )
        await self.harness.settled()
        return message

    def requests(self) -> list[TranscriptionRequest]:
        return [row.job.request for row in self.harness.jobs.rows.values()]

    def lookups(self) -> list[str]:
        return [call.method for call in self.harness.slack.state.calls if call.method in LOOKED_UP]

    def acknowledged(self) -> list[bool]:
        return [delivery.acked for delivery in self.harness.slack.deliveries]


@asynccontextmanager
async def room_with(delays_s: Sequence[float] = (), **deployment: Any) -> AsyncIterator[Room]:
    async with slack_harness(
        lambda handlers: [handlers.file_shared, handlers.direct_messages],
        ack_timeout_s=0.5,
        delays_s=tuple(delays_s),
        **deployment,
    ) as harness:
        state = harness.slack.state
        state.share_events = ("file_shared",)
        anne = state.add_user("anne")
        yield Room(harness, state.add_channel("general", anne.id), anne)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_shared, "_PATIENCE_S", 0.05)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with room_with() as made:
        yield made


async def test_a_share_is_taken_as_its_message_would_have_been(room: Room) -> None:
    head = await room.share()
    mention = f"<@{room.harness.slack.state.workspace.bot_user_id}> please"
    message = await room.share(room.clip(), room.clip(), text=mention, thread_ts=head.ts)
    found = room.requests()
    room.harness.jobs.rows.clear()

    room.harness.slack.state.emit_about(message, {})
    await room.harness.settled()

    assert [str(request.key.file_id) for request in found] == [file.id for file in message.files]
    assert room.requests() == found
    assert room.lookups() == LOOKED_UP, "once for both"
    assert all(request.explicit and request.thread_ts == head.ts for request in found)


@pytest.mark.parametrize("is_ext_shared", [False, True])
async def test_the_channels_settings_count(room: Room, is_ext_shared: bool) -> None:  # noqa: FBT001
    channel = room.harness.slack.state.add_channel("other", room.anne.id, is_ext_shared=is_ext_shared)

    await room.share(room.clip(), channel=channel)

    assert len(room.requests()) == (0 if is_ext_shared else 1)


async def test_a_direct_message_is_known_as_one() -> None:
    async with room_with(automatic=False) as room:
        direct = room.harness.slack.state.add_channel("", room.anne.id, kind="im")
        await room.share(room.clip(), channel=direct)
        assert len(room.requests()) == 1


async def test_who_has_opted_out_is_told_once(room: Room) -> None:
    direct = room.harness.slack.state.add_channel("", room.anne.id, kind="im")
    await room.harness.preferences.opt_out(room.harness.team_id, room.anne.id, out=True)

    await room.share(room.clip(), room.clip(), channel=direct)

    assert room.requests() == []
    assert len(room.harness.said(direct.id)) == 1


@pytest.mark.parametrize("order", [("message", "file_shared"), ("file_shared", "message")])
@pytest.mark.parametrize("automatic", [True, False])
async def test_where_the_message_was_handled_nothing_is_asked(
    order: Any,
    automatic: bool,  # noqa: FBT001  # a case
) -> None:
    async with room_with(automatic=automatic) as room:
        room.harness.slack.state.share_events = order
        await room.share(room.clip(), room.clip())

        assert len(room.requests()) == (2 if automatic else 0)
        assert room.lookups() == []
        assert all(room.acknowledged())


async def test_a_file_that_another_channel_knows_is_looked_up_here(room: Room) -> None:
    clip = room.clip()
    first = await room.share(clip)
    other = room.harness.slack.state.add_channel("other", room.anne.id)
    second = await room.share(clip, channel=other)

    assert {(request.key.channel_id, request.key.message_ts) for request in room.requests()} == {
        (first.channel_id, first.ts),
        (second.channel_id, second.ts),
    }


async def test_of_two_shares_in_a_channel_the_newest_is_meant(room: Room) -> None:
    room.harness.slack.state.share_events = ()
    clip = room.clip()
    await room.share(clip)
    room.harness.slack.state.share_events = ("file_shared",)
    newest = await room.share(clip)

    (request,) = room.requests()
    assert request.key.message_ts == newest.ts


@pytest.mark.parametrize(
    ("method", "code"), [(LOOKED_UP[0], "file_not_found"), (LOOKED_UP[1], "thread_not_found")]
)
async def test_what_is_not_there_yet_slack_is_to_tell_of_again(method: str, code: str) -> None:
    async with room_with(delays_s=[0.0, 0.0]) as room:
        room.harness.slack.faults.add(method, SlackError(code), times=2)

        await room.share(room.clip())

        assert len(room.requests()) == 1
        (delivery,) = room.harness.slack.deliveries
        assert [attempt.number for attempt in delivery.attempts] == [0, 1, 2]


async def test_so_is_a_share_that_the_files_record_does_not_tell_of_yet(room: Room) -> None:
    clip = room.clip()
    clip.user = room.harness.slack.state.workspace.bot_user_id  # so that the bot may see it
    _tell(room, clip.id)
    await room.harness.settled()

    assert room.acknowledged()[-1] is False


@pytest.mark.parametrize("event_ts", ["1720000000.000100", "odd"])
async def test_what_is_still_not_there_a_minute_later_is_let_go(room: Room, event_ts: str) -> None:
    _tell(room, "F0NOWHERE", event_ts=event_ts)
    await room.harness.settled()

    assert room.acknowledged() == [True]
    assert room.requests() == []


async def test_a_canvas_has_no_message(room: Room) -> None:
    canvas = room.harness.slack.state.add_file(
        b"{}",
        "plan",
        user=room.harness.slack.state.workspace.bot_user_id,
        mimetype="application/vnd.slack-docs",
        filetype="quip",
    )
    _tell(room, canvas.id)
    await room.harness.settled()

    assert room.acknowledged() == [True]


@pytest.mark.parametrize("trouble", [SlackError("internal_error"), Answer(503), SlackError("missing_scope")])
async def test_where_slack_is_silent_it_is_to_tell_of_it_again(
    room: Room, trouble: SlackError | Answer
) -> None:
    room.harness.slack.faults.add("files.info", trouble, times=None)

    await room.share(room.clip())

    assert room.acknowledged() == [False]
    assert room.requests() == []


async def test_what_the_bot_shares_itself_and_what_names_nothing_costs_nothing(room: Room) -> None:
    _tell(room, "F0OURS", user_id=room.harness.slack.state.workspace.bot_user_id)
    _tell(room, "")
    _tell(room, "F0SOME", channel_id="")
    await room.harness.settled()

    assert room.acknowledged() == [True] * 3
    assert room.lookups() == []


def _tell(room: Room, file_id: str, **changes: Any) -> None:
    """Slack says that a file was shared."""
    state, now = room.harness.slack.state, room.harness.context.now()
    event = {"type": "file_shared", "file_id": file_id, "user_id": room.anne.id}
    event |= {"channel_id": room.channel.id, "event_ts": f"{now.timestamp():.6f}"} | changes
    state.emit_event(event, channel_ids=[room.channel.id])

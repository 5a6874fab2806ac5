from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import JobKey
from bot.playground.slack_lookalike.records import Message
from bot.slack.client.identity import Identity
from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.incoming.listeners import Listeners
from bot.slack.lifecycle.deleted import Deletion, parse_gone
from tests.job.memory import MemoryJobs
from tests.job.virtual import VirtualTime
from tests.slack.harness import SlackHarness, slack_harness
from tests.slack.payloads import BOT, CHANNEL, SHARER, TEAM, TS, body, clip, event, request

MESSAGE = EventCallback[MessageEvent]
OURS = Identity(TEAM, "B024BOT01", BOT, frozenset())


def message(*files: Any, **changes: Any) -> dict[str, Any]:
    shared = event(*files)
    kept = {name: shared[name] for name in ("type", "subtype", "text", "user", "ts", "files")}
    return kept | changes


def deleted(before: Any, **changes: Any) -> dict[str, Any]:
    gone = {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": CHANNEL,
        "ts": "1720000009.000100",
        "deleted_ts": TS,
        "previous_message": before,
    }
    return body(gone | changes)


def changed(before: Any, after: Any) -> dict[str, Any]:
    return deleted(before, subtype="message_changed", message=after)


def read(payload: dict[str, Any]) -> list[Deletion]:
    return list(parse_gone(MESSAGE.model_validate(payload), OURS))


def test_a_deleted_message_with_files_is_gone_whole() -> None:
    assert read(deleted(message(clip("F1"), clip("F2")))) == [Deletion(TEAM, CHANNEL, TS, TS)]


def test_one_in_a_thread_names_its_thread() -> None:
    gone = message(clip(), thread_ts="1710000000.000100")

    assert read(deleted(gone)) == [Deletion(TEAM, CHANNEL, TS, "1710000000.000100")]


def test_so_is_a_message_that_forwarded_files() -> None:
    gone = message(files=[], attachments=[{"is_share": True, "files": [clip("F7")]}])

    assert read(deleted(gone)) == [Deletion(TEAM, CHANNEL, TS, TS)]


def test_the_files_may_be_tombstones_already() -> None:
    assert read(deleted(message({"id": "F1", "mode": "tombstone"}))) == [Deletion(TEAM, CHANNEL, TS, TS)]


def test_a_head_of_a_thread_becomes_a_tombstone() -> None:
    tombstone = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": TS, "thread_ts": TS}

    assert read(changed(message(clip()), tombstone)) == [Deletion(TEAM, CHANNEL, TS, TS)]


def test_a_file_that_became_a_tombstone_is_gone_alone() -> None:
    after = message({"id": "F1", "mode": "tombstone"}, clip("F2"))

    assert read(changed(message(clip("F1"), clip("F2")), after)) == [Deletion(TEAM, CHANNEL, TS, TS, "F1")]


@pytest.mark.parametrize(
    "after",
    [
        message(clip("F1"), text="edited"),
        message(clip("F1"), clip("F2")),
        message({"id": "F1", "mode": "hidden_by_limit"}),
        message({"id": "F1", "mode": "hosted", "file_access": "access_denied"}),
        message({"id": "F9", "mode": "tombstone"}, clip("F1")),
        message(files=[]),
        {},
        None,
    ],
)
def test_any_other_change_takes_nothing_back(after: Any) -> None:
    assert read(changed(message(clip("F1")), after)) == []


def test_a_tombstone_is_told_of_once() -> None:
    gone = message({"id": "F1", "mode": "tombstone"})

    assert read(changed(gone, gone)) == []


@pytest.mark.parametrize("before", [None, "gone", message(files=[]), {"ts": TS, "user": SHARER}])
def test_a_deleted_message_is_named_by_channel_and_time_alone(before: Any) -> None:
    assert read(deleted(before)) == [Deletion(TEAM, CHANNEL, TS, None)]


def test_what_a_message_is_now_tells_enough() -> None:
    tombstone = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": TS, "thread_ts": TS}
    files = message({"id": "F1", "mode": "tombstone"}, clip("F2"))

    assert read(changed(None, tombstone)) == [Deletion(TEAM, CHANNEL, TS, None)]
    assert read(changed(None, files)) == [Deletion(TEAM, CHANNEL, TS, None, "F1")]
    assert read(changed(None, message(clip("F2")))) == []
    assert read(changed(None, files | {"bot_id": "B024BOT01"})) == [], "the bot's own"


@pytest.mark.parametrize("own", [{"user": BOT}, {"bot_id": "B024BOT01"}])
def test_a_message_of_the_bots_own_says_nothing(own: dict[str, Any]) -> None:
    assert read(deleted(message(clip()) | own)) == []


def test_a_bot_whose_ids_are_not_known_takes_nobody_for_itself() -> None:
    nobody = Identity(TEAM, "", "", frozenset())

    assert list(parse_gone(MESSAGE.model_validate(deleted(message(clip()))), nobody)) != []


@pytest.mark.parametrize(
    "payload",
    [
        deleted(None, deleted_ts=None),
        deleted(None, deleted_ts="?"),
        deleted(message(clip()), channel=None),
        changed(None, None),
        changed(message(files=[]), message({"id": "F1", "mode": "tombstone"})),
        body(None),
        {},
    ],
)
def test_without_a_message_there_is_nothing_to_take_back(payload: dict[str, Any]) -> None:
    assert read(payload) == []


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["message_deleted", TS, CHANNEL, SHARER, "F1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "ts", "files", "mode", "user", "previous_message", "message", "deleted_ts"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(json_values, json_values, st.sampled_from(["message_deleted", "message_changed", 7, None]))
@settings(max_examples=100, deadline=None)
def test_no_payload_crashes_it(before: Any, after: Any, subtype: Any) -> None:
    read(deleted(before, message=after, subtype=subtype))


class Others:
    """Whoever listens for messages of any kind."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def register(self, listeners: Listeners) -> None:
        listeners.event("message", MessageEvent, self._take)

    async def _take(self, callback: EventCallback[MessageEvent]) -> None:
        self.heard.append(callback.event.subtype)


@asynccontextmanager
async def listening(jobs: object = None) -> AsyncIterator[tuple[SlackHarness, Others]]:
    others = Others()

    async with slack_harness(
        lambda handlers: [handlers.deleted_recordings, others],
        ack_timeout_s=0.3,
        requests=lambda kept: jobs or kept,
    ) as harness:
        yield harness, others


async def share(harness: SlackHarness, *names: str, thread_ts: str | None = None) -> Message:
    state = harness.slack.state
    anne = state.add_user("anne").id
    channel = next(iter(state.channels.values()), None) or state.add_channel("general", anne)
    files = [state.add_file(b"x", name, user=anne, as_voice_clip=True) for name in names]
    message = state.post_as_user(channel.id, anne, "listen", files=files, thread_ts=thread_ts)
    keys = [JobKey(harness.team_id, channel.id, message.ts, file.id) for file in files]
    await harness.jobs.accept(
        [replace(request(), key=key, thread_ts=thread_ts or message.ts) for key in keys]
    )
    await harness.settled()
    return message


def outcomes(harness: SlackHarness) -> dict[str, str | None]:
    return {key.file_id: row.outcome for key, row in harness.jobs.rows.items()}


async def test_deleting_a_message_withdraws_its_jobs() -> None:
    async with listening() as (harness, others):
        head = await share(harness, "other.m4a")
        message = await share(harness, "a.m4a", "b.m4a", thread_ts=head.ts)

        harness.slack.state.delete_message(message)
        await harness.settled()

        assert outcomes(harness) == {
            head.files[0].id: None,
            **{file.id: "withdrawn" for file in message.files},
        }
        removal = await harness.jobs.claim_removal()
        assert removal is not None
        assert (removal.message_ts, removal.thread_ts, removal.file_id) == (message.ts, head.ts, None)
        assert others.heard == ["file_share", "file_share"]


async def test_a_message_that_is_only_named_withdraws_what_is_known_of_it() -> None:
    async with listening() as (harness, _):
        harness.slack.state.workspace.tells_previous_message = False
        head = await share(harness, "other.m4a")
        message = await share(harness, "a.m4a", "b.m4a", thread_ts=head.ts)
        unknown = harness.slack.state.post_as_user(head.channel_id, head.user, "words")

        for gone in (unknown, message):
            harness.slack.state.delete_message(gone)
            await harness.settled()

        assert list(outcomes(harness).values()) == [None, "withdrawn", "withdrawn"]
        removal = await harness.jobs.claim_removal()
        assert removal is not None
        assert (removal.message_ts, removal.thread_ts, removal.file_id) == (message.ts, head.ts, None)
        assert await harness.jobs.claim_removal() is None


async def test_a_file_that_is_a_tombstone_now_is_withdrawn_once() -> None:
    async with listening() as (harness, _):
        harness.slack.state.workspace.tells_previous_message = False
        message = await share(harness, "a.m4a", "b.m4a")
        message.files[0].mode = "tombstone"

        for text in ("listen", "listen, please"):
            harness.slack.state.edit(message, text=text)
            await harness.settled()

        assert list(outcomes(harness).values()) == ["withdrawn", None]
        removal = await harness.jobs.claim_removal()
        assert removal is not None
        assert removal.file_id == message.files[0].id
        assert await harness.jobs.claim_removal() is None


async def test_deleting_a_file_withdraws_it_wherever_it_was_shared() -> None:
    async with listening() as (harness, _):
        message = await share(harness, "a.m4a", "b.m4a")

        harness.slack.state.delete_file(message.files[0])
        await harness.settled()

        assert list(outcomes(harness).values()) == ["withdrawn", None]
        assert harness.slack.deliveries[-1].acked


@pytest.mark.parametrize("tells", [True, False])
async def test_deleting_what_the_bot_said_withdraws_nothing(*, tells: bool) -> None:
    async with listening() as (harness, _):
        harness.slack.state.workspace.tells_previous_message = tells
        message = await share(harness, "a.m4a")
        api = harness.context.api
        posted = await api.write("chat.postMessage", channel=message.channel_id, text="what was said")
        await api.write("chat.delete", channel=message.channel_id, ts=posted["ts"])
        await harness.settled()

        assert list(outcomes(harness).values()) == [None]
        assert await harness.jobs.claim_removal() is None
        assert harness.slack.deliveries[-1].acked


async def test_an_edited_text_withdraws_nothing() -> None:
    async with listening() as (harness, _):
        message = await share(harness, "a.m4a")

        harness.slack.state.edit(message, text="listen, please")
        await harness.settled()

        assert await harness.jobs.claim_removal() is None
        assert harness.slack.deliveries[-1].acked


async def test_an_edit_may_take_a_recording_and_add_another() -> None:
    async with listening() as (harness, _):
        message = await share(harness, "a.m4a")
        harness.slack.state.delete_file(message.files[0])
        await harness.settled()
        added = harness.slack.state.add_file(b"sound", "b.m4a", user=message.user, as_voice_clip=True)

        harness.slack.state.edit(message, files=[*message.files, added])
        await harness.settled()

        assert outcomes(harness) == {message.files[0].id: "withdrawn", added.id: None}


async def test_a_removal_that_could_not_be_stored_is_delivered_again() -> None:
    class FullDisk(MemoryJobs):
        async def remove_message(self, *_: str, thread_ts: str | None, file_id: str | None = None) -> bool:
            raise OSError(28, f"No space left on device: {thread_ts} {file_id}")

    async with listening(FullDisk(VirtualTime())) as (harness, _):
        message = await share(harness, "a.m4a")

        harness.slack.state.delete_message(message)
        await harness.settled()

        assert not harness.slack.deliveries[-1].acked

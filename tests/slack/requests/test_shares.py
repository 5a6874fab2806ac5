from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.channel_settings import Automatic, ChannelSettings
from bot.errors import Misconfigured, Unavailable
from bot.model import SUBSCRIBERS, THREAD, FileState
from bot.playground.slack_lookalike.faults import Answer, SlackError
from bot.playground.slack_lookalike.records import File
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.ports.preferences import Listening
from bot.slack.client.api import SlackApi
from bot.slack.client.lookups import Lookups
from bot.slack.requests.shares import Shares
from bot.telemetry import Metrics
from tests.job.memory import MemoryJobs
from tests.job.memory_preferences import MemoryListening, MemoryPreferences
from tests.job.virtual import VirtualTime
from tests.slack.payloads import CHANNEL, SHARER, TEAM, callback, clip, event, mention, upload

SONG = upload("song.mp3", "audio/mpeg", "mp3", "F024SONG1")
VIDEO = upload("talk.mp4", "video/mp4", "mp4", "F024VIDEO")


class Door:
    """The handler of shares, and what it has let in."""

    def __init__(self, *, automatic: bool = True, client: AsyncWebClient | None = None) -> None:
        self.jobs = MemoryJobs(VirtualTime())
        self.preferences = MemoryPreferences()
        self.metrics = Metrics()
        # Where a test names no workspace, asking it would fail.
        client = client or AsyncWebClient(base_url="http://127.0.0.1:1/")
        lookups = Lookups(SlackApi(client, client))
        self.listening = MemoryListening()
        self.shares = Shares(
            self.jobs,
            self.preferences,
            cast("Listening", self.listening),
            lookups,
            automatic=automatic,
            metrics=self.metrics,
        )

    def decide(self, channel_id: str = CHANNEL, **changes: Any) -> None:
        self.preferences.settings[TEAM, channel_id] = replace(ChannelSettings(), **changes)

    async def take(self, inner: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
        """File and audience of each job that this leaves."""
        await self.shares.take(callback(inner, **changes))
        return [(key.file_id, key.audience) for key in self.jobs.rows]

    def counted(self, outcome: str) -> float:
        value = self.metrics.registry.get_sample_value("threadscribe_events_total", {"outcome": outcome})
        return value or 0.0


@pytest.mark.parametrize(
    ("by_default", "shared_externally", "reason"),
    [
        (True, False, None),
        (False, False, "automatic_off"),
        (True, True, "shared_externally"),
        (False, True, "shared_externally"),
    ],
)
async def test_where_nobody_has_decided_the_deployments_word_counts(
    by_default: bool,  # noqa: FBT001  # a case
    shared_externally: bool,  # noqa: FBT001  # the same
    reason: str | None,
) -> None:
    door = Door(automatic=by_default)

    heard = await door.take(event(clip()), is_ext_shared_channel=shared_externally)

    assert heard == ([] if reason else [("F024CLIP1", THREAD)])
    assert door.counted(reason or "accepted") == 1


@pytest.mark.parametrize("shared_externally", [False, True])
async def test_what_people_have_decided_counts_before_it(shared_externally: bool) -> None:  # noqa: FBT001
    door = Door(automatic=False)
    door.decide(automatic=Automatic.AUDIO)

    heard = await door.take(event(clip()), is_ext_shared_channel=shared_externally)

    assert heard == [("F024CLIP1", THREAD)]


@pytest.mark.parametrize(
    ("automatic", "heard"),
    [
        (Automatic.OFF, []),
        (Automatic.CLIPS, ["F024CLIP1"]),
        (Automatic.AUDIO, ["F024CLIP1", "F024SONG1"]),
        (Automatic.VIDEO, ["F024CLIP1", "F024SONG1", "F024VIDEO"]),
    ],
)
async def test_each_channel_has_its_own_setting(automatic: Automatic, heard: list[str]) -> None:
    door = Door()
    door.decide(automatic=automatic)
    door.decide("C024ELSE1", automatic=Automatic.VIDEO)

    assert [file_id for file_id, _ in await door.take(event(clip(), SONG, VIDEO))] == heard


async def test_another_workspaces_settings_do_not_count() -> None:
    door = Door()
    door.preferences.settings["T024OTHER", CHANNEL] = ChannelSettings(automatic=Automatic.OFF)

    assert await door.take(event(clip())) == [("F024CLIP1", THREAD)]


@pytest.mark.parametrize("changes", [{}, {"is_ext_shared_channel": True}])
async def test_a_direct_message_is_heard_and_answered_whatever_the_settings(changes: dict[str, Any]) -> None:
    door = Door(automatic=False)
    door.decide("D024DIRECT", automatic=Automatic.OFF, only_for_sender=True)

    heard = await door.take(event(clip(), SONG, VIDEO, channel="D024DIRECT", channel_type="im"), **changes)

    assert heard == [("F024CLIP1", THREAD), ("F024SONG1", THREAD)]


@pytest.mark.parametrize("twin", [mention(clip(), VIDEO), event(clip(), VIDEO, text="<@U024BOT01> please")])
async def test_a_mention_beside_a_file_is_heard_whatever_the_settings(twin: dict[str, Any]) -> None:
    door = Door()
    door.decide(automatic=Automatic.OFF, only_for_sender=True)

    assert await door.take(twin) == [("F024CLIP1", THREAD), ("F024VIDEO", THREAD)]
    assert all(row.job.request.explicit for row in door.jobs.rows.values())


async def test_a_channel_may_have_only_the_sender_answered() -> None:
    door = Door()
    door.decide(only_for_sender=True)

    assert await door.take(event(clip())) == [("F024CLIP1", SHARER)]


async def test_subscribers_are_served_where_the_bot_is_off() -> None:
    door = Door()
    door.decide(automatic=Automatic.OFF)
    await door.preferences.subscribe(TEAM, "U024OTHER", [CHANNEL])

    assert await door.take(event(clip(), VIDEO)) == [("F024CLIP1", SUBSCRIBERS)]


async def test_where_the_only_subscriber_is_the_sender_nobody_needs_it() -> None:
    door = Door()
    door.decide(automatic=Automatic.OFF)
    await door.preferences.subscribe(TEAM, SHARER, [CHANNEL])

    assert await door.take(event(clip())) == []
    assert door.counted("automatic_off") == 1


async def test_subscribers_of_another_channel_are_not_served() -> None:
    door = Door(automatic=False)
    await door.preferences.subscribe(TEAM, "U024OTHER", ["C024ELSE1"])

    assert await door.take(event(clip())) == []


async def test_who_opted_out_is_left_to_the_job() -> None:
    door = Door()
    await door.preferences.opt_out(TEAM, SHARER, out=True)

    assert await door.take(event(clip())) == [("F024CLIP1", THREAD)]


@pytest.mark.parametrize(
    "inner",
    [
        mention(clip(user=SHARER), clip("F024CLIP2", user="U024OTHER")),
        event(clip(user=SHARER), clip("F024CLIP2", user="U024OTHER"), channel="D024DIRECT"),
    ],
)
async def test_of_what_somebody_asks_for_who_opted_out_is_left_out(inner: dict[str, Any]) -> None:
    door = Door()
    await door.preferences.opt_out(TEAM, SHARER, out=True)

    assert await door.take(inner) == [("F024CLIP2", THREAD)]
    assert await door.take(inner | {"files": [clip(user=SHARER)], "ts": "1720000001.000100"}) == [
        ("F024CLIP2", THREAD)
    ]
    assert door.counted("opted_out") == 1


async def test_what_is_delivered_again_is_counted_and_changes_nothing() -> None:
    door = Door()

    for _ in range(2):
        assert await door.take(event(clip())) == [("F024CLIP1", THREAD)]

    assert (door.counted("accepted"), door.counted("duplicate")) == (1, 1)


class Connected:
    """A channel that other organisations are in, where events hold no more of a file than its id."""

    def __init__(self, slack: SlackLookalike, automatic: Automatic) -> None:
        self.slack = slack
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        client.retry_handlers = []
        self.door = Door(client=client)
        self.door.decide(automatic=automatic)
        self._channel = slack.state.add_channel("connected", SHARER)

    def clip(self) -> File:
        return self._shared(self.slack.state.add_file(b"sound", "a.m4a", user=SHARER, as_voice_clip=True))

    def song(self) -> File:
        return self._shared(
            self.slack.state.add_file(b"music", "song.mp3", user=SHARER, mimetype="audio/mpeg")
        )

    def _shared(self, file: File) -> File:
        self.slack.state.post_as_user(self._channel.id, SHARER, files=[file])
        return file

    async def take(self, *files: File, **changes: Any) -> list[tuple[str, str]]:
        stubs = [{"id": file.id, "mode": "file_access", "file_access": "check_file_info"} for file in files]
        return await self.door.take(event(*stubs, **changes), is_ext_shared_channel=True)

    def looked_up(self) -> list[str]:
        return [str(call.arguments["file"]) for call in self.slack.state.calls]


@pytest.fixture
async def connected() -> AsyncIterator[Connected]:
    async with SlackLookalike() as slack:
        yield Connected(slack, Automatic.CLIPS)


async def test_where_clips_alone_are_wanted_slack_says_which_stub_is_one(connected: Connected) -> None:
    clip_file, song = connected.clip(), connected.song()

    assert await connected.take(song, clip_file) == [(clip_file.id, THREAD)]

    assert sorted(connected.looked_up()) == sorted([clip_file.id, song.id])
    (row,) = connected.door.jobs.rows.values()
    assert (row.job.request.file.state, row.job.request.position) == (FileState.STUB, 1)


async def test_an_upload_that_comes_as_a_stub_is_no_clip(connected: Connected) -> None:
    assert await connected.take(connected.song()) == []
    assert connected.door.counted("no_audio") == 1


async def test_nor_is_one_that_slack_does_not_show(connected: Connected) -> None:
    file = connected.clip()
    connected.slack.faults.add("files.info", SlackError("access_denied"))

    assert await connected.take(file) == []


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (SlackError("internal_error"), Unavailable),
        (Answer(503), Unavailable),
        (SlackError("missing_scope"), Misconfigured),
    ],
)
async def test_where_slack_is_silent_about_a_stub_it_is_to_deliver_again(
    connected: Connected, trouble: SlackError | Answer, error: type[Exception]
) -> None:
    file = connected.clip()
    connected.slack.faults.add("files.info", trouble)

    with pytest.raises(error):
        await connected.take(file)
    assert connected.door.jobs.rows == {}
    assert connected.door.counted("failed") == 1
    assert await connected.take(file) == [(file.id, THREAD)]
    assert (connected.door.counted("failed"), connected.door.counted("accepted")) == (1, 1)
    timed = connected.door.metrics.registry.get_sample_value("threadscribe_acceptance_seconds_count")
    assert timed == 2


@pytest.mark.parametrize("automatic", [Automatic.AUDIO, Automatic.VIDEO, Automatic.OFF])
async def test_with_any_other_setting_the_job_asks(connected: Connected, automatic: Automatic) -> None:
    connected.door.decide(automatic=automatic)
    file = connected.song()

    assert await connected.take(file) == ([] if automatic is Automatic.OFF else [(file.id, THREAD)])
    assert connected.looked_up() == []


async def test_and_so_it_does_where_somebody_asks(connected: Connected) -> None:
    song = connected.song()

    assert await connected.take(song, text="<@U024BOT01> please") == [(song.id, THREAD)]
    assert connected.looked_up() == [song.id], "who recorded it may have opted out"


@pytest.mark.parametrize("trouble", [SlackError("internal_error"), SlackError("access_denied"), Answer(503)])
async def test_where_slack_is_silent_about_who_recorded_it_the_job_finds_out(
    connected: Connected, trouble: SlackError | Answer
) -> None:
    song = connected.song()
    await connected.door.preferences.opt_out(TEAM, SHARER, out=True)
    connected.slack.faults.add("files.info", trouble)

    assert await connected.take(song, text="<@U024BOT01> please") == [(song.id, THREAD)]


async def test_a_stub_that_is_no_clip_is_still_audio_for_subscribers(connected: Connected) -> None:
    await connected.door.preferences.subscribe(TEAM, "U024OTHER", [CHANNEL])
    song = connected.song()

    assert await connected.take(song) == [(song.id, SUBSCRIBERS)]

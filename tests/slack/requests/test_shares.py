from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.channel_settings import Automatic, ChannelSettings
from bot.model import SUBSCRIBERS, THREAD, Claim, TranscriptionRequest
from bot.ports.preferences import Listening
from bot.ports.store import Requests
from bot.slack.client.api import SlackApi
from bot.slack.client.lookups import Lookups
from bot.slack.incoming.messages import Message
from bot.slack.requests.opt_outs import OptOuts
from bot.slack.requests.share_plan import ConversationFacts
from bot.slack.requests.shares import Shares
from bot.telemetry import EVENT_OUTCOMES, Metrics
from tests.job.memory import MemoryJobs
from tests.job.memory_preferences import MemoryListening, MemoryPreferences
from tests.job.virtual import VirtualTime
from tests.slack.payloads import CHANNEL, SHARER, TEAM, callback, clip, event, mention, upload

SONG = upload("song.mp3", "audio/mpeg", "mp3", "F024SONG1")
VIDEO = upload("talk.mp4", "video/mp4", "mp4", "F024VIDEO")


class Door:
    """The handler of shares, and what it has let in."""

    def __init__(self, *, automatic: bool = True, jobs: object = None) -> None:
        self.jobs = MemoryJobs(VirtualTime())
        self.preferences = MemoryPreferences()
        self.metrics = Metrics()
        self.listening = MemoryListening()
        nowhere = AsyncWebClient(base_url="http://127.0.0.1:1/", retry_handlers=[])
        self.shares = Shares(
            cast("Requests", jobs or self.jobs),
            self.preferences,
            cast("Listening", self.listening),
            OptOuts(self.preferences, Lookups(SlackApi(nowhere, nowhere))),
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


def edited(before: dict[str, Any], after: dict[str, Any], **changes: Any) -> dict[str, Any]:
    inner = {"type": "message", "subtype": "message_changed", "hidden": True, "channel": CHANNEL}
    return inner | {"ts": "1720000009.000100", "message": after, "previous_message": before} | changes


async def test_of_an_edited_message_what_was_added_is_heard_in_its_place() -> None:
    door = Door()
    after = event(clip(), SONG, VIDEO)

    await door.shares.take_edit(callback(edited(event(clip()), after)))

    (request,) = [row.job.request for row in door.jobs.rows.values()]
    assert (request.file.id, request.position, request.siblings) == ("F024SONG1", 1, 3)
    assert (request.key.message_ts, request.key.channel_id) == (after["ts"], CHANNEL)
    assert door.counted("accepted") == 1


async def test_the_mention_beside_it_counts_as_in_any_message() -> None:
    door = Door(automatic=False)

    await door.shares.take_edit(callback(edited(event(), event(VIDEO, text="<@U024BOT01> please"))))

    assert [row.job.request.explicit for row in door.jobs.rows.values()] == [True]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (event(clip()), event(clip(), text="listen"), None),
        (event(clip()), event(text="gone"), None),
        (event(clip()), None, None),
        (event(), event(clip(), bot_id="B1"), "from_a_bot"),
        (event(), event(clip(), subtype="tombstone"), "subtype"),
        (event(), event(upload("a.pdf", "application/pdf", "pdf")), "no_audio"),
    ],
)
async def test_an_edit_that_adds_no_recording_of_a_persons_is_silent(
    before: Any, after: Any, reason: str | None
) -> None:
    door = Door()

    await door.shares.take_edit(callback(edited(before, after)))

    assert door.jobs.rows == {}
    assert sum(door.counted(outcome) for outcome in EVENT_OUTCOMES) == (0 if reason is None else 1)
    assert reason is None or door.counted(reason) == 1


async def test_a_message_that_was_read_from_slack_is_taken_like_its_event() -> None:
    door, twin = Door(), Door()
    facts = ConversationFacts(
        TEAM, CHANNEL, "U024BOT01", "B024BOT01", is_direct=False, is_shared_externally=False
    )

    # History names no subtype, no channel and no event.
    told = {name: event(clip(), SONG)[name] for name in ("type", "text", "user", "ts", "files")}
    assert await door.shares.take_missed(Message.model_validate(told), facts) == 2
    await twin.take(event(clip(), SONG))

    assert [row.job.request for row in door.jobs.rows.values()] == [
        row.job.request for row in twin.jobs.rows.values()
    ]


@pytest.mark.parametrize("inner", [event(clip()), event(clip(), bot_id="B1"), mention(clip())])
async def test_whatever_comes_of_a_message_its_files_were_handled(inner: dict[str, Any]) -> None:
    door = Door(automatic=False)
    await door.take(inner)
    assert await door.shares.handled.wait_for(CHANNEL, "F024CLIP1", 0.0)


class FullDisk:
    """A store that takes nothing."""

    async def accept(self, _requests: Sequence[TranscriptionRequest]) -> int:
        raise OSError(28, "No space left on device")


async def test_what_cannot_be_stored_is_counted_and_to_be_delivered_again() -> None:
    door = Door(jobs=FullDisk())

    with pytest.raises(OSError, match="No space"):
        await door.take(event(clip()))

    assert (door.counted("failed"), door.counted("accepted")) == (1, 0)
    assert not await door.shares.handled.wait_for(CHANNEL, "F024CLIP1", 0.0)
    assert door.metrics.registry.get_sample_value("threadscribe_acceptance_seconds_count") == 1


STUB = {"id": "F024STUB1", "mode": "file_access", "file_access": "check_file_info"}
UNTYPED = upload("Neue Aufnahme 12", "", "", "F024NEW01")


@pytest.mark.parametrize("file", [STUB, UNTYPED, upload("audio_message.m4a", "", "", "F024NEW01")])
@pytest.mark.parametrize("automatic", [Automatic.CLIPS, Automatic.AUDIO, Automatic.VIDEO, Automatic.OFF])
async def test_of_a_file_without_a_type_the_job_asks_what_it_is(
    file: dict[str, Any], automatic: Automatic
) -> None:
    door = Door()
    door.decide(automatic=automatic)

    heard = await door.take(event(file))

    assert heard == ([] if automatic is Automatic.OFF else [(file["id"], THREAD)])


async def test_the_job_is_told_what_is_wanted_of_it() -> None:
    door = Door()
    door.decide(automatic=Automatic.CLIPS)
    await door.preferences.subscribe(TEAM, "U024OTHER", [CHANNEL])

    await door.take(event(STUB))

    wanted = {key.audience: row.job.request.wanted for key, row in door.jobs.rows.items()}
    assert wanted == {
        THREAD: frozenset({Claim.VOICE_CLIP, Claim.VIDEO_CLIP}),
        SUBSCRIBERS: frozenset({Claim.AUDIO, Claim.EITHER}),
    }


async def test_in_a_direct_message_what_nobody_knows_is_wanted_too() -> None:
    door = Door()
    blob = upload("Sprachmemo", "application/octet-stream", "binary", "F024BLOB1")

    await door.take(event(STUB, UNTYPED, blob, channel="D024DIRECT", channel_type="im"))

    requests = [row.job.request for row in door.jobs.rows.values()]
    assert [request.file.id for request in requests] == ["F024STUB1", "F024NEW01", "F024BLOB1"]
    assert all(request.wanted is not None and Claim.UNKNOWN in request.wanted for request in requests)
    assert not any(request.explicit for request in requests)

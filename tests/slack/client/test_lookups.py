from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Misconfigured, Refusal, Rejected, Unavailable
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.records import Channel, User
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.slack.client.api import SlackApi
from bot.slack.client.lookups import Lookups
from tests.slack.answering import always, answering


@dataclass
class Desk:
    """Where questions are asked, at a time of the test's."""

    slack: SlackLookalike
    channel: Channel
    anne: User
    lookups: Lookups
    passed_s: float = 0.0

    def crowded(self, *more: str) -> Channel:
        """A private channel of two pages of people, the last of whom are these."""
        people = [f"U0FILL{number:06d}" for number in range(1_500)]
        return self.slack.state.add_channel("crowd", *people, *more, kind="group")

    def asked(self) -> list[str]:
        return [call.method for call in self.slack.state.calls]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with SlackLookalike() as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        anne = slack.state.add_user("anne")
        channel = slack.state.add_channel("general", anne.id)
        made = Desk(slack, channel, anne, Lookups(SlackApi(client, client), lambda: made.passed_s))
        yield made


async def test_in_a_small_channel_its_members_are_asked_for(desk: Desk) -> None:
    bea = desk.slack.state.add_user("bea")

    assert await desk.lookups.is_member(desk.channel.id, desk.anne.id)
    assert not await desk.lookups.is_member(desk.channel.id, bea.id)

    assert set(desk.asked()) == {"conversations.members"}


@pytest.mark.parametrize("archived", [False, True])
async def test_in_a_big_one_after_the_first_page_the_persons_channels_are(
    desk: Desk,
    archived: bool,  # noqa: FBT001  # a case
) -> None:
    bea = desk.slack.state.add_user("bea")
    crowd = desk.crowded(bea.id)
    crowd.archived = archived

    assert await desk.lookups.is_member(crowd.id, bea.id)
    assert not await desk.lookups.is_member(crowd.id, desk.anne.id)

    assert desk.asked() == ["conversations.members", "users.conversations"] * 2


async def test_whoever_has_very_many_channels_is_found_in_the_last(desk: Desk) -> None:
    bea = desk.slack.state.add_user("bea")
    for number in range(1_000):
        desk.slack.state.add_channel(f"c{number}", bea.id)
    crowd = desk.crowded(bea.id)

    assert await desk.lookups.is_member(crowd.id, bea.id)

    assert desk.asked() == ["conversations.members", *["users.conversations"] * 2]


async def test_for_a_moment_one_question_does_for_everybody_on_its_page(desk: Desk) -> None:
    bea = desk.slack.state.add_user("bea")
    desk.channel.members.append(bea.id)
    crowd = desk.crowded(desk.anne.id)

    for _ in range(2):
        assert await desk.lookups.is_member(desk.channel.id, desk.anne.id)
        assert await desk.lookups.is_member(desk.channel.id, bea.id)
        assert await desk.lookups.is_member(crowd.id, desk.anne.id)
        desk.passed_s += 4

    assert desk.asked() == ["conversations.members", "conversations.members", "users.conversations"]
    assert not await desk.lookups.is_member(crowd.id, bea.id), "each channel has its own"


async def test_then_it_is_asked_again(desk: Desk) -> None:
    assert await desk.lookups.is_member(desk.channel.id, desk.anne.id)
    desk.channel.members.remove(desk.anne.id)
    desk.passed_s = 9.9
    assert await desk.lookups.is_member(desk.channel.id, desk.anne.id)
    desk.passed_s = 10.0

    assert not await desk.lookups.is_member(desk.channel.id, desk.anne.id)


async def test_of_several_those_are_found_who_are_in_it_now(desk: Desk) -> None:
    bea, zoe = desk.slack.state.add_user("bea"), desk.slack.state.add_user("zoe")
    crowd = desk.crowded(desk.anne.id, bea.id)
    people = [desk.anne.id, bea.id, zoe.id]
    assert await desk.lookups.members_among(crowd.id, people) == people[:2]
    crowd.members.remove(desk.anne.id)
    assert await desk.lookups.is_member(crowd.id, desk.anne.id), "it was a moment ago"

    assert await desk.lookups.members_among(crowd.id, people) == [bea.id]

    assert not await desk.lookups.is_member(crowd.id, desk.anne.id)
    assert await desk.lookups.members_among(crowd.id, []) == []
    assert desk.asked().count("conversations.members") == 3


async def test_who_comes_in_counts_at_once(desk: Desk) -> None:
    bea = desk.slack.state.add_user("bea")
    assert not await desk.lookups.is_member(desk.channel.id, bea.id)

    desk.channel.members.append(bea.id)

    assert await desk.lookups.is_member(desk.channel.id, bea.id)


@pytest.mark.parametrize("method", ["conversations.members", "users.conversations"])
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("channel_not_found", Rejected),
        ("invalid_channel", Rejected),
        ("method_not_supported_for_channel_type", Rejected),
        ("user_not_visible", Rejected),
        ("internal_error", Unavailable),
        ("ratelimited", Unavailable),
        ("missing_scope", Misconfigured),
    ],
)
async def test_a_no_is_a_no_and_silence_is_silence(
    desk: Desk, method: str, code: str, error: type[Exception]
) -> None:
    crowd = desk.crowded(desk.anne.id)
    desk.slack.faults.add(method, SlackError(code))

    with pytest.raises(error):
        await desk.lookups.is_member(crowd.id, desk.anne.id)


async def test_whom_slack_does_not_show_is_closed(desk: Desk) -> None:
    desk.slack.faults.add("users.info", SlackError("user_not_visible"))

    with pytest.raises(Rejected) as refused:
        await desk.lookups.person(desk.anne.id)

    assert refused.value.reason is Refusal.FORBIDDEN


async def test_what_somebody_reads_is_asked_once_an_hour(desk: Desk) -> None:
    bea = desk.slack.state.add_user("bea", locale="de-DE")
    assert desk.lookups.known_locale(bea.id) == ""

    for desk.passed_s in (0.0, 3_599.0):
        assert await desk.lookups.locale(bea.id) == "de-DE"
    assert desk.lookups.known_locale(bea.id) == "de-DE"
    assert desk.asked() == ["users.info"]

    desk.passed_s = 3_600.0
    assert desk.lookups.known_locale(bea.id) == ""
    assert await desk.lookups.locale(bea.id) == "de-DE"
    assert desk.asked() == ["users.info"] * 2


async def test_whoever_was_looked_up_needs_no_call_for_what_they_read(desk: Desk) -> None:
    bea = desk.slack.state.add_user("bea", locale="de-DE")

    await desk.lookups.person(bea.id)

    assert desk.lookups.known_locale(bea.id) == "de-DE"


@pytest.mark.parametrize("code", ["internal_error", "user_not_visible", "missing_scope"])
async def test_what_slack_does_not_say_is_asked_again(desk: Desk, code: str) -> None:
    bea = desk.slack.state.add_user("bea", locale="de-DE")
    desk.slack.faults.add("users.info", SlackError(code))

    assert await desk.lookups.locale(bea.id) == ""
    assert desk.lookups.known_locale(bea.id) == ""
    assert await desk.lookups.locale(bea.id) == "de-DE"


async def test_a_bots_user_is_known_as_one(desk: Desk) -> None:
    assert (await desk.lookups.person(desk.slack.state.workspace.bot_user_id)).is_bot
    assert not (await desk.lookups.person(desk.anne.id)).is_bot


@pytest.mark.parametrize("kind", ["is_im", "is_mpim"])
async def test_whoever_sees_a_direct_message_is_in_it(kind: str) -> None:
    told = {"ok": True, "channel": {"id": "G1", kind: True}}
    async with answering(always(lambda: web.json_response(told))) as slack:
        client = AsyncWebClient("xoxb-test", base_url=f"{slack.origin}/api/")
        lookups = Lookups(SlackApi(client, client))

        assert (await lookups.conversation("G1")).is_member


async def test_whoever_sees_a_public_channel_need_not_be(desk: Desk) -> None:
    public = desk.slack.state.add_channel("public", desk.anne.id, with_bot=False)

    assert (await desk.lookups.conversation(desk.channel.id)).is_member
    assert not (await desk.lookups.conversation(public.id)).is_member

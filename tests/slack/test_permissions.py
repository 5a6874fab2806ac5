from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.playground.slack_lookalike.records import Channel, User
from bot.slack.permissions import Permissions
from tests.slack.harness import SlackHarness, slack_harness

OTHERS = "T0OTHERORG"
SISTER = "T0SISTER001"


@asynccontextmanager
async def channel_with(
    user: dict[str, Any], *, admins_only: bool
) -> AsyncIterator[tuple[SlackHarness, User, Channel]]:
    async with slack_harness(lambda _: [], admins_only=admins_only) as harness:
        somebody = harness.slack.state.add_user("somebody", **user)
        yield harness, somebody, harness.slack.state.add_channel("general", somebody.id)


def permissions(harness: SlackHarness) -> Permissions:
    return harness.context.permissions


@pytest.mark.parametrize(
    ("user", "as_members", "as_admins"),
    [
        ({}, True, False),
        ({"is_admin": True}, True, True),
        ({"team": OTHERS}, False, False),
        ({"team": OTHERS, "is_admin": True}, False, False),
    ],
)
async def test_people_of_the_workspace_decide_and_where_it_is_so_set_its_admins(
    user: dict[str, Any],
    as_members: bool,  # noqa: FBT001  # a parameter of the test
    as_admins: bool,  # noqa: FBT001  # the same
) -> None:
    for admins_only, allowed in ((False, as_members), (True, as_admins)):
        async with channel_with(user, admins_only=admins_only) as (harness, somebody, channel):
            who = permissions(harness)
            assert await who.may_change_settings(channel.id, somebody.id) is allowed
            would_as_admin = admins_only and as_members and not as_admins
            assert await who.lacks_only_a_role(channel.id, somebody.id) is would_as_admin
            assert await who.may_change_transcript(somebody.id, sender_id="U1", asked_by="U2") is as_admins
            assert await who.may_change_transcript(somebody.id, sender_id=somebody.id, asked_by="U2")


async def test_whoever_is_not_in_the_channel_decides_nothing_and_lacks_more_than_a_role() -> None:
    async with channel_with({}, admins_only=True) as (harness, somebody, channel):
        boss = harness.slack.state.add_user("boss", is_admin=True)

        assert not await permissions(harness).may_change_settings(channel.id, boss.id)
        channel.members.remove(somebody.id)
        harness.time.passed_s += 10
        assert not await permissions(harness).lacks_only_a_role(channel.id, somebody.id)


@pytest.mark.parametrize("is_here", [True, False])
async def test_people_of_an_organisation_of_many_workspaces_belong_to_each_of_theirs(is_here: bool) -> None:  # noqa: FBT001  # a parameter of the test
    async with channel_with({"team": SISTER}, admins_only=False) as (harness, somebody, channel):
        somebody.team_ids = (SISTER, harness.team_id if is_here else OTHERS)

        assert await permissions(harness).may_change_settings(channel.id, somebody.id) is is_here

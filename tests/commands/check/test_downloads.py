from __future__ import annotations

from typing import Any

import pytest

from bot.commands.check.findings import Finding, Mark
from bot.playground.slack_lookalike.faults import Answer
from bot.playground.slack_lookalike.records import Served
from tests.commands.check.checked import slack_checked
from tests.flows.world import World

BIG = 16 * 1024 * 1024


async def download(world: World, **changes: Any) -> Finding:
    return (await slack_checked(world, **changes))["Download"]


async def test_the_newest_recording_is_read(world: World) -> None:
    world.share(world.clip())
    newest = world.clip()
    world.share(newest)
    found = await download(world)
    assert (found.mark, found.text) == (Mark.GOOD, f"the newest recording ({newest.id}) can be read")


async def test_only_its_beginning_is_read(world: World) -> None:
    ada = world.ada.id
    world.share(world.slack.state.add_file(bytes(BIG), "talk.wav", user=ada, mimetype="audio/wav"))
    found = await download(world)
    (call,) = [call for call in world.slack.state.calls if call.method == "download"]
    assert found.mark is Mark.GOOD
    assert not call.answered


async def test_what_is_no_recording_is_passed_over(world: World) -> None:
    world.share(world.slack.state.add_file(b"<html>", "page.html", user=world.ada.id, mimetype="text/html"))
    assert (await download(world)).mark is Mark.UNTRIED
    assert world.calls("download") == []


async def test_without_the_scope_nothing_is_tried(world: World) -> None:
    world.share(world.clip())
    world.slack.state.workspace.scopes.discard("files:read")
    found = await download(world)
    assert (found.mark, found.text) == (Mark.UNTRIED, "not tried: needs “Scopes” first")


async def test_slacks_login_page_is_recognised(world: World) -> None:
    world.share(world.clip())
    world.slack.state.workspace.login_page_for_downloads = True
    found = await download(world)
    assert found.mark is Mark.BAD
    assert "login page" in found.text
    assert "Reinstall to Workspace" in found.text


async def test_an_address_that_may_not_have_the_token_is_not_asked(world: World) -> None:
    world.share(world.clip())
    found = await download(world, slack_file_origins=())
    assert found.mark is Mark.BAD
    assert "SLACK_FILE_ORIGINS" in found.text
    assert world.calls("download") == []


@pytest.mark.parametrize("served", [Served(status=404), Served(status=500)])
async def test_a_file_that_does_not_come_is_told_with_the_reason(world: World, served: Served) -> None:
    world.share(world.clip(served=served))
    found = await download(world)
    assert found.mark is Mark.BAD
    assert f"status {served.status}" in found.text


async def test_an_empty_file_may_be_read_too(world: World) -> None:
    world.share(world.slack.state.add_file(b"", "empty.m4a", user=world.ada.id))
    assert (await download(world)).mark is Mark.GOOD


async def test_slack_may_not_list_files(world: World) -> None:
    world.slack.faults.add("files.list", Answer(200, html=True))
    found = await download(world)
    assert found.mark is Mark.BAD
    assert found.text.startswith("Slack does not answer")

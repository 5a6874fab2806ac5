from __future__ import annotations

from typing import Any

import pytest

from bot.commands.check.findings import Finding, Mark
from bot.playground.slack_lookalike.faults import Answer
from bot.playground.slack_lookalike.records import Served
from tests.commands.check.checked import slack_checked
from tests.flows.harness import BotHarness

BIG = 16 * 1024 * 1024


async def download(harness: BotHarness, **changes: Any) -> Finding:
    return (await slack_checked(harness, **changes))["Download"]


async def test_the_newest_recording_is_read(harness: BotHarness) -> None:
    harness.share(harness.clip())
    newest = harness.clip()
    harness.share(newest)
    found = await download(harness)
    assert (found.mark, found.text) == (Mark.GOOD, f"the newest recording ({newest.id}) can be read")


async def test_only_its_beginning_is_read(harness: BotHarness) -> None:
    ada = harness.ada.id
    harness.share(harness.slack.state.add_file(bytes(BIG), "talk.wav", user=ada, mimetype="audio/wav"))
    found = await download(harness)
    (call,) = [call for call in harness.slack.state.calls if call.method == "download"]
    assert found.mark is Mark.GOOD
    assert not call.answered


async def test_what_is_no_recording_is_passed_over(harness: BotHarness) -> None:
    harness.share(
        harness.slack.state.add_file(b"<html>", "page.html", user=harness.ada.id, mimetype="text/html")
    )
    assert (await download(harness)).mark is Mark.UNTRIED
    assert harness.calls("download") == []


async def test_without_the_scope_nothing_is_tried(harness: BotHarness) -> None:
    harness.share(harness.clip())
    harness.slack.state.workspace.scopes.discard("files:read")
    found = await download(harness)
    assert (found.mark, found.text) == (Mark.UNTRIED, "not tried: needs “Scopes” first")


async def test_slacks_login_page_is_recognised(harness: BotHarness) -> None:
    harness.share(harness.clip())
    harness.slack.state.workspace.login_page_for_downloads = True
    found = await download(harness)
    assert found.mark is Mark.BAD
    assert "login page" in found.text
    assert "Reinstall to Workspace" in found.text


async def test_an_address_that_may_not_have_the_token_is_not_asked(harness: BotHarness) -> None:
    harness.share(harness.clip())
    found = await download(harness, slack_file_origins=())
    assert found.mark is Mark.BAD
    assert "SLACK_FILE_ORIGINS" in found.text
    assert harness.calls("download") == []


@pytest.mark.parametrize("served", [Served(status=404), Served(status=500)])
async def test_a_file_that_does_not_come_is_told_with_the_reason(harness: BotHarness, served: Served) -> None:
    harness.share(harness.clip(served=served))
    found = await download(harness)
    assert found.mark is Mark.BAD
    assert f"status {served.status}" in found.text


async def test_an_empty_file_may_be_read_too(harness: BotHarness) -> None:
    harness.share(harness.slack.state.add_file(b"", "empty.m4a", user=harness.ada.id))
    assert (await download(harness)).mark is Mark.GOOD


async def test_slack_may_not_list_files(harness: BotHarness) -> None:
    harness.slack.faults.add("files.list", Answer(200, html=True))
    found = await download(harness)
    assert found.mark is Mark.BAD
    assert found.text.startswith("Slack does not answer")

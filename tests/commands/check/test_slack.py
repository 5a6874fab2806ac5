from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.commands.check.findings import Mark
from bot.commands.check.slack import Installation, check_clock, clock_off_s
from bot.playground.slack_lookalike.faults import Answer, SlackError
from bot.slack.client.identity import Identity
from tests.commands.check.checked import marks, slack_checked
from tests.flows.harness import BotHarness


async def test_whose_the_token_is_is_shown(harness: BotHarness) -> None:
    found = await slack_checked(harness)
    assert marks(found) == {
        "Bot token": Mark.GOOD,
        "Scopes": Mark.GOOD,
        "App token": Mark.GOOD,
        "Events": Mark.GOOD,
        "Download": Mark.UNTRIED,
        "Clock": Mark.GOOD,
    }
    assert found["Bot token"].text == "xoxb, workspace “Playground” (T0PLAYGRND1), bot @threadscribe"
    assert found["App token"].text == "xapp, app A0PLAYGRND1"


async def test_a_wrong_bot_token_leaves_untried_what_needs_it(harness: BotHarness) -> None:
    found = await slack_checked(harness, slack_bot_token=SecretStr("xoxb-wrong"))
    assert marks(found) == {
        "Bot token": Mark.BAD,
        "Scopes": Mark.UNTRIED,
        "App token": Mark.GOOD,
        "Events": Mark.GOOD,
        "Download": Mark.UNTRIED,
        "Clock": Mark.UNTRIED,
    }
    assert "(invalid_auth)" in found["Bot token"].text
    assert "OAuth & Permissions" in found["Bot token"].text


async def test_an_app_that_was_removed_has_to_be_installed(harness: BotHarness) -> None:
    harness.slack.state.workspace.installed = False
    found = await slack_checked(harness)
    assert "(account_inactive)" in found["Bot token"].text
    assert "Install to Workspace" in found["Bot token"].text


async def test_a_page_of_a_proxy_is_no_fault_of_the_token(harness: BotHarness) -> None:
    harness.slack.faults.add("auth.test", Answer(200, html=True), times=None)
    found = await slack_checked(harness)
    assert found["Bot token"].mark is Mark.BAD
    assert "HTTPS_PROXY" in found["Bot token"].text
    assert "does not accept" not in found["Bot token"].text


async def test_each_missing_scope_is_named_with_its_reason(harness: BotHarness) -> None:
    harness.slack.state.workspace.scopes -= {"reactions:read", "im:write"}
    found = await slack_checked(harness)
    assert found["Scopes"].mark is Mark.BAD
    assert found["Scopes"].text.startswith(
        "im:write (to answer one person by direct message), reactions:read (to be asked by a reaction) "
        "are not granted. Add them at "
    )
    assert "Reinstall to Workspace" in found["Scopes"].text
    assert found["Download"].mark is Mark.UNTRIED


async def test_a_scope_that_is_more_than_wanted_is_no_trouble(harness: BotHarness) -> None:
    harness.slack.state.workspace.scopes.add("team:read")
    assert (await slack_checked(harness))["Scopes"].mark is Mark.GOOD


@pytest.mark.parametrize(
    ("ahead_s", "mark"),
    [(0, Mark.GOOD), (40, Mark.GOOD), (90, Mark.WARNING), (-90, Mark.WARNING), (400, Mark.BAD)],
)
async def test_the_clock_is_compared_with_slacks(harness: BotHarness, ahead_s: int, mark: Mark) -> None:
    found = await slack_checked(harness, now=lambda: datetime.now(UTC) + timedelta(seconds=ahead_s))
    assert found["Clock"].mark is mark


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_an_answer_without_a_date_says_nothing_of_the_clock(headers: dict[str, str]) -> None:
    identity = Identity("T1", "B1", "U1", frozenset())
    off_s = clock_off_s(headers, datetime.now(UTC))
    assert check_clock(Installation(identity, "Acme", "bot", off_s)).mark is Mark.UNTRIED


async def test_which_way_the_clock_is_off_is_said(harness: BotHarness) -> None:
    found = await slack_checked(harness, now=lambda: datetime.now(UTC) - timedelta(hours=1))
    assert " s behind Slack's" in found["Clock"].text
    assert "timedatectl" in found["Clock"].text


async def test_a_wrong_app_token_leaves_events_untried(harness: BotHarness) -> None:
    found = await slack_checked(harness, slack_app_token=SecretStr("xapp-wrong"))
    assert (found["App token"].mark, found["Events"].mark) == (Mark.BAD, Mark.UNTRIED)
    assert "(invalid_auth)" in found["App token"].text
    assert "App-Level Tokens" in found["App token"].text


async def test_an_app_token_without_its_scope_is_told_so(harness: BotHarness) -> None:
    harness.slack.faults.add("apps.connections.open", SlackError("missing_scope"))
    found = await slack_checked(harness)
    assert found["App token"].text.startswith("it has not the scope connections:write.")


async def test_a_silent_slack_is_no_fault_of_the_app_token(harness: BotHarness) -> None:
    harness.slack.faults.add("apps.connections.open", Answer(200, html=True))
    found = await slack_checked(harness)
    assert found["App token"].text.startswith("Slack does not answer")


async def test_an_app_token_of_another_app_is_found_out(harness: BotHarness) -> None:
    held = harness.slack.faults.hold("bots.info")
    workspace = harness.slack.state.workspace

    async def move_to_another_app() -> None:
        await held.reached()
        workspace.app_id = "A0ANOTHER01"
        held.release()

    found, _ = await asyncio.gather(slack_checked(harness), move_to_another_app())
    assert found["App token"].mark is Mark.BAD
    assert "(A0PLAYGRND1)" in found["App token"].text
    assert "(A0ANOTHER01)" in found["App token"].text


async def test_without_users_read_the_app_is_not_compared(harness: BotHarness) -> None:
    harness.slack.state.workspace.scopes.discard("users:read")
    found = await slack_checked(harness)
    assert (found["App token"].mark, found["Scopes"].mark) == (Mark.GOOD, Mark.BAD)

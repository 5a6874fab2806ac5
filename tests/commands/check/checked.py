"""What the checks find around a bot, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bot.clients import build_clients, open_session
from bot.commands.check.command import check_slack
from bot.commands.check.findings import Finding, Mark
from tests.flows.harness import BotHarness


def by_name(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def marks(findings: dict[str, Finding]) -> dict[str, Mark]:
    return {name: finding.mark for name, finding in findings.items()}


async def slack_checked(
    harness: BotHarness, now: Callable[[], datetime] = lambda: datetime.now(UTC), **changes: Any
) -> dict[str, Finding]:
    """What is found of Slack alone, with some settings changed."""
    settings = harness.settings.model_copy(update=changes)
    async with open_session() as session:
        return by_name(await check_slack(settings, build_clients(settings, session), now))

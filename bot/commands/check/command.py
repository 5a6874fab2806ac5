"""The ``check`` command: runs all checks side by side and shows them in a fixed order."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from bot.clients import Clients, build_clients, open_session
from bot.commands import exits
from bot.commands.check.advice import common
from bot.commands.check.downloads import check_download
from bot.commands.check.events import (
    check_app_token,
    check_http,
    check_signing_secret,
    check_socket,
    try_socket,
)
from bot.commands.check.findings import Finding, bad, good, is_ready, render, warning
from bot.commands.check.machine import check_database, check_decoder, check_disk
from bot.commands.check.recogniser import check_recogniser
from bot.commands.check.slack import (
    Answer,
    Installation,
    check_bot_token,
    check_clock,
    check_scopes,
    find_app_id,
    find_installation,
)
from bot.settings.load import SettingsError, load, look_at_names
from bot.settings.names import Names
from bot.settings.settings import Settings
from bot.telemetry import configure_logging, redact

_SETTINGS = "Settings"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``--help`` says; there are no options."""
    parser.description = (
        "Looks at each thing that the bot needs, and says of each that is wrong what to do. It may run "
        "beside the bot and changes nothing; one second of silence goes to the speech service, which costs "
        "$0.000035. Exit code: 0, ready; 1, something is to be mended; 2, a setting is wrong."
    )


def run(_arguments: argparse.Namespace) -> int:
    """Check everything and show it; returns the exit code."""
    try:
        settings = load()
    except SettingsError as error:
        _show([bad(_SETTINGS, str(error))])
        return exits.USAGE
    # What goes wrong is said in the lines: a library's warning would stand between them.
    configure_logging("CRITICAL", pretty=True)
    findings = asyncio.run(run_checks(settings, look_at_names()))
    _show(findings)
    return 0 if is_ready(findings) else exits.FAILED


async def run_checks(
    settings: Settings, names: Names, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[Finding]:
    """Check everything that these settings ask for.

    Args:
        settings: As the bot would read them.
        names: Those beside them that are no setting's.
        now: UTC; compared with Slack's clock.
    """
    async with open_session() as session:
        outside = build_clients(settings, session)
        slack, recogniser, machine = await asyncio.gather(
            check_slack(settings, outside, now),
            check_recogniser(outside.recogniser, settings.dashscope_base_url, settings.asr_model),
            _check_machine(settings),
        )
    return [check_settings(settings, names), *slack, *recogniser, *machine]


def check_settings(settings: Settings, names: Names) -> Finding:
    """Check that nothing was meant to be a setting and is none; all that has to be there is."""
    text = common.settings_complete(socket_mode=settings.socket_mode)
    if names.foreign:
        text += common.settings_foreign(names.foreign)
    if not names.misspelt:
        return good(_SETTINGS, text)
    pairs = [(found.name, found.meant) for found in names.misspelt]
    return warning(_SETTINGS, f"{common.settings_misspelt(pairs)} Else {text}")


async def check_slack(settings: Settings, outside: Clients, now: Callable[[], datetime]) -> list[Finding]:
    """Check what has to do with Slack; arguments as of ``run_checks``, and what the settings name."""
    found = await find_installation(outside.api, now)
    events, download = await asyncio.gather(
        _check_events(settings, outside, found),
        check_download(
            outside.api, outside.session, settings.slack_bot_token, settings.slack_file_origins, found
        ),
    )
    return [check_bot_token(found), check_scopes(found), *events, download, check_clock(found)]


async def _check_events(settings: Settings, outside: Clients, found: Answer) -> list[Finding]:
    app_token, secret = settings.slack_app_token, settings.slack_signing_secret
    if app_token is not None:
        connection = await try_socket(outside.session, settings.slack_api_url, app_token)
        app_id = await find_app_id(outside.api, found) if isinstance(found, Installation) else None
        return [check_app_token(connection, app_id), check_socket(connection)]
    if secret is None:
        raise AssertionError("the settings ask for one of the two")
    return [check_signing_secret(secret), await check_http(settings.http_host, settings.http_port)]


async def _check_machine(settings: Settings) -> list[Finding]:
    database, disk, decoder = await asyncio.gather(
        asyncio.to_thread(check_database, settings.data_dir),
        asyncio.to_thread(check_disk, settings.data_dir, settings.max_file_mb),
        check_decoder(),
    )
    return [database, disk, decoder]


def _show(findings: list[Finding]) -> None:
    # Operators pass on what they see here.
    sys.stdout.write(redact(render(findings, sys.stdout.encoding)))

"""``python -m bot run``: the bot, set up by the environment and ``.env``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys

import structlog

from bot.app import running
from bot.commands import exits
from bot.commands.exits import fail
from bot.commands.process import close_to_others, collect_garbage_rarely, raise_open_files
from bot.errors import Misconfigured
from bot.settings.load import SettingsError, load, look_at_names
from bot.settings.settings import LogFormat, Settings
from bot.store.data_dir import AlreadyRunning, DataDirBusy, DataDirUnusable
from bot.telemetry import configure_logging


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare no options: there are none."""


def run(_arguments: argparse.Namespace) -> int:
    """Run the bot until a signal ends it; returns the exit code (2: a setting is wrong)."""
    close_to_others()
    raise_open_files()
    try:
        settings = load()
    except SettingsError as error:
        return fail(str(error), exits.USAGE)
    configure_logging(settings.log_level, pretty=_is_pretty(settings.log_format))
    log = structlog.get_logger("bot")
    log.info("settings", **settings.effective())
    for found in look_at_names().misspelt:
        log.warning("setting misspelt", name=found.name, did_you_mean=found.meant)
    # Bolt looks for it there too, and then warns that it has two.
    os.environ.pop("SLACK_BOT_TOKEN", None)
    try:
        return asyncio.run(_serve(settings))
    except Exception as error:  # noqa: BLE001  # a bug too ends in the log, redacted
        return _explain(error)


def _explain(error: Exception) -> int:
    """Say in a line why the bot did not run; returns the exit code."""
    match error:
        case DataDirBusy():
            return fail(str(error), exits.FAILED)
        case DataDirUnusable():
            return fail(str(error), exits.USAGE)
        case Misconfigured():
            named = "SLACK_APP_TOKEN" if "SLACK_APP_TOKEN" in error.detail else "SLACK_BOT_TOKEN"
            return fail(f"{named} is wrong: Slack says {error.detail.split(': ')[-1]}", exits.USAGE)
        case AlreadyRunning():
            return fail(str(error), exits.FAILED)
        case OSError():
            return fail(f"cannot start: {error}", exits.FAILED)
        case _:
            structlog.get_logger("bot").error("fault", exc_info=error)
            return exits.FAILED


async def _serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT, which drain (a second one does not wait), or until the worker dies."""
    this = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, this.cancel if this else loop.stop)
    try:
        async with running(settings) as bot:
            collect_garbage_rarely()
            await bot.failed.wait()
            return exits.FAILED
    except asyncio.CancelledError:
        return 0


def _is_pretty(log_format: LogFormat) -> bool:
    return log_format is LogFormat.PRETTY or (log_format is LogFormat.AUTO and sys.stderr.isatty())

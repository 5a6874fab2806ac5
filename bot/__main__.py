"""The command line."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from bot import backup, forget, manifest, transcribe
from bot import settings as settings_module
from bot.app import running
from bot.check import command as check
from bot.errors import Misconfigured
from bot.playground import command as playground
from bot.settings import LogFormat, Settings, SettingsError
from bot.store.store import AlreadyRunning, DataDirUnusable
from bot.telemetry import configure_logging

EXIT_FAILED = 1
EXIT_SETTINGS = 2


@dataclass(frozen=True, slots=True)
class _Command:
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    """Returns the exit code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code (2: a setting is wrong)."""
    parser = argparse.ArgumentParser(
        prog="threadscribe", description="Answers voice clips in Slack with their transcript."
    )
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in _COMMANDS.items():
        command.add_arguments(parsers.add_parser(name, help=command.help))
    parsed = parser.parse_args(arguments)
    return _COMMANDS[parsed.command].run(parsed)


def _run(_parsed: argparse.Namespace) -> int:
    try:
        settings = settings_module.load()
    except SettingsError as error:
        return _fail(str(error), EXIT_SETTINGS)
    configure_logging(settings.log_level, pretty=_is_pretty(settings.log_format))
    structlog.get_logger("bot").info("settings", **settings.effective())
    # Bolt looks for it there too, and then warns that it has two.
    os.environ.pop("SLACK_BOT_TOKEN", None)
    try:
        return asyncio.run(_serve(settings))
    except Exception as error:  # noqa: BLE001  # a fault too ends in the log, redacted
        return _explain(error)


def _explain(error: Exception) -> int:
    """Say in a line why the bot did not run; returns the exit code."""
    match error:
        case DataDirUnusable():
            return _fail(str(error), EXIT_SETTINGS)
        case Misconfigured():
            named = "SLACK_APP_TOKEN" if "SLACK_APP_TOKEN" in error.detail else "SLACK_BOT_TOKEN"
            return _fail(f"{named} is wrong: Slack says {error.detail.split(': ')[-1]}", EXIT_SETTINGS)
        case AlreadyRunning():
            return _fail(str(error), EXIT_FAILED)
        case OSError():
            return _fail(f"cannot start: {error}", EXIT_FAILED)
        case _:
            structlog.get_logger("bot").error("fault", exc_info=error)
            return EXIT_FAILED


def _play(parsed: argparse.Namespace) -> int:
    if parsed.asr == "packaged":
        return playground.run(parsed, None)
    try:
        return playground.run(parsed, settings_module.load_recogniser())
    except SettingsError as error:
        return _fail(str(error), EXIT_SETTINGS)


async def _serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT, which drain (a second one does not wait), or until the worker dies."""
    this = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, this.cancel if this else loop.stop)
    try:
        async with running(settings) as bot:
            await bot.failed.wait()
            return EXIT_FAILED
    except asyncio.CancelledError:
        return 0


def _is_pretty(log_format: LogFormat) -> bool:
    return log_format is LogFormat.PRETTY or (log_format is LogFormat.AUTO and sys.stderr.isatty())


def _fail(line: str, code: int) -> int:
    sys.stderr.write(f"threadscribe: {line}\n")
    return code


_COMMANDS = {
    "run": _Command("run the bot, set up by the environment and .env", lambda _parser: None, _run),
    "check": _Command("look at each thing that the bot needs", check.add_arguments, check.run),
    "manifest": _Command(
        "print the Slack app's manifest, and a link that creates the app",
        manifest.add_arguments,
        manifest.run,
    ),
    "playground": _Command(
        "try everything on this machine, with no account and no key", playground.add_arguments, _play
    ),
    "transcribe": _Command(
        "transcribe recordings on this machine, without Slack", transcribe.add_arguments, transcribe.run
    ),
    "backup": _Command("copy the database, also beside a running bot", backup.add_arguments, backup.run),
    "forget": _Command(
        "delete what is kept of a person, a channel or a workspace", forget.add_arguments, forget.run
    ),
}


if __name__ == "__main__":
    sys.exit(main())

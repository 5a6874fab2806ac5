"""The command line: a table of commands, of which only the chosen one is imported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from bot.commands import exits


@dataclass(frozen=True, slots=True)
class _Command:
    help: str
    module: str
    """Has ``add_arguments(parser)``, and ``run(arguments)``, which returns the exit code."""

    def load(self) -> ModuleType:
        return import_module(self.module)


_COMMANDS = {
    "run": _Command("run the bot, set up by the environment and .env", "bot.commands.run"),
    "check": _Command("look at each thing that the bot needs", "bot.commands.check.command"),
    "manifest": _Command(
        "print the Slack app's manifest, and a link that creates the app", "bot.commands.manifest"
    ),
    "playground": _Command(
        "try everything on this machine, with no account and no key", "bot.commands.playground"
    ),
    "transcribe": _Command(
        "transcribe recordings on this machine, without Slack", "bot.commands.transcribe.command"
    ),
    "backup": _Command("copy the database, also beside a running bot", "bot.commands.backup"),
    "forget": _Command("delete what is kept of a person, a channel or a workspace", "bot.commands.forget"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code (2: a setting is wrong; 130: interrupted)."""
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:  # also while modules are still imported
        return exits.fail("interrupted", exits.INTERRUPTED)


def _run(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="threadscribe", description="Answers voice clips in Slack with their transcript."
    )
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in words if not word.startswith("-")), "")
    for name, command in _COMMANDS.items():
        of_command = parsers.add_parser(name, help=command.help)
        if name == chosen:
            command.load().add_arguments(of_command)
    parsed = parser.parse_args(words)
    code: int = _COMMANDS[parsed.command].load().run(parsed)
    return code


if __name__ == "__main__":
    sys.exit(main())

"""``python -m bot playground``: the main job with no account, in a terminal."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from bot.playground.bot_process import BotDied, LogLine
from bot.playground.session import Playground, Result, playground
from bot.playground.whisper import ModelError

CLIP = Path(__file__).parent / "clips" / "jfk.m4a"
"""John F. Kennedy's inaugural address, 1961; public domain."""

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3
EXIT_INTERRUPTED = 130
"""As a shell tells Ctrl-C: nothing is known of the files that were left."""

_LONGEST_LINE_BYTES = 4096
"""What a terminal keeps of a line."""
_LEVELS_SHOWN = frozenset({"warning", "error", "critical"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", type=Path, help="recordings to share as voice clips"
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="exit after them: 0 when each was transcribed, 3 when one was refused, 1 when one failed",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a file; logs go to stderr")
    parser.add_argument(
        "--asr",
        choices=("packaged", "real"),
        default="packaged",
        help="who recognises: the packaged offline model, or the real service (needs DASHSCOPE_API_KEY)",
    )
    parser.add_argument(
        "--delivery", choices=("socket", "http"), default="socket", help="how events reach the bot"
    )


def run(arguments: argparse.Namespace, recogniser_settings: Mapping[str, str] | None) -> int:
    """Run the playground; returns the exit code.

    Args:
        arguments: What ``add_arguments`` declared.
        recogniser_settings: Of the real service, for ``--asr real``; else ``None``.
    """
    missing = [path for path in arguments.files if not path.is_file()]
    if missing:
        _tell(f"threadscribe: no such file: {missing[0]}")
        return EXIT_USAGE
    try:
        return asyncio.run(_play(arguments, recogniser_settings))
    except (BotDied, ModelError) as error:
        _tell(f"threadscribe: the playground stopped: {error}")
        return EXIT_FAILED
    except (KeyboardInterrupt, asyncio.CancelledError):
        return EXIT_INTERRUPTED


async def _play(arguments: argparse.Namespace, recogniser_settings: Mapping[str, str] | None) -> int:
    _end_with_the_terminal()
    show_log = _show_all if arguments.json else _show_trouble
    _tell("Starting a workspace, a recogniser and the bot on this machine …")
    async with playground(recogniser_settings, arguments.delivery, show_log) as place:
        results = [await _share(place, path, as_json=arguments.json) for path in arguments.files or [CLIP]]
        if not arguments.once and sys.stdin.isatty():
            with suppress(asyncio.CancelledError):  # how people end what stays up
                await _ask_for_files(place)
        return exit_code(results)


def _end_with_the_terminal() -> None:
    """Let what asks this process to end stop the bot too, which has a session of its own."""
    this, loop = asyncio.current_task(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, this.cancel if this else loop.stop)


def exit_code(results: Sequence[Result]) -> int:
    """The worst outcome decides: failed, then refused."""
    outcomes = {result.outcome for result in results}
    if "failed" in outcomes:
        return EXIT_FAILED
    return EXIT_REFUSED if "refused" in outcomes else 0


async def _share(place: Playground, path: Path, *, as_json: bool) -> Result:
    result = await place.share(path)
    if as_json:
        fields = asdict(result)
        del fields["thread"]
        sys.stdout.write(json.dumps({"file": str(path), **fields}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"\n#voice-notes\n{result.thread}\n\n")
    sys.stdout.flush()
    return result


async def _ask_for_files(place: Playground) -> None:
    """Transcribe what a person names, until an empty line or the end of input."""
    _tell(f"The Slack look-alike stays up at {place.slack.origin}. Type the path of a recording to try it,")
    _tell("or press Enter to stop.")
    while True:
        sys.stderr.write("> ")
        sys.stderr.flush()
        typed = (await _typed_line()).strip().strip("'\"")
        if not typed:
            return
        path = await asyncio.to_thread(_existing, typed)
        if path is None:
            _tell(f"There is no file {typed}.")
        else:
            await _share(place, path, as_json=False)


async def _typed_line() -> str:
    """The next line from the terminal; empty at its end.

    Not in a thread: a read that waits there cannot be cancelled, and would hold up Ctrl-C.
    """
    loop, terminal = asyncio.get_running_loop(), sys.stdin.fileno()
    readable = asyncio.Event()
    loop.add_reader(terminal, readable.set)
    try:
        await readable.wait()
        return os.read(terminal, _LONGEST_LINE_BYTES).decode(errors="replace")
    except OSError:  # the terminal is gone
        return ""
    finally:
        loop.remove_reader(terminal)


def _existing(typed: str) -> Path | None:
    path = Path(typed).expanduser()
    return path if path.is_file() else None


def _show_all(line: LogLine) -> None:
    _tell(json.dumps(line, ensure_ascii=False))


def _show_trouble(line: LogLine) -> None:
    if line.get("level") in _LEVELS_SHOWN:
        _show_all(line)


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")

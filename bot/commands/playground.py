"""``python -m bot playground``: everything with no account, in a browser and a terminal."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from bot.commands import exits
from bot.playground.bot_process import BotDied, LogLine
from bot.playground.page.server import serving_page
from bot.playground.session import Playground, Result, playground
from bot.settings.load import SettingsError, load_recogniser
from bot.whisper.whisper import ModelError

CLIP = Path(__file__).parents[1] / "playground" / "clips" / "jfk.m4a"
"""John F. Kennedy's inaugural address, 1961; public domain."""

"""As a shell tells Ctrl-C: nothing is known of the files that were left."""

_LAST_PORT = 65_535
PORT = 8734
"""Stays the same from start to start: browsers remember for an address that it may use the microphone."""
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
    parser.add_argument(
        "--port",
        type=_parse_port,
        metavar="PORT",
        help=f"of the page, on 127.0.0.1; by default {PORT}, or any free one if that is taken",
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


def _parse_port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number up to {_LAST_PORT}")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Run the playground; returns the exit code (2: an argument or a setting is wrong)."""
    try:
        recogniser_settings = None if arguments.asr == "packaged" else load_recogniser()
    except SettingsError as error:
        return exits.fail(str(error), exits.USAGE)
    missing = [path for path in arguments.files if not path.is_file()]
    if missing:
        _tell(f"threadscribe: no such file: {missing[0]}")
        return exits.USAGE
    try:
        return asyncio.run(_play(arguments, recogniser_settings))
    except (BotDied, ModelError, OSError) as error:
        _tell(f"threadscribe: the playground stopped: {error}")
        return exits.FAILED
    except (KeyboardInterrupt, asyncio.CancelledError):
        return exits.INTERRUPTED


async def _play(arguments: argparse.Namespace, recogniser_settings: Mapping[str, str] | None) -> int:
    _end_with_the_terminal()
    show_log = _show_all if arguments.json else _show_trouble
    _tell("Starting a workspace, a recogniser and the bot on this machine …")
    async with playground(recogniser_settings, arguments.delivery, show_log) as place:
        if arguments.once:
            return exit_code(await _share_all(place, arguments))
        async with _page(place, arguments.port) as address:
            _tell(f"Open {address} in a browser. Ctrl-C ends everything.")
            await _share_all(place, arguments)
            with suppress(asyncio.CancelledError):  # how people end what stays up
                await place.ended()
        return 0


@asynccontextmanager
async def _page(place: Playground, port: int | None) -> AsyncIterator[str]:
    """The web page, at a port that was asked for or else at any; yields its address."""
    async with AsyncExitStack() as stack:
        try:
            page = serving_page(place.slack, place.traffic, place.features, PORT if port is None else port)
            address = await stack.enter_async_context(page)
        except OSError:
            if port is not None:
                raise
            page = serving_page(place.slack, place.traffic, place.features, 0)
            address = await stack.enter_async_context(page)
        yield address


def _end_with_the_terminal() -> None:
    """Let what asks this process to end stop the bot too, which has a session of its own."""
    this, loop = asyncio.current_task(), asyncio.get_running_loop()
    # SIGINT too: whoever starts this in the background of a script has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, this.cancel if this else loop.stop)


def exit_code(results: Sequence[Result]) -> int:
    """The worst outcome decides: failed, then refused."""
    outcomes = {result.outcome for result in results}
    if "failed" in outcomes:
        return exits.FAILED
    return exits.REFUSED if "refused" in outcomes else 0


async def _share_all(place: Playground, arguments: argparse.Namespace) -> list[Result]:
    return [await _share(place, path, as_json=arguments.json) for path in arguments.files or [CLIP]]


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


def _show_all(line: LogLine) -> None:
    _tell(json.dumps(line, ensure_ascii=False))


def _show_trouble(line: LogLine) -> None:
    if line.get("level") in _LEVELS_SHOWN:
        _show_all(line)


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
